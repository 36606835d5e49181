package org.retrieval4j.nd4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.nd4j.NativeDoubles;

/**
 * What the NetVLAD family learns from: a(x) = softmax(BN(w·x + b)) over clusters, and the sums Σ a, Σ a x and, where asked
 * for, Σ a x² over the descriptors of each picture. Clusters behind the first ones are ghosts, whose shares are dropped.
 *
 * <p>The statistics of the batch norm stay what they are, as in inference: BN is one factor γ / √(variance + ε) and one
 * summand a cluster, of which γ and β are learned. Both are folded into weights and biases before the products.
 */
final class SoftAssignment {
    static final String ASSIGNMENT = "assignment";
    static final String BIAS = "bias";
    static final String BATCH_NORM = "batch-norm";
    private static final int BLOCKS = 9;

    private final Settings settings;
    private final int all;
    private final int d;
    private final Parameter weights;
    private final @Nullable Parameter bias;
    private final boolean biasIsLearned;
    private final @Nullable BatchNorm norm;
    private final Workspace.Pool pool = new Workspace.Pool(BLOCKS);

    /**
     * What does not change.
     *
     * @param component for messages
     * @param clusters k
     * @param ghosts clusters behind these
     * @param unit whether descriptors are scaled to length 1 first
     * @param squares whether sums of squares are wanted
     * @param zeroBias whether a bias of zeros is to stay so
     * @param epsilon what is added to variances
     */
    record Settings(
            String component,
            int clusters,
            int ghosts,
            boolean unit,
            boolean squares,
            boolean zeroBias,
            double epsilon) {}

    /** Takes assignment, and bias and batch norm if they are there. */
    SoftAssignment(Settings settings, ComponentState state) {
        this.settings = settings;
        this.all = settings.clusters + settings.ghosts;
        this.d = state.array(ASSIGNMENT).columns();
        String component = settings.component;
        this.weights =
                new Parameter(ASSIGNMENT, new int[] {all, d}, States.doubles(component, ASSIGNMENT, state, all, d));
        this.bias = state.arrays().containsKey(BIAS)
                ? new Parameter(BIAS, new int[] {all}, States.doubles(component, BIAS, state, 1, all))
                : null;
        this.biasIsLearned = bias != null && !(settings.zeroBias && isZero(bias.values()));
        this.norm = state.arrays().containsKey(BATCH_NORM)
                ? new BatchNorm(BATCH_NORM, States.doubles(component, BATCH_NORM, state, 4, all), settings.epsilon)
                : null;
    }

