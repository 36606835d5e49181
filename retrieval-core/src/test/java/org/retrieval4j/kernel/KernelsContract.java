package org.retrieval4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.FloatMatrix;

/** What all kernels must do; whoever writes some extends this. */
public abstract class KernelsContract {
    private Kernels kernels;

    /**
     * The kernels under test.
     *
     * @return usable kernels
     */
    protected abstract Kernels kernels();

    @BeforeEach
    void make() {
        kernels = kernels();
    }

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
        "2,200,300",
        "50,1,130",
        "51,4,33",
        "9,44,257",
        "130,45,128",
        "50,31,600",
        "200,105,600"
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
    void assignsPicturesTogetherAsAlone() {
        Random random = new Random(11);
        FloatMatrix c = gaussian(random, 70, 24);
        List<FloatMatrix> batch = List.of(
                gaussian(random, 300, 24),
                FloatMatrix.empty(24),
                gaussian(random, 1, 24),
                FloatMatrix.empty(3),
                gaussian(random, 90, 24).rows(30, 80));
        int[] ids = new int[352];
        ids[351] = -7;
        kernels.assign(batch, kernels.prepare(c), ids);
        int at = 0;
        for (FloatMatrix x : batch) {
            if (x.rows() > 0) {
                assertThat(Arrays.copyOfRange(ids, at, at + x.rows())).isEqualTo(exact(x, c));
            }
            at += x.rows();
        }
        assertThat(ids[351]).isEqualTo(-7);
        kernels.assign(List.of(), kernels.prepare(c), ids);
        assertThatThrownBy(() -> kernels.assign(batch, kernels.prepare(c), new int[350]))
                .hasMessageContaining("at least 351 values, got 350");
        assertThatThrownBy(() -> kernels.assign(batch, kernels.prepare(gaussian(random, 2, 5)), new int[400]))
                .hasMessageContaining("must have 5 values");
    }

    @Test
    void assignsHeldVectorsAgainAndAgain() {
        Random random = new Random(12);
        FloatMatrix x = gaussian(random, 700, 12);
        try (Kernels.Held held = kernels.hold(x)) {
            assertThat(held.matrix()).isEqualTo(x);
            for (int n : new int[] {3, 90, 17}) {
                FloatMatrix c = gaussian(random, n, 12);
                int[] ids = new int[700];
                Arrays.fill(ids, -7);
                Kernels.Operand centroids = kernels.prepare(c);
                held.assign(200, 650, centroids, ids);
                assertThat(ids[199]).isEqualTo(-7);
                assertThat(ids[650]).isEqualTo(-7);
                held.assign(0, 200, centroids, ids);
                held.assign(650, 700, centroids, ids);
                held.assign(5, 5, centroids, ids);
                assertThat(ids).isEqualTo(exact(x, c));
            }
        }
    }

    @Test
    void holdsVectorsThatOverflowOrAreNoNumbers() {
        FloatMatrix c = FloatMatrix.ofRows(new float[] {3e38f, -3e38f}, new float[] {1, 0}, new float[] {0, 0});
        FloatMatrix x = FloatMatrix.ofRows(
                new float[] {3e38f, -2e38f}, new float[] {Float.NaN, 0}, new float[] {0.1f, 0}, new float[] {0, 0});
        int[] ids = new int[4];
        kernels.hold(x).assign(0, 4, kernels.prepare(c), ids);
        assertThat(ids).containsExactly(0, 0, 2, 2);
    }

    @ParameterizedTest
    @CsvSource({"true,5", "false,5", "true,128", "false,40"})
    void softSumsAgreeWithDouble(boolean unit, int d) {
        Random random = new Random(13);
        int n = 33;
        FloatMatrix w = gaussian(random, n, d);
        float[] b = gaussian(random, 1, n).toArray();
        List<FloatMatrix> batch = List.of(
                gaussian(random, 100, d),
                FloatMatrix.empty(7),
                gaussian(random, 70, d).rows(30, 63));
        double[] sums = new double[3 * n * d + 1];
        double[] masses = new double[3 * n + 1];
        Arrays.fill(sums, 7);
        Arrays.fill(masses, 7);
        kernels.softSums(batch, kernels.prepare(w), b, unit, sums, masses);
        assertThat(sums[3 * n * d]).isEqualTo(7);
        assertThat(masses[3 * n]).isEqualTo(7);
        double worst = 0;
        for (int p = 0; p < 3; p++) {
            double[] expected = softSums(batch.get(p), w, b, unit);
            for (int c = 0; c < n; c++) {
                double mass = expected[n * d + c];
                worst = Math.max(worst, Math.abs(masses[p * n + c] - mass) / (mass + 1e-3));
                for (int j = 0; j < d; j++) {
                    double difference = sums[(p * n + c) * d + j] - expected[c * d + j];
                    worst = Math.max(worst, Math.abs(difference) / (mass + 1e-3));
                }
            }
        }
        assertThat(worst).isLessThan(2e-5);
    }

