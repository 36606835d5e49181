package org.retrieval4j.localization.geometry;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where a refinement settles, the derivatives of its error, taken by central differences, are zero. */
class RefinementTest {
    private static final int PAIRS = 60;
    private static final double NOISE = 0.003; // about 1.5 reference pixels
    private static final double STEP = 1e-6;

    private static final double[] MAP = {0.9, -0.2, 0.1, 0.25, 0.95, -0.05, 0.08, -0.06, 1};

    @ParameterizedTest
    @EnumSource(PlanarKind.class)
    void planarMapsSettleWhereTheirErrorIsLeast(PlanarKind kind) {
        double[] h = MAP.clone();
        if (kind != PlanarKind.HOMOGRAPHY) {
            h[6] = 0;
            h[7] = 0;
        }
        if (kind == PlanarKind.SIMILARITY) {
            h[4] = h[0];
            h[3] = -h[1];
        }
        double[] truth = h.clone();
        Correspondences data = pairs((x, y, random) -> mapped(truth, x, y));
        double[] weights = weights();
        h[2] += 0.02;
        h[5] -= 0.01;
        double[] start = h.clone();
        PlanarRefinement refinement = new PlanarRefinement();
        for (int i = 0; i < 10; i++) {
            assertTrue(refinement.refine(kind, data, weights, h));
        }
        // the weights W of the error fᵀWf are held fixed in a step
        double before = norm(along(kind, gradient(m -> transferError(data, weights, m, start), start)));
        double after = norm(along(kind, gradient(m -> transferError(data, weights, m, h), h)));
        assertTrue(after < 1e-6 * before, () -> kind + ": " + after + " of " + before);
    }

    @Test
    void fundamentalMatricesSettleWhereTheSampsonErrorIsLeast() {
        // x₂ = R x₁ + t of points at depths from 1 to 2, in units of the focal length
        double c = Math.cos(0.1);
        double s = Math.sin(0.1);
        double[] t = {-0.3, 0.05, 0.1};
        Correspondences data = pairs((x, y, random) -> {
            double z = 1 + random.nextDouble();
            double depth = -s * x * z + c * z + t[2];
            return new double[] {(c * x * z + s * z + t[0]) / depth, (y * z + t[1]) / depth};
        });
        double[] f = { // [t]ₓ R
            -t[1] * s, -t[2], t[1] * c, t[2] * c + t[0] * s, 0, t[2] * s - t[0] * c, -t[1] * c, t[0], -t[1] * s
        };
        f[0] += 0.01;
        f[5] -= 0.02;
        f[7] += 0.01;
        double[] weights = weights();
        FundamentalRefinement refinement = new FundamentalRefinement();
        assertTrue(refinement.refine(data, weights, f));
        double[] start = f.clone();
        perturb(start);
        for (int i = 0; i < 15; i++) {
            assertTrue(refinement.refine(data, weights, f));
        }
        double before = norm(onManifold(gradient(m -> sampsonError(data, weights, m), start), start));
        double after = norm(onManifold(gradient(m -> sampsonError(data, weights, m), f), f));
        assertTrue(after < 1e-5 * before, () -> after + " of " + before);
        double[] cofactors = new double[9];
        SmallLinear.cofactors(f, cofactors);
        double determinant = f[0] * cofactors[0] + f[1] * cofactors[1] + f[2] * cofactors[2];
        assertTrue(Math.abs(determinant) < 1e-12, () -> "determinant " + determinant);
    }

    private interface Place {
        double[] of(double x, double y, Random random);
    }

    private static Correspondences pairs(Place place) {
        Random random = new Random(7);
        double[][] columns = new double[4][PAIRS];
        for (int i = 0; i < PAIRS; i++) {
            double x = 1.6 * random.nextDouble() - 0.8;
            double y = 1.6 * random.nextDouble() - 0.8;
            double[] second = place.of(x, y, random);
            columns[0][i] = x + NOISE * random.nextGaussian();
            columns[1][i] = y + NOISE * random.nextGaussian();
            columns[2][i] = second[0] + NOISE * random.nextGaussian();
            columns[3][i] = second[1] + NOISE * random.nextGaussian();
        }
        return new Correspondences(columns[0], columns[1], columns[2], columns[3], Optional.empty());
    }

