package org.retrieval4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of {@link VectorKernels} and the only class that needs the module {@code jdk.incubator.vector}. They
 * allocate nothing: C2 keeps all vectors in registers.
 *
 * <p>A panel holds {@link #WIDTH} vectors dimension by dimension, four SIMD registers a dimension. C2 moves all loads of a step
 * before the first multiply-add, and unrolls small bodies, which brings more loads there than there are registers: six rows by
 * two registers spill sums to the stack, at half the speed. Two rows by four registers do not, and six by four or twelve by
 * two, for machines with 32 registers, are so large that they are not unrolled.
 */
final class VectorLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    /** Floats in a register. */
    static final int LANES = SPECIES.length();

    /** Vectors in a panel. */
    static final int WIDTH = 4 * LANES;

    /** Vectors in a half panel. */
    static final int HALF = WIDTH / 2;

    /** Whether there are 32 registers, as with AVX-512. */
    static final boolean MANY_REGISTERS = LANES >= 16;

    private VectorLoops() {}

    /**
     * Adds the products of two rows with a panel over some dimensions: eight sums and their operands, 14 registers.
     *
     * @param x values of the rows side by side: two a dimension
     * @param x0 where they start
     * @param count number of dimensions
     * @param panel WIDTH values a dimension
     * @param p0 where its first dimension starts
     * @param sums what is added to
     * @param at index of the first row's sums
     * @param step from one row's sums to the next
     */
    static void tileOfTwo(float[] x, int x0, int count, float[] panel, int p0, float[] sums, int at, int step) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        FloatVector a2 = FloatVector.fromArray(SPECIES, sums, at + 2 * LANES);
        FloatVector a3 = FloatVector.fromArray(SPECIES, sums, at + 3 * LANES);
        int at1 = at + step;
        FloatVector b0 = FloatVector.fromArray(SPECIES, sums, at1);
        FloatVector b1 = FloatVector.fromArray(SPECIES, sums, at1 + LANES);
        FloatVector b2 = FloatVector.fromArray(SPECIES, sums, at1 + 2 * LANES);
        FloatVector b3 = FloatVector.fromArray(SPECIES, sums, at1 + 3 * LANES);
        for (int k = 0; k < count; k++) {
            int p = p0 + k * WIDTH;
            int q = x0 + k * 2;
            FloatVector u0 = FloatVector.fromArray(SPECIES, panel, p);
            FloatVector u1 = FloatVector.fromArray(SPECIES, panel, p + LANES);
            FloatVector u2 = FloatVector.fromArray(SPECIES, panel, p + 2 * LANES);
            FloatVector u3 = FloatVector.fromArray(SPECIES, panel, p + 3 * LANES);
            FloatVector t = FloatVector.broadcast(SPECIES, x[q]);
            a0 = t.fma(u0, a0);
            a1 = t.fma(u1, a1);
            a2 = t.fma(u2, a2);
            a3 = t.fma(u3, a3);
            t = FloatVector.broadcast(SPECIES, x[q + 1]);
            b0 = t.fma(u0, b0);
            b1 = t.fma(u1, b1);
            b2 = t.fma(u2, b2);
            b3 = t.fma(u3, b3);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + LANES);
        a2.intoArray(sums, at + 2 * LANES);
        a3.intoArray(sums, at + 3 * LANES);
        b0.intoArray(sums, at1);
        b1.intoArray(sums, at1 + LANES);
        b2.intoArray(sums, at1 + 2 * LANES);
        b3.intoArray(sums, at1 + 3 * LANES);
    }

    /** {@link #tileOfTwo} for six rows, with 24 sums. */
    static void tileOfSix(float[] x, int x0, int count, float[] panel, int p0, float[] sums, int at, int step) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        FloatVector a2 = FloatVector.fromArray(SPECIES, sums, at + 2 * LANES);
        FloatVector a3 = FloatVector.fromArray(SPECIES, sums, at + 3 * LANES);
        int at1 = at + step;
        FloatVector b0 = FloatVector.fromArray(SPECIES, sums, at1);
        FloatVector b1 = FloatVector.fromArray(SPECIES, sums, at1 + LANES);
        FloatVector b2 = FloatVector.fromArray(SPECIES, sums, at1 + 2 * LANES);
        FloatVector b3 = FloatVector.fromArray(SPECIES, sums, at1 + 3 * LANES);
        int at2 = at1 + step;
        FloatVector c0 = FloatVector.fromArray(SPECIES, sums, at2);
        FloatVector c1 = FloatVector.fromArray(SPECIES, sums, at2 + LANES);
        FloatVector c2 = FloatVector.fromArray(SPECIES, sums, at2 + 2 * LANES);
        FloatVector c3 = FloatVector.fromArray(SPECIES, sums, at2 + 3 * LANES);
        int at3 = at2 + step;
        FloatVector e0 = FloatVector.fromArray(SPECIES, sums, at3);
        FloatVector e1 = FloatVector.fromArray(SPECIES, sums, at3 + LANES);
        FloatVector e2 = FloatVector.fromArray(SPECIES, sums, at3 + 2 * LANES);
        FloatVector e3 = FloatVector.fromArray(SPECIES, sums, at3 + 3 * LANES);
        int at4 = at3 + step;
        FloatVector f0 = FloatVector.fromArray(SPECIES, sums, at4);
        FloatVector f1 = FloatVector.fromArray(SPECIES, sums, at4 + LANES);
        FloatVector f2 = FloatVector.fromArray(SPECIES, sums, at4 + 2 * LANES);
        FloatVector f3 = FloatVector.fromArray(SPECIES, sums, at4 + 3 * LANES);
        int at5 = at4 + step;
        FloatVector g0 = FloatVector.fromArray(SPECIES, sums, at5);
        FloatVector g1 = FloatVector.fromArray(SPECIES, sums, at5 + LANES);
        FloatVector g2 = FloatVector.fromArray(SPECIES, sums, at5 + 2 * LANES);
        FloatVector g3 = FloatVector.fromArray(SPECIES, sums, at5 + 3 * LANES);
        for (int k = 0; k < count; k++) {
            int p = p0 + k * WIDTH;
            int q = x0 + k * 6;
            FloatVector u0 = FloatVector.fromArray(SPECIES, panel, p);
            FloatVector u1 = FloatVector.fromArray(SPECIES, panel, p + LANES);
            FloatVector u2 = FloatVector.fromArray(SPECIES, panel, p + 2 * LANES);
            FloatVector u3 = FloatVector.fromArray(SPECIES, panel, p + 3 * LANES);
            FloatVector t = FloatVector.broadcast(SPECIES, x[q]);
            a0 = t.fma(u0, a0);
            a1 = t.fma(u1, a1);
            a2 = t.fma(u2, a2);
            a3 = t.fma(u3, a3);
            t = FloatVector.broadcast(SPECIES, x[q + 1]);
            b0 = t.fma(u0, b0);
            b1 = t.fma(u1, b1);
            b2 = t.fma(u2, b2);
            b3 = t.fma(u3, b3);
            t = FloatVector.broadcast(SPECIES, x[q + 2]);
            c0 = t.fma(u0, c0);
            c1 = t.fma(u1, c1);
            c2 = t.fma(u2, c2);
            c3 = t.fma(u3, c3);
            t = FloatVector.broadcast(SPECIES, x[q + 3]);
            e0 = t.fma(u0, e0);
            e1 = t.fma(u1, e1);
            e2 = t.fma(u2, e2);
            e3 = t.fma(u3, e3);
            t = FloatVector.broadcast(SPECIES, x[q + 4]);
            f0 = t.fma(u0, f0);
            f1 = t.fma(u1, f1);
            f2 = t.fma(u2, f2);
            f3 = t.fma(u3, f3);
            t = FloatVector.broadcast(SPECIES, x[q + 5]);
            g0 = t.fma(u0, g0);
            g1 = t.fma(u1, g1);
            g2 = t.fma(u2, g2);
            g3 = t.fma(u3, g3);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + LANES);
        a2.intoArray(sums, at + 2 * LANES);
        a3.intoArray(sums, at + 3 * LANES);
        b0.intoArray(sums, at1);
        b1.intoArray(sums, at1 + LANES);
        b2.intoArray(sums, at1 + 2 * LANES);
        b3.intoArray(sums, at1 + 3 * LANES);
        c0.intoArray(sums, at2);
        c1.intoArray(sums, at2 + LANES);
        c2.intoArray(sums, at2 + 2 * LANES);
        c3.intoArray(sums, at2 + 3 * LANES);
        e0.intoArray(sums, at3);
        e1.intoArray(sums, at3 + LANES);
        e2.intoArray(sums, at3 + 2 * LANES);
        e3.intoArray(sums, at3 + 3 * LANES);
        f0.intoArray(sums, at4);
        f1.intoArray(sums, at4 + LANES);
        f2.intoArray(sums, at4 + 2 * LANES);
        f3.intoArray(sums, at4 + 3 * LANES);
        g0.intoArray(sums, at5);
        g1.intoArray(sums, at5 + LANES);
        g2.intoArray(sums, at5 + 2 * LANES);
        g3.intoArray(sums, at5 + 3 * LANES);
    }

    /** {@link #tileOfSix} for a half panel and twelve rows: six from {@code x0} on, six from {@code x1}. */
    static void tileOfTwelve(
            float[] x, int x0, int x1, int count, float[] panel, int p0, float[] sums, int at, int step) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        int at1 = at + step;
        FloatVector b0 = FloatVector.fromArray(SPECIES, sums, at1);
        FloatVector b1 = FloatVector.fromArray(SPECIES, sums, at1 + LANES);
        int at2 = at1 + step;
        FloatVector c0 = FloatVector.fromArray(SPECIES, sums, at2);
        FloatVector c1 = FloatVector.fromArray(SPECIES, sums, at2 + LANES);
        int at3 = at2 + step;
        FloatVector e0 = FloatVector.fromArray(SPECIES, sums, at3);
        FloatVector e1 = FloatVector.fromArray(SPECIES, sums, at3 + LANES);
        int at4 = at3 + step;
        FloatVector f0 = FloatVector.fromArray(SPECIES, sums, at4);
        FloatVector f1 = FloatVector.fromArray(SPECIES, sums, at4 + LANES);
        int at5 = at4 + step;
        FloatVector g0 = FloatVector.fromArray(SPECIES, sums, at5);
        FloatVector g1 = FloatVector.fromArray(SPECIES, sums, at5 + LANES);
        int at6 = at5 + step;
        FloatVector h0 = FloatVector.fromArray(SPECIES, sums, at6);
        FloatVector h1 = FloatVector.fromArray(SPECIES, sums, at6 + LANES);
        int at7 = at6 + step;
        FloatVector i0 = FloatVector.fromArray(SPECIES, sums, at7);
        FloatVector i1 = FloatVector.fromArray(SPECIES, sums, at7 + LANES);
        int at8 = at7 + step;
        FloatVector j0 = FloatVector.fromArray(SPECIES, sums, at8);
        FloatVector j1 = FloatVector.fromArray(SPECIES, sums, at8 + LANES);
        int at9 = at8 + step;
        FloatVector l0 = FloatVector.fromArray(SPECIES, sums, at9);
        FloatVector l1 = FloatVector.fromArray(SPECIES, sums, at9 + LANES);
        int at10 = at9 + step;
        FloatVector m0 = FloatVector.fromArray(SPECIES, sums, at10);
        FloatVector m1 = FloatVector.fromArray(SPECIES, sums, at10 + LANES);
        int at11 = at10 + step;
        FloatVector n0 = FloatVector.fromArray(SPECIES, sums, at11);
        FloatVector n1 = FloatVector.fromArray(SPECIES, sums, at11 + LANES);
        for (int k = 0; k < count; k++) {
            int p = p0 + k * HALF;
            int q = x0 + k * 6;
            int s = x1 + k * 6;
            FloatVector u0 = FloatVector.fromArray(SPECIES, panel, p);
            FloatVector u1 = FloatVector.fromArray(SPECIES, panel, p + LANES);
            FloatVector t = FloatVector.broadcast(SPECIES, x[q]);
            a0 = t.fma(u0, a0);
            a1 = t.fma(u1, a1);
            t = FloatVector.broadcast(SPECIES, x[q + 1]);
            b0 = t.fma(u0, b0);
            b1 = t.fma(u1, b1);
            t = FloatVector.broadcast(SPECIES, x[q + 2]);
            c0 = t.fma(u0, c0);
            c1 = t.fma(u1, c1);
            t = FloatVector.broadcast(SPECIES, x[q + 3]);
            e0 = t.fma(u0, e0);
            e1 = t.fma(u1, e1);
            t = FloatVector.broadcast(SPECIES, x[q + 4]);
            f0 = t.fma(u0, f0);
            f1 = t.fma(u1, f1);
            t = FloatVector.broadcast(SPECIES, x[q + 5]);
            g0 = t.fma(u0, g0);
            g1 = t.fma(u1, g1);
            t = FloatVector.broadcast(SPECIES, x[s]);
            h0 = t.fma(u0, h0);
            h1 = t.fma(u1, h1);
            t = FloatVector.broadcast(SPECIES, x[s + 1]);
            i0 = t.fma(u0, i0);
            i1 = t.fma(u1, i1);
            t = FloatVector.broadcast(SPECIES, x[s + 2]);
            j0 = t.fma(u0, j0);
            j1 = t.fma(u1, j1);
            t = FloatVector.broadcast(SPECIES, x[s + 3]);
            l0 = t.fma(u0, l0);
            l1 = t.fma(u1, l1);
            t = FloatVector.broadcast(SPECIES, x[s + 4]);
            m0 = t.fma(u0, m0);
            m1 = t.fma(u1, m1);
            t = FloatVector.broadcast(SPECIES, x[s + 5]);
            n0 = t.fma(u0, n0);
            n1 = t.fma(u1, n1);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + LANES);
        b0.intoArray(sums, at1);
        b1.intoArray(sums, at1 + LANES);
        c0.intoArray(sums, at2);
        c1.intoArray(sums, at2 + LANES);
        e0.intoArray(sums, at3);
        e1.intoArray(sums, at3 + LANES);
        f0.intoArray(sums, at4);
        f1.intoArray(sums, at4 + LANES);
        g0.intoArray(sums, at5);
        g1.intoArray(sums, at5 + LANES);
        h0.intoArray(sums, at6);
        h1.intoArray(sums, at6 + LANES);
        i0.intoArray(sums, at7);
        i1.intoArray(sums, at7 + LANES);
        j0.intoArray(sums, at8);
        j1.intoArray(sums, at8 + LANES);
        l0.intoArray(sums, at9);
        l1.intoArray(sums, at9 + LANES);
        m0.intoArray(sums, at10);
        m1.intoArray(sums, at10 + LANES);
        n0.intoArray(sums, at11);
        n1.intoArray(sums, at11 + LANES);
    }

    /** Adds the products of one row, as it is, with a panel over some dimensions. */
    static void row(float[] x, int x0, int count, float[] panel, int p0, float[] sums, int at) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        FloatVector a2 = FloatVector.fromArray(SPECIES, sums, at + 2 * LANES);
        FloatVector a3 = FloatVector.fromArray(SPECIES, sums, at + 3 * LANES);
        for (int k = 0; k < count; k++) {
            int p = p0 + k * WIDTH;
            FloatVector t = FloatVector.broadcast(SPECIES, x[x0 + k]);
            a0 = t.fma(FloatVector.fromArray(SPECIES, panel, p), a0);
            a1 = t.fma(FloatVector.fromArray(SPECIES, panel, p + LANES), a1);
            a2 = t.fma(FloatVector.fromArray(SPECIES, panel, p + 2 * LANES), a2);
            a3 = t.fma(FloatVector.fromArray(SPECIES, panel, p + 3 * LANES), a3);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + LANES);
        a2.intoArray(sums, at + 2 * LANES);
        a3.intoArray(sums, at + 3 * LANES);
    }

    /** {@link #row} for a half panel. */
    static void halfRow(float[] x, int x0, int count, float[] panel, int p0, float[] sums, int at) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        for (int k = 0; k < count; k++) {
            int p = p0 + k * HALF;
            FloatVector t = FloatVector.broadcast(SPECIES, x[x0 + k]);
            a0 = t.fma(FloatVector.fromArray(SPECIES, panel, p), a0);
            a1 = t.fma(FloatVector.fromArray(SPECIES, panel, p + LANES), a1);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + LANES);
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

    /** The largest of some values, a multiple of WIDTH. */
    static float max(float[] values, int at, int size) {
        FloatVector a = FloatVector.fromArray(SPECIES, values, at);
        FloatVector b = FloatVector.fromArray(SPECIES, values, at + LANES);
        FloatVector c = FloatVector.fromArray(SPECIES, values, at + 2 * LANES);
        FloatVector e = FloatVector.fromArray(SPECIES, values, at + 3 * LANES);
        for (int j = WIDTH; j < size; j += WIDTH) {
            a = a.max(FloatVector.fromArray(SPECIES, values, at + j));
            b = b.max(FloatVector.fromArray(SPECIES, values, at + j + LANES));
            c = c.max(FloatVector.fromArray(SPECIES, values, at + j + 2 * LANES));
            e = e.max(FloatVector.fromArray(SPECIES, values, at + j + 3 * LANES));
        }
        return a.max(b).max(c.max(e)).reduceLanes(VectorOperators.MAX);
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

    /**
     * The first row, from a given one on, with a score that is not below its limit.
     *
     * @param products WIDTH of each row
     * @param at where those of the first row start
     * @param step from one row's to the next
     * @param row where to begin
     * @param rows number of rows
     * @param scales of the rows, from index {@code from}
     * @param biases the same
     * @param limits WIDTH values
     * @return the row, or {@code rows}
     */
    static int find(
            float[] products,
            int at,
            int step,
            int row,
            int rows,
            float[] scales,
            float[] biases,
            int from,
            float[] limits) {
        FloatVector limit0 = FloatVector.fromArray(SPECIES, limits, 0);
        FloatVector limit1 = FloatVector.fromArray(SPECIES, limits, LANES);
        FloatVector limit2 = FloatVector.fromArray(SPECIES, limits, 2 * LANES);
        FloatVector limit3 = FloatVector.fromArray(SPECIES, limits, 3 * LANES);
        for (int i = row; i < rows; i++) {
            int p = at + i * step;
            FloatVector scale = FloatVector.broadcast(SPECIES, scales[from + i]);
            FloatVector bias = FloatVector.broadcast(SPECIES, biases[from + i]);
            FloatVector a = FloatVector.fromArray(SPECIES, products, p).fma(scale, bias);
            FloatVector b = FloatVector.fromArray(SPECIES, products, p + LANES).fma(scale, bias);
            FloatVector c =
                    FloatVector.fromArray(SPECIES, products, p + 2 * LANES).fma(scale, bias);
            FloatVector e =
                    FloatVector.fromArray(SPECIES, products, p + 3 * LANES).fma(scale, bias);
            if (!a.lt(limit0)
                    .and(b.lt(limit1))
                    .and(c.lt(limit2))
                    .and(e.lt(limit3))
                    .allTrue()) {
                return i;
            }
        }
        return rows;
    }

    /** Whether one of LANES scores is not below its limit. */
    static boolean reaches(float[] products, int at, float scale, float bias, float[] limits, int first) {
        return !FloatVector.fromArray(SPECIES, products, at)
                .fma(FloatVector.broadcast(SPECIES, scale), FloatVector.broadcast(SPECIES, bias))
                .lt(FloatVector.fromArray(SPECIES, limits, first))
                .allTrue();
    }
}
