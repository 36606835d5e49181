package org.retrieval4j.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.kernel.ScalarKernels;

class ProductQuantizerTest {
    private static final Fixture PQ = Fixture.of("pq");
    private final Kernels kernels = new ScalarKernels();
    private final BuildContext context = BuildContext.defaults();

    private static ProductQuantizer reference() {
        return new ProductQuantizer(PQ.array("pq_codebooks").toStackedMatrix(), 4, 4);
    }

    @Test
    void codesAndReconstructionsAreThoseOfTheReference() {
        ProductQuantizer quantizer = reference();
        FloatMatrix x = PQ.matrix("pq_x");
        byte[] codes = quantizer.encode(x, kernels, context);
        int[] expected = PQ.array("pq_codes").toInts();
        double[] reconstruction = PQ.doubles("pq_reconstruction");
        float[] decoded = new float[20];
        for (int i = 0; i < 200; i++) {
            for (int part = 0; part < 4; part++) {
                assertThat(quantizer.centroid(codes, i * quantizer.codeBytes(), part))
                        .isEqualTo(expected[i * 4 + part]);
            }
            quantizer.decode(codes, i * quantizer.codeBytes(), decoded, 0);
            for (int j = 0; j < 20; j++) {
                assertThat((double) decoded[j]).isEqualTo(reconstruction[i * 20 + j]);
            }
        }
    }

    @Test
    void sumsOverTheTableAreProductsWithTheReconstruction() {
        ProductQuantizer quantizer = reference();
        FloatMatrix q = PQ.matrix("pq_q");
        byte[] codes = quantizer.encode(PQ.matrix("pq_x"), kernels, context);
        double[] products = PQ.doubles("pq_adc_ip");
        double[] distances = PQ.doubles("pq_adc");
        double[] tables = PQ.doubles("pq_tables");
        float[] decoded = new float[20];
        float[] sums = new float[200];
        for (int i = 0; i < 8; i++) {
            quantizer.sums(quantizer.products(q.row(i), 1), codes, 0, 200, sums);
            double square = Kernels.fixedOrderDot(q.row(i), 0, q.row(i), 0, 20);
            for (int j = 0; j < 200; j++) {
                quantizer.decode(codes, j * quantizer.codeBytes(), decoded, 0);
                double squares = square + Kernels.fixedOrderDot(decoded, 0, decoded, 0, 20);
                assertThat(Math.abs(sums[j] - products[i * 200 + j])).isLessThan(2e-6 * squares);
                assertThat(Math.abs(squares - 2 * sums[j] - distances[i * 200 + j]))
                        .isLessThan(4e-6 * squares);
                double fromTables = 0;
                for (int part = 0; part < 4; part++) {
                    fromTables +=
                            tables[(i * 4 + part) * 16 + quantizer.centroid(codes, j * quantizer.codeBytes(), part)];
                }
                assertThat(Math.abs(squares - 2 * sums[j] - fromTables)).isLessThan(4e-6 * squares);
            }
        }
    }

    private static FloatMatrix sample(int rows, int columns, long seed) {
        Random random = new Random(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() / (1 + i % columns);
        }
        return FloatMatrix.of(rows, columns, values);
    }

    private double error(ProductQuantizer quantizer, FloatMatrix x) {
        byte[] codes = quantizer.encode(x, kernels, context);
        float[] decoded = new float[x.columns()];
        double error = 0;
        for (int i = 0; i < x.rows(); i++) {
            quantizer.decode(codes, i * quantizer.codeBytes(), decoded, 0);
            error += Kernels.fixedOrderSquaredDistance(x.row(i), 0, decoded, 0, decoded.length);
        }
        return error / x.rows();
    }

