package org.retrieval4j.index;

import java.util.Arrays;

/**
 * The images that can still be among the k best of a query, for all that scores in float32 tell. An image is dropped when k
 * others are certainly better: its score with the error added is less than the k-th largest score with the error taken
 * off. Exact scores of those that are left decide. For one thread.
 */
final class FlatCandidates {
    private final int k;
    private long[] references;
    private double[] lower;
    private double[] upper;
    private double[] scratch = {};
    private int size;
    private double least = Double.NEGATIVE_INFINITY;

    /** Memory grows with what is added. */
    FlatCandidates(int k) {
        this.k = k;
        int capacity = (int) Math.min(64, 2L * k + 32);
        references = new long[capacity];
        lower = new double[capacity];
        upper = new double[capacity];
    }

    /** What a score with its error added must reach. */
    double least() {
        return least;
    }

    int size() {
        return size;
    }

    long reference(int i) {
        return references[i];
    }

    /**
     * Adds an image; none may be added twice.
     *
     * @return true if {@link #least} has changed
     */
    boolean add(long reference, double score, double error) {
        double before = least;
        if (size == references.length) {
            shrink();
            if (size > references.length / 4 * 3) {
                // no room to work with: the list is young, or many scores are nearly equal
                int capacity = Math.addExact(size, Math.max(size, 32));
                references = Arrays.copyOf(references, capacity);
                lower = Arrays.copyOf(lower, capacity);
                upper = Arrays.copyOf(upper, capacity);
            }
        }
        references[size] = reference;
        // beyond the range of float scores are equal
        double finite = Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, score));
        lower[size] = finite - error;
        upper[size] = finite + error;
        size++;
        return least != before;
    }

    void addAll(FlatCandidates other) {
        for (int i = 0; i < other.size; i++) {
            if (!(other.upper[i] < least)) {
                double error = (other.upper[i] - other.lower[i]) / 2;
                add(other.references[i], other.lower[i] + error, error);
            }
        }
    }

    /** Drops what cannot be among the k best. */
    void shrink() {
        if (size < k) {
            return;
        }
        if (scratch.length < size) {
            scratch = new double[references.length];
        }
        System.arraycopy(lower, 0, scratch, 0, size);
        double kth = largest(scratch, size, k);
        // exact scores are rounded to float before they are compared
        least = Math.max(least, kth - Math.abs(kth) * 0x1p-22 - Float.MIN_NORMAL);
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (!(upper[i] < least)) {
                references[kept] = references[i];
                lower[kept] = lower[i];
                upper[kept] = upper[i];
                kept++;
            }
        }
        size = kept;
    }

    /** The k-th largest of the first n values, which are moved about. Hoare's selection: O(n) as a rule. */
    static double largest(double[] values, int n, int k) {
        int from = 0;
        int to = n - 1;
        int wanted = k - 1; // place in descending order
        while (from < to) {
            double pivot = values[(from + to) >>> 1];
            int i = from;
            int j = to;
            while (i <= j) {
                while (values[i] > pivot) {
                    i++;
                }
                while (values[j] < pivot) {
                    j--;
                }
                if (i <= j) {
                    double swap = values[i];
                    values[i++] = values[j];
                    values[j--] = swap;
                }
            }
            if (wanted <= j) {
                to = j;
            } else if (wanted >= i) {
                from = i;
            } else {
                break;
            }
        }
        return values[wanted];
    }
}
