package org.retrieval4j.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A module knows only what stands below it. */
class ArchitectureTest {
    private static final String BASE = "org.retrieval4j.";
    private static final String[] API = {BASE + "api..", BASE + "spi.."};
    private static final String[] CORE = {
        BASE + "aggregation..",
        BASE + "database..",
        BASE + "eval..",
        BASE + "experiment..",
        BASE + "extraction..",
        BASE + "image..",
        BASE + "index..",
        BASE + "kernel..",
        BASE + "learning..",
        BASE + "matching..",
        BASE + "rerank..",
        BASE + "storage..",
        BASE + "transform.."
    };
    private static final String ND4J = BASE + "nd4j..";
    private static final String ND4J_KERNELS = BASE + "nd4j";
    private static final String OPENCV = BASE + "opencv..";
    private static final String ONNX = BASE + "onnx..";
    private static final String LOCALIZATION = BASE + "localization..";
    private static final String WORLD = BASE + "world..";
    private static final String CLI = BASE + "cli..";

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.retrieval4j");
    }

    @Test
    void apiKnowsNobody() {
        forbid(API, CORE);
        forbid(API, ND4J, OPENCV, ONNX, LOCALIZATION, WORLD, CLI);
        forbid(API, "org.apache..", "org.nd4j..", "org.opencv..", "ai.onnxruntime..");
    }

    @Test
    void coreKnowsTheApi() {
        forbid(CORE, ND4J, OPENCV, ONNX, LOCALIZATION, WORLD, CLI);
        forbid(CORE, "org.nd4j..", "org.bytedeco..", "org.opencv..", "ai.onnxruntime..");
    }

    @Test
    void enginesKnowTheApiAndNotEachOther() {
        forbid(new String[] {OPENCV, ONNX}, CORE);
        forbid(new String[] {OPENCV}, ND4J, ONNX, LOCALIZATION, WORLD, CLI, "org.nd4j..", "ai.onnxruntime..");
        forbid(new String[] {ONNX}, ND4J, OPENCV, LOCALIZATION, WORLD, CLI, "org.nd4j..", "org.opencv..");
    }

    @Test
    void nd4jKnowsCoreOnlyThroughTheKernels() {
        forbid(new String[] {ND4J}, OPENCV, ONNX, LOCALIZATION, WORLD, CLI, "org.opencv..", "ai.onnxruntime..");
        // training, a package of its own, makes the aggregators of core differentiable
        forbid(
                new String[] {ND4J_KERNELS},
                BASE + "aggregation..",
                BASE + "database..",
                BASE + "index..",
                BASE + "storage..",
                BASE + "matching..",
                ND4J_KERNELS + ".training..");
        forbid(new String[] {ND4J}, BASE + "index..");
    }

    @Test
    void localizationKnowsCoreOnlyThroughItsStorage() {
        forbid(new String[] {LOCALIZATION}, ND4J, OPENCV, ONNX, WORLD, CLI, "org.nd4j..", "org.opencv..");
        forbid(
                new String[] {LOCALIZATION},
                BASE + "aggregation..",
                BASE + "database..",
                BASE + "index..",
                BASE + "kernel..",
                BASE + "matching..");
    }

    @Test
    void nobodyBelowTheCommandLineKnowsTheWorld() {
        forbid(new String[] {WORLD}, CORE);
        forbid(new String[] {WORLD}, ND4J, OPENCV, ONNX, LOCALIZATION, CLI);
    }

    @Test
    void noPublicSignatureShowsAnINDArray() {
        methods()
                .that()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .arePublic()
                .should(new ArchCondition<>("show no INDArray") {
                    @Override
                    public void check(com.tngtech.archunit.core.domain.JavaMethod method, ConditionEvents events) {
                        boolean shows = method.getRawReturnType().getName().endsWith("INDArray")
                                || method.getRawParameterTypes().stream()
                                        .map(JavaClass::getName)
                                        .anyMatch(name -> name.endsWith("INDArray"));
                        events.add(new SimpleConditionEvent(method, !shows, method.getFullName()));
                    }
                })
                .check(classes);
    }

    @Test
    void nobodyEndsTheVirtualMachineOrPrints() {
        DescribedPredicate<JavaClass> main = DescribedPredicate.describe(
                "main class", type -> List.of("Main", "Probe").contains(type.getSimpleName()));
        noClasses()
                .that(DescribedPredicate.not(main))
                .should()
                .callMethod(System.class, "exit", int.class)
                .check(classes);
        noClasses()
                .that()
                .resideOutsideOfPackages(CLI)
                .should()
                .accessField(System.class, "out")
                .check(classes);
    }

    private static void forbid(String[] from, String... to) {
        noClasses()
                .that()
                .resideInAnyPackage(from)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(to)
                .allowEmptyShould(true)
                .check(classes);
    }
}
