package org.retrieval4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.PoseEstimator;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;

/**
 * Solves many absolute pose problems of one size in one JVM, for {@code peers/opencv_pnp.py}: all once to warm up, then each
 * five times, of which the median counts.
 *
 * <pre>{@code
 * java -cp 'retrieval-bench/target/benchmarks.jar:retrieval-bench/target/lib/*' \
 *     org.retrieval4j.bench.PoseProblems X.npy x.npy "PINHOLE w h fx fy cx cy" result.npy
 * }</pre>
 *
 * <p>X is P x N x 3, x is P x N x 2; the result is P x 10: 1 if localized, qw qx qy qz tx ty tz, inliers, seconds.
 */
public final class PoseProblems {
    private static final int COLUMNS = 10;
    private static final int REPEATS = 5;
    private static final long WARM_UP_NANOS = 3_000_000_000L;

    private PoseProblems() {}

    /**
     * Runs.
     *
     * @param arguments points, pixels, camera, result
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        NpyArray points = NpyFile.read(Path.of(arguments[0]));
        NpyArray pixels = NpyFile.read(Path.of(arguments[1]));
        int problems = points.shape()[0];
        double[] found =
                solve(problems, points.toDoubles(), pixels.toDoubles(), Camera.parse(arguments[2]), WARM_UP_NANOS);
        NpyFile.write(Path.of(arguments[3]), found, problems, COLUMNS);
    }

    static double[] solve(int problems, double[] points, double[] pixels, Camera camera, long warmUpNanos) {
        PoseEstimator estimator = new PoseEstimator(PoseEstimator.Options.defaults());
        int n = pixels.length / 2 / problems;
        double[] result = new double[problems * COLUMNS];
        long start = System.nanoTime();
        boolean warm = false;
        do {
            warm |= System.nanoTime() - start >= warmUpNanos;
            for (int p = 0; p < problems; p++) {
                double[] x = Arrays.copyOfRange(points, 3 * n * p, 3 * n * (p + 1));
                double[] u = Arrays.copyOfRange(pixels, 2 * n * p, 2 * n * (p + 1));
                double[] seconds = new double[warm ? REPEATS : 1];
                for (int i = 0; i < seconds.length; i++) {
                    long from = System.nanoTime();
                    PoseEstimate estimate = estimator.estimate(camera, x, u);
                    seconds[i] = (System.nanoTime() - from) / 1e9;
                    write(estimate, result, COLUMNS * p);
                }
                Arrays.sort(seconds);
                result[COLUMNS * p + 9] = seconds[seconds.length / 2];
            }
        } while (!warm);
        return result;
    }

    private static void write(PoseEstimate estimate, double[] to, int at) {
        to[at] = estimate.pose().isPresent() ? 1 : 0;
        if (estimate.pose().isPresent()) {
            Pose p = estimate.pose().get();
            double[] values = {p.qw(), p.qx(), p.qy(), p.qz(), p.tx(), p.ty(), p.tz()};
            System.arraycopy(values, 0, to, at + 1, values.length);
        }
        to[at + 8] = estimate.inliers().length;
    }
}
