package org.retrieval4j.localization.camera;

import org.jspecify.annotations.Nullable;

/**
 * Polynomial distortion of the plane: of perspective coordinates (x, y)/z (Brown, Decentering distortion of lenses, 1966,
 * and OpenCV's rational form), or of equidistant fisheye coordinates θ (x, y)/√(x² + y²) (Kannala and Brandt, A generic
 * camera model and calibration method, PAMI 2006). With (u, v) such coordinates, r² = u² + v²,
 *
 * <pre>
 * g = (1 + Σ kᵢ r²ⁱ)/(1 + Σ dᵢ r²ⁱ)
 * a = u g + 2 s (s pₓ + t p_y) + pₓ q² + Σ sxᵢ q²ⁱ
 * b = v g + 2 t (s pₓ + t p_y) + p_y q² + Σ syᵢ q²ⁱ
 * </pre>
 *
 * where (s, t) is (u, v), or (u, v) g where {@code radialFirst}, and q² = s² + t². The inverse is Newton's.
 *
 * @param fisheye whether the plane is the equidistant one
 * @param radialFirst whether the other terms are of the radially distorted place
 * @param radial where kᵢ are among the lens's parameters
 * @param denominator where dᵢ are
 * @param tangential where pₓ and p_y are; empty if there are none
 * @param prismX where sxᵢ are
 * @param prismY where syᵢ are
 */
