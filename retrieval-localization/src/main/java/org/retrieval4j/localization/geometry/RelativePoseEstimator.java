package org.retrieval4j.localization.geometry;

import java.util.Arrays;

/**
 * Relative poses of two calibrated pictures for {@link Ransac}: five-point samples, of their essential matrices' four poses the
 * one that has the sample before both cameras, and Sampson's error on unit rays.
 *
 * <p>A model is R (nine numbers, row after row) and t of length 1: x₂ ∝ R x₁ + s t for some s above 0. For one thread.
 */
public final class RelativePoseEstimator implements ModelEstimator {
    /** Numbers of a model. */
    public static final int MODEL = 12;

    private static final int REFINING_STEPS = 6;

    private final double[] first;
    private final double[] second;
    private final double focal;
    private final EssentialSolver solver = new EssentialSolver();
    private final double[] sampleFirst = new double[15];
    private final double[] sampleSecond = new double[15];
    private final double[] matrices = new double[9 * EssentialSolver.MOST];
    private final double[] e = new double[9];
    private final double[] pose = new double[MODEL];

    /**
     * Prepares.
     *
     * @param first unit rays before the first camera, three numbers each, best pair first
     * @param second unit rays before the second camera
     * @param focal pixels that a unit of the rays' angles is worth
     */
    public RelativePoseEstimator(double[] first, double[] second, double focal) {
        this.first = first;
        this.second = second;
        this.focal = focal;
        if (first.length != second.length) {
            throw new IllegalArgumentException(
                    "there must be as many rays in both, got " + first.length + " and " + second.length);
        }
    }

    @Override
    public int size() {
        return first.length / 3;
    }

    @Override
    public int sampleSize() {
        return 5;
    }

    @Override
    public int modelSize() {
        return MODEL;
    }

    @Override
    public int maxModels() {
        return EssentialSolver.MOST;
    }

    @Override
    public int generate(int[] sample, double[] models) {
        for (int i = 0; i < 5; i++) {
            System.arraycopy(first, 3 * sample[i], sampleFirst, 3 * i, 3);
            System.arraycopy(second, 3 * sample[i], sampleSecond, 3 * i, 3);
        }
        int count = solver.solve(sampleFirst, sampleSecond, matrices);
        int kept = 0;
        for (int k = 0; k < count; k++) {
            if (decompose(9 * k)) {
                System.arraycopy(pose, 0, models, MODEL * kept, MODEL);
                kept++;
            }
        }
        return kept;
    }

