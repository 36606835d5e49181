package org.retrieval4j.localization.pose;

import org.retrieval4j.localization.geometry.ModelEstimator;
import org.retrieval4j.localization.geometry.P3pSolver;
import org.retrieval4j.localization.geometry.P4pfSolver;
import org.retrieval4j.localization.geometry.Rotations;

/**
 * Poses with the focal length for {@link org.retrieval4j.localization.geometry.Ransac}: four-point samples, reprojection errors
 * in pixels, Gauss–Newton steps on them. A model is that of {@link P4pfSolver}.
 */
final class FocalPoseModel implements ModelEstimator {
    private static final int FACTOR = P3pSolver.POSE;

    private final double[] points;
    private final double[] image;
    private final double fx;
    private final double fy;
    private final boolean ordered;
    private final double[] weights;
    private final P4pfSolver solver = new P4pfSolver();
    private final double[] samplePoints = new double[12];
    private final double[] sampleImage = new double[8];
    private final SymmetricSystem system = new SymmetricSystem(7);
    private final double[] row = new double[7];
    private int samples;

    /**
     * Over correspondences.
     *
     * @param points three numbers each, the world's origin in their midst
     * @param image two numbers each, relative to the principal point, divided by the camera's focal lengths
     * @param fx the camera's first focal length
     * @param fy its second
     * @param ordered whether the best come first
     * @param weights how likely each is drawn, relatively; empty if all are alike
     */
    FocalPoseModel(double[] points, double[] image, double fx, double fy, boolean ordered, double[] weights) {
        this.points = points;
        this.image = image;
        this.fx = fx;
        this.fy = fy;
        this.ordered = ordered;
        this.weights = weights;
    }

    int samples() {
        return samples;
    }

    @Override
    public int size() {
        return image.length / 2;
    }

    @Override
    public int sampleSize() {
        return 4;
    }

    @Override
    public int modelSize() {
        return P4pfSolver.MODEL;
    }

    @Override
    public int maxModels() {
        return P4pfSolver.MOST;
    }

    @Override
    public boolean ordered() {
        return ordered;
    }

    @Override
    public double sampleErrorFactor() {
        return 2; // four noisy points tell the focal length roughly
    }

    @Override
    public double sampleReliability() {
        return 0.5;
    }

    @Override
    public double[] weights() {
        return weights;
    }

    @Override
    public int generate(int[] sample, double[] models) {
        samples++;
        for (int i = 0; i < 4; i++) {
            System.arraycopy(points, 3 * sample[i], samplePoints, 3 * i, 3);
            System.arraycopy(image, 2 * sample[i], sampleImage, 2 * i, 2);
        }
        return solver.solve(sampleImage, samplePoints, models);
    }

    @Override
    public void squaredErrors(double[] m, int from, int to, double[] errors) {
        double gx = m[FACTOR] * fx;
        double gy = m[FACTOR] * fy;
        for (int i = from; i < to; i++) {
            double x = points[3 * i];
            double y = points[3 * i + 1];
            double z = points[3 * i + 2];
            double depth = m[6] * x + m[7] * y + m[8] * z + m[11];
            double u = gx * (m[0] * x + m[1] * y + m[2] * z + m[9]) / depth - fx * image[2 * i];
            double v = gy * (m[3] * x + m[4] * y + m[5] * z + m[10]) / depth - fy * image[2 * i + 1];
            errors[i] = depth > 0 ? u * u + v * v : Double.POSITIVE_INFINITY;
        }
    }

    @Override
    public boolean refine(double[] m, double[] weights) {
        system.clear();
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] == 0) {
                continue;
            }
            double x = points[3 * i];
            double y = points[3 * i + 1];
            double z = points[3 * i + 2];
            double px = m[0] * x + m[1] * y + m[2] * z;
            double py = m[3] * x + m[4] * y + m[5] * z;
            double pz = m[6] * x + m[7] * y + m[8] * z;
            double inverse = 1 / (pz + m[11]);
            for (int k = 0; k < 2; k++) {
                double f = m[FACTOR] * (k == 0 ? fx : fy);
                double place = f * (k == 0 ? px + m[9] : py + m[10]) * inverse;
                double dx = k == 0 ? f * inverse : 0;
                double dy = k == 0 ? 0 : f * inverse;
                double dz = -place * inverse;
                row[0] = py * dz - pz * dy;
                row[1] = pz * dx - px * dz;
                row[2] = px * dy - py * dx;
                row[3] = dx;
                row[4] = dy;
                row[5] = dz;
                row[6] = place; // by the logarithm of the factor
                system.add(row, place - (k == 0 ? fx : fy) * image[2 * i + k], weights[i]);
            }
        }
        if (!system.solve(0)) {
            return false;
        }
        double[] step = system.solution();
        Rotations.turn(m, -step[0], -step[1], -step[2]);
        m[9] -= step[3];
        m[10] -= step[4];
        m[11] -= step[5];
        m[FACTOR] *= Math.exp(-step[6]);
        return m[FACTOR] > 0 && Double.isFinite(m[FACTOR]);
    }
}