    private static double[] weights() {
        double[] weights = new Random(8).doubles(PAIRS).toArray();
        weights[3] = 0;
        return weights;
    }

    private static double[] mapped(double[] h, double x, double y) {
        double w = h[6] * x + h[7] * y + h[8];
        return new double[] {(h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w};
    }

    /** Σ w fᵀ W f with f of one map and W = ½(I + (J Jᵀ)⁻¹) of another. */
    private static double transferError(Correspondences data, double[] weights, double[] h, double[] fixed) {
        double sum = 0;
        for (int i = 0; i < data.size(); i++) {
            double x = data.x1()[i];
            double y = data.y1()[i];
            double[] p = mapped(h, x, y);
            double fx = p[0] - data.x2()[i];
            double fy = p[1] - data.y2()[i];
            double[] q = mapped(fixed, x, y);
            double w = fixed[6] * x + fixed[7] * y + fixed[8];
            double a = (fixed[0] - fixed[6] * q[0]) / w;
            double b = (fixed[1] - fixed[7] * q[0]) / w;
            double c = (fixed[3] - fixed[6] * q[1]) / w;
            double d = (fixed[4] - fixed[7] * q[1]) / w;
            double determinant = a * d - b * c;
            double bx = (d * fx - b * fy) / determinant;
            double by = (a * fy - c * fx) / determinant;
            sum += weights[i] * 0.5 * (fx * fx + fy * fy + bx * bx + by * by);
        }
        return sum;
    }

    private static double sampsonError(Correspondences data, double[] weights, double[] f) {
        double sum = 0;
        for (int i = 0; i < data.size(); i++) {
            double x = data.x1()[i];
            double y = data.y1()[i];
            double u = data.x2()[i];
            double v = data.y2()[i];
            double lx = f[0] * x + f[1] * y + f[2];
            double ly = f[3] * x + f[4] * y + f[5];
            double mx = f[0] * u + f[3] * v + f[6];
            double my = f[1] * u + f[4] * v + f[7];
            double e = u * lx + v * ly + f[6] * x + f[7] * y + f[8];
            sum += weights[i] * e * e / (lx * lx + ly * ly + mx * mx + my * my);
        }
        return sum;
    }

    private static double[] gradient(ToDoubleFunction<double[]> error, double[] at) {
        double[] gradient = new double[9];
        for (int i = 0; i < 9; i++) {
            double[] plus = at.clone();
            double[] minus = at.clone();
            plus[i] += STEP;
            minus[i] -= STEP;
            gradient[i] = (error.applyAsDouble(plus) - error.applyAsDouble(minus)) / (2 * STEP);
        }
        return gradient;
    }

    /** The derivatives in the directions in which a map of this kind can change. */
    private static double[] along(PlanarKind kind, double[] g) {
        return switch (kind) {
            case HOMOGRAPHY -> Arrays.copyOf(g, 8);
            case AFFINE -> Arrays.copyOf(g, 6);
            case SIMILARITY -> new double[] {g[0] + g[4], g[3] - g[1], g[2], g[5]};
        };
    }

    /** Without what would change the norm or, to first order, the determinant. */
    private static double[] onManifold(double[] gradient, double[] f) {
        double[] cofactors = new double[9];
        SmallLinear.cofactors(f, cofactors);
        double[] rest = gradient.clone();
        for (double[] direction : new double[][] {cofactors, f}) {
            double squared = 0;
            double along = 0;
            for (int i = 0; i < 9; i++) {
                squared += direction[i] * direction[i];
                along += direction[i] * rest[i];
            }
            for (int i = 0; i < 9; i++) {
                rest[i] -= along / squared * direction[i];
            }
        }
        return rest;
    }

    private static void perturb(double[] f) {
        f[2] += 0.01;
        f[6] -= 0.01;
    }

    private static double norm(double[] v) {
        return Math.sqrt(Arrays.stream(v).map(x -> x * x).sum());
    }
}
