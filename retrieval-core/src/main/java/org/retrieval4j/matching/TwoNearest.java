package org.retrieval4j.matching;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * The two nearest of the others for each of our vectors. Float32 scores find three candidates; whenever the proven
 * error bound leaves open which are the two nearest or in which order, exact distances in the fixed-order routine
 * decide, ties to the smaller index. So the result does not depend on the kernels. For one thread.
 */
final class TwoNearest {
    /** Dimensions after which a distance is given up if it is too large already. */
    private static final int PREFIX = 32;

    private static final double ROUNDING = 1 + 1e-12;

    private final FloatMatrix own;
    private final FloatMatrix others;
    private final float[] ownNorms;
    private final double[] margins;

    // scores x·y − |y|²/2 of the three best; ids of two suffice, the third only tells whether they are certain
    private final float[] first;
    private final float[] second;
    private final float[] third;
    private final int[] firstId;
    private final int[] secondId;

    private final boolean[] settled;
    private final double[] firstDistance;
    private final double[] secondDistance;

    TwoNearest(FloatMatrix own, float[] ownNorms, FloatMatrix others, float[] otherNorms) {
        this.own = own;
        this.others = others;
        this.ownNorms = ownNorms;
        int n = own.rows();
        this.margins = margins(own.columns(), ownNorms, otherNorms);
        this.first = lowest(n);
        this.second = lowest(n);
        this.third = lowest(n);
        this.firstId = none(n);
        this.secondId = none(n);
        this.settled = new boolean[n];
        this.firstDistance = new double[n];
        this.secondDistance = new double[n];
    }

    /** Scores that any of the others must exceed to count; read by the loop that offers them. */
    float[] thresholds() {
        return third;
    }

    /** Takes a score larger than {@code thresholds()[i]}; ids come in ascending order. */
    void offer(int i, float score, int id) {
        if (score > second[i]) {
            third[i] = second[i];
            if (score > first[i]) {
                second[i] = first[i];
                secondId[i] = firstId[i];
                first[i] = score;
                firstId[i] = id;
            } else {
                second[i] = score;
                secondId[i] = id;
            }
        } else {
            third[i] = score;
        }
    }

    /** The nearest of the others. */
    int nearest(int i) {
        if (!(first[i] - second[i] > margins[i])) {
            settle(i);
        }
        return firstId[i];
    }

    /** What the squared distance to the nearest is not below, without the cost of knowing it. */
    double leastSquaredDistance(int i) {
        return Math.max(0, ownNorms[i] - 2.0 * first[i] - slack(i));
    }

    /** What the squared distance to the second nearest is not above; infinite if there is none. */
    double mostSecondSquaredDistance(int i) {
        return ownNorms[i] - 2.0 * second[i] + slack(i);
    }

    /** The score's bound twice, and that of the norm. */
    private double slack(int i) {
        return 2 * margins[i] + 2 * Kernels.errorBound(own.columns()) * ownNorms[i];
    }

    /** Squared distance to the nearest. */
    double squaredDistance(int i) {
        settle(i);
        return firstDistance[i];
    }

    /** Squared distance to the second nearest, infinite if there is none. */
    double secondSquaredDistance(int i) {
        settle(i);
        return secondDistance[i];
    }

    private void settle(int i) {
        if (settled[i]) {
            return;
        }
        settled[i] = true;
        firstDistance[i] = Double.POSITIVE_INFINITY;
        secondDistance[i] = Double.POSITIVE_INFINITY;
        if (second[i] - third[i] > margins[i]) {
            int a = Math.min(firstId[i], secondId[i]);
            int b = Math.max(firstId[i], secondId[i]);
            insert(i, a, distance(i, a, own.columns()));
            insert(i, b, distance(i, b, own.columns()));
        } else {
            scan(i);
        }
    }

    // O(n·d) at worst; rare: two of the others must lie within some 1e-5 of each other's distance
    private void scan(int i) {
        int d = own.columns();
        for (int j = 0; j < others.rows(); j++) {
            if (d <= 2 * PREFIX || distance(i, j, PREFIX) <= secondDistance[i] * ROUNDING) {
                insert(i, j, distance(i, j, d));
            }
        }
    }

    private void insert(int i, int id, double distance) {
        if (distance < firstDistance[i]) {
            secondDistance[i] = firstDistance[i];
            secondId[i] = firstId[i];
            firstDistance[i] = distance;
            firstId[i] = id;
        } else if (distance < secondDistance[i]) {
            secondDistance[i] = distance;
            secondId[i] = id;
        }
    }

    private double distance(int i, int j, int dimensions) {
        int d = own.columns();
        return Kernels.fixedOrderSquaredDistance(
                own.array(), own.offset() + i * d, others.array(), others.offset() + j * d, dimensions);
    }

    // Twice what a score can be off: |x||y| bounds the product, |y|² the subtracted half norm.
    private static double[] margins(int d, float[] ownNorms, float[] otherNorms) {
        double largest = 0;
        for (float norm : otherNorms) {
            largest = Math.max(largest, norm);
        }
        double bound = 2 * Kernels.errorBound(d);
        double[] margins = new double[ownNorms.length];
        for (int i = 0; i < margins.length; i++) {
            double size = Math.sqrt(ownNorms[i] * largest) + largest;
            // products that may have overflowed decide nothing
            margins[i] = size < 0.5 * Float.MAX_VALUE ? bound * size + Float.MIN_NORMAL : Double.POSITIVE_INFINITY;
        }
        return margins;
    }

    private static float[] lowest(int n) {
        float[] values = new float[n];
        Arrays.fill(values, Float.NEGATIVE_INFINITY);
        return values;
    }

    private static int[] none(int n) {
        int[] ids = new int[n];
        Arrays.fill(ids, -1);
        return ids;
    }
}
