package org.retrieval4j.rerank;

import java.util.Arrays;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.ParallelChunks;

/**
 * The k-reciprocal encoding of a set of items and the distances it gives (Zhong et al., CVPR 2017, equations 3 to 12).
 * Squared distances are divided by the largest of their row, each item's list counts the item itself, half of k1 is
 * rounded half to even, and an encoding is averaged over k2 items with itself, as in the published code.
 *
 * <p>Only the k1 + 1 nearest of each row and its largest distance are kept, and encodings are sparse: O(n k1) memory, and the distances
 * of the queries.
 */
final class ReciprocalEncoding {
    private static final int BLOCK = 64;
    private static final int BLOCK_VALUES = 1 << 23;
    private static final double ENOUGH = 2.0 / 3;

    private final int k1;
    private final int k2;
    private final double lambda;

    ReciprocalEncoding(int k1, int k2, double lambda) {
        this.k1 = k1;
        this.k2 = k2;
        this.lambda = lambda;
    }

    /** Squared distances of items. Thread-safe. */
    interface Distances {
        int size();

        /** Those of a row to all: one block of rows after another, row-major, from index 0. */
        void rows(int from, int to, double[] target);

        /** That of one pair. */
        double of(int i, int j);
    }

    /** Squared distances of vectors of length 1. */
    static final class Vectors implements Distances, AutoCloseable {
        private final FloatMatrix vectors;
        private final Kernels kernels;
        private final Kernels.Operand operand;

        Vectors(FloatMatrix vectors, Kernels kernels) {
            this.vectors = vectors;
            this.kernels = kernels;
            this.operand = kernels.prepare(vectors);
        }

        @Override
        public int size() {
            return vectors.rows();
        }

        @Override
        public void rows(int from, int to, double[] target) {
            float[] products = new float[(to - from) * size()];
            kernels.products(vectors.rows(from, to), operand, products);
            for (int i = 0; i < products.length; i++) {
                target[i] = Math.max(0, 2 - 2.0 * products[i]);
            }
        }

        @Override
        public double of(int i, int j) {
            int d = vectors.columns();
            float[] array = vectors.array();
            return Math.max(
                    0,
                    2 - 2 * Kernels.fixedOrderDot(array, vectors.offset() + i * d, array, vectors.offset() + j * d, d));
        }

        @Override
        public void close() {
            operand.close();
        }
    }

    /** A sparse row: ascending columns and their values. */
    private record Code(int[] columns, double[] values) {}

    /**
     * Final distances.
     *
     * @param source the queries, then the images
     * @param queries how many of the items are queries
     * @param context threads
     * @return queries x images
     */
    double[][] distances(Distances source, int queries, BuildContext context) {
        int n = source.size();
        int nearest = Math.min(n, Math.max(k1 + 1, k2));
        int[] ranks = new int[Math.multiplyExact(n, nearest)];
        double[] largest = new double[n];
        double[][] original = new double[queries][];
        // blocks of many items are lower, so that one is at most 96 MiB
        int block = Math.max(1, Math.min(BLOCK, BLOCK_VALUES / n));
        ParallelChunks.run(context, n, block, (from, to) -> {
            double[] rows = new double[(to - from) * n];
            source.rows(from, to, rows);
            Nearest select = new Nearest(nearest);
            for (int i = from; i < to; i++) {
                int at = (i - from) * n;
                largest[i] = select.largest(rows, at, n);
                select.select(rows, at, n, ranks, i * nearest);
                if (i < queries) {
                    original[i] = Arrays.copyOfRange(rows, at + queries, at + n);
                }
            }
        });
        Code[] codes = new Code[n];
        ParallelChunks.run(context, n, BLOCK, (from, to) -> {
            for (int i = from; i < to; i++) {
                codes[i] = encode(source, ranks, nearest, i, largest[i]);
            }
        });
        Code[] averaged = k2 == 1 ? codes : average(codes, ranks, nearest, context);
        return finish(averaged, original, largest, context);
    }

    private Code encode(Distances source, int[] ranks, int nearest, int item, double largest) {
        int[] mutual = mutual(ranks, nearest, item, Math.min(nearest, k1 + 1));
        int half = Math.min(nearest, (int) Math.rint(k1 / 2.0) + 1);
        int[] sorted = mutual.clone();
        Arrays.sort(sorted);
        int[] members = mutual;
        for (int candidate : mutual) {
            int[] others = mutual(ranks, nearest, candidate, half);
            int common = 0;
            for (int other : others) {
                common += Arrays.binarySearch(sorted, other) >= 0 ? 1 : 0;
            }
            if (common > ENOUGH * others.length) {
                int size = members.length;
                members = Arrays.copyOf(members, size + others.length);
                System.arraycopy(others, 0, members, size, others.length);
            }
        }
        int[] columns = Arrays.stream(members).sorted().distinct().toArray();
        double[] values = new double[columns.length];
        double sum = 0;
        for (int j = 0; j < columns.length; j++) {
            values[j] = Math.exp(-relative(source.of(item, columns[j]), largest));
            sum += values[j];
        }
        for (int j = 0; j < values.length; j++) {
            values[j] /= sum;
        }
        return new Code(columns, values);
    }

