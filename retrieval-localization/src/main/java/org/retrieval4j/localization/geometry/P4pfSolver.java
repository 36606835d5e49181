package org.retrieval4j.localization.geometry;

import java.util.Arrays;

/**
 * Camera pose and focal length from four points. Three points give a pose for any focal length, and the fourth tells how wrong
 * that focal length is (Sattler, Sweeney and Pollefeys, On sampling focal length values to solve the absolute pose problem, ECCV
 * 2014): its error is taken at focal lengths in equal steps of the logarithm, and every least one is the start of Gauss–Newton
 * steps on all seven unknowns. Four points give eight numbers, one more than there are unknowns: of exact ones the error ends at
 * zero, and of others at the least squares.
 *
 * <p>Not thread-safe: holds scratch space.
 */
public final class P4pfSolver {
    /** Most solutions. */
    public static final int MOST = 3;

    /** Numbers of a solution: a rotation, row after row, a translation, the factor of the focal length. */
    public static final int MODEL = P3pSolver.POSE + 1;

    /** The focal length is looked for between a tenth and ten times that by which the coordinates were divided. */
    public static final double RANGE = 10;

    private static final int STEPS = 33;
    private static final int POLISH = 30;
    private static final int UNKNOWNS = 7;
    private static final double SAME = 1e-6;

    private final P3pSolver solver = new P3pSolver(true);
    private final double[] rays = new double[9];
    private final double[] poses = new double[P3pSolver.POSE * P3pSolver.MOST];
    private final double[] starts = new double[MODEL * STEPS];
    private final double[] errors = new double[STEPS];
    private final double[] normal = new double[UNKNOWNS * UNKNOWNS];
    private final double[] right = new double[UNKNOWNS];
    private final double[] row = new double[UNKNOWNS];
    private final double[] trial = new double[MODEL];
    private final double[] costs = new double[MOST];

    /** Makes a solver. */
    public P4pfSolver() {}

    /**
     * Finds the poses and focal lengths.
     *
     * @param image four image points x, y relative to the principal point, divided by some focal length F; with two focal
     *     lengths, each coordinate by its own
     * @param points four points in the world
     * @param models receives up to {@value #MOST} solutions of {@value #MODEL} numbers, the least error first: x_camera = R
     *     x_world + t, and s, where the focal length is s F
     * @return how many there are, all points before the camera
     */
    public int solve(double[] image, double[] points, double[] models) {
        for (int step = 0; step < STEPS; step++) {
            double factor = Math.pow(RANGE, 2.0 * step / (STEPS - 1) - 1);
            for (int i = 0; i < 3; i++) {
                double x = image[2 * i] / factor;
                double y = image[2 * i + 1] / factor;
                double length = Math.sqrt(x * x + y * y + 1);
                rays[3 * i] = x / length;
                rays[3 * i + 1] = y / length;
                rays[3 * i + 2] = 1 / length;
            }
            int count = solver.solve(rays, points, poses);
            errors[step] = Double.POSITIVE_INFINITY;
            for (int k = 0; k < count; k++) {
                int at = P3pSolver.POSE * k;
                double error = error(poses, at, factor, image, points, 3);
                if (error < errors[step]) {
                    errors[step] = error;
                    System.arraycopy(poses, at, starts, MODEL * step, P3pSolver.POSE);
                    starts[MODEL * step + P3pSolver.POSE] = factor;
                }
            }
        }
        int found = 0;
        for (int round = 0; round < MOST; round++) {
            int best = -1;
            for (int step = 0; step < STEPS; step++) {
                boolean least = errors[step] < Double.POSITIVE_INFINITY
                        && (step == 0 || errors[step] <= Math.abs(errors[step - 1]))
                        && (step == STEPS - 1 || errors[step] <= Math.abs(errors[step + 1]));
                if (least && errors[step] >= 0 && (best < 0 || errors[step] < errors[best])) {
                    best = step;
                }
            }
            if (best < 0) {
                break;
            }
            System.arraycopy(starts, MODEL * best, models, MODEL * found, MODEL);
            errors[best] = -errors[best] - Double.MIN_VALUE; // taken, and still a neighbor to compare with
            double cost = polish(image, points, models, MODEL * found);
            if (cost < Double.POSITIVE_INFINITY && !isKnown(models, found)) {
                costs[found] = cost;
                found++;
            }
        }
        sort(models, found);
        return found;
    }

    private static boolean isKnown(double[] models, int found) {
        for (int k = 0; k < found; k++) {
            double difference = 0;
            for (int i = 0; i < MODEL; i++) {
                double scale = i < 9 ? 1 : Math.abs(models[MODEL * k + i]) + SAME;
                difference = Math.max(difference, Math.abs(models[MODEL * k + i] - models[MODEL * found + i]) / scale);
            }
            if (difference < SAME) {
                return true;
            }
        }
        return false;
    }

    private void sort(double[] models, int found) {
        for (int i = 1; i < found; i++) {
            for (int j = i; j > 0 && costs[j] < costs[j - 1]; j--) {
                double cost = costs[j];
                costs[j] = costs[j - 1];
                costs[j - 1] = cost;
                System.arraycopy(models, MODEL * j, trial, 0, MODEL);
                System.arraycopy(models, MODEL * (j - 1), models, MODEL * j, MODEL);
                System.arraycopy(trial, 0, models, MODEL * (j - 1), MODEL);
            }
        }
    }

