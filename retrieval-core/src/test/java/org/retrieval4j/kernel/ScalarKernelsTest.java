package org.retrieval4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.FloatMatrix;

class ScalarKernelsTest {
    private final Kernels kernels = new ScalarKernels();

    @ParameterizedTest
    @CsvSource({
        "1,1,1",
        "1,3,5",
        "2,2,2",
        "3,17,7",
        "5,64,128",
        "33,161,131",
        "34,512,64",
        "7,513,9",
        "65,1100,33",
        "4,0,8",
        "0,9,4",
        "3,5,0",
        "2,200,300"
    })
    void productsAgreeWithDoubleForEveryShape(int m, int n, int d) {
        Random random = new Random(m + 31L * n + 1009L * d);
        FloatMatrix x = gaussian(random, m, d);
        FloatMatrix y = gaussian(random, n, d);
        float[] products = new float[m * n + 1];
        products[m * n] = 7;
        kernels.products(x, kernels.prepare(y), products);
        double excess = 0;
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double exact = 0;
                double size = 0;
                for (int k = 0; k < d; k++) {
                    exact += (double) x.get(i, k) * y.get(j, k);
                    size += Math.abs((double) x.get(i, k) * y.get(j, k));
                }
                double allowed = Kernels.errorBound(d) * size;
                excess = Math.max(excess, Math.abs(products[i * n + j] - exact) - allowed);
            }
        }
        assertThat(excess).isZero();
        assertThat(products[m * n]).isEqualTo(7);
    }

    @Test
    void aProductHasTheSameBitsInEveryBatch() {
        Random random = new Random(5);
        FloatMatrix x = gaussian(random, 37, 150);
        FloatMatrix y = gaussian(random, 700, 150);
        float[] all = new float[37 * 700];
        kernels.products(x, kernels.prepare(y), all);
        float[] one = new float[1];
        int different = 0;
        for (int i = 0; i < 37; i++) {
            for (int j = 0; j < 700; j += 13) {
                kernels.products(x.rows(i, i + 1), kernels.prepare(y.rows(j, j + 1)), one);
                different += one[0] == all[i * 700 + j] ? 0 : 1;
            }
        }
        assertThat(different).isZero();
    }

    @Test
    void assignsAsTheFixedOrderRoutineDoes() {
        Random random = new Random(6);
        for (int n : new int[] {1, 2, 33, 64, 300}) {
            FloatMatrix x = gaussian(random, n == 300 ? 1050 : 3 * n + 40, 24);
            FloatMatrix c = gaussian(random, n, 24);
            assertThat(assign(x, c)).isEqualTo(exact(x, c));
        }
    }

    @Test
    void decidesNearTiesExactly() {
        // all centroids within a few units in the last place of each other, far from the origin
        Random random = new Random(7);
        float[] values = new float[200 * 16];
        for (int i = 0; i < values.length; i++) {
            values[i] = 1000 + Math.ulp(1000f) * random.nextInt(4);
        }
        FloatMatrix c = FloatMatrix.of(200, 16, values);
        FloatMatrix x = gaussian(random, 100, 16);
        assertThat(assign(x, c)).isEqualTo(exact(x, c));
        assertThat(assign(c, c)).isEqualTo(exact(c, c));
    }

    @Test
    void takesTheFirstOfEqualCentroids() {
        FloatMatrix c = FloatMatrix.ofRows(new float[] {5, 5}, new float[] {1, 2}, new float[] {1, 2});
        assertThat(assign(FloatMatrix.ofRows(new float[] {1, 2}, new float[] {1, 1}), c))
                .containsExactly(1, 1);
    }

    @Test
    void assignsVectorsWhoseProductsOverflow() {
        FloatMatrix c = FloatMatrix.ofRows(
                new float[] {3e38f, -3e38f}, new float[] {3e38f, 3e38f}, new float[] {-3e38f, 3e38f});
        assertThat(assign(c, c)).containsExactly(0, 1, 2);
        int[] many = new int[150];
        for (int i = 0; i < many.length; i++) {
            many[i] = i % 3;
        }
        assertThat(assign(c.select(many), c)).isEqualTo(many);
    }

    @Test
    void readsViews() {
        Random random = new Random(8);
        FloatMatrix x = gaussian(random, 40, 6);
        FloatMatrix c = gaussian(random, 40, 6);
        assertThat(assign(x.rows(10, 30), c.rows(5, 25))).isEqualTo(exact(x.rows(10, 30), c.rows(5, 25)));
    }

    @Test
    void refusesWhatDoesNotFit() {
        Kernels.Operand y = kernels.prepare(FloatMatrix.of(2, 3, new float[6]));
        FloatMatrix wide = FloatMatrix.of(1, 4, new float[4]);
        assertThatThrownBy(() -> kernels.products(wide, y, new float[2]))
                .hasMessageContaining("3")
                .hasMessageContaining("4");
        assertThatThrownBy(() -> kernels.assign(wide, y, new int[1]))
                .hasMessageContaining("3")
                .hasMessageContaining("4");
        FloatMatrix x = FloatMatrix.of(3, 3, new float[9]);
        assertThatThrownBy(() -> kernels.products(x, y, new float[5])).hasMessageContaining("at least 6 values, got 5");
        assertThatThrownBy(() -> kernels.assign(x, y, new int[2])).hasMessageContaining("at least 3 values, got 2");
        assertThatThrownBy(() -> kernels.assign(x, kernels.prepare(FloatMatrix.empty(3)), new int[3]))
                .hasMessageContaining("at least 1 centroid");
    }

    private int[] assign(FloatMatrix x, FloatMatrix c) {
        int[] ids = new int[x.rows()];
        kernels.assign(x, kernels.prepare(c), ids);
        return ids;
    }

    private static int[] exact(FloatMatrix x, FloatMatrix c) {
        int[] ids = new int[x.rows()];
        for (int i = 0; i < ids.length; i++) {
            double smallest = Double.POSITIVE_INFINITY;
            for (int j = 0; j < c.rows(); j++) {
                double distance = Kernels.fixedOrderSquaredDistance(
                        x.array(), x.offset() + i * x.columns(), c.array(), c.offset() + j * c.columns(), x.columns());
                if (distance < smallest) {
                    smallest = distance;
                    ids[i] = j;
                }
            }
        }
        return ids;
    }

    private static FloatMatrix gaussian(Random random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(rows, columns, values);
    }
}
