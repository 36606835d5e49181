package org.retrieval4j.localization.geometry;

/**
 * Mends fundamental matrices of samples that mostly lie on one plane: with five pairs of seven or more on it, all pairs of the
 * plane agree with a matrix that is otherwise wrong, and a search stops, content with it (DEGENSAC; Chum, Werner and Matas,
 * Two-view geometry estimation unaffected by a dominant plane, CVPR 2005). The plane's homography H is found in the matrix;
 * two pairs that are not on the plane then give the epipole, e₂ = (x₂ × H x₁) × (y₂ × H y₁), and F = [e₂]ₓ H, and the best
 * such matrix replaces the first one where more pairs agree with it. Not thread-safe: holds scratch space.
 */
final class DominantPlane {
    /** Any five of seven pairs have one of these triples among them (section 3 of the paper). */
    private static final int[][] TRIPLES = {{0, 1, 2}, {3, 4, 5}, {0, 1, 6}, {3, 4, 6}, {2, 5, 6}};

    /** Pairs of a sample on a plane that leave a matrix undetermined. */
    private static final int DEGENERATE = 5;

    /** Largest distances from a rough and from a refined map, in largest errors, squared. */
    private static final double ROUGH = 9;

    private static final double FINE = 4;

    private static final int REFINEMENTS = 3;
    private static final int MOST_PAIRS = 300;
    private static final double MISSED = 0.01;

    private final Correspondences data;
    private final ModelEstimator matrices;
    private final PlanarRefinement refinement = new PlanarRefinement();
    private final double[] errors;
    private final double[] weights;
    private final int[] others;
    private final double[] epipole = new double[3];
    private final double[] planar = new double[9];
    private final double[] best = new double[9];
    private final double[] trial = new double[9];
    private final double[] first = new double[3];
    private final double[] second = new double[3];

    /**
     * For one search.
     *
     * @param data the pairs
     * @param matrices what tells errors of fundamental matrices
     */
    DominantPlane(Correspondences data, ModelEstimator matrices) {
        this.data = data;
        this.matrices = matrices;
        errors = new double[data.size()];
        weights = new double[data.size()];
        others = new int[data.size()];
    }

    /**
     * Replaces the matrix of a degenerate sample by a better one.
     *
     * @param sample seven pairs
     * @param f their matrix, overwritten if there is a better one
     * @param squaredError of a pair that agrees, squared
     * @return whether it was replaced
     */
    boolean mend(int[] sample, double[] f, double squaredError) {
        if (!findPlane(sample, f, squaredError)) {
            return false;
        }
        int count = 0;
        for (int i = 0; i < data.size(); i++) {
            if (!(transferError(planar, i) < FINE * squaredError)) {
                others[count++] = i;
            }
        }
        if (count < 2) {
            return false;
        }
        double cost = cost(f, squaredError);
        boolean better = false;
        double needed = MOST_PAIRS;
        long state = 0;
        for (int tries = 0; tries < needed; tries++) {
            state += Sampler.GOLDEN;
            int a = others[Sampler.below(count, Sampler.mix(state))];
            state += Sampler.GOLDEN;
            int b = others[Sampler.below(count, Sampler.mix(state))];
            if (a == b || !ofParallax(a, b)) {
                continue;
            }
            double found = cost(trial, squaredError);
            if (found < cost) {
                cost = found;
                better = true;
                System.arraycopy(trial, 0, best, 0, 9);
                int agreeing = 0;
                for (int k = 0; k < count; k++) {
                    agreeing += errors[others[k]] < squaredError ? 1 : 0;
                }
                double share = (double) agreeing / count;
                needed = Math.min(MOST_PAIRS, Math.log(MISSED) / Math.log1p(-Math.min(share * share, 0.999)));
            }
        }
        if (better) {
            System.arraycopy(best, 0, f, 0, 9);
        }
        return better;
    }

    /** The map of a plane with five of the sample or more, refined on all pairs near it. */
    private boolean findPlane(int[] sample, double[] f, double squaredError) {
        epipole(f);
        boolean found = false;
        for (int t = 0; t < TRIPLES.length && !found; t++) {
            if (!ofMatrix(f, sample[TRIPLES[t][0]], sample[TRIPLES[t][1]], sample[TRIPLES[t][2]])) {
                continue;
            }
            int near = 0;
            for (int i : sample) {
                near += transferError(planar, i) < ROUGH * squaredError ? 1 : 0;
            }
            found = near >= DEGENERATE;
        }
        for (int step = 0; step < REFINEMENTS && found; step++) {
            double limit = (step == 0 ? ROUGH : FINE) * squaredError;
            for (int i = 0; i < weights.length; i++) {
                weights[i] = transferError(planar, i) < limit ? 1 : 0;
            }
            found = planar[8] != 0 && refinement.refine(PlanarKind.HOMOGRAPHY, data, weights, planar);
        }
        return found;
    }

    /** e₂ with e₂ᵀ F = 0, of length 1: the longest cross product of two columns. */
    private void epipole(double[] f) {
        double longest = -1;
        for (int j = 0; j < 3; j++) {
            int k = (j + 1) % 3;
            cross(f[j], f[3 + j], f[6 + j], f[k], f[3 + k], f[6 + k], first);
            double length = first[0] * first[0] + first[1] * first[1] + first[2] * first[2];
            if (length > longest) {
                longest = length;
                System.arraycopy(first, 0, epipole, 0, 3);
            }
        }
        double scale = longest > 0 ? 1 / Math.sqrt(longest) : 0;
        for (int i = 0; i < 3; i++) {
            epipole[i] *= scale;
        }
    }