    @ParameterizedTest
    @CsvSource({"true,5", "false,128"})
    void softMomentsAreThoseOfVectorsWithTheirSquares(boolean unit, int d) {
        Random random = new Random(17);
        int n = 9;
        Kernels.Operand w = kernels.prepare(gaussian(random, n, d));
        float[] b = gaussian(random, 1, n).toArray();
        List<FloatMatrix> batch = List.of(gaussian(random, 100, d), FloatMatrix.empty(7), gaussian(random, 1, d));
        double[] sums = new double[3 * n * d];
        double[] masses = new double[3 * n];
        double[] moments = new double[2 * 3 * n * d + 1];
        double[] same = new double[3 * n];
        Arrays.fill(moments, 7);
        kernels.softSums(batch, w, b, unit, sums, masses);
        kernels.softMoments(batch, w, b, unit, moments, same);
        assertThat(moments[2 * 3 * n * d]).isEqualTo(7);
        for (int i = 0; i < same.length; i++) {
            assertThat(same[i]).isCloseTo(masses[i], within(2e-5 * (masses[i] + 1e-3)));
        }
        for (int p = 0; p < 3; p++) {
            for (int i = 0; i < n * d; i++) {
                double mass = masses[p * n + i / d] + 1e-3;
                assertThat(moments[2 * p * n * d + i]).isCloseTo(sums[p * n * d + i], within(2e-5 * mass));
            }
        }
        for (int i = 0; i < n * d; i++) { // the last picture has one vector x, whose sum is a x
            double mass = masses[2 * n + i / d];
            double x = sums[2 * n * d + i] / Math.max(1e-12, mass);
            assertThat(moments[5 * n * d + i]).isCloseTo(mass * x * x, within(2e-5 * (mass + 1e-6) * (1 + x * x)));
        }
        assertThatThrownBy(() -> kernels.softMoments(batch, w, b, unit, sums, same))
                .hasMessageContaining("at least " + 2 * 3 * n * d);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "2, 0, 3", "3, 5, 7", "4, 33, 64", "7, 70, 128", "5, 600, 65"})
    void weightedSumsAgreeWithDouble(int k, int n, int d) {
        Random random = new Random(k + 31L * n + 1009L * d);
        FloatMatrix weights = gaussian(random, k, n);
        FloatMatrix x = gaussian(random, n + 1, d).rows(1, n + 1);
        float[] sums = new float[k * d + 1];
        Arrays.fill(sums, 5);
        kernels.weightedSums(weights, x, sums);
        for (int c = 0; c < k; c++) {
            for (int j = 0; j < d; j++) {
                double sum = 0;
                double size = 0;
                for (int i = 0; i < n; i++) {
                    double term = (double) weights.get(c, i) * x.get(i, j);
                    sum += term;
                    size += Math.abs(term);
                }
                assertThat((double) sums[c * d + j]).isCloseTo(sum, within(Kernels.errorBound(n) * size));
            }
        }
        assertThat(sums[k * d]).isEqualTo(5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.weightedSums(weights, x, new float[k * d - 1]))
                .withMessageContaining("at least " + k * d);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.weightedSums(gaussian(random, k, n + 1), x, sums))
                .withMessageContaining("got " + (n + 1));
    }

    @Test
    void softSumsOfLargeValuesDoNotOverflow() {
        FloatMatrix w = FloatMatrix.ofRows(new float[] {300, 0}, new float[] {0, 300}, new float[] {-300, 0});
        double[] sums = new double[6];
        double[] masses = new double[3];
        FloatMatrix x = FloatMatrix.ofRows(new float[] {10, 0}, new float[] {0, 20});
        kernels.softSums(List.of(x), kernels.prepare(w), new float[] {5000, 0, 0}, false, sums, masses);
        assertThat(masses).containsExactly(1, 1, 0);
        assertThat(sums).containsExactly(10, 0, 0, 20, 0, 0);
    }

    @Test
    void softSumsRefuseWhatDoesNotFit() {
        Kernels.Operand w = kernels.prepare(FloatMatrix.of(2, 3, new float[6]));
        List<FloatMatrix> batch = List.of(FloatMatrix.of(1, 3, new float[3]));
        float[] b = new float[2];
        assertThatThrownBy(() -> kernels.softSums(batch, w, new float[3], true, new double[6], new double[2]))
                .hasMessageContaining("2 biases like weights, got 3");
        assertThatThrownBy(() -> kernels.softSums(batch, w, b, true, new double[5], new double[2]))
                .hasMessageContaining("at least 6 and 2 values, got 5 and 2");
        List<FloatMatrix> wide = List.of(FloatMatrix.of(1, 4, new float[4]));
        assertThatThrownBy(() -> kernels.softSums(wide, w, b, true, new double[6], new double[2]))
                .hasMessageContaining("must have 3 values");
    }

    private static double[] softSums(FloatMatrix x, FloatMatrix w, float[] b, boolean unit) {
        int n = w.rows();
        int d = w.columns();
        double[] expected = new double[n * d + n];
        for (int i = 0; i < x.rows(); i++) {
            double[] v = new double[d];
            double square = 0;
            for (int j = 0; j < d; j++) {
                v[j] = x.get(i, j);
                square += v[j] * v[j];
            }
            for (int j = 0; j < d && unit; j++) {
                v[j] /= Math.sqrt(square);
            }
            double[] shares = new double[n];
            double sum = 0;
            for (int c = 0; c < n; c++) {
                double logit = b[c];
                for (int j = 0; j < d; j++) {
                    logit += w.get(c, j) * v[j];
                }
                shares[c] = Math.exp(logit);
                sum += shares[c];
            }
            for (int c = 0; c < n; c++) {
                double share = shares[c] / sum;
                expected[n * d + c] += share;
                for (int j = 0; j < d; j++) {
                    expected[c * d + j] += share * v[j];
                }
            }
        }
        return expected;
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

    @Test
    void zeroAndNanVectorsAreDefined() {
        FloatMatrix c = FloatMatrix.ofRows(new float[] {1, 0}, new float[] {0, 0}, new float[] {0, 0});
        FloatMatrix x = FloatMatrix.ofRows(new float[] {0, 0}, new float[] {Float.NaN, 1}, new float[] {0.9f, 0});
        assertThat(assign(x, c)).containsExactly(1, 0, 0); // the first of equal ones; for what is no number, the first
        float[] products = new float[9];
        kernels.products(x, kernels.prepare(c), products);
        assertThat(products[0]).isZero();
        assertThat(products[3]).isNaN();
    }

    @ParameterizedTest
    @CsvSource({"1,1,3", "40,1,16", "33,4,8", "90,100,24", "65,2000,7", "7,33,150", "200,105,600", "0,3,3", "3,0,3"})
    void reachingFindsThePairsThatAreNotBelowTheirLimits(int m, int n, int d) {
        Random random = new Random(m + 31L * n + 1009L * d);
        FloatMatrix x = gaussian(random, m, d);
        FloatMatrix y = gaussian(random, n, d);
        float[] scales = gaussian(random, 1, m).toArray();
        float[] biases = gaussian(random, 1, m).toArray();
        float[] limits = new float[n];
        for (int j = 0; j < n; j++) {
            limits[j] = (float) (random.nextGaussian() * 2 * Math.sqrt(d));
        }
        float[] found = new float[m * n];
        Arrays.fill(found, Float.NEGATIVE_INFINITY);
        kernels.reaching(x, scales, biases, kernels.prepare(y), limits, (i, j, score) -> {
            assertThat(found[i * n + j]).isEqualTo(Float.NEGATIVE_INFINITY); // each pair once
            found[i * n + j] = score;
        });
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double product = Kernels.fixedOrderDot(x.array(), i * d, y.array(), j * d, d);
                double score = product * scales[i] + biases[i];
                double size = Math.sqrt(Kernels.fixedOrderDot(x.array(), i * d, x.array(), i * d, d))
                        * Math.sqrt(Kernels.fixedOrderDot(y.array(), j * d, y.array(), j * d, d));
                double margin = Kernels.errorBound(d) * size * Math.abs(scales[i]) + 0x1p-22 * Math.abs(score) + 1e-6;
                boolean was = found[i * n + j] != Float.NEGATIVE_INFINITY;
                if (was
                        ? Math.abs(found[i * n + j] - score) > margin || score < limits[j] - margin
                        : score > limits[j] + margin) {
                    wrong.add(i + "," + j);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void reachingReadsRaisedLimits() {
        Random random = new Random(9);
        FloatMatrix x = gaussian(random, 3000, 16);
        FloatMatrix y = gaussian(random, 70, 16);
        float[] ones = new float[3000];
        Arrays.fill(ones, 1);
        float[] limits = new float[70];
        Arrays.fill(limits, Float.NEGATIVE_INFINITY);
        int[] visits = new int[1];
        kernels.reaching(x, ones, new float[3000], kernels.prepare(y), limits, (i, j, score) -> {
            visits[0]++;
            limits[j] = Math.max(limits[j], score);
        });
        for (int j = 0; j < 70; j++) {
            double most = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < 3000; i++) {
                most = Math.max(most, Kernels.fixedOrderDot(x.array(), i * 16, y.array(), j * 16, 16));
            }
            assertThat((double) limits[j]).isCloseTo(most, within(1e-4));
        }
        assertThat(visits[0]).isLessThan(70 * 3000 / 4);
    }

    @Test
    void reachingFindsWhatIsNotANumber() {
        FloatMatrix x = FloatMatrix.ofRows(new float[] {Float.NaN, 1}, new float[] {1, 1});
        int[] found = new int[2];
        for (int n : new int[] {1, 40}) {
            Arrays.fill(found, 0);
            float[] limits = new float[n];
            Arrays.fill(limits, 1e9f);
            kernels.reaching(
                    x,
                    new float[] {1, 1},
                    new float[2],
                    kernels.prepare(gaussian(new Random(3), n, 2)),
                    limits,
                    (i, j, score) -> found[i]++);
            assertThat(found).containsExactly(n, 0);
        }
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

    static FloatMatrix gaussian(Random random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(rows, columns, values);
    }
}
