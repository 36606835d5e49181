package org.retrieval4j.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Transform;
import org.retrieval4j.api.TransformContract;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.storage.NpyFile;

/** All transforms keep the contract. */
class TransformsTest {
    abstract static class WithoutLearning extends TransformContract {
        @Override
        protected boolean learns() {
            return false;
        }

        @Override
        protected boolean hasFixedDimension() {
            return false;
        }
    }

    @Nested
    class L2 extends WithoutLearning {
        @Override
        protected String spec() {
            return "l2";
        }
    }

    @Nested
    class Power extends WithoutLearning {
        @Override
        protected String spec() {
            return "power(exponent=0.3)";
        }
    }

    @Nested
    class Pca extends TransformContract {
        @Override
        protected String spec() {
            return "pca(dimension=5)";
        }
    }

    @Nested
    class PcaWhiten extends TransformContract {
        @Override
        protected String spec() {
            return "pca-whiten(dimension=7)";
        }
    }

    @Nested
    class PcaWhitenByFewVectors extends TransformContract {
        @Override
        protected String spec() {
            return "pca-whiten(dimension=4,strength=0.5)";
        }

        @Override
        protected BuildContext context(List<GlobalDescriptor> sample) {
            return BuildContext.defaults().withDescriptors(sample.subList(0, 6));
        }
    }

    @Nested
    class LearnedWhiten extends TransformContract {
        private final Path directory;

        LearnedWhiten(@TempDir Path directory) {
            this.directory = directory;
        }

        @Override
        protected String spec() {
            return "learned-whiten(dimension=6,labels=labels.npy)";
        }

        @Override
        protected BuildContext context(List<GlobalDescriptor> sample) throws IOException {
            int[] labels = new int[sample.size()];
            for (int i = 0; i < labels.length; i++) {
                labels[i] = i / 3 - 1;
            }
            NpyFile.write(directory.resolve("labels.npy"), labels, labels.length);
            return BuildContext.defaults().withDescriptors(sample).withBaseDirectory(directory);
        }
    }

    @Nested
    class Given extends TransformContract {
        private final Path directory;

        Given(@TempDir Path directory) {
            this.directory = directory;
        }

        @Override
        protected String spec() {
            return "pca-whiten(mean=mean.npy,projection=projection.npy)";
        }

        @Override
        protected BuildContext context(List<GlobalDescriptor> sample) throws IOException {
            double[] projection = new double[3 * dimension()];
            for (int i = 0; i < projection.length; i++) {
                projection[i] = Math.sin(i);
            }
            NpyFile.write(directory.resolve("mean.npy"), new double[dimension()], dimension());
            NpyFile.write(directory.resolve("projection.npy"), projection, 3, dimension());
            return BuildContext.defaults().withBaseDirectory(directory);
        }

        @Override
        protected boolean learns() {
            return false;
        }
    }

    private static void assertRefused(String spec, BuildContext context, String... parts) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Transform.class, spec, context))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    @Test
    void tellsWhatIsMissingOrDoesNotFit() {
        BuildContext none = BuildContext.defaults();
        BuildContext fixture = Fixture.of("whitening").context();
        BuildContext sample = fixture.withDescriptors(
                WhiteningFixtureTest.dense(Fixture.of("whitening").matrix("small_x")));
        assertRefused("pca(dimension=3)", none, "sample");
        assertRefused("pca", sample, "dimension");
        assertRefused("pca(dimension=0)", sample, "dimension must be at least 1, got 0");
        assertRefused("pca-whiten(dimension=8)", sample, "1 to 7", "8 sample vectors", "got 8");
        assertRefused("pca-whiten(strength=2)", sample, "strength must be 0 to 1");
        assertRefused("pca(mean=mean.npy)", fixture, "projection");
        assertRefused("pca(mean=mean.npy,projection=small_x.npy)", fixture, "1 x 20", "1 x 12");
        assertRefused("pca(projection=small_x.npy,dimension=9)", fixture, "at most 8", "got 9");
        assertRefused("learned-whiten", sample, "pairs");
        assertRefused("learned-whiten(queries=lw_q.npy)", sample, "positives");
        assertRefused("learned-whiten(queries=lw_q.npy,positives=lw_p.npy)", sample, "rows 0 to 7");
        assertRefused("learned-whiten(queries=lw_q.npy,positives=lw_p.npy,labels=lw_q.npy)", sample, "got 2");
        assertRefused("learned-whiten(labels=lw_q.npy)", sample, "60 for 8");
        assertRefused("l2(norm=1)", none, "norm");
        assertRefused("power(exponent=0)", none, "above 0");
    }

    @Test
    void tellsHowManyDirectionsEqualVectorsSpan() {
        List<GlobalDescriptor> sample = List.of(
                new GlobalDescriptor.Dense(new float[] {1, 2, 3}),
                new GlobalDescriptor.Dense(new float[] {2, 1, 3}),
                new GlobalDescriptor.Dense(new float[] {1, 2, 3}),
                new GlobalDescriptor.Dense(new float[] {2, 1, 3}));
        assertRefused("pca(dimension=2)", BuildContext.defaults().withDescriptors(sample), "at most 1", "got 2");
    }

    @Test
    void refusesBagsOfWords() {
        Transform l2 = Components.load().create(Transform.class, "l2");
        GlobalDescriptor words = new GlobalDescriptor.Sparse(3, new int[] {1}, new float[] {1});
        assertThatIllegalArgumentException()
                .isThrownBy(() -> l2.apply(words))
                .withMessageContaining("l2 takes dense descriptors");
    }

    @Test
    void thePowerLawKeepsTheSign() {
        Transform power = Components.load().create(Transform.class, "power");
        assertThat(power.apply(new GlobalDescriptor.Dense(new float[] {4, -9, 0})))
                .isEqualTo(new GlobalDescriptor.Dense(new float[] {2, -3, 0}));
    }
}
