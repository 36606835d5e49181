package org.retrieval4j.localization.pose;

import org.retrieval4j.localization.geometry.GeneralizedP3pSolver;
import org.retrieval4j.localization.geometry.ModelEstimator;
import org.retrieval4j.localization.geometry.P3pSolver;
import org.retrieval4j.localization.geometry.Rotations;

/**
 * Poses of a rig for {@link org.retrieval4j.localization.geometry.Ransac}: three-point samples of any of its cameras,
 * reprojection errors to second order as {@link PoseModel} has them for cameras with a lens, Gauss–Newton steps on them. A
 * camera's ray, and the derivative of its pixel, are turned into the rig's frame once; then a point is y = R x + t − o with the
 * camera's place o, and all else is as with one camera.
 */
final class RigPoseModel implements ModelEstimator {
    private static final double LEAST_CHANCE = 0.01;
    private static final double RELIABILITY = 0.8;

    private final int[] cameras;
    private final double[] points;
    private final double[] origins;
    private final double[] rays;
    private final double[] derivatives;
    private final double chance;
    private final GeneralizedP3pSolver general = new GeneralizedP3pSolver(true);
    private final P3pSolver central = new P3pSolver(true);
    private final double[] sampleOrigins = new double[9];
    private final double[] sampleRays = new double[9];
    private final double[] samplePoints = new double[9];
    private final SymmetricSystem system = new SymmetricSystem(6);
    private final double[] row = new double[6];
    private int samples;

    /**
     * Over correspondences in random order, all in the rig's frame.
     *
     * @param cameras which camera saw each
     * @param points three numbers each, the world's origin in their midst
     * @param origins where the camera stands, three numbers each
     * @param rays three numbers each
     * @param derivatives of the pixel by the point at the ray, 2 x 3 each
     * @param area of the largest error, in the smallest picture's
     */
    RigPoseModel(int[] cameras, double[] points, double[] origins, double[] rays, double[] derivatives, double area) {
        this.cameras = cameras;
        this.points = points;
        this.origins = origins;
        this.rays = rays;
        this.derivatives = derivatives;
        chance = Math.min(1, LEAST_CHANCE + area);
    }

    int samples() {
        return samples;
    }

    @Override
    public int size() {
        return cameras.length;
    }

    @Override
    public int sampleSize() {
        return 3;
    }

    @Override
    public int modelSize() {
        return P3pSolver.POSE;
    }

    @Override
    public int maxModels() {
        return GeneralizedP3pSolver.MOST;
    }

    @Override
    public boolean ordered() {
        return false;
    }

    @Override
    public double chance() {
        return chance;
    }

    @Override
    public double sampleReliability() {
        return RELIABILITY;
    }

    @Override
    public int generate(int[] sample, double[] models) {
        samples++;
        for (int i = 0; i < 3; i++) {
            System.arraycopy(points, 3 * sample[i], samplePoints, 3 * i, 3);
            System.arraycopy(rays, 3 * sample[i], sampleRays, 3 * i, 3);
            System.arraycopy(origins, 3 * sample[i], sampleOrigins, 3 * i, 3);
        }
        if (cameras[sample[0]] != cameras[sample[1]] || cameras[sample[0]] != cameras[sample[2]]) {
            return general.solve(sampleOrigins, sampleRays, samplePoints, models);
        }
        int count = central.solve(sampleRays, samplePoints, models);
        for (int k = 0; k < count; k++) {
            for (int i = 0; i < 3; i++) {
                models[P3pSolver.POSE * k + 9 + i] += sampleOrigins[i];
            }
        }
        return count;
    }

    @Override
    public void squaredErrors(double[] m, int from, int to, double[] errors) {
        double[] j = derivatives;
        for (int i = from; i < to; i++) {
            double x = points[3 * i];
            double y = points[3 * i + 1];
            double z = points[3 * i + 2];
            double px = m[0] * x + m[1] * y + m[2] * z + m[9] - origins[3 * i];
            double py = m[3] * x + m[4] * y + m[5] * z + m[10] - origins[3 * i + 1];
            double pz = m[6] * x + m[7] * y + m[8] * z + m[11] - origins[3 * i + 2];
            double depth = rays[3 * i] * px + rays[3 * i + 1] * py + rays[3 * i + 2] * pz;
            double du = j[6 * i] * px + j[6 * i + 1] * py + j[6 * i + 2] * pz;
            double dv = j[6 * i + 3] * px + j[6 * i + 4] * py + j[6 * i + 5] * pz;
            errors[i] = (du * du + dv * dv) / (depth * depth);
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
            double yx = px + m[9] - origins[3 * i];
            double yy = py + m[10] - origins[3 * i + 1];
            double yz = pz + m[11] - origins[3 * i + 2];
            double bx = rays[3 * i];
            double by = rays[3 * i + 1];
            double bz = rays[3 * i + 2];
            double inverse = 1 / (bx * yx + by * yy + bz * yz);
            for (int k = 0; k < 2; k++) {
                double jx = derivatives[6 * i + 3 * k];
                double jy = derivatives[6 * i + 3 * k + 1];
                double jz = derivatives[6 * i + 3 * k + 2];
                double e = (jx * yx + jy * yy + jz * yz) * inverse;
                double dx = (jx - e * bx) * inverse;
                double dy = (jy - e * by) * inverse;
                double dz = (jz - e * bz) * inverse;
                // turned about the middle of the points by ω, then moved: ω × p + τ
                row[0] = py * dz - pz * dy;
                row[1] = pz * dx - px * dz;
                row[2] = px * dy - py * dx;
                row[3] = dx;
                row[4] = dy;
                row[5] = dz;
                system.add(row, e, weights[i]);
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
        return true;
    }
}
