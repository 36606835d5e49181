package org.retrieval4j.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.kernel.KernelsContract;
import org.retrieval4j.kernel.ScalarKernels;
import org.retrieval4j.learning.KMeans;

/** The contract on arrays alone: the host computes nothing but near ties. */
class ArrayKernelsTest extends KernelsContract {
    private final Kernels arrays = new ArrayKernels(0);
    private final Kernels scalar = new ScalarKernels();

    @Override
    protected Kernels kernels() {
        return arrays;
    }

    @BeforeEach
    void needsArrays() {
        if (ArrayBackend.find().cuda()) {
            assumeTrue(
                    arrays.unavailable().isEmpty(), () -> arrays.unavailable().orElse(""));
        }
        assertThat(arrays.unavailable()).isEmpty();
    }

    @Test
    void areFoundByNameAndLeftToAGpuByDefault() {
        assertThat(KernelCatalog.load().get("arrays")).isInstanceOf(ArrayKernels.class);
        assumeTrue(!ArrayBackend.find().cuda(), "the backend is CUDA's");
        assertThat(arrays.priority()).isLessThan(scalar.priority());
        assertThat(KernelCatalog.load().auto().name()).isIn("vector", "blas", "scalar");
    }

    @Test
    void assignsManyChunksAsTheScalarKernelsDo() {
        // vectors of a few clusters, some of them twice: near and exact ties
        Random random = new Random(1);
        FloatMatrix centers = normal(random, 40, 32);
        float[] values = new float[40_000 * 32];
        for (int i = 0; i < 40_000; i++) {
            int center = random.nextInt(40);
            boolean same = random.nextInt(5) == 0;
            for (int j = 0; j < 32; j++) {
                values[i * 32 + j] = centers.get(center, j) + (same ? 0 : 1e-3f * (float) random.nextGaussian());
            }
        }
        FloatMatrix x = FloatMatrix.of(40_000, 32, values);
        FloatMatrix centroids = FloatMatrix.concat(List.of(centers, x.rows(0, 60), centers));
        int[] expected = new int[x.rows()];
        scalar.assign(x, scalar.prepare(centroids), expected);
        int[] ids = new int[x.rows()];
        try (Kernels.Operand operand = arrays.prepare(centroids);
                Kernels.Held held = arrays.hold(x)) {
            arrays.assign(x, operand, ids);
            assertThat(ids).isEqualTo(expected);
            held.assign(0, 17, operand, ids);
            held.assign(17, 40_000, operand, ids);
            assertThat(ids).isEqualTo(expected);
        }
    }

    @Test
    void learnsTheCodebookOfTheScalarKernelsBitByBit() {
        FloatMatrix sample = normal(new Random(2), 5000, 16);
        KMeans.Options options = new KMeans.Options(50, 5, 3);
        BuildContext context = BuildContext.defaults();
        assertThat(KMeans.train(sample, options, arrays, context))
                .isEqualTo(KMeans.train(sample, options, scalar, context));
    }

