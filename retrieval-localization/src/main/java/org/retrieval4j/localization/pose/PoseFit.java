package org.retrieval4j.localization.pose;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.P3pSolver;

/**
 * The least-squares pose of right correspondences without a start. Starts are the direct linear transformation (six points or
 * more), its form for points on a plane (a homography), and three-point poses; each is refined, and the best is taken, so that
 * flat, nearly flat and few points are no special cases to the caller. For correspondences with outliers see {@link
 * PoseEstimator}.
 */
public final class PoseFit {
    /** Three-point starts: more for few points, where the others are missing. */
    private static final int TRIPLES = 10;

    /** Steps before the starts are compared. */
    private static final int FIRST_STEPS = 15;

    private final double[] points;
    private final double[] rays;
    private final int n;

    private PoseFit(double[] points, double[] rays) {
        this.points = points;
        this.rays = rays;
        n = rays.length / 3;
    }

    /**
     * Fits.
     *
     * @param camera the camera
     * @param points n points in the world, three numbers each
     * @param pixels where they appear, two numbers each
     * @return the best pose; empty for fewer than four points, points on a line, and where no pose has all points before the
     *     camera
     * @throws IllegalArgumentException if the arrays' lengths do not fit, a number is not finite, or a pixel has no direction
     */
    public static Optional<PoseRefinement.Result> fit(Camera camera, double[] points, double[] pixels) {
        requireNonNull(camera, "camera");
        int n = PoseEstimator.requireCorrespondences(points, pixels);
        double[] rays = new double[3 * n];
        double[] ray = new double[3];
        for (int i = 0; i < n; i++) {
            if (!camera.unproject(pixels[2 * i], pixels[2 * i + 1], ray)) {
                throw new IllegalArgumentException("pixel " + i + " must have a direction in " + camera + ", got "
                        + pixels[2 * i] + ", " + pixels[2 * i + 1]);
            }
            System.arraycopy(ray, 0, rays, 3 * i, 3);
        }
        if (n < 4) {
            return Optional.empty();
        }
        List<Pose> starts = new PoseFit(points, rays).starts();
        PoseRefinement.Options options = PoseRefinement.Options.defaults();
        Optional<PoseRefinement.Result> best = Optional.empty();
        for (Pose start : starts) {
            if (!seesAll(camera, start, points)) {
                continue; // the refinement would leave points out
            }
            PoseRefinement.Result refined = PoseRefinement.refine(
                    camera, points, pixels, start, PosePrior.NONE, options.withMaxIterations(FIRST_STEPS));
            boolean better = best.isEmpty() || refined.cost() < best.get().cost();
            if (better && refined.covariance().length > 0 && seesAll(camera, refined.pose(), points)) {
                best = Optional.of(refined);
            }
        }
        return best.map(found -> PoseRefinement.refine(camera, points, pixels, found.pose(), PosePrior.NONE, options));
    }

    private static boolean seesAll(Camera camera, Pose pose, double[] points) {
        double[] r = pose.rotation();
        double[] pixel = new double[2];
        boolean all = true;
        for (int i = 0; i < points.length; i += 3) {
            all &= camera.project(
                    r[0] * points[i] + r[1] * points[i + 1] + r[2] * points[i + 2] + pose.tx(),
                    r[3] * points[i] + r[4] * points[i + 1] + r[5] * points[i + 2] + pose.ty(),
                    r[6] * points[i] + r[7] * points[i + 1] + r[8] * points[i + 2] + pose.tz(),
                    pixel);
        }
        return all;
    }

