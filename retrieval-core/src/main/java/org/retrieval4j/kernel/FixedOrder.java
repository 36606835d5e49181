package org.retrieval4j.kernel;

/**
 * The sums that decide an order where float32 cannot: in double, four partial sums over every fourth value, added
 * pairwise. A product of two floats is exact in double, so the only errors are those of the additions.
 */
final class FixedOrder {
    private FixedOrder() {}

    static double dot(float[] a, int aOffset, float[] b, int bOffset, int size) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int k = 0;
        for (; k + 3 < size; k += 4) {
            s0 += (double) a[aOffset + k] * b[bOffset + k];
            s1 += (double) a[aOffset + k + 1] * b[bOffset + k + 1];
            s2 += (double) a[aOffset + k + 2] * b[bOffset + k + 2];
            s3 += (double) a[aOffset + k + 3] * b[bOffset + k + 3];
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