    @Test
    void aggregatesPicturesTogetherAsTheScalarKernelsDoOneByOne() {
        Random random = new Random(4);
        List<ImageFeatures> pictures = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            pictures.add(ImageFeatures.ofDescriptors(normal(random, i == 7 ? 0 : 900 + i, 48)));
        }
        assertThat(aggregated("vlad(clusters=24,normalization=intra)", "arrays", pictures))
                .isEqualTo(aggregated("vlad(clusters=24,normalization=intra)", "scalar", pictures));
        List<GlobalDescriptor> expected = aggregated("netvlad(clusters=24)", "scalar", pictures);
        List<GlobalDescriptor> actual = aggregated("netvlad(clusters=24)", "arrays", pictures);
        for (int i = 0; i < expected.size(); i++) {
            float[] a = ((GlobalDescriptor.Dense) actual.get(i)).values();
            float[] b = ((GlobalDescriptor.Dense) expected.get(i)).values();
            double square = 0;
            for (int j = 0; j < b.length; j++) {
                square += (a[j] - b[j]) * (double) (a[j] - b[j]);
            }
            assertThat(Math.sqrt(square)).as("picture %s", i).isLessThan(1e-5);
        }
    }

    @Test
    void givesTheSameIdsOnEightThreads() throws Exception {
        Random random = new Random(5);
        FloatMatrix x = normal(random, 3000, 50);
        int[] expected = new int[3000];
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (Kernels.Operand operand = arrays.prepare(normal(random, 64, 50))) {
            arrays.assign(x, operand, expected);
            List<Callable<int[]>> tasks = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                tasks.add(() -> {
                    int[] ids = new int[expected.length];
                    arrays.assign(x, operand, ids);
                    return ids;
                });
            }
            for (Future<int[]> result : threads.invokeAll(tasks)) {
                assertThat(result.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aThousandCallsLeaveNoMemoryBehind() {
        Random random = new Random(6);
        FloatMatrix x = normal(random, 1000, 64);
        FloatMatrix centroids = normal(random, 64, 64);
        calls(100, x, centroids);
        long before = Pointer.physicalBytes();
        calls(1000, x, centroids);
        // what a call takes, about 1 MB, would be 1 GB
        assertThat(Pointer.physicalBytes() - before).isLessThan(300L << 20);
    }

    private void calls(int count, FloatMatrix x, FloatMatrix centroids) {
        int[] ids = new int[x.rows()];
        double[] sums = new double[64 * 64];
        double[] masses = new double[64];
        for (int i = 0; i < count; i++) {
            try (Kernels.Operand operand = arrays.prepare(centroids);
                    Kernels.Held held = arrays.hold(x)) {
                arrays.assign(x, operand, ids);
                held.assign(0, x.rows(), operand, ids);
                arrays.softSums(List.of(x), operand, new float[64], true, sums, masses);
            }
        }
    }

    @Test
    void littleWorkIsLeftToTheHost() {
        Kernels usual = new ArrayKernels();
        FloatMatrix x = normal(new Random(7), 3, 8);
        float[] products = new float[9];
        float[] expected = new float[9];
        usual.products(x, usual.prepare(x), products);
        Kernels light = KernelCatalog.load().get(KernelCatalog.LIGHT);
        light.products(x, light.prepare(x), expected);
        assertThat(products).isEqualTo(expected);
    }

    @Test
    void aClosedOperandIsRefusedAndClosesAgain() {
        Kernels.Operand operand = arrays.prepare(FloatMatrix.of(20, 2, new float[40]));
        Kernels.Held held = arrays.hold(operand.matrix());
        held.close();
        held.close();
        assertThatThrownBy(() -> held.assign(0, 20, operand, new int[20]))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        operand.close();
        operand.close();
        assertThatThrownBy(() -> arrays.products(operand.matrix(), operand, new float[400]))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    @Tag("gpu")
    void theGpuIsPreferredAndAssignsAsTheScalarKernelsDo() {
        ArrayBackend backend = ArrayBackend.find();
        assumeTrue(backend.cuda(), "ND4J's backend here is " + backend.name() + "; -Pcuda swaps it");
        assumeTrue(backend.unavailable().isEmpty(), () -> backend.unavailable().orElse(""));
        Kernels auto = KernelCatalog.load().auto();
        assertThat(auto.name()).isEqualTo("arrays");
        FloatMatrix x = normal(new Random(8), 200_000, 128);
        FloatMatrix centroids = x.rows(0, 256);
        int[] expected = new int[x.rows()];
        int[] ids = new int[x.rows()];
        scalar.assign(x, scalar.prepare(centroids), expected);
        try (Kernels.Held held = auto.hold(x);
                Kernels.Operand operand = auto.prepare(centroids)) {
            held.assign(0, x.rows(), operand, ids);
        }
        assertThat(ids).isEqualTo(expected);
    }

    private static List<GlobalDescriptor> aggregated(String spec, String kernel, List<ImageFeatures> pictures) {
        BuildContext context = BuildContext.ofSample(pictures).withKernel(kernel);
        try (Aggregator aggregator = Components.load().create(Aggregator.class, spec, context)) {
            return aggregator.aggregateAll(pictures);
        }
    }

    private static FloatMatrix normal(Random random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(rows, columns, values);
    }
}
