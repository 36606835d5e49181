package org.retrieval4j.kernel;

/**
 * The sums that decide an order where float32 cannot: in double, four partial sums over every fourth value, added
 * pairwise. A product of two floats is exact in double, so the only errors are those of the additions.
 *
 * <p>The loops are written out and widen many values before they use one: HotSpot 17 converts a float into whichever
 * register is free, waiting for what was there before, and few registers in turn make a chain of all conversions (three
 * times as slow).
 */
final class FixedOrder {
    private FixedOrder() {}

    static double dot(float[] a, int aOffset, float[] b, int bOffset, int size) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int k = 0;
        for (; k + 7 < size; k += 8) {
            int p = aOffset + k;
            int q = bOffset + k;
            double a0 = a[p];
            double a1 = a[p + 1];
            double a2 = a[p + 2];
            double a3 = a[p + 3];
            double a4 = a[p + 4];
            double a5 = a[p + 5];
            double a6 = a[p + 6];
            double a7 = a[p + 7];
            double b0 = b[q];
            double b1 = b[q + 1];
            double b2 = b[q + 2];
            double b3 = b[q + 3];
            double b4 = b[q + 4];
            double b5 = b[q + 5];
            double b6 = b[q + 6];
            double b7 = b[q + 7];
            s0 = s0 + a0 * b0 + a4 * b4;
            s1 = s1 + a1 * b1 + a5 * b5;
            s2 = s2 + a2 * b2 + a6 * b6;
            s3 = s3 + a3 * b3 + a7 * b7;
        }
        if (k + 3 < size) {
            s0 += (double) a[aOffset + k] * b[bOffset + k];
            s1 += (double) a[aOffset + k + 1] * b[bOffset + k + 1];
            s2 += (double) a[aOffset + k + 2] * b[bOffset + k + 2];
            s3 += (double) a[aOffset + k + 3] * b[bOffset + k + 3];
            k += 4;
        }
        for (; k < size; k++) {
            s0 += (double) a[aOffset + k] * b[bOffset + k];
        }
        return (s0 + s1) + (s2 + s3);
    }

    static double squaredDistance(float[] a, int aOffset, float[] b, int bOffset, int size) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int k = 0;
        for (; k + 15 < size; k += 16) {
            int p = aOffset + k;
            int q = bOffset + k;
            double a0 = a[p];
            double a1 = a[p + 1];
            double a2 = a[p + 2];
            double a3 = a[p + 3];
            double a4 = a[p + 4];
            double a5 = a[p + 5];
            double a6 = a[p + 6];
            double a7 = a[p + 7];
            double b0 = b[q];
            double b1 = b[q + 1];
            double b2 = b[q + 2];
            double b3 = b[q + 3];
            double b4 = b[q + 4];
            double b5 = b[q + 5];
            double b6 = b[q + 6];
            double b7 = b[q + 7];
            double d0 = a0 - b0;
            double d1 = a1 - b1;
            double d2 = a2 - b2;
            double d3 = a3 - b3;
            double d4 = a4 - b4;
            double d5 = a5 - b5;
            double d6 = a6 - b6;
            double d7 = a7 - b7;
            s0 = s0 + d0 * d0 + d4 * d4;
            s1 = s1 + d1 * d1 + d5 * d5;
            s2 = s2 + d2 * d2 + d6 * d6;
            s3 = s3 + d3 * d3 + d7 * d7;
            a0 = a[p + 8];
            a1 = a[p + 9];
            a2 = a[p + 10];
            a3 = a[p + 11];
            a4 = a[p + 12];
            a5 = a[p + 13];
            a6 = a[p + 14];
            a7 = a[p + 15];
            b0 = b[q + 8];
            b1 = b[q + 9];
            b2 = b[q + 10];
            b3 = b[q + 11];
            b4 = b[q + 12];
            b5 = b[q + 13];
            b6 = b[q + 14];
            b7 = b[q + 15];
            d0 = a0 - b0;
            d1 = a1 - b1;
            d2 = a2 - b2;
            d3 = a3 - b3;
            d4 = a4 - b4;
            d5 = a5 - b5;
            d6 = a6 - b6;
            d7 = a7 - b7;
            s0 = s0 + d0 * d0 + d4 * d4;
            s1 = s1 + d1 * d1 + d5 * d5;
            s2 = s2 + d2 * d2 + d6 * d6;
            s3 = s3 + d3 * d3 + d7 * d7;
        }
        for (; k + 3 < size; k += 4) {
            double d0 = (double) a[aOffset + k] - b[bOffset + k];
            double d1 = (double) a[aOffset + k + 1] - b[bOffset + k + 1];
            double d2 = (double) a[aOffset + k + 2] - b[bOffset + k + 2];
            double d3 = (double) a[aOffset + k + 3] - b[bOffset + k + 3];
            s0 += d0 * d0;
            s1 += d1 * d1;
            s2 += d2 * d2;
            s3 += d3 * d3;
        }
        for (; k < size; k++) {
            double d0 = (double) a[aOffset + k] - b[bOffset + k];
            s0 += d0 * d0;
        }
        return (s0 + s1) + (s2 + s3);
    }
}
