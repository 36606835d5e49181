package org.retrieval4j.aggregation;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * The r nearest of the words that each of several descriptors has been compared with so far, nearest first, equally near
 * ones by number: products by the kernels, the last decision in double, so that all kernels agree. For one thread.
 */
final class NearestList {
    private final int r;
    private final int d;
    private final float largestNorm;
    private FloatMatrix x = FloatMatrix.empty(0);
    private double[] margins = {}; // how far float32 can be from the truth, for each descriptor
    private float[] nearest = {};
    private double[] distances = {};
    private int[] words = {};
    private int[] candidates = {};
    private float[] values = {};

    /** A largest norm is that of all words, squared. */
    NearestList(int r, int d, float largestNorm) {
        this.r = r;
        this.d = d;
        this.largestNorm = largestNorm;
    }

    static float largest(float[] squaredNorms) {
        float largest = 0;
        for (float norm : squaredNorms) {
            largest = Math.max(largest, norm);
        }
        return largest;
    }

    /** Forgets all; these are the descriptors now. */
    void start(FloatMatrix x) {
        this.x = x;
        int n = x.rows();
        if (margins.length < n) {
            margins = new double[n];
            nearest = new float[Math.multiplyExact(n, r)];
            distances = new double[n * r];
            words = new int[n * r];
        }
        for (int i = 0; i < n; i++) {
            int at = x.offset() + i * d;
            double norm = Math.sqrt(Kernels.fixedOrderDot(x.array(), at, x.array(), at, d) * largestNorm);
            double size = norm + largestNorm;
            boolean usable = size < 0.25 * Float.MAX_VALUE; // else products may have overflowed, and all are compared
            margins[i] = usable ? 4 * Kernels.errorBound(d) * size + Float.MIN_NORMAL : Double.POSITIVE_INFINITY;
        }
        Arrays.fill(nearest, 0, n * r, Float.POSITIVE_INFINITY);
        Arrays.fill(distances, 0, n * r, Double.POSITIVE_INFINITY);
    }

    /**
     * Compares a descriptor with words that it was not compared with. O(n), and O(d) for each word that float32 cannot
     * tell from the r nearest.
     *
     * @param numbers of the words, in the order of the centers
     * @param products of the descriptor with the centers
     */
    void consider(int descriptor, Kernels.Operand centers, int[] numbers, float[] products, int at) {
        float[] norms = centers.squaredNorms();
        int n = norms.length;
        if (candidates.length < n) {
            candidates = new int[n];
            values = new float[n];
        }
        double margin = margins[descriptor];
        int last = descriptor * r + r - 1;
        float limit = limit(nearest[last], margin);
        int count = 0;
        for (int i = 0; i < n; i++) {
            float value = norms[i] - 2 * products[at + i]; // |x - c|² less |x|²
            if (!(value > limit)) {
                candidates[count] = i;
                values[count++] = value;
                if (value < nearest[last]) {
                    int place = last;
                    for (; place > descriptor * r && nearest[place - 1] > value; place--) {
                        nearest[place] = nearest[place - 1];
                    }
                    nearest[place] = value;
                    limit = limit(nearest[last], margin);
                }
            }
        }
        int xAt = x.offset() + descriptor * d;
        float[] center = centers.matrix().array();
        for (int c = 0; c < count; c++) {
            if (!(values[c] > limit)) {
                int i = candidates[c];
                int centerAt = centers.matrix().offset() + i * d;
                insert(
                        descriptor * r,
                        numbers[i],
                        Kernels.fixedOrderSquaredDistance(x.array(), xAt, center, centerAt, d));
            }
        }
    }

    private static float limit(float worst, double margin) {
        return Math.nextUp((float) (worst + margin));
    }

    private void insert(int first, int word, double distance) {
        int place = first + r - 1;
        if (distance > distances[place] || distance == distances[place] && word > words[place]) {
            return;
        }
        for (; place > first && isFarther(place - 1, word, distance); place--) {
            distances[place] = distances[place - 1];
            words[place] = words[place - 1];
        }
        distances[place] = distance;
        words[place] = word;
    }

    private boolean isFarther(int place, int word, double distance) {
        return distances[place] > distance || distances[place] == distance && words[place] > word;
    }

    /** Tells whether a descriptor was compared with r words at least. */
    boolean isFull(int descriptor) {
        return distances[descriptor * r + r - 1] < Double.POSITIVE_INFINITY;
    }

    /** Copies what was found. */
    void copy(int descriptor, int[] targetWords, double[] targetDistances) {
        System.arraycopy(words, descriptor * r, targetWords, 0, r);
        System.arraycopy(distances, descriptor * r, targetDistances, 0, r);
    }
}
