package org.retrieval4j.localization.geometry;

/**
 * Homographies, affine maps and similarities for {@link Ransac}: a model is a 3 x 3 matrix with h₃₃ = 1, the error the
 * symmetric transfer error.
 */
final class PlanarEstimator implements ModelEstimator {
    private final PlanarKind kind;
    private final Correspondences data;
    private final PlanarRefinement refinement = new PlanarRefinement();

    PlanarEstimator(PlanarKind kind, Correspondences data) {
        this.kind = kind;
        this.data = data;
    }

    @Override
    public int size() {
        return data.size();
    }

    @Override
    public int sampleSize() {
        return switch (kind) {
            case HOMOGRAPHY -> 4;
            case AFFINE -> 3;
            case SIMILARITY -> 2;
        };
    }

    @Override
    public int modelSize() {
        return 9;
    }

    @Override
    public int maxModels() {
        return 1;
    }

    @Override
    public int generate(int[] sample, double[] models) {
        double[] x1 = data.x1();
        double[] y1 = data.y1();
        double[] x2 = data.x2();
        double[] y2 = data.y2();
        return switch (kind) {
            case HOMOGRAPHY -> {
                if (!HomographySolver.isSound(x1, y1, x2, y2, sample)) {
                    yield 0;
                }
                HomographySolver.solve(x1, y1, x2, y2, sample, models);
                yield normalize(models) ? 1 : 0;
            }
            case AFFINE -> AffineSolver.solve(x1, y1, x2, y2, sample, models) ? 1 : 0;
            case SIMILARITY -> SimilaritySolver.solve(x1, y1, x2, y2, sample, models) ? 1 : 0;
        };
    }

    // A plane whose horizon runs through the picture's center is out of reach of h33 = 1; no photograph shows one well.
    private static boolean normalize(double[] h) {
        double scale = Math.abs(h[6]) + Math.abs(h[7]);
        if (!(Math.abs(h[8]) > 1e-3 * scale)) {
            return false;
        }
        double inverse = 1 / h[8];
        for (int i = 0; i < 9; i++) {
            h[i] *= inverse;
        }
        return true;
    }

    @Override
    public void squaredErrors(double[] model, int from, int to, double[] errors) {
        double[] x1 = data.x1();
        double[] y1 = data.y1();
        double[] x2 = data.x2();
        double[] y2 = data.y2();
        double a = model[0];
        double b = model[1];
        double c = model[2];
        double d = model[3];
        double e = model[4];
        double f = model[5];
        double g = model[6];
        double h = model[7];
        double k = model[8];
        // the adjugate: the inverse up to scale
        double ia = e * k - f * h;
        double ib = c * h - b * k;
        double ic = b * f - c * e;
        double id = f * g - d * k;
        double ie = a * k - c * g;
        double jf = c * d - a * f;
        double ig = d * h - e * g;
        double ih = b * g - a * h;
        double ik = a * e - b * d;
        // no branch, so that the compiler can run several pairs at once
        for (int i = from; i < to; i++) {
            double px = x1[i];
            double py = y1[i];
            double qx = x2[i];
            double qy = y2[i];
            double forward = 1 / (g * px + h * py + k);
            double backward = 1 / (ig * qx + ih * qy + ik);
            double fx = (a * px + b * py + c) * forward - qx;
            double fy = (d * px + e * py + f) * forward - qy;
            double bx = (ia * qx + ib * qy + ic) * backward - px;
            double by = (id * qx + ie * qy + jf) * backward - py;
            errors[i] = 0.5 * (fx * fx + fy * fy + bx * bx + by * by);
        }
    }

    @Override
    public boolean refine(double[] model, double[] weights) {
        return refinement.refine(kind, data, weights, model);
    }
}
