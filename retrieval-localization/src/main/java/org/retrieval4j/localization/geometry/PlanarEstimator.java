package org.retrieval4j.localization.geometry;

/**
 * Homographies, affine maps and similarities for {@link Ransac}. A model is a 3 x 3 matrix with h₃₃ = 1, the error the
 * symmetric transfer error ½(|H x₁ − x₂|² + |H⁻¹x₂ − x₁|²).
 *
 * <p>Where keypoints have scales and directions, a single match is a sample: it determines a similarity (Philbin et al.,
 * Object retrieval with large vocabularies and fast spatial matching, CVPR 2007), and refinement adds the other degrees
 * of freedom. A match is then an inlier only if the map also turns and zooms its keypoint as the match says, within 30
 * degrees and a factor of 2. A wrong match passes that about once in twelve times, a right one nearly always, because
 * descriptors are taken relative to the frame: right pairs stand out from chance at errors that are wide enough for
 * scenes with depth.
 */
final class PlanarEstimator implements ModelEstimator {
    /** Part of random matches whose frames agree with a map: 60 of 360 degrees, and about half of all zooms. */
    static final double FRAME_CHANCE = 60.0 / 360 * 0.5;

    private static final double SQUARED_COSINE = 0.75; // of 30 degrees
    private static final double SQUARED_ZOOM = 4;

    /** A similarity of one frame errs by about 5 degrees and 10 %: tens of pixels at the other side of the picture. */
    private static final double FRAME_ERROR_FACTOR = 2.5;

    private static final Correspondences.Frames NO_FRAMES =
            new Correspondences.Frames(new double[0], new double[0], new double[0], new double[0], new double[0]);

    private final PlanarKind kind;
    private final Correspondences data;
    private final boolean framed;
    private final Correspondences.Frames frames;
    private final int sampleSize;
    private final double frameLimit;
    private final PlanarRefinement refinement = new PlanarRefinement();

    /**
     * Makes an estimator.
     *
     * @param kind the map looked for
     * @param data the matches
     * @param sampleSize 1 (data must have frames): a similarity of a frame; 2: a similarity of two points; 3: an affine
     *     map; 4: a homography; no more degrees of freedom than the kind has
     * @param maxError the largest error of an inlier
     */
    PlanarEstimator(PlanarKind kind, Correspondences data, int sampleSize, double maxError) {
        this.kind = kind;
        this.data = data;
        this.sampleSize = sampleSize;
        framed = data.frames().isPresent();
        frames = data.frames().orElse(NO_FRAMES);
        double widest = FRAME_ERROR_FACTOR * maxError;
        frameLimit = widest * widest;
    }

    @Override
    public int size() {
        return data.size();
    }

    @Override
    public int sampleSize() {
        return sampleSize;
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
    public double sampleErrorFactor() {
        return sampleSize == 1 ? FRAME_ERROR_FACTOR : 1;
    }

    @Override
    public double sampleReliability() {
        return sampleSize == 1 ? 0.3 : 1;
    }

    @Override
    public int generate(int[] sample, double[] models) {
        double[] x1 = data.x1();
        double[] y1 = data.y1();
        double[] x2 = data.x2();
        double[] y2 = data.y2();
        return switch (sampleSize) {
            case 1 -> {
                ofFrame(sample[0], models);
                yield 1;
            }
            case 2 -> SimilaritySolver.solve(x1, y1, x2, y2, sample, models) ? 1 : 0;
            case 3 -> AffineSolver.solve(x1, y1, x2, y2, sample, models) ? 1 : 0;
            default -> {
                if (!HomographySolver.isSound(x1, y1, x2, y2, sample)) {
                    yield 0;
                }
                HomographySolver.solve(x1, y1, x2, y2, sample, models);
                yield normalize(models) ? 1 : 0;
            }
        };
    }

    /** Inliers that a model has by its making: the sample, and one that refinement bends it to. */
    int freeInliers() {
        return sampleSize == 1 ? 2 : Math.max(3, sampleSize);
    }

    private void ofFrame(int match, double[] model) {
        Correspondences.Frames f = frames;
        double c1 = f.cosine1()[match];
        double s1 = f.sine1()[match];
        double c2 = f.cosine2()[match];
        double s2 = f.sine2()[match];
        double zoom = f.zoom()[match];
        SimilaritySolver.place(
                zoom * (c1 * c2 + s1 * s2),
                zoom * (c1 * s2 - s1 * c2),
                data.x1()[match],
                data.y1()[match],
                data.x2()[match],
                data.y2()[match],
                model);
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
        if (model[6] == 0 && model[7] == 0) {
            affineErrors(model, from, to, errors);
        } else {
            projectiveErrors(model, from, to, errors);
        }
        if (framed) {
            refuseOtherFrames(model, from, to, errors);
        }
    }

    /** Forward and backward error are one quadratic form of the forward residual: fᵀ ½(I + (A Aᵀ)⁻¹) f. */
    private void affineErrors(double[] model, int from, int to, double[] errors) {
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
        double determinant = a * e - b * d;
        double half = 0.5 / (determinant * determinant);
        double xx = 0.5 + half * (e * e + d * d);
        double xy = -2 * half * (b * e + a * d);
        double yy = 0.5 + half * (b * b + a * a);
        // no branch, so that the compiler can run several pairs at once
        for (int i = from; i < to; i++) {
            double fx = a * x1[i] + b * y1[i] + c - x2[i];
            double fy = d * x1[i] + e * y1[i] + f - y2[i];
            errors[i] = xx * fx * fx + xy * fx * fy + yy * fy * fy;
        }
    }

    private void projectiveErrors(double[] model, int from, int to, double[] errors) {
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

    /** Makes near matches infinitely far that the map does not turn and zoom as their keypoints say. */
    private void refuseOtherFrames(double[] h, int from, int to, double[] errors) {
        double[] x1 = data.x1();
        double[] y1 = data.y1();
        double[] cosine1 = frames.cosine1();
        double[] sine1 = frames.sine1();
        double[] cosine2 = frames.cosine2();
        double[] sine2 = frames.sine2();
        double[] zooms = frames.zoom();
        for (int i = from; i < to; i++) {
            if (!(errors[i] < frameLimit)) {
                continue;
            }
            double w = h[6] * x1[i] + h[7] * y1[i] + h[8];
            double r = 1 / w;
            double u = (h[0] * x1[i] + h[1] * y1[i] + h[2]) * r;
            double v = (h[3] * x1[i] + h[4] * y1[i] + h[5]) * r;
            double xx = (h[0] - h[6] * u) * r;
            double xy = (h[1] - h[7] * u) * r;
            double yx = (h[3] - h[6] * v) * r;
            double yy = (h[4] - h[7] * v) * r;
            double dx = xx * cosine1[i] + xy * sine1[i];
            double dy = yx * cosine1[i] + yy * sine1[i];
            double along = dx * cosine2[i] + dy * sine2[i];
            double zoom = (xx * yy - xy * yx) / (zooms[i] * zooms[i]); // squared, by the expected
            boolean agrees = w > 0
                    && along > 0
                    && along * along >= SQUARED_COSINE * (dx * dx + dy * dy)
                    && zoom >= 1 / SQUARED_ZOOM
                    && zoom <= SQUARED_ZOOM;
            if (!agrees) {
                errors[i] = Double.POSITIVE_INFINITY;
            }
        }
    }

    @Override
    public boolean refine(double[] model, double[] weights) {
        return refinement.refine(kind, data, weights, model);
    }
}
