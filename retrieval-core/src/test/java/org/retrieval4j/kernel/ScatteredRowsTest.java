package org.retrieval4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ScatteredRowsTest {
    @Test
    void everyKernelIsWithinItsBound() {
        Random random = new Random(1);
        for (Kernels kernels : KernelCatalog.load().kernels()) {
            if (kernels.unavailable().isPresent()) {
                continue;
            }
            for (int size : new int[] {0, 1, 3, 7, 8, 9, 16, 31, 64, 100, 515}) {
                float[] x = random(random, size + 5);
                float[] rows = random(random, 20 * size + 100);
                int[] starts = random.ints(20, 0, rows.length - size + 1).toArray();
                float[] products = new float[20];
                float[] distances = new float[20];
                kernels.products(x, 2, rows, starts, 20, size, products);
                kernels.squaredDistances(x, 2, rows, starts, 20, size, distances);
                for (int i = 0; i < 20; i++) {
                    double product = FixedOrder.dot(x, 2, rows, starts[i], size);
                    double norms = Math.sqrt(FixedOrder.dot(x, 2, x, 2, size))
                            * Math.sqrt(FixedOrder.dot(rows, starts[i], rows, starts[i], size));
                    double distance = FixedOrder.squaredDistance(x, 2, rows, starts[i], size);
                    double bound = Kernels.errorBound(size);
                    assertThat(Math.abs(products[i] - product)).isLessThanOrEqualTo(bound * norms);
                    assertThat(Math.abs(distances[i] - distance)).isLessThanOrEqualTo(bound * distance);
                }
            }
        }
    }

    private static float[] random(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    @Test
    void refusesShortArrays() {
        Kernels kernels = new ScalarKernels();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.products(new float[3], 1, new float[9], new int[1], 1, 3, new float[1]))
                .withMessage("x must hold 3 values from 1 on, got 3 in all");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> kernels.squaredDistances(new float[3], 0, new float[9], new int[2], 2, 3, new float[1]))
                .withMessageContaining("count must be from 0");
    }
}
