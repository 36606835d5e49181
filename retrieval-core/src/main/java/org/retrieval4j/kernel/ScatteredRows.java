package org.retrieval4j.kernel;

/**
 * One vector with rows that lie anywhere in an array, in plain Java: eight sums over every eighth value, so that the
 * additions need not wait for each other. HotSpot does not turn sums into SIMD instructions; lanes would, but rows that
 * are met in no order are too few to be put into lanes.
 */
final class ScatteredRows {
    private ScatteredRows() {}

    static void check(float[] x, int xAt, int[] starts, int count, int size, float[] target) {
        if (size < 0 || xAt < 0 || xAt > x.length - size) {
            throw new IllegalArgumentException(
                    "x must hold " + size + " values from " + xAt + " on, got " + x.length + " in all");
        }
        if (count < 0 || count > starts.length || count > target.length) {
            throw new IllegalArgumentException("count must be from 0 to the length of starts and of the result, "
                    + starts.length + " and " + target.length + ", got " + count);
        }
    }

    static void products(float[] x, int xAt, float[] rows, int[] starts, int count, int size, float[] products) {
        check(x, xAt, starts, count, size, products);
        for (int i = 0; i < count; i++) {
            products[i] = product(x, xAt, rows, starts[i], size);
        }
    }

    static void squaredDistances(float[] x, int xAt, float[] rows, int[] starts, int count, int size, float[] target) {
        check(x, xAt, starts, count, size, target);
        for (int i = 0; i < count; i++) {
            target[i] = squaredDistance(x, xAt, rows, starts[i], size);
        }
    }

    static float product(float[] a, int p, float[] b, int q, int size) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int k = 0;
        for (; k + 7 < size; k += 8) {
            s0 += a[p + k] * b[q + k];
            s1 += a[p + k + 1] * b[q + k + 1];
            s2 += a[p + k + 2] * b[q + k + 2];
            s3 += a[p + k + 3] * b[q + k + 3];
            s4 += a[p + k + 4] * b[q + k + 4];
            s5 += a[p + k + 5] * b[q + k + 5];
            s6 += a[p + k + 6] * b[q + k + 6];
            s7 += a[p + k + 7] * b[q + k + 7];
        }
        for (; k < size; k++) {
            s0 += a[p + k] * b[q + k];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }

    private static float squaredDistance(float[] a, int p, float[] b, int q, int size) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int k = 0;
        for (; k + 7 < size; k += 8) {
            float d0 = a[p + k] - b[q + k];
            float d1 = a[p + k + 1] - b[q + k + 1];
            float d2 = a[p + k + 2] - b[q + k + 2];
            float d3 = a[p + k + 3] - b[q + k + 3];
            float d4 = a[p + k + 4] - b[q + k + 4];
            float d5 = a[p + k + 5] - b[q + k + 5];
            float d6 = a[p + k + 6] - b[q + k + 6];
            float d7 = a[p + k + 7] - b[q + k + 7];
            s0 += d0 * d0;
            s1 += d1 * d1;
            s2 += d2 * d2;
            s3 += d3 * d3;
            s4 += d4 * d4;
            s5 += d5 * d5;
            s6 += d6 * d6;
            s7 += d7 * d7;
        }
        for (; k < size; k++) {
            float d0 = a[p + k] - b[q + k];
            s0 += d0 * d0;
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }
}
