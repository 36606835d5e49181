package org.retrieval4j.kernel;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;

/**
 * {@link NearestRow} for scalar kernels and many vectors: the vectors stand in lanes, 512 at a time, and the scores
 * x·c − |c|²/2 of a group of centroids are computed for all of them at once. Only lanes where a group holds a score
 * near the best so far are looked at one by one. The result is the same.
 */
final class LaneAssignment {
    private static final int GROUP = 32;

    private final FloatMatrix x;
    private final FloatMatrix centroids;
    private final float[] squaredNorms;
    private final double largest;
    private final double bound;

    // one value a lane in each array
    private final float[][] dimensions;
    private final float[][] scores;
    private final float[] groupBest;
    private final float[] xNorms;
    private final float[] margins;
    private final float[] thresholds;
    private final float[] best;
    private final float[] second;
    private final int[] id;

    LaneAssignment(FloatMatrix x, Kernels.Operand centroids) {
        this.x = x;
        this.centroids = centroids.matrix();
        this.squaredNorms = centroids.squaredNorms();
        double max = 0;
        for (float norm : squaredNorms) {
            max = Math.max(max, norm);
        }
        this.largest = max;
        this.bound = 2 * Kernels.errorBound(x.columns());
        int lanes = Lanes.perBlock(x.rows());
        this.dimensions = new float[x.columns()][lanes];
        this.scores = new float[Math.min(GROUP, this.centroids.rows())][lanes];
        this.groupBest = new float[lanes];
        this.xNorms = new float[lanes];
        this.margins = new float[lanes];
        this.thresholds = new float[lanes];
        this.best = new float[lanes];
        this.second = new float[lanes];
        this.id = new int[lanes];
    }

    void run(int[] ids) {
        int lanes = groupBest.length;
        for (int from = 0; from < x.rows(); from += lanes) {
            int to = Math.min(x.rows(), from + lanes);
            // lanes behind the last vector keep older ones, and nobody looks at them
            Lanes.pack(x.rows(from, to), dimensions, 0);
            start(to - from);
            for (int c = 0; c < centroids.rows(); c += GROUP) {
                score(c, Math.min(centroids.rows(), c + GROUP));
                compare(c, Math.min(GROUP, centroids.rows() - c), to - from);
            }
            for (int j = 0; j < to - from; j++) {
                // a margin that is not finite fails the comparison
                ids[from + j] = best[j] - second[j] > margins[j] ? id[j] : exact(from + j);
            }
        }
    }

    private void start(int width) {
        Arrays.fill(xNorms, 0);
        for (float[] dimension : dimensions) {
            Lanes.addSquare(xNorms, dimension);
        }
        for (int j = 0; j < width; j++) {
            // the norm is only near, and scores are compared in float32: a quarter more covers both
            double size = 1.25 * (Math.sqrt(xNorms[j] * largest) + largest);
            margins[j] =
                    size < 0.5 * Float.MAX_VALUE ? (float) (bound * size) + Float.MIN_NORMAL : Float.POSITIVE_INFINITY;
        }
        Arrays.fill(best, Float.NEGATIVE_INFINITY);
        Arrays.fill(second, Float.NEGATIVE_INFINITY);
        Arrays.fill(thresholds, Float.NEGATIVE_INFINITY);
    }

    // O(m·n·d) over all calls
    private void score(int from, int to) {
        for (int c = from; c < to; c++) {
            Arrays.fill(scores[c - from], -0.5f * squaredNorms[c]);
        }
        Lanes.addProducts(centroids.rows(from, to), dimensions, 0, scores);
        Arrays.fill(groupBest, Float.NEGATIVE_INFINITY);
        int c = 0;
        for (; c + 1 < to - from; c += 2) {
            Lanes.raise(groupBest, scores[c], scores[c + 1]);
        }
        if (c < to - from) {
            Lanes.raise(groupBest, scores[c], scores[c]);
        }
    }

    private void compare(int from, int count, int width) {
        for (int j = 0; j < width; j++) {
            if (groupBest[j] > thresholds[j]) {
                float first = best[j];
                float next = second[j];
                for (int c = 0; c < count; c++) {
                    float score = scores[c][j];
                    if (score > next) {
                        if (score > first) {
                            next = first;
                            first = score;
                            id[j] = from + c;
                        } else {
                            next = score;
                        }
                    }
                }
                best[j] = first;
                second[j] = next;
                thresholds[j] = first - margins[j];
            }
        }
    }

    // O(n·d); rare: two centroids must be some 1e-5 from equally near
    private int exact(int row) {
        int d = x.columns();
        int at = x.offset() + row * d;
        double smallest = Double.POSITIVE_INFINITY;
        int nearest = 0;
        for (int c = 0; c < centroids.rows(); c++) {
            double distance =
                    FixedOrder.squaredDistance(x.array(), at, centroids.array(), centroids.offset() + c * d, d);
            if (distance < smallest) {
                smallest = distance;
                nearest = c;
            }
        }
        return nearest;
    }
}
