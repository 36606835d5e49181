package org.retrieval4j.localization.camera;

import org.jspecify.annotations.Nullable;

/**
 * The field-of-view model: r = atan(2 ρ tan(ω/2))/ω, with ρ the distance from the axis in the perspective plane
 * (Devernay and Faugeras, Straight lines have to be straight, 2001, equation 13). For small ω and small ρ the first terms
 * of its series, where COLMAP takes them.
 */
record FieldOfViewLens() implements Lens {
    /** Below this square of ω or ρ the series is taken. */
    private static final double SMALL = 1e-4;

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
        double omega = p[from];
        double u = x / z;
        double v = y / z;
        double r2 = u * u + v * v;
        double t = Math.tan(omega / 2);
        double r = Math.sqrt(r2);
        double factor;
        double byR2;
        double byOmega;
        if (omega * omega < SMALL) {
            factor = omega * omega * (r2 / 3 - 1.0 / 12) + 1;
            byR2 = omega * omega / 3;
            byOmega = 2 * omega * (r2 / 3 - 1.0 / 12);
        } else if (r2 < SMALL) {
            factor = -2 * t * (4 * r2 * t * t - 3) / (3 * omega);
            byR2 = -8 * t * t * t / (3 * omega);
            byOmega = (1 + t * t) / 2 * (6 - 24 * r2 * t * t) / (3 * omega) - factor / omega;
        } else {
            factor = Math.atan(2 * r * t) / (r * omega);
            double q = 1 + 4 * r2 * t * t;
            byR2 = (2 * t / (q * omega) - factor) / (2 * r2);
            byOmega = (1 + t * t) / (q * omega) - factor / omega;
        }
        place[0] = u * factor;
        place[1] = v * factor;
        if (byPoint != null) {
            double au = factor + 2 * u * u * byR2;
            double av = 2 * u * v * byR2;
            double bv = factor + 2 * v * v * byR2;
            byPoint[0] = au / z;
            byPoint[1] = av / z;
            byPoint[2] = -(au * u + av * v) / z;
            byPoint[3] = av / z;
            byPoint[4] = bv / z;
            byPoint[5] = -(av * u + bv * v) / z;
        }
        if (byParameters != null) {
            byParameters[from] = u * byOmega;
            byParameters[p.length + from] = v * byOmega;
        }
        return true;
    }

    @Override
    public boolean unproject(double[] p, int from, double a, double b, double[] ray) {
        double omega = p[from];
        double distorted = Math.hypot(a, b);
        double rho = distorted;
        if (omega * omega < SMALL) {
            for (int step = 0; step < 20; step++) { // inverse of the two terms, by Newton
                double value = rho * (omega * omega * (rho * rho / 3 - 1.0 / 12) + 1);
                rho -= (value - distorted) / (omega * omega * (rho * rho - 1.0 / 12) + 1);
            }
        } else {
            double t = Math.tan(omega / 2);
            if (distorted * Math.abs(omega) >= Math.PI / 2) {
                return false;
            }
            rho = Math.tan(distorted * omega) / (2 * t);
            if (rho * rho < SMALL) {
                for (int step = 0; step < 20; step++) {
                    double value = -2 * t * rho * (4 * rho * rho * t * t - 3) / (3 * omega);
                    rho -= (value - distorted) / (-2 * t * (12 * rho * rho * t * t - 3) / (3 * omega));
                }
            }
        }
        double scale = distorted == 0 ? 1 : rho / distorted;
        ray[0] = a * scale;
        ray[1] = b * scale;
        ray[2] = 1;
        return true;
    }
}
