package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * A mixture of Gaussians with diagonal covariances, learned by exact expectation maximization: every vector belongs to
 * every component with its posterior, none is cut off.
 *
 * <p>Dempster, Laird, Rubin: Maximum likelihood from incomplete data via the EM algorithm. 1977. Posteriors are computed
 * in the log domain with the largest term taken out, so that vectors far from all components are no problem. Sums are
 * kept in double, in chunks that depend on the sample alone. Cost: O(n·k·d) an iteration. Immutable.
 *
 * @param weights 1 x k, prior probabilities, in all 1
 * @param means k x d
 * @param variances k x d, above 0
 */
public record GaussianMixture(FloatMatrix weights, FloatMatrix means, FloatMatrix variances) {
    /** What has a smaller prior takes no part in posteriors. */
    public static final double SMALLEST_WEIGHT = 1e-6;

    // no variance may fall below this part of the sample's in the same dimension: a component on one point would take
    // all
    private static final double FLOOR = 1e-4;
    private static final double SMALLEST_FLOOR = 1e-9;
    private static final int MAX_PARTIAL_SUMS = 64;

    // far below the rounding of any sum that it would be added to
    private static final double NEGLIGIBLE = 1e-30;

    /** Checks that the parts fit. */
    public GaussianMixture {
        requireNonNull(weights, "weights");
        requireNonNull(means, "means");
        requireNonNull(variances, "variances");
        int k = means.rows();
        int d = means.columns();
        if (k < 1 || d < 1) {
            throw new IllegalArgumentException("means must be at least 1 x 1, got " + k + " x " + d);
        }
        if (weights.rows() != 1 || weights.columns() != k || variances.rows() != k || variances.columns() != d) {
            throw new IllegalArgumentException("weights and variances must be 1 x " + k + " and " + k + " x " + d
                    + " like the means, got " + weights.rows() + " x " + weights.columns() + " and "
                    + variances.rows() + " x " + variances.columns());
        }
        for (int i = 0; i < k; i++) {
            if (!(weights.get(0, i) >= 0)) {
                throw new IllegalArgumentException("weight " + i + " must be at least 0, got " + weights.get(0, i));
            }
            for (int j = 0; j < d; j++) {
                if (!(variances.get(i, j) > 0)) {
                    throw new IllegalArgumentException(
                            "variance (" + i + ", " + j + ") must be above 0, got " + variances.get(i, j));
                }
            }
        }
    }

    /**
     * Settings.
     *
     * @param components k, at least 1
     * @param iterations at most, at least 0
     * @param tolerance ends when the mean log-likelihood of a vector grows by less
     * @param seed of k-means, which gives the first means
     */
    public record Options(int components, int iterations, double tolerance, long seed) {
        /** Checks the ranges. */
        public Options {
            if (components < 1) {
                throw new IllegalArgumentException("components must be at least 1, got " + components);
            }
            if (iterations < 0) {
                throw new IllegalArgumentException("iterations must be at least 0, got " + iterations);
            }
            if (!(tolerance >= 0)) {
                throw new IllegalArgumentException("tolerance must be at least 0, got " + tolerance);
            }
        }

        /**
         * At most 100 iterations, tolerance 10⁻³.
         *
         * @param components k
         * @param seed of the first means
         * @return the options
         */
        public static Options of(int components, long seed) {
            return new Options(components, 100, 1e-3, seed);
        }
    }

    /**
     * A mixture and how it came about.
     *
     * @param mixture the mixture
     * @param logLikelihoods of the whole sample, before each iteration that ran and after the last
     */
    public record Result(GaussianMixture mixture, List<Double> logLikelihoods) {
        /** Copies the list. */
        public Result {
            requireNonNull(mixture, "mixture");
            logLikelihoods = List.copyOf(logLikelihoods);
        }
    }

    /**
     * Learns a mixture, starting from k-means. No variance falls below 10⁻⁴ of the sample's in its dimension.
     *
     * @param sample n x d, at least as many distinct rows as components
     * @param options settings
     * @param kernels for k-means
     * @param context threads, progress
     * @return the mixture
     * @throws IllegalArgumentException if the sample has too few distinct vectors
     */
    public static Result train(FloatMatrix sample, Options options, Kernels kernels, BuildContext context) {
        FloatMatrix centroids = KMeans.train(
                        sample, KMeans.Options.of(options.components, options.seed), kernels, context)
                .centroids();
        int[] ids = new int[sample.rows()];
        try (Kernels.Operand operand = kernels.prepare(centroids)) {
            kernels.assign(sample, operand, ids);
        }
        double[] floor = floor(sample);
        Parameters start = new Parameters(centroids);
        Sums sums = sums(sample, start, context, (row, posteriors) -> {
            Arrays.fill(posteriors, 0);
            posteriors[ids[row]] = 1;
            return 0;
        });
        start.maximize(sums, sample.rows(), floor);
        return iterate(sample, start, options.iterations, options.tolerance, floor, context);
    }

