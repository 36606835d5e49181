package org.retrieval4j.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;

class HierarchicalKMeansTest {
    private final Kernels kernels = KernelCatalog.of(BuildContext.defaults());
    private final BuildContext context = BuildContext.defaults();

    @Test
    void isNearlyAsGoodAsPlainKMeans() {
        for (long seed = 0; seed < 3; seed++) {
            FloatMatrix sample = clustered(20_000, 16, 500, seed);
            KMeans.Options options = KMeans.Options.of(256, seed);
            double plain = inertia(
                    sample, KMeans.train(sample, options, kernels, context).centroids());
            double hierarchical = inertia(sample, HierarchicalKMeans.train(sample, options, kernels, context));
            double drawn = inertia(sample, TrainingSample.draw(List.of(sample), sample.rows(), 256, seed));
            assertThat(hierarchical).as("seed %d", seed).isLessThan(1.15 * plain);
            assertThat(hierarchical).as("drawn without learning").isLessThan(0.8 * drawn);
        }
    }

    @Test
    void theNumberOfThreadsDoesNotMatterAndTheSeedDoes() {
        FloatMatrix sample = clustered(9000, 8, 50, 4);
        KMeans.Options options = new KMeans.Options(100, 5, 5);
        FloatMatrix one = HierarchicalKMeans.train(sample, options, kernels, context);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            assertThat(HierarchicalKMeans.train(sample, options, kernels, context.withExecutor(threads)))
                    .isEqualTo(one);
        } finally {
            threads.shutdown();
        }
        assertThat(HierarchicalKMeans.train(sample, new KMeans.Options(100, 5, 6), kernels, context))
                .isNotEqualTo(one);
    }

    @Test
    void everyDistinctVectorCanBecomeACentroid() {
        float[] values = new float[3000];
        for (int i = 0; i < values.length; i++) {
            values[i] = i < 2000 ? 0 : i % 20; // most are one vector, and the rest are of twenty kinds
        }
        values[0] = -0f;
        FloatMatrix sample = FloatMatrix.of(values.length, 1, values);
        float[] centroids = HierarchicalKMeans.train(sample, KMeans.Options.of(20, 1), kernels, context)
                .toArray();
        Arrays.sort(centroids);
        for (int i = 0; i < 20; i++) {
            assertThat(centroids[i]).isEqualTo(i);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HierarchicalKMeans.train(sample, KMeans.Options.of(21, 1), kernels, context))
                .withMessageContaining("21 clusters and 20 distinct vectors");
    }

    @Test
    void anyNumberOfClustersIsGiven() {
        FloatMatrix sample = clustered(300, 4, 10, 2);
        for (int k : new int[] {1, 2, 3, 10, 299, 300}) {
            FloatMatrix centroids = HierarchicalKMeans.train(sample, KMeans.Options.of(k, 1), kernels, context);
            assertThat(centroids.rows()).isEqualTo(k);
            assertThat(centroids.isFinite()).isTrue();
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HierarchicalKMeans.train(sample, KMeans.Options.of(301, 1), kernels, context))
                .withMessageContaining("301 clusters and 300 distinct vectors");
    }

    @Test
    void reportsProgressByTheGroupAndStopsWhenInterrupted() {
        List<Long> groups = new ArrayList<>();
        BuildContext told = context.withProgress((stage, done, total) -> {
            if (stage.equals("hierarchical k-means")) {
                assertThat(total).isEqualTo(5);
                groups.add(done);
                if (done == 3) {
                    Thread.currentThread().interrupt();
                }
            }
        });
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() ->
                        HierarchicalKMeans.train(clustered(500, 4, 10, 1), KMeans.Options.of(25, 1), kernels, told));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(groups).containsExactly(1L, 2L, 3L);
    }

    private double inertia(FloatMatrix sample, FloatMatrix centroids) {
        return KMeans.lloyd(sample, centroids, 1, kernels, context).inertia().get(0);
    }

    /** Vectors scattered around centers, as descriptors are. */
    static FloatMatrix clustered(int n, int d, int centers, long seed) {
        Random random = new Random(seed);
        float[][] means = new float[centers][d];
        for (float[] mean : means) {
            for (int j = 0; j < d; j++) {
                mean[j] = 2 * (float) random.nextGaussian();
            }
        }
        float[] values = new float[n * d];
        for (int i = 0; i < n; i++) {
            float[] mean = means[random.nextInt(centers)];
            for (int j = 0; j < d; j++) {
                values[i * d + j] = mean[j] + (float) random.nextGaussian();
            }
        }
        return FloatMatrix.of(n, d, values);
    }
}