    private static boolean isZero(double[] values) {
        for (double value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    int clusters() {
        return settings.clusters;
    }

    int width() {
        return d;
    }

    List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>(List.of(weights));
        if (bias != null && biasIsLearned) {
            parameters.add(bias);
        }
        if (norm != null) {
            parameters.addAll(norm.parameters());
        }
        return parameters;
    }

    /** The present arrays by their names in the state. */
    Map<String, FloatMatrix> arrays() {
        Map<String, FloatMatrix> arrays = new TreeMap<>(Map.of(ASSIGNMENT, States.matrix(weights)));
        if (bias != null) {
            arrays.put(BIAS, States.matrix(bias));
        }
        if (norm != null) {
            arrays.put(BATCH_NORM, norm.matrix());
        }
        return arrays;
    }

    /** Sums of the pictures of a batch, and the way back. */
    final class Sums {
        private final Rows input;
        private final double[] shares; // vectors x all
        private final double[] folded;
        private final double[] factors; // of the vectors
        /** Pictures x k x d: Σ a x. */
        final double[] sums;
        /** Pictures x k x d: Σ a x², if wanted. */
        final double[] squares;
        /** Pictures x k: Σ a. */
        final double[] masses;

        private Sums(Rows input) {
            this.input = input;
            this.shares = new double[Math.multiplyExact(input.count(), all)];
            this.factors = factors();
            this.folded = norm == null ? weights.values() : norm.foldWeights(weights.values());
            int size = Math.multiplyExact(input.pictures(), clusters() * d);
            this.sums = new double[size];
            this.squares = new double[settings.squares ? size : 0];
            this.masses = new double[input.pictures() * clusters()];
            double[] shifts = bias == null ? new double[all] : bias.values();
            assign(norm == null ? shifts : norm.foldShifts(shifts));
        }

        private double[] factors() {
            double[] result = new double[input.count()];
            for (int i = 0; i < result.length; i++) {
                result[i] = settings.unit ? Scaling.FLOOR.factor(Scaling.length(input.values(), i * d, d)) : 1;
            }
            return result;
        }

        // O(vectors · clusters · d)
        private void assign(double[] shifts) {
            try (Workspace work = pool.borrow()) {
                NativeDoubles w = work.block(1, folded, 0, folded.length);
                for (int i = 0; i < input.pictures(); i++) {
                    int from = input.starts()[i];
                    int n = input.starts()[i + 1] - from;
                    if (n == 0) {
                        continue;
                    }
                    double[] values = descriptors(work, from, n);
                    NativeDoubles x = work.block(0, values, 0, n * d);
                    NativeDoubles a = work.block(2, (long) n * all);
                    a.product(Workspace.of(x, d), Workspace.transposed(w, d), n, all, d, false);
                    a.get(shares, from * all, n * all);
                    softmax(from, n, shifts, i * clusters());
                    a.put(shares, from * all, n * all);
                    NativeDoubles sum = work.block(3, (long) clusters() * d);
                    sum.product(Workspace.transposed(a, all), Workspace.of(x, d), clusters(), d, n, false);
                    sum.get(sums, i * clusters() * d, clusters() * d);
                    if (settings.squares) {
                        NativeDoubles x2 = work.block(0, squared(values, n * d), 0, n * d);
                        sum.product(Workspace.transposed(a, all), Workspace.of(x2, d), clusters(), d, n, false);
                        sum.get(squares, i * clusters() * d, clusters() * d);
                    }
                }
            }
        }

        private void softmax(int from, int n, double[] shifts, int massesAt) {
            for (int at = from * all; at < (from + n) * all; at += all) {
                double largest = Double.NEGATIVE_INFINITY;
                for (int c = 0; c < all; c++) {
                    shares[at + c] += shifts[c];
                    largest = Math.max(largest, shares[at + c]);
                }
                double sum = 0;
                for (int c = 0; c < all; c++) {
                    shares[at + c] = Math.exp(shares[at + c] - largest);
                    sum += shares[at + c];
                }
                for (int c = 0; c < all; c++) {
                    shares[at + c] /= sum;
                }
                for (int c = 0; c < clusters(); c++) {
                    masses[massesAt + c] += shares[at + c];
                }
            }
        }

        /**
         * Goes back from gradients by the sums.
         *
         * @param bySums like {@link #sums}
         * @param bySquares like {@link #squares}
         * @param byMasses like {@link #masses}
         * @param parameters what the parameters' gradients are added to
         * @param wanted whether the gradient by the input is wanted
         * @return that, or null
         */
        double @Nullable [] back(
                double[] bySums, double[] bySquares, double[] byMasses, Gradients parameters, boolean wanted) {
            double[] byWeights = new double[all * d];
            double[] byShifts = new double[all];
            double[] byInput = wanted ? new double[input.values().length] : null;
            try (Workspace work = pool.borrow()) {
                NativeDoubles weightSums = work.block(4, byWeights, 0, byWeights.length);
                for (int i = 0; i < input.pictures(); i++) {
                    int from = input.starts()[i];
                    int n = input.starts()[i + 1] - from;
                    if (n == 0) {
                        continue;
                    }
                    double[] values = descriptors(work, from, n);
                    NativeDoubles x = work.block(0, values, 0, n * d);
                    NativeDoubles g = work.block(3, bySums, i * clusters() * d, clusters() * d);
                    NativeDoubles byShares = work.block(5, (long) n * Math.max(d, clusters()));
                    byShares.product(Workspace.of(x, d), Workspace.transposed(g, d), n, clusters(), d, false);
                    if (settings.squares) {
                        NativeDoubles g2 = work.block(6, bySquares, i * clusters() * d, clusters() * d);
                        NativeDoubles x2 = work.block(7, squared(values, n * d), 0, n * d);
                        byShares.product(Workspace.of(x2, d), Workspace.transposed(g2, d), n, clusters(), d, true);
                    }
                    double[] logits = new double[n * all];
                    byShares.get(logits, 0, n * clusters());
                    backSoftmax(from, n, logits, byMasses, i * clusters(), byShifts);
                    NativeDoubles z = work.block(2, logits, 0, n * all);
                    weightSums.product(Workspace.transposed(z, all), Workspace.of(x, d), all, d, n, true);
                    if (byInput != null) {
                        backInput(work, from, n, values, byInput);
                    }
                }
                weightSums.get(byWeights, 0, byWeights.length);
            }
            addParameters(byWeights, byShifts, parameters);
            return byInput;
        }

        /** From gradients by shares, n x k, to those by what goes into the softmax, n x all, in the same array. */
        private void backSoftmax(
                int from, int n, double[] gradient, double[] byMasses, int massesAt, double[] byShifts) {
            int k = clusters();
            for (int i = n - 1; i >= 0; i--) { // from the end: rows become longer
                int at = (from + i) * all;
                double mean = 0;
                for (int c = 0; c < k; c++) {
                    mean += shares[at + c] * (gradient[i * k + c] + byMasses[massesAt + c]);
                }
                for (int c = all - 1; c >= 0; c--) {
                    double own = c < k ? gradient[i * k + c] + byMasses[massesAt + c] : 0;
                    double logit = shares[at + c] * (own - mean);
                    gradient[i * all + c] = logit;
                    byShifts[c] += logit;
                }
            }
        }

        /** Adds the gradient by the descriptors of a picture. Blocks 2, 3, 6 hold gradients by logits, sums, squares. */
        private void backInput(Workspace work, int from, int n, double[] values, double[] byInput) {
            int k = clusters();
            NativeDoubles a = work.block(8, shares, from * all, n * all);
            NativeDoubles result = work.block(5, (long) n * d);
            double[] byScaled = new double[n * d];
            if (settings.squares) {
                NativeDoubles g2 = work.block(6, (long) k * d);
                result.product(Workspace.of(a, all), Workspace.of(g2, d), n, d, k, false);
                result.get(byScaled, 0, n * d);
                for (int i = 0; i < n * d; i++) {
                    byScaled[i] *= 2 * values[i];
                }
                result.put(byScaled, 0, n * d);
            }
            NativeDoubles g = work.block(3, (long) k * d);
            NativeDoubles z = work.block(2, (long) n * all);
            NativeDoubles w = work.block(1, folded, 0, folded.length);
            result.product(Workspace.of(a, all), Workspace.of(g, d), n, d, k, settings.squares);
            result.product(Workspace.of(z, all), Workspace.of(w, d), n, d, all, true);
            result.get(byScaled, 0, n * d);
            for (int i = 0; i < n; i++) {
                int at = (from + i) * d;
                if (settings.unit) {
                    Scaling.FLOOR.addGradient(input.values(), at, d, byScaled, i * d, byInput);
                } else {
                    System.arraycopy(byScaled, i * d, byInput, at, d);
                }
            }
        }

        /** Descriptors as they are assigned and summed. */
        private double[] descriptors(Workspace work, int from, int n) {
            double[] values = work.heap(n * d);
            double[] all = input.values();
            for (int i = 0; i < n; i++) {
                int at = (from + i) * d;
                double factor = factors[from + i];
                for (int j = 0; j < d; j++) {
                    values[i * d + j] = factor * all[at + j];
                }
            }
            return values;
        }

        private void addParameters(double[] byWeights, double[] byShifts, Gradients parameters) {
            if (norm != null) {
                norm.unfold(weights.values(), bias == null ? null : bias.values(), byWeights, byShifts, parameters);
            }
            add(byWeights, parameters.of(weights));
            if (bias != null && biasIsLearned) {
                add(byShifts, parameters.of(bias));
            }
        }
    }

    private static double[] squared(double[] values, int count) {
        double[] result = new double[count];
        for (int i = 0; i < count; i++) {
            result[i] = values[i] * values[i];
        }
        return result;
    }

    private static void add(double[] values, double[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += values[i];
        }
    }

    /** Assigns and sums. */
    Sums sums(Rows input) {
        States.requireWidth(settings.component, input, d);
        return new Sums(input);
    }

    /**
     * The same of SameDiff's operations.
     *
     * @param sums pictures x k x d
     * @param squares pictures x k x d
     * @param masses pictures x k
     */
    record Defined(SDVariable sums, SDVariable squares, SDVariable masses) {}

    /** Adds the operations; the input is pictures x vectors x d. */
    Defined define(Graph graph, SDVariable input) {
        SameDiff operations = graph.operations();
        SDVariable x = settings.unit ? Scaling.FLOOR.define(graph, input, 2) : input;
        SDVariable w = graph.variable(weights);
        SDVariable z = operations.mmul(operations.reshape(x, -1, d), w, false, true, false);
        if (bias != null) {
            z = z.add(biasIsLearned ? graph.variable(bias) : graph.constant(bias.values(), all));
        }
        if (norm != null) {
            z = norm.define(graph, z);
        }
        SDVariable a = operations.reshape(operations.nn.softmax(z, 1), -1, graph.vectors(), all);
        if (settings.ghosts > 0) {
            a = operations.slice(a, new int[] {0, 0, 0}, graph.pictures(), graph.vectors(), clusters());
        }
        a = a.mul(operations.expandDims(graph.mask(), 2));
        SDVariable sums = operations.mmul(a, x, true, false, false);
        SDVariable squares = operations.mmul(a, operations.math.square(x), true, false, false);
        return new Defined(sums, squares, a.sum(1));
    }
}
