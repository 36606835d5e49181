package org.retrieval4j.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;

class MiniBatchKMeansTest {
    private final Kernels kernels = KernelCatalog.of(BuildContext.defaults());
    private final BuildContext context = BuildContext.defaults();

    @Test
    void isNearlyAsGoodAsPlainKMeansAndBetterThanItsFirstBatch() {
        for (long seed = 0; seed < 3; seed++) {
            FloatMatrix sample = HierarchicalKMeansTest.clustered(20_000, 16, 500, seed);
            KMeans.Options options = KMeans.Options.of(256, seed);
            double plain = inertia(
                    sample, KMeans.train(sample, options, kernels, context).centroids());
            double first = inertia(
                    sample,
                    KMeans.train(sample.rows(0, 2000), options, kernels, context)
                            .centroids());
            double batches = inertia(sample, MiniBatchKMeans.train(batches(sample, 2000), options, kernels, context));
            assertThat(batches).as("seed %d", seed).isLessThan(1.1 * plain);
            assertThat(batches).as("the first batch alone").isLessThan(0.95 * first);
        }
    }

    @Test
    void aCentroidIsTheMeanOfWhatItWasGiven() {
        FloatMatrix first = FloatMatrix.of(4, 1, new float[] {0, 2, 100, 102});
        FloatMatrix second = FloatMatrix.of(2, 1, new float[] {4, 110});
        float[] centroids = MiniBatchKMeans.train(
                        List.of(first, second, FloatMatrix.empty(1)), KMeans.Options.of(2, 1), kernels, context)
                .toArray();
        java.util.Arrays.sort(centroids);
        assertThat(centroids).containsExactly(new float[] {2, 104}, within(1e-6f));
    }

    @Test
    void theNumberOfThreadsDoesNotMatter() {
        FloatMatrix sample = HierarchicalKMeansTest.clustered(12_000, 8, 50, 4);
        KMeans.Options options = new KMeans.Options(40, 5, 5);
        FloatMatrix one = MiniBatchKMeans.train(batches(sample, 5000), options, kernels, context);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            assertThat(MiniBatchKMeans.train(batches(sample, 5000), options, kernels, context.withExecutor(threads)))
                    .isEqualTo(one);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void reportsProgressByTheBatchAndStopsWhenInterrupted() {
        List<Long> done = new ArrayList<>();
        BuildContext told = context.withProgress((stage, batch, total) -> {
            assertThat(stage).isEqualTo("mini-batch k-means");
            done.add(batch);
            if (batch == 2) {
                Thread.currentThread().interrupt();
            }
        });
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> MiniBatchKMeans.train(
                        batches(HierarchicalKMeansTest.clustered(500, 4, 10, 1), 100),
                        KMeans.Options.of(5, 1),
                        kernels,
                        told));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(done).containsExactly(1L, 2L);
    }

    @Test
    void refusesWhatItCannotLearnFrom() {
        KMeans.Options options = KMeans.Options.of(3, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MiniBatchKMeans.train(List.of(), options, kernels, context))
                .withMessageContaining("at least one batch");
        FloatMatrix few = FloatMatrix.of(2, 1, new float[] {1, 2});
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MiniBatchKMeans.train(List.of(few), options, kernels, context))
                .withMessageContaining("3 clusters and 2 vectors");
        FloatMatrix narrow = FloatMatrix.of(3, 1, new float[] {1, 2, 3});
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> MiniBatchKMeans.train(List.of(narrow, FloatMatrix.empty(2)), options, kernels, context))
                .withMessageContaining("one width, got 1 and 2");
    }

    private double inertia(FloatMatrix sample, FloatMatrix centroids) {
        return KMeans.lloyd(sample, centroids, 1, kernels, context).inertia().get(0);
    }

    private static List<FloatMatrix> batches(FloatMatrix sample, int size) {
        List<FloatMatrix> batches = new ArrayList<>();
        for (int from = 0; from < sample.rows(); from += size) {
            batches.add(sample.rows(from, Math.min(sample.rows(), from + size)));
        }
        return batches;
    }
}
