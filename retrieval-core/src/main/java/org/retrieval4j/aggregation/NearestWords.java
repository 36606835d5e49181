package org.retrieval4j.aggregation;

import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/** The r nearest of all words for each descriptor. For one thread. */
final class NearestWords implements WordFinder {
    /** Products held at a time, which stay in a core's cache … */
    private static final int CHUNK = 1 << 16;

    /** … but as many as it takes for some descriptors to share the reading of very many words. */
    private static final int LEAST_ROWS = 32;

    private final Kernels kernels;
    private final Kernels.Operand codebook;
    private final int[] numbers;
    private final int rowsAtOnce;
    private final NearestList nearest;
    private float[] products = new float[0];
    private final int[] words;
    private final double[] distances;

    NearestWords(Kernels kernels, Kernels.Operand codebook, int r) {
        this.kernels = kernels;
        this.codebook = codebook;
        this.numbers = new int[codebook.matrix().rows()];
        java.util.Arrays.setAll(numbers, i -> i);
        this.rowsAtOnce = Math.max(LEAST_ROWS, CHUNK / numbers.length);
        this.nearest = new NearestList(r, codebook.matrix().columns(), NearestList.largest(codebook.squaredNorms()));
        this.words = new int[r];
        this.distances = new double[r];
    }

    @Override
    public void forEach(FloatMatrix x, Target target) {
        int n = numbers.length;
        for (int from = 0; from < x.rows(); from += rowsAtOnce) {
            FloatMatrix part = x.rows(from, Math.min(x.rows(), from + rowsAtOnce));
            if (products.length < part.rows() * n) {
                products = new float[Math.multiplyExact(part.rows(), n)];
            }
            kernels.products(part, codebook, products);
            nearest.start(part);
            for (int i = 0; i < part.rows(); i++) {
                nearest.consider(i, codebook, numbers, products, i * n);
                nearest.copy(i, words, distances);
                target.accept(words, distances);
            }
        }
    }
}
