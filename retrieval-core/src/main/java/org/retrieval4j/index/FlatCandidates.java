package org.retrieval4j.index;

import java.util.Arrays;

/**
 * The images that can still be among the k best of a query, for all that scores in float32 tell. An image is dropped when k
 * others are certainly better: its score with the error added is less than the k-th largest score with the error taken
 * off. Exact scores of those that are left decide. For one thread.
 */
final class FlatCandidates {
    /** Numbers of a candidate: its reference, and the bits of its score with the error taken off and added. */
    private static final int STEP = 3;

    private final int k;
    private long[] entries; // in one array, as thousands of these are met in turn and no cache holds them
    private double[] scratch = {};
    private int size;
    private double least = Double.NEGATIVE_INFINITY;

    /** Memory grows with what is added. */
    FlatCandidates(int k) {
        this.k = k;
        this.entries = new long[STEP * (int) Math.min(64, 2L * k + 32)];
    }

    /** What a score with its error added must reach. */
    double least() {
        return least;
    }

    int size() {
        return size;
    }

    long reference(int i) {
        return entries[STEP * i];
    }

    private double lower(int i) {
        return Double.longBitsToDouble(entries[STEP * i + 1]);
    }

    private double upper(int i) {
        return Double.longBitsToDouble(entries[STEP * i + 2]);
    }

    /**
     * Adds an image; none may be added twice.
     *
     * @return true if {@link #least} has changed
     */
    boolean add(long reference, double score, double error) {
        double before = least;
        if (STEP * size == entries.length) {
            makeRoom();
        }
        // beyond the range of float scores are equal
        double finite = Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, score));
        int at = STEP * size;
        entries[at] = reference;
        entries[at + 1] = Double.doubleToRawLongBits(finite - error);
        entries[at + 2] = Double.doubleToRawLongBits(finite + error);
        size++;
        return least != before;
    }

    private void makeRoom() {
        shrink();
        int capacity = entries.length / STEP;
        if (size > capacity / 4 * 3) {
            // no room to work with: the list is young, or many scores are nearly equal
            int wanted = Math.addExact(size, Math.max(size, 32));
            entries = Arrays.copyOf(entries, Math.multiplyExact(STEP, wanted));
        }
    }

    void addAll(FlatCandidates other) {
        for (int i = 0; i < other.size; i++) {
            if (!(other.upper(i) < least)) {
                double error = (other.upper(i) - other.lower(i)) / 2;
                add(other.reference(i), other.lower(i) + error, error);
            }
        }
    }

    /** Drops what cannot be among the k best. */
    void shrink() {
        if (size < k) {
            return;
        }
        if (scratch.length < size) {
            scratch = new double[entries.length / STEP];
        }
        for (int i = 0; i < size; i++) {
            scratch[i] = lower(i);
        }
        double kth = largest(scratch, size, k);
        // exact scores are rounded to float before they are compared
        least = Math.max(least, kth - Math.abs(kth) * 0x1p-22 - Float.MIN_NORMAL);
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (!(upper(i) < least)) {
                entries[STEP * kept] = entries[STEP * i];
                entries[STEP * kept + 1] = entries[STEP * i + 1];
                entries[STEP * kept + 2] = entries[STEP * i + 2];
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
