package org.retrieval4j.localization.geometry;

/**
 * Fundamental matrices for {@link Ransac}: seven-point samples, the Sampson error, and only matrices for which all points
 * of the sample lie on the same side of the epipoles' planes, as they must before real cameras (Chum, Werner and Matas,
 * Epipolar geometry estimation via RANSAC benefits from the oriented epipolar constraint, ICPR 2004).
 */
final class FundamentalEstimator implements ModelEstimator {
    private final Correspondences data;
    private final FundamentalSolver solver = new FundamentalSolver();
    private final FundamentalRefinement refinement = new FundamentalRefinement();
    private final double[] solutions = new double[27];
    private final DominantPlane plane;

    FundamentalEstimator(Correspondences data) {
        this.data = data;
        plane = new DominantPlane(data, this);
    }

    @Override
    public int size() {
        return data.size();
    }

    @Override
    public int sampleSize() {
        return 7;
    }

    @Override
    public int modelSize() {
        return 9;
    }

    @Override
    public int maxModels() {
        return 3;
    }

    @Override
    public int generate(int[] sample, double[] models) {
        int count = solver.sevenPoint(data.x1(), data.y1(), data.x2(), data.y2(), sample, solutions);
        int kept = 0;
        for (int k = 0; k < count; k++) {
            if (isOriented(solutions, 9 * k, sample)) {
                System.arraycopy(solutions, 9 * k, models, 9 * kept, 9);
                kept++;
            }
        }
        return kept;
    }

    /** Checks that F x₁ and e₂ x x₂ point the same way for all pairs, or opposite ways for all. */
    private boolean isOriented(double[] f, int at, int[] sample) {
        // e₂ is orthogonal to all columns of F: the longest cross product of two of them
        double ex = 0;
        double ey = 0;
        double ez = 0;
        double longest = -1;
        for (int j = 0; j < 3; j++) {
            int a = at + j;
            int b = at + (j + 1) % 3;
            double cx = f[3 + a] * f[6 + b] - f[6 + a] * f[3 + b];
            double cy = f[6 + a] * f[b] - f[a] * f[6 + b];
            double cz = f[a] * f[3 + b] - f[3 + a] * f[b];
            double length = cx * cx + cy * cy + cz * cz;
            if (length > longest) {
                longest = length;
                ex = cx;
                ey = cy;
                ez = cz;
            }
        }
        int positive = 0;
        for (int i : sample) {
            double x = data.x1()[i];
            double y = data.y1()[i];
            double u = data.x2()[i];
            double v = data.y2()[i];
            // two components are enough: both vectors are parallel
            double lx = f[at] * x + f[at + 1] * y + f[at + 2];
            double ly = f[at + 3] * x + f[at + 4] * y + f[at + 5];
            double mx = ey - ez * v;
            double my = ez * u - ex;
            positive += lx * mx + ly * my > 0 ? 1 : 0;
        }
        return positive == 0 || positive == sample.length;
    }

    @Override
    public boolean mend(int[] sample, double[] model, double squaredError) {
        return plane.mend(sample, model, squaredError);
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
        for (int i = from; i < to; i++) {
            double x = x1[i];
            double y = y1[i];
            double u = x2[i];
            double v = y2[i];
            double lx = a * x + b * y + c;
            double ly = d * x + e * y + f;
            double mx = a * u + d * v + g;
            double my = b * u + e * v + h;
            double residual = u * lx + v * ly + g * x + h * y + k;
            errors[i] = residual * residual / (lx * lx + ly * ly + mx * mx + my * my);
        }
    }

    @Override
    public boolean refine(double[] model, double[] weights) {
        return refinement.refine(data, weights, model);
    }
}
