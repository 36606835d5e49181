package org.retrieval4j.kernel;

import org.retrieval4j.api.FloatMatrix;

/**
 * Many vectors with a few others in plain Java, as fast as memory delivers them: four rows at a time, one from each quarter of
 * the many. Their sums need not wait for each other, and a processor fetches four streams ahead, which is faster than one
 * if they lie in different pages of memory. HotSpot does not turn sums into SIMD instructions; nor is there need for it
 * here.
 */
final class FourStreams {
    private FourStreams() {}

    /** All inner products of m x d with n x d, row-major. The bits of one depend on its two vectors alone. */
    static void products(FloatMatrix x, FloatMatrix y, float[] products) {
        int d = x.columns();
        int n = y.rows();
        int quarter = x.rows() / 4;
        for (int i = 0; i < quarter; i++) {
            for (int j = 0; j < n; j++) {
                four(
                        x.array(),
                        x.offset() + i * d,
                        quarter * d,
                        y.array(),
                        y.offset() + j * d,
                        d,
                        products,
                        i * n + j,
                        quarter * n);
            }
        }
        for (int i = 4 * quarter; i < x.rows(); i++) {
            for (int j = 0; j < n; j++) {
                products[i * n + j] = one(x.array(), x.offset() + i * d, y.array(), y.offset() + j * d, d);
            }
        }
    }

    private static void four(
            float[] x, int first, int apart, float[] y, int q, int size, float[] products, int at, int step) {
        int a = first;
        int b = a + apart;
        int c = b + apart;
        int e = c + apart;
        float a0 = 0;
        float a1 = 0;
        float b0 = 0;
        float b1 = 0;
        float c0 = 0;
        float c1 = 0;
        float e0 = 0;
        float e1 = 0;
        int k = 0;
        for (; k < size - 1; k += 2) {
            float u = y[q + k];
            float v = y[q + k + 1];
            a0 += u * x[a + k];
            a1 += v * x[a + k + 1];
            b0 += u * x[b + k];
            b1 += v * x[b + k + 1];
            c0 += u * x[c + k];
            c1 += v * x[c + k + 1];
            e0 += u * x[e + k];
            e1 += v * x[e + k + 1];
        }
        if (k < size) {
            float u = y[q + k];
            a0 += u * x[a + k];
            b0 += u * x[b + k];
            c0 += u * x[c + k];
            e0 += u * x[e + k];
        }
        products[at] = a0 + a1;
        products[at + step] = b0 + b1;
        products[at + 2 * step] = c0 + c1;
        products[at + 3 * step] = e0 + e1;
    }

    private static float one(float[] x, int p, float[] y, int q, int size) {
        float s0 = 0;
        float s1 = 0;
        int k = 0;
        for (; k < size - 1; k += 2) {
            s0 += y[q + k] * x[p + k];
            s1 += y[q + k + 1] * x[p + k + 1];
        }
        if (k < size) {
            s0 += y[q + k] * x[p + k];
        }
        return s0 + s1;
    }
}
