package org.retrieval4j.aggregation;

import java.util.Arrays;
import org.retrieval4j.kernel.Kernels;

/**
 * The r nearest of the words that each of several descriptors has been compared with so far, nearest first, equally near
 * ones by number: products by the kernels, the last decision in double, so that all kernels agree. For one thread.
 */
final class NearestList {
    private final int r;
    private final int d;
    private final float largestNorm;
    private float[] nearest = {};
    private double[] distances = {};
    private int[] words = {};

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

    /** Forgets all; there are so many descriptors now. */
    void start(int descriptors) {
        if (words.length < descriptors * r) {
            nearest = new float[descriptors * r];
            distances = new double[descriptors * r];
            words = new int[descriptors * r];
        }
        Arrays.fill(nearest, 0, descriptors * r, Float.POSITIVE_INFINITY);
        Arrays.fill(distances, 0, descriptors * r, Double.POSITIVE_INFINITY);
    }

    /**
     * Compares a descriptor with words that it was not compared with. O(n), and O(d) for each word that float32 cannot
     * tell from the r nearest.
     *
     * @param numbers of the words, in the order of the centers
     * @param products of the descriptor with the centers
     */
    void consider(
            int descriptor, float[] x, int xAt, Kernels.Operand centers, int[] numbers, float[] products, int at) {
        float[] norms = centers.squaredNorms();
        int n = norms.length;
        int last = descriptor * r + r - 1;
        float worst = nearest[last];
        for (int i = 0; i < n; i++) {
            float value = norms[i] - 2 * products[at + i]; // |x - c|² less |x|²
            if (value < worst) {
                int place = last;
                for (; place > descriptor * r && nearest[place - 1] > value; place--) {
                    nearest[place] = nearest[place - 1];
                }
                nearest[place] = value;
                worst = nearest[last];
            }
        }
        double norm = Math.sqrt(Kernels.fixedOrderDot(x, xAt, x, xAt, d) * largestNorm);
        double margin = 4 * Kernels.errorBound(d) * (norm + largestNorm) + Float.MIN_NORMAL;
        double threshold = worst + margin;
        for (int i = 0; i < n; i++) {
            if (norms[i] - 2 * products[at + i] <= threshold) {
                int center = centers.matrix().offset() + i * d;
                insert(
                        descriptor * r,
                        numbers[i],
                        Kernels.fixedOrderSquaredDistance(
                                x, xAt, centers.matrix().array(), center, d));
            }
        }
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
