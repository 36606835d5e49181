package org.retrieval4j.learning;

import org.retrieval4j.api.BuildContext;

/**
 * AᵀA of a tall matrix A that is never in memory as a whole: second moments of many vectors, or with the roles of
 * vectors and dimensions exchanged the inner products of all vectors. Parallel over rows of the result; every entry is
 * summed in the order of A's rows, so the bits do not depend on the number of threads.
 */
final class SymmetricProduct {
    private static final int BLOCK = 32;
    private static final int STRIPE = 32;

    private SymmetricProduct() {}

    /** Writes rows of A. */
    interface Rows {
        /** Writes the rows from {@code from} to before {@code to} one after the other into {@code target}. */
        void fill(int from, int to, double[] target);
    }

    /** O(rows · columns²); the result is full, columns x columns. */
    static double[] of(int rows, int columns, Rows source, BuildContext context) {
        double[] product = new double[Math.multiplyExact(columns, columns)];
        ParallelChunks.run(context, columns, STRIPE, (from, to) -> {
            double[] block = new double[BLOCK * columns];
            for (int first = 0; first < rows; first += BLOCK) {
                int size = Math.min(BLOCK, rows - first);
                source.fill(first, first + size, block);
                for (int i = from; i < to; i++) {
                    addBlock(product, i, columns, block, size);
                }
            }
        });
        for (int i = 0; i < columns; i++) {
            for (int j = 0; j < i; j++) {
                product[i * columns + j] = product[j * columns + i];
            }
        }
        return product;
    }

    // the upper triangle, from the diagonal on; four rows of A at once, so that a sum is loaded once for four products
    private static void addBlock(double[] product, int i, int columns, double[] block, int size) {
        int r = 0;
        for (; r + 3 < size; r += 4) {
            int a = r * columns;
            int b = a + columns;
            int c = b + columns;
            int d = c + columns;
            addFour(product, i * columns, block, a, b, c, d, i, columns);
        }
        for (; r < size; r++) {
            int a = r * columns;
            double factor = block[a + i];
            for (int j = i; j < columns; j++) {
                product[i * columns + j] += factor * block[a + j];
            }
        }
    }

    private static void addFour(double[] product, int at, double[] block, int a, int b, int c, int d, int i, int n) {
        double p = block[a + i];
        double q = block[b + i];
        double r = block[c + i];
        double s = block[d + i];
        for (int j = i; j < n; j++) {
            product[at + j] += p * block[a + j] + q * block[b + j] + r * block[c + j] + s * block[d + j];
        }
    }
}