    /** Squared distance of a point's image from where it was seen; infinite behind the camera. */
    private static double error(double[] m, int at, double factor, double[] image, double[] points, int i) {
        double x = points[3 * i];
        double y = points[3 * i + 1];
        double z = points[3 * i + 2];
        double depth = m[at + 6] * x + m[at + 7] * y + m[at + 8] * z + m[at + 11];
        if (!(depth > 0)) {
            return Double.POSITIVE_INFINITY;
        }
        double u = factor * (m[at] * x + m[at + 1] * y + m[at + 2] * z + m[at + 9]) / depth - image[2 * i];
        double v = factor * (m[at + 3] * x + m[at + 4] * y + m[at + 5] * z + m[at + 10]) / depth - image[2 * i + 1];
        return u * u + v * v;
    }

    private static double cost(double[] m, int at, double[] image, double[] points) {
        double factor = m[at + P3pSolver.POSE];
        if (!(factor > 1 / RANGE && factor < RANGE)) {
            return Double.POSITIVE_INFINITY;
        }
        double sum = 0;
        for (int i = 0; i < 4; i++) {
            sum += error(m, at, factor, image, points, i);
        }
        return sum;
    }

    /** Gauss–Newton with halved steps; returns the sum of squared errors, infinite where the start says nothing. */
    private double polish(double[] image, double[] points, double[] models, int at) {
        double cost = cost(models, at, image, points);
        for (int round = 0; round < POLISH && cost > 0 && cost < Double.POSITIVE_INFINITY; round++) {
            linearize(models, at, image, points);
            if (!SmallLinear.solvePositive(UNKNOWNS, normal, UNKNOWNS, right)) {
                break;
            }
            double part = 1;
            double next = Double.POSITIVE_INFINITY;
            for (int half = 0; half < 6 && !(next < cost); half++, part /= 2) {
                step(models, at, part);
                next = cost(trial, 0, image, points);
            }
            if (!(next < cost)) {
                break;
            }
            boolean settled = cost - next < 1e-12 * cost;
            System.arraycopy(trial, 0, models, at, MODEL);
            cost = next;
            if (settled) {
                break;
            }
        }
        return cost;
    }

    /** Normal equations for a turn ω and a move τ of the camera's frame, and the logarithm of the factor. */
    private void linearize(double[] m, int at, double[] image, double[] points) {
        Arrays.fill(normal, 0);
        Arrays.fill(right, 0);
        double factor = m[at + P3pSolver.POSE];
        for (int i = 0; i < 4; i++) {
            double x = points[3 * i];
            double y = points[3 * i + 1];
            double z = points[3 * i + 2];
            double px = m[at] * x + m[at + 1] * y + m[at + 2] * z;
            double py = m[at + 3] * x + m[at + 4] * y + m[at + 5] * z;
            double pz = m[at + 6] * x + m[at + 7] * y + m[at + 8] * z;
            double inverse = 1 / (pz + m[at + 11]);
            for (int k = 0; k < 2; k++) {
                double place = factor * (k == 0 ? px + m[at + 9] : py + m[at + 10]) * inverse;
                double dx = k == 0 ? factor * inverse : 0;
                double dy = k == 0 ? 0 : factor * inverse;
                double dz = -place * inverse;
                row[0] = py * dz - pz * dy;
                row[1] = pz * dx - px * dz;
                row[2] = px * dy - py * dx;
                row[3] = dx;
                row[4] = dy;
                row[5] = dz;
                row[6] = place;
                double e = place - image[2 * i + k];
                for (int a = 0; a < UNKNOWNS; a++) {
                    right[a] -= row[a] * e;
                    for (int b = 0; b <= a; b++) {
                        normal[UNKNOWNS * a + b] += row[a] * row[b];
                    }
                }
            }
        }
    }

    /** The trial: R ← exp(ω) R by Cayley's transformation, which is a rotation for any ω, t ← t + τ, s ← s exp(λ). */
    private void step(double[] m, int at, double part) {
        double a = right[0] * part / 2;
        double b = right[1] * part / 2;
        double c = right[2] * part / 2;
        double norm = 1 + a * a + b * b + c * c;
        for (int j = 0; j < 3; j++) {
            double x = m[at + j];
            double y = m[at + 3 + j];
            double z = m[at + 6 + j];
            double dot = a * x + b * y + c * z;
            double keep = 2 - norm; // 1 − |q|²
            trial[j] = (keep * x + 2 * (a * dot + b * z - c * y)) / norm;
            trial[3 + j] = (keep * y + 2 * (b * dot + c * x - a * z)) / norm;
            trial[6 + j] = (keep * z + 2 * (c * dot + a * y - b * x)) / norm;
        }
        for (int i = 0; i < 3; i++) {
            trial[9 + i] = m[at + 9 + i] + part * right[3 + i];
        }
        trial[P3pSolver.POSE] = m[at + P3pSolver.POSE] * Math.exp(part * right[6]);
    }
}
