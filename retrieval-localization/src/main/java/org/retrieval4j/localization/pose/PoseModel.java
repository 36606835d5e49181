package org.retrieval4j.localization.pose;

import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.geometry.ModelEstimator;
import org.retrieval4j.localization.geometry.P3pSolver;
import org.retrieval4j.localization.geometry.Rotations;

/**
 * Poses for {@link org.retrieval4j.localization.geometry.Ransac}: three-point samples, reprojection errors in pixels, and
 * Gauss–Newton steps on them. A model is a rotation, row after row, and a translation; the world's origin lies in the
 * middle of the points, which keeps large coordinates exact.
 *
 * <p>Errors of cameras without distortion are exact. Others are replaced by their derivative at the keypoint: with b the
 * direction seen there and J the derivative of the pixel by the point at b, the error of a point y is J y / (b · y), since
 * J b = 0. That is right to second order in the error, and costs the same for all models of cameras.
 */
final class PoseModel implements ModelEstimator {
    static final int SIZE = P3pSolver.POSE;

    /** Part of data that agree with a model from a spoiled sample: rather too many. */
    private static final double LEAST_CHANCE = 0.01;

    /** Samples of right data that lead to the pose: nearly all do, the rest pays for samples spoiled by noise. */
    private static final double RELIABILITY = 0.8;

    private final Correspondences data;
    private final boolean pinhole;
    private final double fx;
    private final double fy;
    private final double chance;
    private final P3pSolver solver = new P3pSolver(true);
    private final double[] rays = new double[9];
    private final double[] points = new double[9];
    private final SymmetricSystem system = new SymmetricSystem(6);
    private final double[] row = new double[6];
    private final double[] inverses;
    private int samples;

    /**
     * What a search needs of the correspondences, in random order.
     *
     * @param camera their camera
     * @param x first coordinates of the points, the middle subtracted
     * @param y second coordinates
     * @param z third coordinates
     * @param u pixels less the principal point
     * @param v second coordinates
     * @param rays directions of the pixels, three numbers each
     * @param byPoint of cameras with distortion, derivatives of the pixels by the points at the rays: six arrays, J row after
     *     row; empty otherwise
     * @param order places by quality, best first; empty if all are alike
     * @param weights how likely each is drawn, relatively; empty if all are alike
     */
    record Correspondences(
            Camera camera,
            double[] x,
            double[] y,
            double[] z,
            double[] u,
            double[] v,
            double[] rays,
            double[][] byPoint,
            int[] order,
            double[] weights) {
        static boolean isPinhole(Camera camera) {
            return camera.model() == CameraModel.PINHOLE || camera.model() == CameraModel.SIMPLE_PINHOLE;
        }
    }

    PoseModel(Correspondences data, double maxError) {
        this.data = data;
        Camera camera = data.camera();
        pinhole = Correspondences.isPinhole(camera);
        inverses = new double[data.x().length];
        double[] parameters = camera.parameters();
        fx = parameters[0];
        fy = parameters[Math.max(0, camera.model().focalLengths() - 1)];
        double area = Math.PI * maxError * maxError / ((double) camera.width() * camera.height());
        chance = Math.min(1, LEAST_CHANCE + area);
    }

    /** Samples solved so far. */
    int samples() {
        return samples;
    }

    @Override
    public int size() {
        return data.x.length;
    }

    @Override
    public int sampleSize() {
        return 3;
    }

    @Override
    public int modelSize() {
        return SIZE;
    }

    @Override
    public int maxModels() {
        return P3pSolver.MOST;
    }

    @Override
    public boolean ordered() {
        return data.order.length > 0;
    }