    private static double relative(double distance, double largest) {
        return largest > 0 ? distance / largest : 0;
    }

    /** Of the first k nearest of an item those that have it among their own first k. */
    private static int[] mutual(int[] ranks, int nearest, int item, int k) {
        int[] found = new int[k];
        int count = 0;
        for (int r = 0; r < k; r++) {
            int other = ranks[item * nearest + r];
            for (int s = 0; s < k; s++) {
                if (ranks[other * nearest + s] == item) {
                    found[count++] = other;
                    break;
                }
            }
        }
        return Arrays.copyOf(found, count);
    }

    private Code[] average(Code[] codes, int[] ranks, int nearest, BuildContext context) {
        int n = codes.length;
        int count = Math.min(k2, nearest);
        Code[] averaged = new Code[n];
        ParallelChunks.run(context, n, BLOCK, (from, to) -> {
            double[] sums = new double[n];
            for (int i = from; i < to; i++) {
                int size = 0;
                for (int r = 0; r < count; r++) {
                    size += codes[ranks[i * nearest + r]].columns.length;
                }
                int[] columns = new int[size];
                int at = 0;
                for (int r = 0; r < count; r++) {
                    Code code = codes[ranks[i * nearest + r]];
                    for (int j = 0; j < code.columns.length; j++) {
                        if (sums[code.columns[j]] == 0) {
                            columns[at++] = code.columns[j];
                        }
                        sums[code.columns[j]] += code.values[j];
                    }
                }
                columns = Arrays.copyOf(columns, at);
                Arrays.sort(columns);
                double[] values = new double[at];
                for (int j = 0; j < at; j++) {
                    values[j] = sums[columns[j]] / count;
                    sums[columns[j]] = 0;
                }
                averaged[i] = new Code(columns, values);
            }
        });
        return averaged;
    }

    private double[][] finish(Code[] codes, double[][] original, double[] largest, BuildContext context) {
        int n = codes.length;
        int queries = original.length;
        int[] starts = new int[n + 1];
        for (int i = queries; i < n; i++) {
            for (int column : codes[i].columns) {
                starts[column + 1]++;
            }
        }
        for (int i = 0; i < n; i++) {
            starts[i + 1] += starts[i];
        }
        int[] images = new int[starts[n]];
        double[] values = new double[starts[n]];
        int[] next = starts.clone();
        for (int i = queries; i < n; i++) {
            Code code = codes[i];
            for (int j = 0; j < code.columns.length; j++) {
                int at = next[code.columns[j]]++;
                images[at] = i - queries;
                values[at] = code.values[j];
            }
        }
        double[][] distances = new double[queries][];
        ParallelChunks.run(context, queries, 1, (from, to) -> {
            double[] common = new double[n - queries];
            Code code = codes[from];
            for (int j = 0; j < code.columns.length; j++) {
                double value = code.values[j];
                for (int e = starts[code.columns[j]]; e < starts[code.columns[j] + 1]; e++) {
                    common[images[e]] += Math.min(value, values[e]);
                }
            }
            for (int j = 0; j < common.length; j++) {
                double jaccard = 1 - common[j] / (2 - common[j]);
                common[j] = (1 - lambda) * jaccard + lambda * relative(original[from][j], largest[from]);
            }
            distances[from] = common;
        });
        return distances;
    }

    /** The nearest of a row, of equals the ones of smaller index: a heap with the farthest on top. */
    private static final class Nearest {
        private final int count;
        private final int[] heap;
        private final double[] keys;

        Nearest(int count) {
            this.count = count;
            this.heap = new int[count];
            this.keys = new double[count];
        }

        double largest(double[] row, int at, int n) {
            double largest = 0;
            for (int j = at; j < at + n; j++) {
                largest = Math.max(largest, row[j]);
            }
            return largest;
        }

        void select(double[] row, int at, int n, int[] target, int to) {
            for (int j = 0; j < count; j++) {
                heap[j] = j;
                keys[j] = row[at + j];
            }
            for (int j = count / 2 - 1; j >= 0; j--) {
                sink(j, count);
            }
            for (int j = count; j < n; j++) {
                double key = row[at + j];
                if (key < keys[0]) { // an equal one of larger index is no nearer
                    keys[0] = key;
                    heap[0] = j;
                    sink(0, count);
                }
            }
            for (int size = count - 1; size >= 0; size--) {
                target[to + size] = heap[0];
                keys[0] = keys[size];
                heap[0] = heap[size];
                sink(0, size);
            }
        }

        private boolean farther(int a, int b) {
            return keys[a] > keys[b] || keys[a] == keys[b] && heap[a] > heap[b];
        }

        private void sink(int from, int size) {
            int at = from;
            for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
                if (child + 1 < size && farther(child + 1, child)) {
                    child++;
                }
                if (!farther(child, at)) {
                    break;
                }
                double key = keys[at];
                keys[at] = keys[child];
                keys[child] = key;
                int index = heap[at];
                heap[at] = heap[child];
                heap[child] = index;
                at = child;
            }
        }
    }
}
