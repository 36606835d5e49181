package org.retrieval4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of {@link VectorKernels} and the only class that needs the module {@code jdk.incubator.vector}. They
 * allocate nothing: C2 keeps all vectors in registers.
 *
 * <p>A panel holds {@link #WIDTH} vectors dimension by dimension, four SIMD registers a dimension. Two rows by four
 * registers are eight sums, as many as it takes to hide the latency of a multiply-add, and with their operands 14 registers:
 * C2 moves all loads of a step before the first multiply-add, so with six rows by two registers (20 registers) it spills
 * sums to the stack, at half the speed.
 */
final class VectorLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    /** Floats in a register. */
    static final int LANES = SPECIES.length();

    /** Vectors in a panel. */
    static final int WIDTH = 4 * LANES;

    /** Rows of a tile. */
    static final int ROWS = 2;

    private VectorLoops() {}

    /**
     * Adds the products of two neighboring rows with a panel over some dimensions.
     *
     * @param x array of the rows
     * @param x0 where the first row starts
     * @param d values of a row
     * @param begin first dimension
     * @param end dimension after the last
     * @param panel d x WIDTH
     * @param sums what is added to
     * @param at index of the first row's sums
     * @param step from one row's sums to the next
     */
    static void tile(float[] x, int x0, int d, int begin, int end, float[] panel, float[] sums, int at, int step) {
        int x1 = x0 + d;
        FloatVector a0 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        FloatVector a2 = FloatVector.fromArray(SPECIES, sums, at + 2 * LANES);
        FloatVector a3 = FloatVector.fromArray(SPECIES, sums, at + 3 * LANES);
        FloatVector b0 = FloatVector.fromArray(SPECIES, sums, at + step);
        FloatVector b1 = FloatVector.fromArray(SPECIES, sums, at + step + LANES);
        FloatVector b2 = FloatVector.fromArray(SPECIES, sums, at + step + 2 * LANES);
        FloatVector b3 = FloatVector.fromArray(SPECIES, sums, at + step + 3 * LANES);
        for (int k = begin; k < end; k++) {
            FloatVector u0 = FloatVector.fromArray(SPECIES, panel, k * WIDTH);
            FloatVector u1 = FloatVector.fromArray(SPECIES, panel, k * WIDTH + LANES);
            FloatVector u2 = FloatVector.fromArray(SPECIES, panel, k * WIDTH + 2 * LANES);
            FloatVector u3 = FloatVector.fromArray(SPECIES, panel, k * WIDTH + 3 * LANES);
            FloatVector t = FloatVector.broadcast(SPECIES, x[x0 + k]);
            a0 = t.fma(u0, a0);
            a1 = t.fma(u1, a1);
            a2 = t.fma(u2, a2);
            a3 = t.fma(u3, a3);
            t = FloatVector.broadcast(SPECIES, x[x1 + k]);
            b0 = t.fma(u0, b0);
            b1 = t.fma(u1, b1);
            b2 = t.fma(u2, b2);
            b3 = t.fma(u3, b3);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + LANES);
        a2.intoArray(sums, at + 2 * LANES);
        a3.intoArray(sums, at + 3 * LANES);
        b0.intoArray(sums, at + step);
        b1.intoArray(sums, at + step + LANES);
        b2.intoArray(sums, at + step + 2 * LANES);
        b3.intoArray(sums, at + step + 3 * LANES);
    }

    /** Adds the products of one row with a panel over some dimensions. */
    static void row(float[] x, int x0, int begin, int end, float[] panel, float[] sums, int at) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        FloatVector a2 = FloatVector.fromArray(SPECIES, sums, at + 2 * LANES);
        FloatVector a3 = FloatVector.fromArray(SPECIES, sums, at + 3 * LANES);
        for (int k = begin; k < end; k++) {
            FloatVector t = FloatVector.broadcast(SPECIES, x[x0 + k]);
            a0 = t.fma(FloatVector.fromArray(SPECIES, panel, k * WIDTH), a0);
            a1 = t.fma(FloatVector.fromArray(SPECIES, panel, k * WIDTH + LANES), a1);
            a2 = t.fma(FloatVector.fromArray(SPECIES, panel, k * WIDTH + 2 * LANES), a2);
            a3 = t.fma(FloatVector.fromArray(SPECIES, panel, k * WIDTH + 3 * LANES), a3);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + LANES);
        a2.intoArray(sums, at + 2 * LANES);
        a3.intoArray(sums, at + 3 * LANES);
    }

    /** Products of four rows, {@code apart} from each other, with one vector: {@code sums[at + i * step]}. */
    static void dots(float[] x, int x0, int apart, int d, float[] y, int y0, float[] sums, int at, int step) {
        int x1 = x0 + apart;
        int x2 = x1 + apart;
        int x3 = x2 + apart;
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector b2 = a0;
        FloatVector b3 = a0;
        int k = 0;
        for (; k <= d - 2 * LANES; k += 2 * LANES) {
            FloatVector u = FloatVector.fromArray(SPECIES, y, y0 + k);
            FloatVector v = FloatVector.fromArray(SPECIES, y, y0 + k + LANES);
            a0 = u.fma(FloatVector.fromArray(SPECIES, x, x0 + k), a0);
            b0 = v.fma(FloatVector.fromArray(SPECIES, x, x0 + k + LANES), b0);
            a1 = u.fma(FloatVector.fromArray(SPECIES, x, x1 + k), a1);
            b1 = v.fma(FloatVector.fromArray(SPECIES, x, x1 + k + LANES), b1);
            a2 = u.fma(FloatVector.fromArray(SPECIES, x, x2 + k), a2);
            b2 = v.fma(FloatVector.fromArray(SPECIES, x, x2 + k + LANES), b2);
            a3 = u.fma(FloatVector.fromArray(SPECIES, x, x3 + k), a3);
            b3 = v.fma(FloatVector.fromArray(SPECIES, x, x3 + k + LANES), b3);
        }
        float s0 = a0.add(b0).reduceLanes(VectorOperators.ADD);
        float s1 = a1.add(b1).reduceLanes(VectorOperators.ADD);
        float s2 = a2.add(b2).reduceLanes(VectorOperators.ADD);
        float s3 = a3.add(b3).reduceLanes(VectorOperators.ADD);
        for (; k < d; k++) {
            float value = y[y0 + k];
            s0 += value * x[x0 + k];
            s1 += value * x[x1 + k];
            s2 += value * x[x2 + k];
            s3 += value * x[x3 + k];
        }
        sums[at] = s0;
        sums[at + step] = s1;
        sums[at + 2 * step] = s2;
        sums[at + 3 * step] = s3;
    }

    /** The product of two vectors, with the bits that {@link #dots} gives. */
    static float dot(float[] x, int x0, int d, float[] y, int y0) {
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        int k = 0;
        for (; k <= d - 2 * LANES; k += 2 * LANES) {
            a = FloatVector.fromArray(SPECIES, y, y0 + k).fma(FloatVector.fromArray(SPECIES, x, x0 + k), a);
            b = FloatVector.fromArray(SPECIES, y, y0 + k + LANES)
                    .fma(FloatVector.fromArray(SPECIES, x, x0 + k + LANES), b);
        }
        float sum = a.add(b).reduceLanes(VectorOperators.ADD);
        for (; k < d; k++) {
            sum += y[y0 + k] * x[x0 + k];
        }
        return sum;
    }

    /** The squared distance of two vectors, summed from differences. */
    static float squaredDistance(float[] x, int x0, int d, float[] y, int y0) {
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        int k = 0;
        for (; k <= d - 2 * LANES; k += 2 * LANES) {
            FloatVector u = FloatVector.fromArray(SPECIES, x, x0 + k).sub(FloatVector.fromArray(SPECIES, y, y0 + k));
            FloatVector v = FloatVector.fromArray(SPECIES, x, x0 + k + LANES)
                    .sub(FloatVector.fromArray(SPECIES, y, y0 + k + LANES));
            a = u.fma(u, a);
            b = v.fma(v, b);
        }
        float sum = a.add(b).reduceLanes(VectorOperators.ADD);
        for (; k < d; k++) {
            float difference = x[x0 + k] - y[y0 + k];
            sum += difference * difference;
        }
        return sum;
    }

    /** The largest of some values, a multiple of LANES. */
    static float max(float[] values, int at, int size) {
        FloatVector a = FloatVector.fromArray(SPECIES, values, at);
        for (int j = LANES; j < size; j += LANES) {
            a = a.max(FloatVector.fromArray(SPECIES, values, at + j));
        }
        return a.reduceLanes(VectorOperators.MAX);
    }

    /** The first index from {@code begin}, in steps of LANES, where one of LANES values is not below a limit. */
    static int find(float[] values, int at, int begin, int size, float limit) {
        for (int j = begin; j < size; j += LANES) {
            if (!FloatVector.fromArray(SPECIES, values, at + j).lt(limit).allTrue()) {
                return j;
            }
        }
        return size;
    }

    /** Scales and shifts a row of WIDTH products in place, and tells whether all are below their limits. */
    static boolean allBelow(float[] values, int at, float scale, float bias, float[] limits, int first) {
        FloatVector factor = FloatVector.broadcast(SPECIES, scale);
        FloatVector summand = FloatVector.broadcast(SPECIES, bias);
        VectorMask<Float> below = SPECIES.maskAll(true);
        for (int j = 0; j < WIDTH; j += LANES) {
            FloatVector score = FloatVector.fromArray(SPECIES, values, at + j).fma(factor, summand);
            score.intoArray(values, at + j);
            below = below.and(score.lt(FloatVector.fromArray(SPECIES, limits, first + j)));
        }
        return below.allTrue();
    }
}