    /**
     * The pose of a matrix that has the sample before both cameras: b bᵀ = ½ tr(E Eᵀ) I − E Eᵀ and |b|² R = cof(E) − [b]ₓ E
     * (Horn, Recovering baseline and orientation from essential matrix, 1990).
     */
    private boolean decompose(int at) {
        System.arraycopy(matrices, at, e, 0, 9);
        double[] outer = new double[9];
        double trace = 0;
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                outer[3 * i + j] = -(e[3 * i] * e[3 * j] + e[3 * i + 1] * e[3 * j + 1] + e[3 * i + 2] * e[3 * j + 2]);
            }
            trace -= outer[4 * i];
        }
        int largest = 0;
        for (int i = 0; i < 3; i++) {
            outer[4 * i] += trace / 2;
            largest = outer[4 * i] > outer[4 * largest] ? i : largest;
        }
        double diagonal = outer[4 * largest];
        if (!(diagonal > 0)) {
            return false;
        }
        double[] b = new double[3];
        double squared = 0;
        for (int i = 0; i < 3; i++) {
            b[i] = outer[3 * i + largest] / Math.sqrt(diagonal);
            squared += b[i] * b[i];
        }
        double length = Math.sqrt(squared);
        double[] cofactors = {
            e[4] * e[8] - e[5] * e[7], e[5] * e[6] - e[3] * e[8], e[3] * e[7] - e[4] * e[6],
            e[7] * e[2] - e[8] * e[1], e[8] * e[0] - e[6] * e[2], e[6] * e[1] - e[7] * e[0],
            e[1] * e[5] - e[2] * e[4], e[2] * e[3] - e[0] * e[5], e[0] * e[4] - e[1] * e[3]
        };
        for (int side = -1; side <= 1; side += 2) {
            for (int j = 0; j < 3; j++) {
                double cx = b[1] * e[6 + j] - b[2] * e[3 + j];
                double cy = b[2] * e[j] - b[0] * e[6 + j];
                double cz = b[0] * e[3 + j] - b[1] * e[j];
                pose[j] = (cofactors[j] - side * cx) / squared;
                pose[3 + j] = (cofactors[3 + j] - side * cy) / squared;
                pose[6 + j] = (cofactors[6 + j] - side * cz) / squared;
            }
            for (int direction = -1; direction <= 1; direction += 2) {
                for (int i = 0; i < 3; i++) {
                    pose[9 + i] = direction * b[i] / length;
                }
                boolean before = true;
                for (int i = 0; i < 5 && before; i++) {
                    before = isBefore(pose, sampleFirst, sampleSecond, i);
                }
                if (before) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Whether a pair meets before both cameras.
     *
     * @param model the pose
     * @param first rays before the first camera
     * @param second rays before the second camera
     * @param pair its number
     * @return true if so
     */
    public static boolean isBefore(double[] model, double[] first, double[] second, int pair) {
        int at = 3 * pair;
        double x = model[0] * first[at] + model[1] * first[at + 1] + model[2] * first[at + 2];
        double y = model[3] * first[at] + model[4] * first[at + 1] + model[5] * first[at + 2];
        double z = model[6] * first[at] + model[7] * first[at + 1] + model[8] * first[at + 2];
        double u = second[at];
        double v = second[at + 1];
        double w = second[at + 2];
        // λ₂ q = λ₁ p + t with p = R x₁
        double nx = y * w - z * v;
        double ny = z * u - x * w;
        double nz = x * v - y * u;
        double tx = model[9];
        double ty = model[10];
        double tz = model[11];
        double onFirst = (ty * w - tz * v) * nx + (tz * u - tx * w) * ny + (tx * v - ty * u) * nz;
        double onSecond = (y * tz - z * ty) * nx + (z * tx - x * tz) * ny + (x * ty - y * tx) * nz;
        return onFirst < 0 && onSecond > 0;
    }

    /** E = [t]ₓ R. */
    private static void essential(double[] model, double[] e) {
        for (int j = 0; j < 3; j++) {
            e[j] = model[10] * model[6 + j] - model[11] * model[3 + j];
            e[3 + j] = model[11] * model[j] - model[9] * model[6 + j];
            e[6 + j] = model[9] * model[3 + j] - model[10] * model[j];
        }
    }

    /**
     * Sampson's error of a pair on unit rays.
     *
     * @param e essential matrix of any scale
     * @param first rays before the first camera
     * @param second rays before the second camera
     * @param pair its number
     * @return about the angle in radians by which the rays miss their epipolar planes, with a sign
     */
    public static double error(double[] e, double[] first, double[] second, int pair) {
        int at = 3 * pair;
        double x = first[at];
        double y = first[at + 1];
        double z = first[at + 2];
        double u = second[at];
        double v = second[at + 1];
        double w = second[at + 2];
        double nx = e[0] * x + e[1] * y + e[2] * z;
        double ny = e[3] * x + e[4] * y + e[5] * z;
        double nz = e[6] * x + e[7] * y + e[8] * z;
        double mx = e[0] * u + e[3] * v + e[6] * w;
        double my = e[1] * u + e[4] * v + e[7] * w;
        double mz = e[2] * u + e[5] * v + e[8] * w;
        double squared = nx * nx + ny * ny + nz * nz + mx * mx + my * my + mz * mz;
        return (u * nx + v * ny + w * nz) / Math.sqrt(squared);
    }

    @Override
    public void squaredErrors(double[] model, int from, int to, double[] errors) {
        essential(model, e);
        for (int i = from; i < to; i++) {
            double error = focal * error(e, first, second, i);
            errors[i] = error * error;
        }
    }

    @Override
    public boolean refine(double[] model, double[] weights) {
        int n = 0;
        int[] rows = new int[weights.length];
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > 0) {
                rows[n++] = i;
            }
        }
        int count = n;
        if (count < 6) {
            return false;
        }
        double[] start = model.clone();
        double[] moved = new double[MODEL];
        double[] matrix = new double[9];
        return NumericLeastSquares.minimize(
                        6,
                        count + 1,
                        (change, residuals) -> {
                            move(start, change, moved);
                            essential(moved, matrix);
                            for (int i = 0; i < count; i++) {
                                residuals[i] =
                                        Math.sqrt(weights[rows[i]]) * focal * error(matrix, first, second, rows[i]);
                            }
                            // keeps the length of t, which nothing else determines
                            residuals[count] =
                                    focal * (start[9] * change[3] + start[10] * change[4] + start[11] * change[5]);
                        },
                        REFINING_STEPS)
                .map(change -> {
                    move(start, change, model);
                    double length = Math.sqrt(model[9] * model[9] + model[10] * model[10] + model[11] * model[11]);
                    for (int i = 9; i < MODEL; i++) {
                        model[i] /= length;
                    }
                    return Arrays.stream(model).allMatch(Double::isFinite);
                })
                .orElse(false);
    }

    private static void move(double[] model, double[] change, double[] moved) {
        System.arraycopy(model, 0, moved, 0, MODEL);
        Rotations.turn(moved, change[0], change[1], change[2]);
        for (int i = 0; i < 3; i++) {
            moved[9 + i] += change[3 + i];
        }
    }
}