record PolynomialLens(
        boolean fisheye,
        boolean radialFirst,
        int[] radial,
        int[] denominator,
        int[] tangential,
        int[] prismX,
        int[] prismY)
        implements Lens {
    private static final int[] NONE = {};
    private static final int STEPS = 100;

    static PolynomialLens of(boolean fisheye, int... radial) {
        return new PolynomialLens(fisheye, false, radial, NONE, NONE, NONE, NONE);
    }

    PolynomialLens withTangential(int x, int y) {
        return new PolynomialLens(fisheye, radialFirst, radial, denominator, new int[] {x, y}, prismX, prismY);
    }

    PolynomialLens withDenominator(int... d) {
        return new PolynomialLens(fisheye, radialFirst, radial, d, tangential, prismX, prismY);
    }

    PolynomialLens withPrism(int[] x, int[] y) {
        return new PolynomialLens(fisheye, radialFirst, radial, denominator, tangential, x, y);
    }

    PolynomialLens withRadialFirst() {
        return new PolynomialLens(fisheye, true, radial, denominator, tangential, prismX, prismY);
    }

    @Override
    public boolean project(
            double[] p,
            int from,
            double x,
            double y,
            double z,
            double[] place,
            double @Nullable [] byPoint,
            double @Nullable [] byParameters) {
        if (!(z >= Math.ulp(1.0))) {
            return false;
        }
        if (byPoint == null) {
            double scale = fisheye ? angleByTangent(Math.hypot(x, y), z) : 1 / z;
            distort(p, from, x * scale, y * scale, place, null, byParameters);
            return true;
        }
        double scale;
        double slope; // derivative of the scale by √(x² + y²), over it
        double forward; // derivative of the scale by z
        if (fisheye) {
            double rho = Math.hypot(x, y);
            scale = angleByTangent(rho, z);
            forward = -1 / (rho * rho + z * z);
            double t = rho / z;
            slope = t < 1e-4 ? -2 / (3 * z * z * z) : (z / (rho * rho + z * z) - scale) / (rho * rho);
        } else {
            scale = 1 / z;
            forward = -scale * scale;
            slope = 0;
        }
        double u = x * scale;
        double v = y * scale;
        // the 2 x 2 derivatives of the distortion lie in byPoint until they are multiplied
        distort(p, from, u, v, place, byPoint, byParameters);
        double au = byPoint[0];
        double av = byPoint[1];
        double bu = byPoint[2];
        double bv = byPoint[3];
        double ux = scale + x * x * slope;
        double uy = x * y * slope;
        double vy = scale + y * y * slope;
        byPoint[0] = au * ux + av * uy;
        byPoint[1] = au * uy + av * vy;
        byPoint[2] = (au * x + av * y) * forward;
        byPoint[3] = bu * ux + bv * uy;
        byPoint[4] = bu * uy + bv * vy;
        byPoint[5] = (bu * x + bv * y) * forward;
        return true;
    }

    /** atan(ρ/z)/ρ. */
    private static double angleByTangent(double rho, double z) {
        double t = rho / z;
        return t < 1e-4 ? (1 - t * t / 3) / z : Math.atan2(rho, z) / rho;
    }

    /** Writes the place, and, where asked, the 2 x 2 derivatives by (u, v) and those by the parameters. */
    private void distort(
            double[] p,
            int from,
            double u,
            double v,
            double[] place,
            double @Nullable [] byPlane,
            double @Nullable [] byParameters) {
        double r2 = u * u + v * v;
        double above = 0;
        double aboveSlope = 0;
        for (int i = radial.length - 1; i >= 0; i--) {
            double k = p[from + radial[i]];
            aboveSlope = aboveSlope * r2 + (i + 1) * k;
            above = above * r2 + k;
        }
        above = 1 + above * r2;
        double below = 0;
        double belowSlope = 0;
        for (int i = denominator.length - 1; i >= 0; i--) {
            double d = p[from + denominator[i]];
            belowSlope = belowSlope * r2 + (i + 1) * d;
            below = below * r2 + d;
        }
        below = 1 + below * r2;
        double g = above / below;
        double gSlope = (aboveSlope - g * belowSlope) / below;
        double s = radialFirst ? u * g : u;
        double t = radialFirst ? v * g : v;
        double q2 = s * s + t * t;
        double px = tangential.length == 0 ? 0 : p[from + tangential[0]];
        double py = tangential.length == 0 ? 0 : p[from + tangential[1]];
        double bend = 2 * (s * px + t * py);
        double prismA = 0;
        double prismASlope = 0;
        for (int i = prismX.length - 1; i >= 0; i--) {
            double c = p[from + prismX[i]];
            prismASlope = prismASlope * q2 + (i + 1) * c;
            prismA = prismA * q2 + c;
        }
        double prismB = 0;
        double prismBSlope = 0;
        for (int i = prismY.length - 1; i >= 0; i--) {
            double c = p[from + prismY[i]];
            prismBSlope = prismBSlope * q2 + (i + 1) * c;
            prismB = prismB * q2 + c;
        }
        place[0] = u * g + bend * s + (px + prismA) * q2;
        place[1] = v * g + bend * t + (py + prismB) * q2;
        if (byPlane == null && byParameters == null) {
            return;
        }
        // derivatives of the terms of (s, t)
        double as = bend + 4 * px * s + 2 * s * prismASlope;
        double at = 2 * (py * s + px * t) + 2 * t * prismASlope;
        double bs = 2 * (px * t + py * s) + 2 * s * prismBSlope;
        double bt = bend + 4 * py * t + 2 * t * prismBSlope;
        if (byPlane != null) {
            double su = g + 2 * u * u * gSlope;
            double sv = 2 * u * v * gSlope;
            double tv = g + 2 * v * v * gSlope;
            byPlane[0] = su + (radialFirst ? as * su + at * sv : as);
            byPlane[1] = sv + (radialFirst ? as * sv + at * tv : at);
            byPlane[2] = sv + (radialFirst ? bs * su + bt * sv : bs);
            byPlane[3] = tv + (radialFirst ? bs * sv + bt * tv : bt);
        }
        if (byParameters != null) {
            int second = p.length;
            double power = 1 / below;
            for (int index : radial) {
                power *= r2;
                int column = from + index;
                byParameters[column] = power * (u + (radialFirst ? as * u + at * v : 0));
                byParameters[second + column] = power * (v + (radialFirst ? bs * u + bt * v : 0));
            }
            power = -g / below;
            for (int index : denominator) {
                power *= r2;
                byParameters[from + index] = power * u;
                byParameters[second + from + index] = power * v;
            }
            if (tangential.length > 0) {
                byParameters[from + tangential[0]] = 2 * s * s + q2;
                byParameters[second + from + tangential[0]] = 2 * s * t;
                byParameters[from + tangential[1]] = 2 * s * t;
                byParameters[second + from + tangential[1]] = 2 * t * t + q2;
            }
            power = 1;
            for (int i = 0; i < prismX.length; i++) {
                power *= q2;
                byParameters[from + prismX[i]] = power;
                byParameters[second + from + prismX[i]] = 0;
                byParameters[from + prismY[i]] = 0;
                byParameters[second + from + prismY[i]] = power;
            }
        }
    }

    @Override
    public boolean unproject(double[] p, int from, double a, double b, double[] ray) {
        double u = a;
        double v = b;
        if (radial.length + tangential.length > 0) {
            double[] place = new double[2];
            double[] slope = new double[6];
            boolean settled = false;
            for (int step = 0; step < STEPS && !settled; step++) {
                distort(p, from, u, v, place, slope, null);
                double da = place[0] - a;
                double db = place[1] - b;
                double determinant = slope[0] * slope[3] - slope[1] * slope[2];
                double du = (slope[3] * da - slope[1] * db) / determinant;
                double dv = (slope[0] * db - slope[2] * da) / determinant;
                u -= du;
                v -= dv;
                settled = Math.abs(du) + Math.abs(dv) <= 1e-14 * (1 + Math.abs(u) + Math.abs(v));
            }
            distort(p, from, u, v, place, slope, null);
            double error = Math.abs(place[0] - a) + Math.abs(place[1] - b);
            // beyond the fold of the polynomial there are other places that appear here, which no light reaches
            if (!(error <= 1e-10 * (1 + Math.abs(a) + Math.abs(b))) || slope[0] * slope[3] - slope[1] * slope[2] <= 0) {
                return false;
            }
        }
        if (!fisheye) {
            ray[0] = u;
            ray[1] = v;
            ray[2] = 1;
            return true;
        }
        double angle = Math.hypot(u, v);
        double scale = angle < 1e-8 ? 1 : Math.sin(angle) / angle;
        ray[0] = u * scale;
        ray[1] = v * scale;
        ray[2] = Math.cos(angle);
        return angle < Math.PI;
    }
}