    /**
     * Iterations of exact EM from a given mixture, without any floor.
     *
     * @param sample n x d
     * @param initial where to start
     * @param iterations their number
     * @param context threads, progress
     * @return the mixture
     */
    public static Result em(FloatMatrix sample, GaussianMixture initial, int iterations, BuildContext context) {
        return iterate(sample, new Parameters(initial), iterations, -1, new double[sample.columns()], context);
    }

    private static Result iterate(
            FloatMatrix sample,
            Parameters parameters,
            int iterations,
            double tolerance,
            double[] floor,
            BuildContext context) {
        List<Double> trace = new ArrayList<>();
        int n = sample.rows();
        while (true) {
            context.checkInterrupted();
            Posteriors posteriors = parameters.posteriors(Double.MIN_NORMAL);
            Sums sums = sums(sample, parameters, context, (row, target) -> posteriors.of(sample, row, target));
            trace.add(sums.logLikelihood);
            int done = trace.size() - 1;
            boolean settled = done > 0 && (trace.get(done) - trace.get(done - 1)) / n < tolerance;
            if (done == iterations || settled) {
                return new Result(parameters.mixture(), trace);
            }
            parameters.maximize(sums, n, floor);
            context.progress().progress("gaussian mixture", done + 1, iterations);
        }
    }

    /**
     * Computes posteriors of this mixture. A component of weight below 10⁻⁶ has none, and the others are 1 in all.
     *
     * @return a thread-safe computation
     */
    public Posteriors posteriors() {
        return new Parameters(this).posteriors(SMALLEST_WEIGHT);
    }

    /** The posteriors of a mixture, in a form that is quick to evaluate. Thread-safe. */
    public static final class Posteriors {
        private final int k;
        private final int d;
        // one array a dimension, with an entry a component: such loops become SIMD, sums over dimensions do not
        private final double[][] means;
        private final double[][] precisions;
        private final double[] constants;

        private Posteriors(Parameters p, double smallestWeight) {
            k = p.k;
            d = p.d;
            means = new double[d][k];
            precisions = new double[d][k];
            constants = new double[k];
            for (int c = 0; c < k; c++) {
                double logs = d * Math.log(2 * Math.PI);
                for (int j = 0; j < d; j++) {
                    means[j][c] = p.means[c][j];
                    precisions[j][c] = 0.5 / p.variances[c][j];
                    logs += Math.log(p.variances[c][j]);
                }
                constants[c] =
                        p.weights[c] < smallestWeight ? Double.NEGATIVE_INFINITY : Math.log(p.weights[c]) - 0.5 * logs;
            }
        }

        /**
         * Evaluates one vector.
         *
         * @param x n x d
         * @param row which
         * @param posteriors k values; overwritten; in all 1
         * @return log-likelihood of the vector
         */
        public double of(FloatMatrix x, int row, double[] posteriors) {
            System.arraycopy(constants, 0, posteriors, 0, k);
            int at = x.offset() + row * d;
            for (int j = 0; j < d; j++) {
                subtractSquares(posteriors, x.array()[at + j], means[j], precisions[j]);
            }
            double largest = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < k; c++) {
                largest = Math.max(largest, posteriors[c]);
            }
            double sum = 0;
            for (int c = 0; c < k; c++) {
                posteriors[c] = Math.exp(posteriors[c] - largest);
                sum += posteriors[c];
            }
            for (int c = 0; c < k; c++) {
                posteriors[c] /= sum;
            }
            return largest + Math.log(sum);
        }

