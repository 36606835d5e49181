package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.retrieval4j.fixtures.Fixture.assertClose;
import static org.retrieval4j.fixtures.Fixture.assertWithinFloatTolerance;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.fixtures.Fixture;

/** Every row of the reference encodings has a spec; the oracle agrees with them to 1e-12, the aggregator to 1e-5. */
class VladFixtureTest {
    private static final double ORACLE_TOLERANCE = 1e-12;

    private final Fixture fixture = Fixture.of("vlad");
    private final double[] x = fixture.doubles("x");
    private final double[] centers = fixture.doubles("centres");
    private final int[] hard = fixture.array("assign_hard").toInts();

    private AssignableAggregator vlad(String parameters) {
        return (AssignableAggregator)
                Components.load().create(Aggregator.class, "vlad(codebook=" + parameters + ")", fixture.context());
    }

    private static String parameters(int flags) {
        return ",intra=" + ((flags & 1) != 0) + ",power=" + ((flags & 2) != 0 ? "0.5" : "1") + ",l2="
                + ((flags & 4) == 0) + ",mass=" + ((flags & 8) != 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
    void agreesForEveryFlag(int flags) {
        double[] expectedHard = fixture.row("vlad_hard_by_flags", flags);
        double[] expectedSoft = fixture.row("vlad_soft_by_flags", flags);
        double[] soft = fixture.doubles("assign_soft");
        double[] oneHot = VladOracle.oneHot(hard, 8);
        assertClose(new VladOracle(x, centers, oneHot, 8, 16).flags(flags).encode(), expectedHard, ORACLE_TOLERANCE);
        assertClose(new VladOracle(x, centers, soft, 8, 16).flags(flags).encode(), expectedSoft, ORACLE_TOLERANCE);
        try (AssignableAggregator vlad = vlad("centres.npy" + parameters(flags))) {
            assertWithinFloatTolerance(vlad.aggregate(fixture.matrix("x"), hard), expectedHard);
            assertWithinFloatTolerance(
                    vlad.aggregate(fixture.matrix("x"), fixture.matrix("assign_soft")), expectedSoft);
        }
    }

    @ParameterizedTest
    @CsvSource({"none,0", "power,2", "intra,1"})
    void theShorthandEqualsItsFlags(String normalization, int flags) {
        try (AssignableAggregator vlad = vlad("centres.npy,normalization=" + normalization);
                AssignableAggregator longhand = vlad("centres.npy" + parameters(flags))) {
            assertWithinFloatTolerance(
                    vlad.aggregate(fixture.matrix("x"), hard), fixture.row("vlad_hard_by_flags", flags));
            assertThat(vlad.spec()).isEqualTo(longhand.spec());
            assertThat(vlad.fingerprint()).isEqualTo(longhand.fingerprint());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "vlad_rn; l2=false",
                "vlad_rn_power02_l2; power=0.2",
                "vlad_rn_intra_l2; intra=true",
                "vlad_rn_lcs_power02_l2; lcs=lcs_basis.npy,power=0.2"
            })
    void agreesWithResidualNormalizationAndLocalCoordinates(String expected, String parameters) {
        VladOracle oracle = new VladOracle(x, centers, VladOracle.oneHot(hard, 8), 8, 16)
                .flags((parameters.contains("intra") ? 1 : 0) + (parameters.contains("l2=false") ? 4 : 0))
                .residualNormalization()
                .power(parameters.contains("power") ? 0.2 : 1);
        if (parameters.contains("lcs")) {
            oracle.bases(fixture.array("lcs_basis"));
        }
        assertClose(oracle.encode(), fixture.doubles(expected), ORACLE_TOLERANCE);
        try (AssignableAggregator vlad = vlad("centres.npy,residual-normalization=true," + parameters)) {
            assertWithinFloatTolerance(vlad.aggregate(fixture.matrix("x"), hard), fixture.doubles(expected));
        }
    }

    @Test
    void agreesWithAdaptedCenters() {
        double[] expected = fixture.doubles("vlad_adapted_raw");
        double[] adapted = fixture.doubles("adapted_centres");
        assertClose(
                new VladOracle(x, adapted, VladOracle.oneHot(hard, 8), 8, 16)
                        .flags(4)
                        .encode(),
                expected,
                ORACLE_TOLERANCE);
        try (AssignableAggregator vlad = vlad("centres.npy,adapted-codebook=adapted_centres.npy,l2=false")) {
            assertWithinFloatTolerance(vlad.aggregate(fixture.matrix("x"), hard), expected);
        }
    }

    @ParameterizedTest
    @CsvSource({"image_vlad,0", "image_vlad_intra,1", "image_vlad_ssr,2", "image_vlad_mass_ssr_intra,11"})
    void agreesOnTheDescriptorsOfAPhotograph(String expected, int flags) {
        ImageFeatures image = ImageFeatures.ofDescriptors(rootSift(fixture, "sift_image"));
        try (AssignableAggregator vlad = vlad("kmeans_centres_15.npy" + parameters(flags))) {
            GlobalDescriptor nearest = vlad.aggregate(image);
            assertWithinFloatTolerance(nearest, fixture.doubles(expected));
            assertThat(vlad.aggregate(
                            image.descriptors(), fixture.array("image_assign").toInts()))
                    .isEqualTo(nearest);
        }
    }

    static FloatMatrix rootSift(Fixture fixture, String name) {
        double[] values = fixture.doubles(name);
        float[] root = new float[values.length];
        for (int row = 0; row < values.length; row += 128) {
            double sum = 0;
            for (int j = row; j < row + 128; j++) {
                sum += values[j];
            }
            for (int j = row; j < row + 128; j++) {
                root[j] = (float) Math.sqrt(values[j] / sum);
            }
        }
        return FloatMatrix.of(values.length / 128, 128, root);
    }
}
