package org.retrieval4j.localization.pose;

import java.util.Arrays;
import java.util.Random;
import org.retrieval4j.localization.camera.Camera;

/**
 * A made-up absolute pose problem.
 *
 * @param camera the camera
 * @param truth its pose
 * @param points in the world
 * @param pixels where they appear, or anywhere
 * @param inlier which appear where they should
 */
public record PoseProblem(Camera camera, Pose truth, double[] points, double[] pixels, boolean[] inlier) {
    static final Camera PINHOLE = Camera.parse("PINHOLE 1024 768 800 800 512 384");

    /** Points 2 to 40 before the camera, wherever they appear in the picture. */
    static PoseProblem random(Camera camera, int n, double outliers, double noise, long seed) {
        Random random = new Random(seed);
        Pose truth = new Pose(
                random.nextGaussian(),
                random.nextGaussian(),
                random.nextGaussian(),
                random.nextGaussian(),
                10 * random.nextGaussian(),
                10 * random.nextGaussian(),
                10 * random.nextGaussian());
        Pose worldFromCamera = truth.inverse();
        double[] points = new double[3 * n];
        double[] pixels = new double[2 * n];
        boolean[] inlier = new boolean[n];
        int left = (int) Math.round(n * (1 - outliers));
        double[] ray = new double[3];
        for (int i = 0; i < n; i++) {
            inlier[i] = random.nextInt(n - i) < left;
            left -= inlier[i] ? 1 : 0;
            double u;
            double v;
            do {
                u = camera.width() * random.nextDouble();
                v = camera.height() * random.nextDouble();
            } while (!camera.unproject(u, v, ray));
            double depth = (2 + 38 * random.nextDouble()) / (ray[2] > 0.1 ? ray[2] : 1);
            place(worldFromCamera, ray[0] * depth, ray[1] * depth, ray[2] * depth, points, 3 * i);
            pixels[2 * i] = inlier[i] ? u + noise * random.nextGaussian() : camera.width() * random.nextDouble();
            pixels[2 * i + 1] = inlier[i] ? v + noise * random.nextGaussian() : camera.height() * random.nextDouble();
        }
        return new PoseProblem(camera, truth, points, pixels, inlier);
    }

    /** Given points in the world, seen by the pinhole camera with noise. */
    static PoseProblem of(Pose truth, double[] points, double noise, long seed) {
        Random random = new Random(seed);
        double[] pixels = new double[points.length / 3 * 2];
        double[] seen = new double[3];
        double[] pixel = new double[2];
        boolean[] inlier = new boolean[points.length / 3];
        for (int i = 0; i < inlier.length; i++) {
            place(truth, points[3 * i], points[3 * i + 1], points[3 * i + 2], seen, 0);
            inlier[i] = PINHOLE.project(seen[0], seen[1], seen[2], pixel);
            pixels[2 * i] = pixel[0] + noise * random.nextGaussian();
            pixels[2 * i + 1] = pixel[1] + noise * random.nextGaussian();
        }
        return new PoseProblem(PINHOLE, truth, points, pixels, inlier);
    }

    private static void place(Pose pose, double x, double y, double z, double[] to, int at) {
        double[] r = pose.rotation();
        to[at] = r[0] * x + r[1] * y + r[2] * z + pose.tx();
        to[at + 1] = r[3] * x + r[4] * y + r[5] * z + pose.ty();
        to[at + 2] = r[6] * x + r[7] * y + r[8] * z + pose.tz();
    }

    PoseEstimate estimate() {
        return estimate(PoseEstimator.Options.defaults());
    }

    PoseEstimate estimate(PoseEstimator.Options options) {
        return new PoseEstimator(options).estimate(camera, points, pixels);
    }

    /** Least squares on the right correspondences, from the true pose. */
    Pose optimum() {
        int n = 0;
        double[] x = new double[points.length];
        double[] p = new double[pixels.length];
        for (int i = 0; i < inlier.length; i++) {
            if (inlier[i]) {
                System.arraycopy(points, 3 * i, x, 3 * n, 3);
                System.arraycopy(pixels, 2 * i, p, 2 * n, 2);
                n++;
            }
        }
        return PoseRefinement.refine(
                        camera,
                        Arrays.copyOf(x, 3 * n),
                        Arrays.copyOf(p, 2 * n),
                        truth,
                        PosePrior.NONE,
                        PoseRefinement.Options.defaults())
                .pose();
    }
}