    @Override
    public double[] weights() {
        return data.weights;
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
            int at = data.order.length > 0 ? data.order[sample[i]] : sample[i];
            points[3 * i] = data.x[at];
            points[3 * i + 1] = data.y[at];
            points[3 * i + 2] = data.z[at];
            System.arraycopy(data.rays, 3 * at, rays, 3 * i, 3);
        }
        return solver.solve(rays, points, models);
    }

    /** Signs of depths are not looked at here: behind the camera as before it, few points meet a keypoint by chance. */
    @Override
    public void squaredErrors(double[] model, int from, int to, double[] errors) {
        double r0 = model[0];
        double r1 = model[1];
        double r2 = model[2];
        double r3 = model[3];
        double r4 = model[4];
        double r5 = model[5];
        double r6 = model[6];
        double r7 = model[7];
        double r8 = model[8];
        double tx = model[9];
        double ty = model[10];
        double tz = model[11];
        double[] x = data.x;
        double[] y = data.y;
        double[] z = data.z;
        if (pinhole) {
            inverseDepths(r6, r7, r8, tz, from, to);
            firstErrors(fx * r0, fx * r1, fx * r2, fx * tx, from, to, errors);
            addSecondErrors(fy * r3, fy * r4, fy * r5, fy * ty, from, to, errors);
            return;
        }
        double[][] j = data.byPoint;
        double[] j0 = j[0];
        double[] j1 = j[1];
        double[] j2 = j[2];
        double[] j3 = j[3];
        double[] j4 = j[4];
        double[] j5 = j[5];
        double[] b = data.rays;
        for (int i = from; i < to; i++) {
            double px = r0 * x[i] + r1 * y[i] + r2 * z[i] + tx;
            double py = r3 * x[i] + r4 * y[i] + r5 * z[i] + ty;
            double pz = r6 * x[i] + r7 * y[i] + r8 * z[i] + tz;
            double depth = b[3 * i] * px + b[3 * i + 1] * py + b[3 * i + 2] * pz;
            double du = j0[i] * px + j1[i] * py + j2[i] * pz;
            double dv = j3[i] * px + j4[i] * py + j5[i] * pz;
            errors[i] = (du * du + dv * dv) / (depth * depth);
        }
    }

    // Three loops, since HotSpot leaves longer ones without SIMD (measured: 3.7 ns a point in one loop, 1.8 in three)

    private void inverseDepths(double a, double b, double c, double d, int from, int to) {
        double[] x = data.x;
        double[] y = data.y;
        double[] z = data.z;
        double[] inverse = inverses;
        for (int i = from; i < to; i++) {
            inverse[i] = 1 / (a * x[i] + b * y[i] + c * z[i] + d);
        }
    }

    private void firstErrors(double a, double b, double c, double d, int from, int to, double[] errors) {
        double[] x = data.x;
        double[] y = data.y;
        double[] z = data.z;
        double[] u = data.u;
        double[] inverse = inverses;
        for (int i = from; i < to; i++) {
            double e = (a * x[i] + b * y[i] + c * z[i] + d) * inverse[i] - u[i];
            errors[i] = e * e;
        }
    }

    private void addSecondErrors(double a, double b, double c, double d, int from, int to, double[] errors) {
        double[] x = data.x;
        double[] y = data.y;
        double[] z = data.z;
        double[] v = data.v;
        double[] inverse = inverses;
        for (int i = from; i < to; i++) {
            double e = (a * x[i] + b * y[i] + c * z[i] + d) * inverse[i] - v[i];
            errors[i] += e * e;
        }
    }

    @Override
    public boolean refine(double[] model, double[] weights) {
        system.clear();
        double[] j = row;
        for (int i = 0; i < weights.length; i++) {
            double weight = weights[i];
            if (weight == 0) {
                continue;
            }
            double px = model[0] * data.x[i] + model[1] * data.y[i] + model[2] * data.z[i];
            double py = model[3] * data.x[i] + model[4] * data.y[i] + model[5] * data.z[i];
            double pz = model[6] * data.x[i] + model[7] * data.y[i] + model[8] * data.z[i];
            for (int k = 0; k < 2; k++) {
                // residual e and its derivative d by the point in the camera's frame
                double dx;
                double dy;
                double dz;
                double e;
                if (pinhole) {
                    double inverse = 1 / (pz + model[11]);
                    double f = k == 0 ? fx : fy;
                    double place = f * (k == 0 ? px + model[9] : py + model[10]) * inverse;
                    e = place - (k == 0 ? data.u[i] : data.v[i]);
                    dx = k == 0 ? f * inverse : 0;
                    dy = k == 0 ? 0 : f * inverse;
                    dz = -place * inverse;
                } else {
                    double yx = px + model[9];
                    double yy = py + model[10];
                    double yz = pz + model[11];
                    double bx = data.rays[3 * i];
                    double by = data.rays[3 * i + 1];
                    double bz = data.rays[3 * i + 2];
                    double inverse = 1 / (bx * yx + by * yy + bz * yz);
                    double jx = data.byPoint[3 * k][i];
                    double jy = data.byPoint[3 * k + 1][i];
                    double jz = data.byPoint[3 * k + 2][i];
                    e = (jx * yx + jy * yy + jz * yz) * inverse;
                    dx = (jx - e * bx) * inverse;
                    dy = (jy - e * by) * inverse;
                    dz = (jz - e * bz) * inverse;
                }
                // turned about the middle of the points by ω, then moved: ω × p + τ
                j[0] = py * dz - pz * dy;
                j[1] = pz * dx - px * dz;
                j[2] = px * dy - py * dx;
                j[3] = dx;
                j[4] = dy;
                j[5] = dz;
                system.add(j, e, weight);
            }
        }
        if (!system.solve(0)) {
            return false;
        }
        double[] step = system.solution();
        Rotations.turn(model, -step[0], -step[1], -step[2]);
        model[9] -= step[3];
        model[10] -= step[4];
        model[11] -= step[5];
        return true;
    }
}
