package org.retrieval4j.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.fixtures.Fixture;

class SymmetricEigenTest {
    private final BuildContext context = BuildContext.defaults();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 16, 70, 131})
    void decomposesRandomMatrices(int n) {
        double[] matrix = random(n, n);
        SymmetricEigen eigen = SymmetricEigen.of(square(matrix, n), context);
        assertDecomposes(eigen, matrix, n);
        double[] reference =
                new EigenDecomposition(MatrixUtils.createRealMatrix(square(matrix, n))).getRealEigenvalues();
        java.util.Arrays.sort(reference);
        for (int i = 0; i < n; i++) {
            assertThat(eigen.value(i)).isCloseTo(reference[n - 1 - i], within(1e-11 * n));
        }
    }

    @Test
    void decomposesMatricesOfLowRankAndEqualEigenvalues() {
        int n = 40;
        double[] vector = random(n, 3);
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                for (int r = 0; r < 3; r++) {
                    matrix[i * n + j] += vector[r * n + i] * vector[r * n + j];
                }
            }
        }
        assertDecomposes(SymmetricEigen.of(square(matrix, n), context), matrix, n);
        double[] identity = new double[n * n];
        for (int i = 0; i < n; i++) {
            identity[i * n + i] = 7;
        }
        assertDecomposes(SymmetricEigen.of(square(identity, n), context), identity, n);
        assertDecomposes(SymmetricEigen.of(new double[n][n], context), new double[n * n], n);
    }

    @Test
    void decomposesMatricesOfEveryScale() {
        for (double scale : new double[] {1e-150, 1e-20, 1e20, 1e150}) {
            double[] matrix = random(12, 12);
            for (int i = 0; i < matrix.length; i++) {
                matrix[i] *= scale;
            }
            SymmetricEigen eigen = SymmetricEigen.of(square(matrix, 12), context);
            for (int i = 0; i < matrix.length; i++) {
                matrix[i] /= scale;
            }
            SymmetricEigen unscaled = SymmetricEigen.of(square(matrix, 12), context);
            for (int i = 0; i < 12; i++) {
                assertThat(eigen.value(i) / scale).isCloseTo(unscaled.value(i), within(1e-12));
            }
        }
    }

    @Test
    void agreesWithTheReferenceForLocalCoordinates() {
        Fixture fixture = Fixture.of("vlad");
        double[] residuals = fixture.doubles("lcs_train_residuals");
        double[][] moments = SymmetricProduct.of(
                200,
                16,
                (from, to, target) -> {
                    for (int i = from; i < to; i++) {
                        System.arraycopy(residuals, i * 16, target[i - from], 0, 16);
                    }
                },
                context);
        SymmetricEigen eigen = SymmetricEigen.of(moments, context);
        double[] values = fixture.doubles("lcs_eigenvalues");
        double[] vectors = fixture.doubles("lcs_eigenvectors");
        for (int i = 0; i < 16; i++) {
            assertThat(eigen.value(i) / 200).isCloseTo(values[i], within(1e-12));
            double[] column = new double[16];
            for (int j = 0; j < 16; j++) {
                column[j] = vectors[j * 16 + i];
            }
            Fixture.assertClose(eigen.vector(i), column, 1e-9);
        }
    }

    @Test
    void theNumberOfThreadsDoesNotMatter() {
        double[] matrix = random(200, 200);
        SymmetricEigen one = SymmetricEigen.of(square(matrix, 200), context);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            SymmetricEigen three = SymmetricEigen.of(square(matrix, 200), context.withExecutor(threads));
            for (int i = 0; i < 200; i++) {
                assertThat(three.value(i)).isEqualTo(one.value(i));
                assertThat(three.vector(i)).isEqualTo(one.vector(i));
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void refusesWhatIsNotFinite() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SymmetricEigen.of(new double[][] {{1, Double.NaN}, {Double.NaN, 1}}, context))
                .withMessageContaining("finite");
    }

    private static void assertDecomposes(SymmetricEigen eigen, double[] matrix, int n) {
        double size = 1;
        for (double value : matrix) {
            size = Math.max(size, Math.abs(value));
        }
        for (int a = 0; a < n; a++) {
            double[] v = eigen.vector(a);
            double[] product = new double[n];
            double[] expected = new double[n];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    product[i] += matrix[i * n + j] * v[j];
                }
                expected[i] = eigen.value(a) * v[i];
            }
            Fixture.assertClose(product, expected, 1e-12 * size * n);
            for (int b = 0; b <= a; b++) {
                double dot = 0;
                for (int i = 0; i < n; i++) {
                    dot += v[i] * eigen.vector(b)[i];
                }
                assertThat(dot).isCloseTo(a == b ? 1 : 0, within(1e-12 * n));
            }
            assertThat(a == 0 || eigen.value(a - 1) >= eigen.value(a)).isTrue();
        }
    }

    private static double[] random(int n, int rows) {
        Random random = new Random(n);
        double[] values = new double[n * rows];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        for (int i = 0; i < Math.min(n, rows) && rows == n; i++) {
            for (int j = 0; j < i; j++) {
                values[i * n + j] = values[j * n + i];
            }
        }
        return values;
    }

    private static double[][] square(double[] matrix, int n) {
        double[][] rows = new double[n][];
        for (int i = 0; i < n; i++) {
            rows[i] = java.util.Arrays.copyOfRange(matrix, i * n, (i + 1) * n);
        }
        return rows;
    }
}
