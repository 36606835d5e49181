package org.retrieval4j.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;

class KMeansTest {
    private final Kernels kernels = KernelCatalog.of(BuildContext.defaults());
    private final BuildContext context = BuildContext.defaults();

    @Test
    void agreesWithFifteenReferenceIterations() {
        Fixture fixture = Fixture.of("vlad");
        double[] sift = fixture.doubles("sift_train");
        float[] root = new float[sift.length];
        for (int row = 0; row < sift.length; row += 128) {
            double sum = 0;
            for (int j = row; j < row + 128; j++) {
                sum += sift[j];
            }
            for (int j = row; j < row + 128; j++) {
                root[j] = (float) Math.sqrt(sift[j] / sum);
            }
        }
        FloatMatrix sample = FloatMatrix.of(sift.length / 128, 128, root);
        KMeans.Result result = KMeans.lloyd(sample, fixture.matrix("kmeans_init"), 15, kernels, context);

        Fixture.assertClose(result.centroids().toArray(), fixture.doubles("kmeans_centres_15"), 1e-6);
        double[] inertia = fixture.doubles("kmeans_inertia_trace");
        int ran = result.inertia().size(); // ends early: from there on the reference stays the same, too
        for (int i = 0; i < 15; i++) {
            assertThat(result.inertia().get(Math.min(i, ran - 1))).isCloseTo(inertia[i], within(1e-5 * inertia[i]));
        }
        int[] labels = new int[sample.rows()];
        FloatMatrix before = KMeans.lloyd(sample, fixture.matrix("kmeans_init"), 14, kernels, context)
                .centroids();
        kernels.assign(sample, kernels.prepare(before), labels);
        assertThat(labels).isEqualTo(fixture.array("kmeans_labels_15").toInts());
    }

    @Test
    void findsClustersThatLieApart() {
        Random random = new Random(7);
        float[] values = new float[300 * 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = 100 * (i / 4 % 3) + (float) random.nextGaussian();
        }
        FloatMatrix sample = FloatMatrix.of(300, 4, values);
        for (long seed = 0; seed < 20; seed++) {
            KMeans.Result result = KMeans.train(sample, KMeans.Options.of(3, seed), kernels, context);
            assertThat(result.inertia().get(result.inertia().size() - 1))
                    .as("seed %d", seed)
                    .isLessThan(2000);
        }
    }

    @Test
    void theInertiaNeverGrows() {
        List<Double> inertia = KMeans.train(sample(900, 8, 3), KMeans.Options.of(20, 1), kernels, context)
                .inertia();
        for (int i = 1; i < inertia.size(); i++) {
            assertThat(inertia.get(i)).isLessThanOrEqualTo(inertia.get(i - 1) * (1 + 1e-6));
        }
    }

    @Test
    void theNumberOfThreadsDoesNotMatter() {
        FloatMatrix sample = sample(9000, 8, 4);
        KMeans.Options options = KMeans.Options.of(10, 5);
        KMeans.Result one = KMeans.train(sample, options, kernels, context);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            assertThat(KMeans.train(sample, options, kernels, context.withExecutor(threads)))
                    .isEqualTo(one);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void anEmptyClusterTakesTheFarthestVector() {
        FloatMatrix sample = FloatMatrix.of(6, 1, new float[] {0, 1, 2, 3, 4, 50});
        FloatMatrix initial = FloatMatrix.of(3, 1, new float[] {1, 1000, 2000});
        KMeans.Result result = KMeans.lloyd(sample, initial, 10, kernels, context);
        float[] centroids = result.centroids().toArray();
        java.util.Arrays.sort(centroids);
        assertThat(centroids[2]).isEqualTo(50);
        assertThat(centroids[1]).isLessThan(5);
    }

    @Test
    void refusesMoreClustersThanDistinctVectors() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KMeans.train(sample(5, 3, 1), KMeans.Options.of(6, 1), kernels, context))
                .withMessageContaining("6 clusters and 5 vectors");
        FloatMatrix twice = FloatMatrix.of(4, 1, new float[] {1, 2, 1, 2});
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KMeans.train(twice, KMeans.Options.of(3, 1), kernels, context))
                .withMessageContaining("3 clusters and 2 distinct vectors");
        assertThat(KMeans.train(twice, KMeans.Options.of(2, 1), kernels, context)
                        .centroids()
                        .rows())
                .isEqualTo(2);
    }

    @Test
    void reportsProgressAndStopsWhenInterrupted() {
        List<String> stages = new ArrayList<>();
        BuildContext told = context.withProgress((stage, done, total) -> {
            stages.add(stage);
            if (stage.equals("k-means")) {
                Thread.currentThread().interrupt();
            }
        });
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> KMeans.train(sample(100, 4, 1), KMeans.Options.of(5, 1), kernels, told));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(stages).contains("k-means seeds", "k-means");
    }

    private static FloatMatrix sample(int n, int d, long seed) {
        Random random = new Random(seed);
        float[] values = new float[n * d];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(n, d, values);
    }
}