    private List<Pose> starts() {
        List<Pose> starts = new ArrayList<>();
        double[] center = new double[3];
        double[][] axes = axes(center);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Math.sqrt(
                    square(points[3 * i] - center[0], points[3 * i + 1] - center[1], points[3 * i + 2] - center[2]));
        }
        double scale = sum / n;
        if (!(scale > 0)) {
            return starts;
        }
        double[][] local = new double[n][4];
        for (int i = 0; i < n; i++) {
            for (int a = 0; a < 3; a++) {
                for (int j = 0; j < 3; j++) {
                    local[i][a] += axes[a][j] * (points[3 * i + j] - center[j]) / scale;
                }
            }
            local[i][3] = 1;
        }
        linear(local, new int[] {0, 1, 3}).ifPresent(pose -> starts.add(world(pose, axes, center, scale)));
        if (n >= 6) {
            linear(local, new int[] {0, 1, 2, 3}).ifPresent(pose -> starts.add(world(pose, axes, center, scale)));
        }
        triples(starts);
        return starts;
    }

    /** The points' middle and their principal directions, the longest first. */
    private double[][] axes(double[] center) {
        double[][] scatter = new double[3][3];
        for (int i = 0; i < 3 * n; i++) {
            center[i % 3] += points[i] / n;
        }
        for (int i = 0; i < n; i++) {
            for (int a = 0; a < 3; a++) {
                for (int b = 0; b < 3; b++) {
                    scatter[a][b] += (points[3 * i + a] - center[a]) * (points[3 * i + b] - center[b]);
                }
            }
        }
        EigenDecomposition eigen = new EigenDecomposition(new Array2DRowRealMatrix(scatter, false));
        double[] x = eigen.getEigenvector(0).toArray();
        double[] y = eigen.getEigenvector(1).toArray();
        double[] z = {x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]};
        return new double[][] {x, y, z};
    }

    /**
     * The direct linear transformation b × (P X) = 0 with the columns of P that are asked for; of a plane's three columns the
     * rotation's third follows.
     */
    private Optional<double[]> linear(double[][] local, int[] columns) {
        int width = columns.length;
        double[][] normal = new double[3 * width][3 * width];
        double[] row = new double[3 * width];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < 3; k++) {
                int next = (k + 1) % 3;
                int after = (k + 2) % 3;
                Arrays.fill(row, 0);
                for (int c = 0; c < width; c++) {
                    row[width * after + c] = rays[3 * i + next] * local[i][columns[c]];
                    row[width * next + c] = -rays[3 * i + after] * local[i][columns[c]];
                }
                for (int a = 0; a < row.length; a++) {
                    for (int b = 0; b < row.length; b++) {
                        normal[a][b] += row[a] * row[b];
                    }
                }
            }
        }
        EigenDecomposition eigen = new EigenDecomposition(new Array2DRowRealMatrix(normal, false));
        double[] p = eigen.getEigenvector(3 * width - 1).toArray();
        double depths = 0;
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < 3; k++) {
                for (int c = 0; c < width; c++) {
                    depths += rays[3 * i + k] * p[width * k + c] * local[i][columns[c]];
                }
            }
        }
        double sign = depths < 0 ? -1 : 1;
        double[][] m = new double[3][3];
        double[] t = new double[3];
        for (int k = 0; k < 3; k++) {
            for (int c = 0; c < width - 1; c++) {
                m[k][c] = sign * p[width * k + c];
            }
            t[k] = sign * p[width * k + width - 1];
        }
        if (width == 3) {
            double size = Math.sqrt(length(m, 0) * length(m, 1));
            for (int k = 0; k < 3; k++) {
                int next = (k + 1) % 3;
                int after = (k + 2) % 3;
                m[k][2] = (m[next][0] * m[after][1] - m[after][0] * m[next][1]) / size;
            }
        }
        SingularValueDecomposition svd = new SingularValueDecomposition(new Array2DRowRealMatrix(m, false));
        RealMatrix r = svd.getU().multiply(svd.getVT());
        double[] values = svd.getSingularValues();
        double size = (values[0] + values[1] + values[2]) / 3;
        double determinant = r.getEntry(0, 0)
                        * (r.getEntry(1, 1) * r.getEntry(2, 2) - r.getEntry(1, 2) * r.getEntry(2, 1))
                - r.getEntry(0, 1) * (r.getEntry(1, 0) * r.getEntry(2, 2) - r.getEntry(1, 2) * r.getEntry(2, 0))
                + r.getEntry(0, 2) * (r.getEntry(1, 0) * r.getEntry(2, 1) - r.getEntry(1, 1) * r.getEntry(2, 0));
        if (!(size > 0) || !(determinant > 0)) {
            return Optional.empty();
        }
        double[] pose = new double[12];
        for (int k = 0; k < 3; k++) {
            for (int j = 0; j < 3; j++) {
                pose[3 * k + j] = r.getEntry(k, j);
            }
            pose[9 + k] = t[k] / size;
        }
        return Optional.of(pose);
    }

    private static double length(double[][] m, int column) {
        return Math.sqrt(square(m[0][column], m[1][column], m[2][column]));
    }

    private static double square(double x, double y, double z) {
        return x * x + y * y + z * z;
    }

    /** From the points' own frame to the world. */
    private static Pose world(double[] pose, double[][] axes, double[] center, double scale) {
        double[] r = new double[9];
        double[] t = new double[3];
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                for (int a = 0; a < 3; a++) {
                    r[3 * i + j] += pose[3 * i + a] * axes[a][j];
                }
            }
            t[i] = scale * pose[9 + i] - (r[3 * i] * center[0] + r[3 * i + 1] * center[1] + r[3 * i + 2] * center[2]);
        }
        return Pose.ofRotation(r, t[0], t[1], t[2]);
    }

    /** Poses of some triples, evenly among all of them. */
    private void triples(List<Pose> starts) {
        P3pSolver solver = new P3pSolver();
        double[] found = new double[P3pSolver.MOST * P3pSolver.POSE];
        double[] b = new double[9];
        double[] x = new double[9];
        long all = (long) n * (n - 1) * (n - 2) / 6;
        long number = 0;
        long next = 0;
        int taken = 0;
        for (int i = 0; i < n && taken < TRIPLES; i++) {
            for (int j = i + 1; j < n && taken < TRIPLES; j++) {
                long within = n - 1 - j;
                if (next >= number + within) { // none of these
                    number += within;
                    continue;
                }
                for (int k = j + 1; k < n && taken < TRIPLES; k++, number++) {
                    if (number < next) {
                        continue;
                    }
                    taken++;
                    next = all <= TRIPLES ? taken : taken * all / TRIPLES;
                    int[] triple = {i, j, k};
                    for (int p = 0; p < 3; p++) {
                        System.arraycopy(rays, 3 * triple[p], b, 3 * p, 3);
                        System.arraycopy(points, 3 * triple[p], x, 3 * p, 3);
                    }
                    int count = solver.solve(b, x, found);
                    for (int s = 0; s < count; s++) {
                        starts.add(Pose.ofRotation(
                                Arrays.copyOfRange(found, 12 * s, 12 * s + 9),
                                found[12 * s + 9],
                                found[12 * s + 10],
                                found[12 * s + 11]));
                    }
                }
            }
        }
    }
}
