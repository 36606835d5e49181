package org.retrieval4j.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.ScalarKernels;
import org.retrieval4j.learning.PrincipalComponents;
import org.retrieval4j.learning.SymmetricEigen;

class LapackTest {
    private final BuildContext java = BuildContext.defaults().withKernel("scalar");
    private final BuildContext lapack = BuildContext.defaults();

    @Test
    void isFoundByDefaultAndNotWhereKernelsAreNamedThatHaveNone() {
        KernelCatalog catalog = KernelCatalog.load();
        assertThat(catalog.algebra("auto")).isPresent();
        assertThat(catalog.algebra("blas")).isPresent();
        assertThat(catalog.algebra("arrays")).isPresent();
        assertThat(catalog.algebra("scalar")).isEmpty();
        assertThat(catalog.algebra("light")).isEmpty();
        assertThat(new KernelCatalog(List.of(new ScalarKernels())).algebra("auto"))
                .isEmpty();
    }

    @Test
    void addsTheUpperTriangleOfASquare() {
        Random random = new Random(1);
        double[] a = random.doubles(7 * 5).toArray();
        double[] sums = new double[3 * 5];
        Arrays.fill(sums, 1);
        new Lapack().addSquare(a, 7, 5, 1, 4, sums);
        new Lapack().addSquare(a, 0, 5, 1, 4, sums);
        for (int i = 1; i < 4; i++) {
            for (int j = i; j < 5; j++) {
                double expected = 1;
                for (int r = 0; r < 7; r++) {
                    expected += a[r * 5 + i] * a[r * 5 + j];
                }
                assertThat(sums[(i - 1) * 5 + j]).isCloseTo(expected, within(1e-14 * expected));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 200})
    void eigenvectorsAgreeWithJavas(int n) {
        Random random = new Random(n);
        double[][] matrix = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                matrix[i][j] = random.nextGaussian();
                matrix[j][i] = matrix[i][j];
            }
        }
        SymmetricEigen expected = SymmetricEigen.of(matrix, java);
        SymmetricEigen actual = SymmetricEigen.of(matrix, lapack);
        for (int k = 0; k < n; k++) {
            assertThat(actual.value(k)).isCloseTo(expected.value(k), within(1e-11 * n));
            double dot = 0;
            double[] a = expected.vector(k);
            double[] b = actual.vector(k);
            for (int j = 0; j < n; j++) {
                dot += a[j] * b[j];
            }
            assertThat(dot).as("vector %s, sign included", k).isCloseTo(1, within(1e-9));
        }
    }

    // by the covariance, and with fewer vectors than dimensions by inner products
    @ParameterizedTest
    @CsvSource({"1500, 300", "300, 700"})
    void principalComponentsAgreeWithJavas(int n, int d) {
        FloatMatrix sample = sample(n, d);
        PrincipalComponents expected = PrincipalComponents.learn(sample, 64, java);
        PrincipalComponents actual = PrincipalComponents.learn(sample, 64, lapack);
        float[] p = expected.projection(1, 0).toArray();
        float[] q = actual.projection(1, 0).toArray();
        double most = 0;
        double difference = 0;
        for (int i = 0; i < p.length; i++) {
            most = Math.max(most, Math.abs(p[i]));
            difference = Math.max(difference, Math.abs(p[i] - q[i]));
        }
        assertThat(difference).isLessThan(1e-6 * most);
        assertThat(actual.mean()).isEqualTo(expected.mean());
    }

    @Test
    void theBitsDoNotDependOnTheNumberOfThreads() {
        FloatMatrix sample = sample(700, 600);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            assertThat(PrincipalComponents.learn(sample, 40, lapack.withExecutor(threads))
                            .projection(0, 0))
                    .isEqualTo(PrincipalComponents.learn(sample, 40, lapack).projection(0, 0));
        } finally {
            threads.shutdownNow();
        }
    }

    /** Vectors whose variances fall steadily, so that directions are well determined. */
    private static FloatMatrix sample(int n, int d) {
        Random random = new Random(n);
        float[] values = new float[n * d];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(0.9, i % d) + 0.5);
        }
        return FloatMatrix.of(n, d, values);
    }
}
