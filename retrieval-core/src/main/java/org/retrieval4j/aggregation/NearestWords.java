package org.retrieval4j.aggregation;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * The r nearest words of each descriptor, nearest first, equally near ones by number: products by the kernels, the last
 * decision in double, so that all kernels agree. For one thread.
 */
final class NearestWords {
    private static final int CHUNK = 1 << 16;

    private final Kernels kernels;
    private final Kernels.Operand codebook;
    private final int r;
    private final int n;
    private final int d;
    private final float largestNorm;
    private final int rowsAtOnce;
    private float[] products = new float[0];
    private final float[] nearest;
    private final int[] words;
    private final double[] distances;

    NearestWords(Kernels kernels, Kernels.Operand codebook, int r) {
        this.kernels = kernels;
        this.codebook = codebook;
        this.r = r;
        this.n = codebook.matrix().rows();
        this.d = codebook.matrix().columns();
        this.rowsAtOnce = Math.max(1, CHUNK / n);
        float largest = 0;
        for (float norm : codebook.squaredNorms()) {
            largest = Math.max(largest, norm);
        }
        this.largestNorm = largest;
        this.nearest = new float[r];
        this.words = new int[r];
        this.distances = new double[r];
    }

    /** Receives the words of one descriptor. */
    interface Target {
        /** The arrays hold r values, and other ones at the next call. */
        void accept(int[] words, double[] squaredDistances);
    }

    void forEach(FloatMatrix x, Target target) {
        for (int from = 0; from < x.rows(); from += rowsAtOnce) {
            FloatMatrix part = x.rows(from, Math.min(x.rows(), from + rowsAtOnce));
            if (products.length < part.rows() * n) {
                products = new float[part.rows() * n];
            }
            kernels.products(part, codebook, products);
            for (int i = 0; i < part.rows(); i++) {
                find(part, i);
                target.accept(words, distances);
            }
        }
    }

    // O(n), and O(d) for each word that float32 cannot tell from the r nearest
    private void find(FloatMatrix x, int row) {
        float[] norms = codebook.squaredNorms();
        int at = row * n;
        Arrays.fill(nearest, Float.POSITIVE_INFINITY);
        for (int word = 0; word < n; word++) {
            float value = norms[word] - 2 * products[at + word]; // |x - c|² less |x|²
            if (value < nearest[r - 1]) {
                int place = r - 1;
                for (; place > 0 && nearest[place - 1] > value; place--) {
                    nearest[place] = nearest[place - 1];
                }
                nearest[place] = value;
            }
        }
        int xAt = x.offset() + row * d;
        double norm = Math.sqrt(Kernels.fixedOrderDot(x.array(), xAt, x.array(), xAt, d) * largestNorm);
        double margin = 4 * Kernels.errorBound(d) * (norm + largestNorm) + Float.MIN_NORMAL;
        double threshold = nearest[r - 1] + margin;
        Arrays.fill(distances, Double.POSITIVE_INFINITY);
        FloatMatrix centers = codebook.matrix();
        for (int word = 0; word < n; word++) {
            if (norms[word] - 2 * products[at + word] <= threshold) {
                insert(
                        word,
                        Kernels.fixedOrderSquaredDistance(
                                x.array(), xAt, centers.array(), centers.offset() + word * d, d));
            }
        }
    }

    private void insert(int word, double distance) {
        if (distance >= distances[r - 1]) {
            return;
        }
        int place = r - 1;
        for (; place > 0 && distances[place - 1] > distance; place--) {
            distances[place] = distances[place - 1];
            words[place] = words[place - 1];
        }
        distances[place] = distance;
        words[place] = word;
    }
}
