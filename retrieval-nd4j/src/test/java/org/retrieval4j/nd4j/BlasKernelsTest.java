package org.retrieval4j.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.kernel.KernelsContract;
import org.retrieval4j.kernel.ScalarKernels;
import org.retrieval4j.matching.MutualNearestNeighborMatcher;

class BlasKernelsTest extends KernelsContract {
    private final Kernels blas = KernelCatalog.load().get("blas");
    private final Kernels scalar = new ScalarKernels();

    @Override
    protected Kernels kernels() {
        return blas;
    }

    @Test
    void productsAgreeWithTheScalarKernels() {
        Random random = new Random(1);
        int[][] shapes = {
            {1, 1, 1}, {1, 40, 7}, {40, 1, 7}, {3, 5, 0}, {0, 4, 3}, {4, 0, 3}, {300, 64, 128}, {257, 2050, 33}
        };
        for (int[] shape : shapes) {
            FloatMatrix x = normal(random, shape[0], shape[2]);
            FloatMatrix y = normal(random, shape[1], shape[2]);
            float[] expected = products(scalar, x, y);
            float[] actual = products(blas, x, y);
            double size = 0;
            double difference = 0;
            for (int i = 0; i < expected.length; i++) {
                size = Math.max(size, Math.abs(expected[i]));
                difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
            }
            assertThat(difference).isLessThanOrEqualTo(1e-5 * size);
        }
    }

    @Test
    void assignsAsTheScalarKernelsDo() {
        Random random = new Random(2);
        FloatMatrix spread = normal(random, 3000, 32);
        FloatMatrix clustered = clustered(random, 3000, 32);
        FloatMatrix repeated = clustered.select(random.ints(3000, 0, 40).toArray());
        for (FloatMatrix x : List.of(spread, clustered, repeated)) {
            for (FloatMatrix centroids : List.of(x.rows(0, 64), x.rows(0, 1000), spread.rows(5, 6))) {
                assertThat(assign(blas, x, centroids)).isEqualTo(assign(scalar, x, centroids));
            }
        }
    }

    @Test
    void matchesAsTheScalarKernelsDo() {
        Random random = new Random(3);
        ImageFeatures query = ImageFeatures.ofDescriptors(clustered(random, 700, 64));
        ImageFeatures reference = ImageFeatures.ofDescriptors(clustered(random, 900, 64));
        MutualNearestNeighborMatcher.Options options = MutualNearestNeighborMatcher.Options.defaults();
        assertThat(new MutualNearestNeighborMatcher(options, blas).match(query, reference))
                .isEqualTo(new MutualNearestNeighborMatcher(options, scalar).match(query, reference));
    }

    @Test
    void givesTheSameBitsOnEightThreads() throws Exception {
        Random random = new Random(4);
        FloatMatrix x = normal(random, 400, 50);
        FloatMatrix y = normal(random, 300, 50);
        float[] expected = products(blas, x, y);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (Kernels.Operand operand = blas.prepare(y)) {
            List<Callable<float[]>> tasks = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                tasks.add(() -> {
                    float[] products = new float[expected.length];
                    blas.products(x, operand, products);
                    return products;
                });
            }
            for (Future<float[]> result : threads.invokeAll(tasks)) {
                assertThat(result.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aClosedOperandIsRefusedAndClosesAgain() {
        Kernels.Operand operand = blas.prepare(FloatMatrix.of(20, 2, new float[40]));
        operand.close();
        operand.close();
        assertThatThrownBy(() -> blas.products(operand.matrix(), operand, new float[400]))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void refusesWhatDoesNotFit() {
        FloatMatrix x = FloatMatrix.ofRows(new float[] {1, 2, 3});
        try (Kernels.Operand operand = blas.prepare(FloatMatrix.ofRows(new float[] {1, 2}, new float[] {3, 4}))) {
            assertThatThrownBy(() -> blas.products(x, operand, new float[2])).hasMessageContaining("2 values");
            assertThatThrownBy(() -> blas.products(operand.matrix(), operand, new float[3]))
                    .hasMessageContaining("at least 4 values, got 3");
        }
        assertThatThrownBy(() -> blas.products(x, scalar.prepare(x), new float[1]))
                .hasMessageContaining("other kernels");
    }

    @Test
    void withoutTheNativeLibrarySaysWhyAndLeavesTheScalarKernels() throws Exception {
        ClassLoader hiding = new ClassLoader(BlasKernelsTest.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                if (name.startsWith("org.bytedeco.openblas.") || name.startsWith("org.retrieval4j.nd4j.")) {
                    throw new ClassNotFoundException(name);
                }
                return super.loadClass(name, resolve);
            }
        };
        URL classes = BlasKernels.class.getProtectionDomain().getCodeSource().getLocation();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes}, hiding)) {
            Kernels hidden = (Kernels) loader.loadClass(BlasKernels.class.getName())
                    .getConstructor()
                    .newInstance();
            KernelCatalog catalog = new KernelCatalog(List.of(hidden, scalar));
            assertThat(hidden.unavailable())
                    .get()
                    .asString()
                    .contains("OpenBLAS")
                    .contains("class path");
            assertThat(catalog.auto()).isSameAs(scalar);
            assertThatThrownBy(() -> catalog.get("blas"))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("kernel \"blas\" cannot be used: ND4J's OpenBLAS cannot be loaded");
        }
    }

    @Test
    void printsNothing() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(java, "-cp", System.getProperty("java.class.path"), Probe.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output.strip()).isEqualTo("11.0");
        assertThat(process.waitFor()).isZero();
    }

    /** Runs in a Java process of its own. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] arguments) {
            Kernels kernels = KernelCatalog.load().get("blas");
            float[] products = new float[1];
            try (Kernels.Operand operand = kernels.prepare(FloatMatrix.ofRows(new float[] {1, 2}))) {
                kernels.products(FloatMatrix.ofRows(new float[] {3, 4}), operand, products);
            }
            System.out.println(products[0]);
        }
    }

    private static float[] products(Kernels kernels, FloatMatrix x, FloatMatrix y) {
        float[] products = new float[x.rows() * y.rows()];
        try (Kernels.Operand operand = kernels.prepare(y)) {
            kernels.products(x, operand, products);
        }
        return products;
    }

    private static int[] assign(Kernels kernels, FloatMatrix x, FloatMatrix centroids) {
        int[] ids = new int[x.rows()];
        try (Kernels.Operand operand = kernels.prepare(centroids)) {
            kernels.assign(x, operand, ids);
        }
        return ids;
    }

    private static FloatMatrix normal(Random random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(rows, columns, values);
    }

    private static FloatMatrix clustered(Random random, int rows, int columns) {
        FloatMatrix centers = normal(random, 20, columns);
        float[] values = normal(random, rows, columns).toArray();
        for (int i = 0; i < rows; i++) {
            int center = random.nextInt(20);
            for (int k = 0; k < columns; k++) {
                values[i * columns + k] = 0.05f * values[i * columns + k] + centers.get(center, k);
            }
        }
        return FloatMatrix.of(rows, columns, values);
    }
}
