package org.retrieval4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentNotFoundException;
import org.retrieval4j.api.FloatMatrix;

class KernelCatalogTest {
    @Test
    void scalarKernelsAreAlwaysThere() {
        assertThat(KernelCatalog.load().get("scalar")).isInstanceOf(ScalarKernels.class);
        assertThat(KernelCatalog.of(BuildContext.defaults().withKernel("scalar")))
                .isInstanceOf(ScalarKernels.class);
    }

    @Test
    void vectorKernelsAreTakenWhereTheirModuleIsThereAndElseSayHowToGetIt() {
        boolean module = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        KernelCatalog catalog = KernelCatalog.load();
        if (module) {
            assertThat(catalog.auto()).isInstanceOf(VectorKernels.class);
            assertThat(catalog.get("vector")).isInstanceOf(VectorKernels.class);
        } else {
            assertThat(catalog.auto()).isInstanceOf(ScalarKernels.class);
            assertThatThrownBy(() -> catalog.get("vector"))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("--add-modules jdk.incubator.vector");
        }
    }

    @Test
    void autoTakesTheHighestPriorityThatCanBeUsed() {
        Kernels broken = new Fake("fast", 10, "no library");
        Kernels good = new Fake("good", 5, "");
        assertThat(new KernelCatalog(List.of(new ScalarKernels(), good, broken)).auto())
                .isSameAs(good);
        assertThat(new KernelCatalog(List.of(new ScalarKernels(), broken)).get("auto"))
                .isInstanceOf(ScalarKernels.class);
    }

    @Test
    void saysWhyNamedKernelsCannotBeUsed() {
        KernelCatalog catalog = new KernelCatalog(List.of(new ScalarKernels(), new Fake("fast", 10, "no library")));
        assertThatThrownBy(() -> catalog.get("fast"))
                .isInstanceOf(BackendException.class)
                .hasMessage("kernel \"fast\" cannot be used: no library");
        assertThat(catalog.kernels()).extracting(Kernels::name).containsExactly("fast", "scalar");
    }

    @Test
    void listsWhatThereIsForAnUnknownName() {
        KernelCatalog catalog = new KernelCatalog(List.of(new ScalarKernels(), new Fake("fast", 10, "")));
        assertThatThrownBy(() -> catalog.get("cuda"))
                .isInstanceOf(ComponentNotFoundException.class)
                .hasMessage("no kernel named \"cuda\"; available: auto, fast, scalar; is the JAR that provides it on"
                        + " the class path?");
    }

    @Test
    void refusesTwoKernelsOfOneName() {
        assertThatThrownBy(() -> new KernelCatalog(List.of(new ScalarKernels(), new Fake("scalar", 1, ""))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Fake.class.getName())
                .hasMessageContaining(ScalarKernels.class.getName());
    }

    @Test
    void lightWorkLoadsNoLibrary() {
        Kernels loading = new Fake("native", 10, "asking loads", true);
        Kernels good = new Fake("good", 5, "");
        assertThat(new KernelCatalog(List.of(new ScalarKernels(), loading, good)).get("light"))
                .isSameAs(good);
        assertThat(new KernelCatalog(List.of(new ScalarKernels(), loading)).get("light"))
                .isInstanceOf(ScalarKernels.class);
    }

    private record Fake(String name, int priority, String reason, boolean loadsLibraries) implements Kernels {
        Fake(String name, int priority, String reason) {
            this(name, priority, reason, false);
        }

        @Override
        public Optional<String> unavailable() {
            return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
        }

        @Override
        public Operand prepare(FloatMatrix matrix) {
            return new ScalarKernels().prepare(matrix);
        }

        @Override
        public void products(FloatMatrix x, Operand y, float[] products) {
            new ScalarKernels().products(x, y, products);
        }
    }
}