    /**
     * H = A − e₂ (M⁻¹ b)ᵀ with A = [e₂]ₓ F, the rows of M the three first points, and
     * bᵢ = (x₂ × A x₁)ᵀ (x₂ × e₂) / |x₂ × e₂|² (Hartley and Zisserman, result 13.6), with h₃₃ = 1.
     */
    private boolean ofMatrix(double[] f, int p, int q, int r) {
        double[] h = planar;
        double[] e = epipole;
        for (int j = 0; j < 3; j++) {
            h[j] = e[1] * f[6 + j] - e[2] * f[3 + j];
            h[3 + j] = e[2] * f[j] - e[0] * f[6 + j];
            h[6 + j] = e[0] * f[3 + j] - e[1] * f[j];
        }
        double bp = shift(p);
        double bq = shift(q);
        double br = shift(r);
        double[] x = data.x1();
        double[] y = data.y1();
        // Cramer's rule for v with v · (x, y, 1) = b at the three points
        double determinant = (x[q] - x[p]) * (y[r] - y[p]) - (x[r] - x[p]) * (y[q] - y[p]);
        double vx = ((bq - bp) * (y[r] - y[p]) - (br - bp) * (y[q] - y[p])) / determinant;
        double vy = ((x[q] - x[p]) * (br - bp) - (x[r] - x[p]) * (bq - bp)) / determinant;
        double v1 = bp - vx * x[p] - vy * y[p];
        for (int i = 0; i < 3; i++) {
            h[3 * i] -= e[i] * vx;
            h[3 * i + 1] -= e[i] * vy;
            h[3 * i + 2] -= e[i] * v1;
        }
        double scale = 1 / h[8];
        double sum = 0;
        for (int i = 0; i < 9; i++) {
            h[i] *= scale;
            sum += h[i];
        }
        return Double.isFinite(sum);
    }

    private double shift(int i) {
        mapped(planar, i, first); // A x₁ so far
        double u = data.x2()[i];
        double v = data.y2()[i];
        cross(u, v, 1, first[0], first[1], first[2], second);
        cross(u, v, 1, epipole[0], epipole[1], epipole[2], first);
        double squared = first[0] * first[0] + first[1] * first[1] + first[2] * first[2];
        return (second[0] * first[0] + second[1] * first[1] + second[2] * first[2]) / squared;
    }

    /** F = [e₂]ₓ H with the epipole where the parallaxes of two pairs meet. */
    private boolean ofParallax(int a, int b) {
        parallax(a, first);
        double ax = first[0];
        double ay = first[1];
        double az = first[2];
        parallax(b, first);
        cross(ax, ay, az, first[0], first[1], first[2], second);
        double squared = 0;
        for (int j = 0; j < 3; j++) {
            double x = planar[j];
            double y = planar[3 + j];
            double z = planar[6 + j];
            trial[j] = second[1] * z - second[2] * y;
            trial[3 + j] = second[2] * x - second[0] * z;
            trial[6 + j] = second[0] * y - second[1] * x;
            squared += trial[j] * trial[j] + trial[3 + j] * trial[3 + j] + trial[6 + j] * trial[6 + j];
        }
        double scale = 1 / Math.sqrt(squared);
        for (int i = 0; i < 9; i++) {
            trial[i] *= scale;
        }
        return squared > 0 && !Double.isInfinite(scale);
    }

    /** The line through x₂ and H x₁, of length 1. */
    private void parallax(int i, double[] line) {
        mapped(planar, i, line);
        cross(data.x2()[i], data.y2()[i], 1, line[0], line[1], line[2], line);
        double length = Math.sqrt(line[0] * line[0] + line[1] * line[1] + line[2] * line[2]);
        for (int k = 0; k < 3; k++) {
            line[k] /= length;
        }
    }

    private double transferError(double[] h, int i) {
        double x = data.x1()[i];
        double y = data.y1()[i];
        double w = 1 / (h[6] * x + h[7] * y + h[8]);
        double u = (h[0] * x + h[1] * y + h[2]) * w - data.x2()[i];
        double v = (h[3] * x + h[4] * y + h[5]) * w - data.y2()[i];
        return u * u + v * v;
    }

    private void mapped(double[] h, int i, double[] to) {
        double x = data.x1()[i];
        double y = data.y1()[i];
        to[0] = h[0] * x + h[1] * y + h[2];
        to[1] = h[3] * x + h[4] * y + h[5];
        to[2] = h[6] * x + h[7] * y + h[8];
    }

    private double cost(double[] f, double squaredError) {
        matrices.squaredErrors(f, 0, data.size(), errors);
        return Scoring.MSAC.cost(errors, 0, data.size(), 1 / squaredError);
    }

    private static void cross(double ax, double ay, double az, double bx, double by, double bz, double[] to) {
        to[0] = ay * bz - az * by;
        to[1] = az * bx - ax * bz;
        to[2] = ax * by - ay * bx;
    }
}
