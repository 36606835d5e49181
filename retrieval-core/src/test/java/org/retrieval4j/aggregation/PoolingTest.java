package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.retrieval4j.fixtures.Fixture.assertWithinFloatTolerance;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.fixtures.Fixture;

/** The poolings keep the contract and agree with the reference. */
class PoolingTest {
    private final Fixture fixture = Fixture.of("pooling");

    abstract static class PoolingContract extends AggregatorContract {
        @Override
        protected boolean hasFixedWidth() {
            return false;
        }

        @Override
        protected boolean learns() {
            return false;
        }
    }

    @Nested
    class Mac extends PoolingContract {
        @Override
        protected String spec() {
            return "mac";
        }
    }

    @Nested
    class Spoc extends PoolingContract {
        @Override
        protected String spec() {
            return "spoc";
        }
    }

    @Nested
    class SpocWithCenterPrior extends OnFeatureMaps {
        @Override
        protected String spec() {
            return "spoc(center-prior=true)";
        }
    }

    @Nested
    class Gem extends PoolingContract {
        @Override
        protected String spec() {
            return "gem(p=2.5)";
        }
    }

    @Nested
    class GemWithExponents extends PoolingContract {
        @Override
        protected String spec() {
            return "gem(exponents=gemmp_p.npy)";
        }

        @Override
        protected BuildContext context(List<ImageFeatures> sample) {
            return fixture.context();
        }

        @Override
        protected int width() {
            return 12;
        }

        @Override
        protected boolean hasFixedWidth() {
            return true;
        }
    }

    @Nested
    class Crow extends PoolingContract {
        @Override
        protected String spec() {
            return "crow";
        }
    }

    abstract static class OnFeatureMaps extends PoolingContract {
        @Override
        protected boolean orderMatters() {
            return true;
        }

        @Override
        protected ImageFeatures picture(Random random, int features) {
            ImageFeatures sparse = super.picture(random, features);
            int rows = features % 3 == 0 ? 3 : 1;
            Optional<Grid> grid = features == 0 ? Optional.empty() : Optional.of(new Grid(rows, features / rows));
            return new ImageFeatures(
                    sparse.width(),
                    sparse.height(),
                    sparse.orientation(),
                    sparse.keypoints(),
                    sparse.descriptors(),
                    grid);
        }
    }

    @Nested
    class Rmac extends OnFeatureMaps {
        @Override
        protected String spec() {
            return "rmac";
        }
    }

    /** Channels x height x width as cells x channels. */
    private static ImageFeatures featureMap(Fixture fixture) {
        double[] values = fixture.doubles("x");
        int[] shape = fixture.array("x").shape();
        int cells = shape[1] * shape[2];
        float[] descriptors = new float[values.length];
        for (int channel = 0; channel < shape[0]; channel++) {
            for (int cell = 0; cell < cells; cell++) {
                descriptors[cell * shape[0] + channel] = (float) values[channel * cells + cell];
            }
        }
        Keypoints keypoints = new Keypoints(FloatMatrix.of(cells, 5, new float[5 * cells]));
        return new ImageFeatures(
                shape[2] * 16,
                shape[1] * 16,
                org.retrieval4j.api.Orientation.UPRIGHT,
                keypoints,
                FloatMatrix.of(cells, shape[0], descriptors),
                Optional.of(new Grid(shape[1], shape[2])));
    }

    private GlobalDescriptor pooled(String spec) {
        try (Aggregator aggregator = Components.load().create(Aggregator.class, spec, fixture.context())) {
            return aggregator.aggregate(featureMap(fixture));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "mac(l2=false); mac",
                "spoc(l2=false); spoc",
                "spoc(center-prior=true,l2=false); spoc_prior_sum",
                "gem(l2=false); gem3",
                "gem(p=1,l2=false); gem1",
                "gem(p=4.7,l2=false); gem47",
                "gem(exponents=gemmp_p.npy,l2=false); gemmp",
                "gem; gem3_l2n",
                "rmac(levels=1,l2=false); rmac_L1",
                "rmac(levels=2,l2=false); rmac_L2",
                "rmac(l2=false); rmac_L3",
                "rmac; rmac_L3_l2",
                "crow(l2=false); crow",
                "crow; crow_l2"
            })
    void agreesWithTheReference(String spec, String expected) {
        assertWithinFloatTolerance(pooled(spec), fixture.doubles(expected));
    }

    @Test
    void aDeadChannelHasTheFloorOfGem() {
        assertThat(((GlobalDescriptor.Dense) pooled("gem(l2=false)")).values()[3])
                .isEqualTo(1e-6f);
    }

    @Test
    void gemIsTheAverageWithAnExponentOfOneAndTheMaximumWithALargeOne() {
        float[] one = ((GlobalDescriptor.Dense) pooled("gem(p=1,epsilon=1e-20,l2=false)")).values();
        float[] large = ((GlobalDescriptor.Dense) pooled("gem(p=200,epsilon=1e-20,l2=false)")).values();
        double[] average = fixture.doubles("spoc");
        double[] maximum = fixture.doubles("mac");
        for (int j = 0; j < one.length; j++) {
            assertThat((double) one[j]).isCloseTo(average[j], within(1e-6 * average[j] + 1e-12));
            // (1/70)^(1/200) = 0.979: one of 70 cells has the maximum
            assertThat((double) large[j]).isBetween(0.978 * maximum[j], maximum[j] + 1e-6);
        }
    }

    @Test
    void theRegionsAreThoseOfTheReferenceForEveryShapeOfMap() {
        int[] rows = fixture.array("rmac_regions").toInts();
        int at = 0;
        int maps = 0;
        while (at < rows.length) {
            int start = at;
            List<RmacAggregator.Region> expected = new ArrayList<>();
            // a group starts with the whole map
            do {
                expected.add(new RmacAggregator.Region(rows[at + 3], rows[at + 4], rows[at + 5], rows[at + 6]));
                at += 7;
            } while (at < rows.length
                    && rows[at] == rows[start]
                    && rows[at + 1] == rows[start + 1]
                    && rows[at + 2] == rows[start + 2]);
            assertThat(RmacAggregator.regions(rows[start], rows[start + 1], rows[start + 2]))
                    .isEqualTo(expected);
            maps++;
        }
        assertThat(maps).isEqualTo(22);
    }

    @Test
    void whatNeedsAFeatureMapSaysSo() {
        ImageFeatures sparse = ImageFeatures.ofDescriptors(FloatMatrix.of(2, 3, new float[6]));
        for (String spec : List.of("rmac", "spoc(center-prior=true)")) {
            Aggregator aggregator = Components.load().create(Aggregator.class, spec);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> aggregator.aggregate(sparse))
                    .withMessageContaining(spec)
                    .withMessageContaining("grid");
        }
    }

    @Test
    void refusesExponentsThatDoNotExist() {
        for (String spec : List.of("gem(p=0)", "gem(epsilon=0)", "gem(p=-1)")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Components.load().create(Aggregator.class, spec))
                    .withMessageContaining("above 0");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Aggregator.class, "rmac(levels=0)"))
                .withMessageContaining("levels must be 1 to 100, got 0");
    }
}