    @Test
    void moreBitsLoseLessAndBothWidthsAgreeWithTheirTables() {
        FloatMatrix x = sample(1000, 8, 1);
        double[] errors = new double[2];
        for (int bits : new int[] {4, 8}) {
            ProductQuantizer quantizer = ProductQuantizer.train(x, 4, bits, kernels, context);
            assertThat(quantizer.codeBytes()).isEqualTo(bits / 2);
            errors[bits / 8] = error(quantizer, x);
            byte[] codes = quantizer.encode(x, kernels, context);
            float[] sums = new float[1000];
            quantizer.sums(quantizer.products(x.row(3), 2), codes, 0, 1000, sums);
            float[] decoded = new float[8];
            for (int i = 0; i < 1000; i++) {
                quantizer.decode(codes, i * quantizer.codeBytes(), decoded, 0);
                assertThat(sums[i] - 2 * Kernels.fixedOrderDot(x.row(3), 0, decoded, 0, 8))
                        .isBetween(-1e-5, 1e-5);
            }
        }
        assertThat(errors[1]).isLessThan(0.2 * errors[0]);
    }

    @Test
    void fewDistinctValuesAreKeptAsTheyAre() {
        float[] values = new float[300 * 4];
        for (int i = 0; i < 300; i++) {
            values[4 * i] = i % 7;
            values[4 * i + 2] = i % 3;
        }
        FloatMatrix x = FloatMatrix.of(300, 4, values);
        assertThat(error(ProductQuantizer.train(x, 2, 8, kernels, context), x)).isZero();
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProductQuantizer.train(sample(300, 10, 1), 4, 8, kernels, context))
                .withMessageContaining("multiple of the number of subquantizers, got 10 and 4");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProductQuantizer.train(sample(255, 8, 1), 4, 8, kernels, context))
                .withMessageContaining("got 255 for 256");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProductQuantizer.check(4, 6))
                .withMessage("bits must be 8 or 4, got 6");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProductQuantizer.check(3, 4))
                .withMessage("subquantizers must be even with 4 bits, got 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ProductQuantizer(sample(10, 2, 1), 2, 4))
                .withMessageContaining("codebooks must have 32 rows");
    }

    @Test
    void aRotationIsOrthogonalAndLosesLess() {
        int d = 8;
        Random random = new Random(4);
        // all variance in directions that the parts cut through
        float[] values = new float[2000 * d];
        for (int i = 0; i < 2000; i++) {
            double a = random.nextGaussian();
            double b = random.nextGaussian();
            for (int j = 0; j < d; j++) {
                values[i * d + j] = (float) (a * Math.cos(j) + b * Math.sin(2 * j) + 0.1 * random.nextGaussian());
            }
        }
        FloatMatrix x = FloatMatrix.of(2000, d, values);
        FloatMatrix rotation = OptimizedRotation.learn(x, 4, 4, kernels, context);
        assertOrthogonal(rotation);
        FloatMatrix rotated = OptimizedRotation.rotate(rotation, x, kernels, context);
        double plain = error(ProductQuantizer.train(x, 4, 4, kernels, context), x);
        assertThat(error(ProductQuantizer.train(rotated, 4, 4, kernels, context), rotated))
                .isLessThan(0.8 * plain);
    }

    private static void assertOrthogonal(FloatMatrix rotation) {
        int d = rotation.rows();
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                double dot = Kernels.fixedOrderDot(rotation.row(i), 0, rotation.row(j), 0, d);
                assertThat(Math.abs(dot - (i == j ? 1 : 0))).isLessThan(1e-6);
            }
        }
    }

    @Test
    void theNearestRotationOfAMatrixWithoutFullRankIsOrthogonalToo() {
        double[][] m = {{2, 0, 0}, {0, 0, 3}, {0, 0, 0}};
        FloatMatrix rotation = OptimizedRotation.nearestRotation(m, context);
        assertOrthogonal(rotation);
        assertThat(rotation.get(0, 0)).isEqualTo(1);
        assertThat(rotation.get(1, 2)).isEqualTo(1);
        assertOrthogonal(OptimizedRotation.nearestRotation(new double[3][3], context));
    }
}
