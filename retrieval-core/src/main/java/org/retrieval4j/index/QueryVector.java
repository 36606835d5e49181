package org.retrieval4j.index;

import java.util.List;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.kernel.Kernels;

/** A query and its scores: the exact ones of {@link FlatIndex}, and what a product in float32 says of them. */
final class QueryVector {
    private final Metric metric;
    private final float[] values;
    private final double norm;
    private final double relativeError;
    private final double absoluteError;

    QueryVector(Metric metric, float[] values) {
        int d = values.length;
        this.metric = metric;
        this.values = values;
        this.norm = Math.sqrt(Kernels.fixedOrderDot(values, 0, values, 0, d));
        this.relativeError = Kernels.errorBound(d);
        this.absoluteError = 8.0 * d * Float.MIN_NORMAL; // kernels may flush what is smaller to zero
    }

    /** The values of a dense descriptor. */
    static float[] values(GlobalDescriptor dense) {
        return ((GlobalDescriptor.Dense) dense).values();
    }

    /** Dense descriptors as the rows of a matrix. */
    static FloatMatrix matrix(List<? extends GlobalDescriptor> dense) {
        int d = dense.get(0).dimension();
        float[] values = new float[Math.multiplyExact(dense.size(), d)];
        for (int i = 0; i < dense.size(); i++) {
            System.arraycopy(values(dense.get(i)), 0, values, i * d, d);
        }
        return FloatMatrix.of(dense.size(), d, values);
    }

    float[] values() {
        return values;
    }

    /** The score that decides, in double in a fixed order, rounded once. */
    float score(float[] array, int at, double otherNorm) {
        double both = norm * otherNorm;
        int d = values.length;
        return TopK.rounded(
                switch (metric) {
                    case IP -> Kernels.fixedOrderDot(values, 0, array, at, d);
                    case L2 -> -Kernels.fixedOrderSquaredDistance(values, 0, array, at, d);
                    case COSINE -> both == 0 ? 0 : Kernels.fixedOrderDot(values, 0, array, at, d) / both;
                });
    }

    /** The largest score that another vector can have, given the product in float32; NaN if it says nothing. */
    double bound(float product, double otherNorm) {
        double both = norm * otherNorm;
        double largest = both < 1e36 ? product + relativeError * both + absoluteError : Double.NaN;
        return switch (metric) {
            case IP -> largest;
            case COSINE -> both == 0 ? 0 : largest / both;
            case L2 -> {
                double squares = norm * norm + otherNorm * otherNorm;
                yield 2 * largest - squares + 1e-14 * squares;
            }
        };
    }

    /** Tells whether a vector could reach a score, for all that the product tells. */
    boolean reaches(float threshold, float product, double otherNorm) {
        if (threshold == Float.NEGATIVE_INFINITY) {
            return true;
        }
        // exact scores are rounded to float; "not less" lets NaN pass
        double least = threshold - Math.abs((double) threshold) * 0x1p-23;
        return !(bound(product, otherNorm) < least);
    }

    /** Tells whether a node at a distance of {@link NodeDistances} could reach a score. */
    boolean reachesAt(float threshold, float distance, double otherNorm) {
        if (metric != Metric.L2) {
            float product = metric == Metric.IP ? -distance : (float) (-distance * norm * otherNorm);
            return reaches(threshold, product, otherNorm);
        }
        double least = threshold - Math.abs((double) threshold) * 0x1p-23;
        return !(-distance * (1 - 2 * relativeError) + absoluteError < least);
    }
}