        private static void subtractSquares(double[] logs, double x, double[] means, double[] precisions) {
            for (int c = 0; c < means.length; c++) {
                double difference = x - means[c];
                logs[c] -= difference * difference * precisions[c];
            }
        }
    }

    private static double[] floor(FloatMatrix sample) {
        int d = sample.columns();
        double[] floor = new double[d];
        for (int j = 0; j < d; j++) {
            double mean = 0;
            double square = 0;
            for (int i = 0; i < sample.rows(); i++) {
                mean += sample.get(i, j);
            }
            mean /= sample.rows();
            for (int i = 0; i < sample.rows(); i++) {
                double difference = sample.get(i, j) - mean;
                square += difference * difference;
            }
            floor[j] = Math.max(SMALLEST_FLOOR, FLOOR * square / sample.rows());
        }
        return floor;
    }

    private interface Expectation {
        double of(int row, double[] posteriors);
    }

    // sums over posteriors of 1, x − μ and (x − μ)² with the old μ: no digits are lost where variances are small
    private static Sums sums(FloatMatrix sample, Parameters parameters, BuildContext context, Expectation expectation) {
        int n = sample.rows();
        int chunk = Math.max(1024, (n + MAX_PARTIAL_SUMS - 1) / MAX_PARTIAL_SUMS);
        Sums[] parts = new Sums[(n + chunk - 1) / chunk];
        ParallelChunks.run(context, n, chunk, (from, to) -> {
            Sums part = new Sums(parameters.k, parameters.d);
            double[] posteriors = new double[parameters.k];
            double[] x = new double[parameters.d];
            for (int i = from; i < to; i++) {
                part.logLikelihood += expectation.of(i, posteriors);
                for (int j = 0; j < x.length; j++) {
                    x[j] = sample.get(i, j);
                }
                for (int c = 0; c < parameters.k; c++) {
                    if (posteriors[c] > NEGLIGIBLE) {
                        part.zero[c] += posteriors[c];
                        add(part.first[c], part.second[c], x, parameters.means[c], posteriors[c]);
                    }
                }
            }
            parts[from / chunk] = part;
        });
        Sums all = parts[0];
        for (int p = 1; p < parts.length; p++) {
            all.add(parts[p]);
        }
        return all;
    }

    private static void add(double[] first, double[] second, double[] x, double[] mean, double posterior) {
        for (int j = 0; j < x.length; j++) {
            double difference = x[j] - mean[j];
            double weighted = posterior * difference;
            first[j] += weighted;
            second[j] += weighted * difference;
        }
    }

    private static final class Sums {
        private final double[] zero;
        private final double[][] first;
        private final double[][] second;
        private double logLikelihood;

        Sums(int k, int d) {
            zero = new double[k];
            first = new double[k][d];
            second = new double[k][d];
        }

        void add(Sums other) {
            logLikelihood += other.logLikelihood;
            for (int c = 0; c < zero.length; c++) {
                zero[c] += other.zero[c];
                for (int j = 0; j < first[c].length; j++) {
                    first[c][j] += other.first[c][j];
                    second[c][j] += other.second[c][j];
                }
            }
        }
    }

    /** The mixture in double while it is learned. */
    private static final class Parameters {
        private final int k;
        private final int d;
        private final double[] weights;
        private final double[][] means;
        private final double[][] variances;

        Parameters(FloatMatrix centroids) {
            k = centroids.rows();
            d = centroids.columns();
            weights = new double[k];
            means = doubles(centroids);
            variances = new double[k][d];
        }

        Parameters(GaussianMixture mixture) {
            k = mixture.means.rows();
            d = mixture.means.columns();
            weights = doubles(mixture.weights)[0];
            means = doubles(mixture.means);
            variances = doubles(mixture.variances);
        }

        Posteriors posteriors(double smallestWeight) {
            return new Posteriors(this, smallestWeight);
        }

        void maximize(Sums sums, int n, double[] floor) {
            for (int c = 0; c < k; c++) {
                weights[c] = sums.zero[c] / n;
                if (weights[c] < Double.MIN_NORMAL) {
                    continue; // nothing belongs to it: it stays where it is
                }
                for (int j = 0; j < d; j++) {
                    double shift = sums.first[c][j] / sums.zero[c];
                    means[c][j] += shift;
                    variances[c][j] = Math.max(floor[j], sums.second[c][j] / sums.zero[c] - shift * shift);
                }
            }
        }

        GaussianMixture mixture() {
            return new GaussianMixture(matrix(new double[][] {weights}), matrix(means), matrix(variances));
        }

        private static double[][] doubles(FloatMatrix matrix) {
            double[][] rows = new double[matrix.rows()][matrix.columns()];
            for (int i = 0; i < rows.length; i++) {
                for (int j = 0; j < rows[i].length; j++) {
                    rows[i][j] = matrix.get(i, j);
                }
            }
            return rows;
        }

        private static FloatMatrix matrix(double[][] rows) {
            float[][] floats = new float[rows.length][rows[0].length];
            for (int i = 0; i < rows.length; i++) {
                for (int j = 0; j < rows[i].length; j++) {
                    floats[i][j] = (float) rows[i][j];
                }
            }
            return FloatMatrix.ofRows(floats);
        }
    }
}
