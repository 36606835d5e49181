package org.retrieval4j.localization.camera;

import org.jspecify.annotations.Nullable;

/**
 * The enhanced unified camera model: (x, y)/(α √(β (x² + y²) + z²) + (1 − α) z) (Khomutenko, Garcia and Martinet, An
 * enhanced unified camera model, RA-L 2016, equation 8; the inverse is their equation 27).
 */
record UnifiedLens() implements Lens {
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
        double alpha = p[from];
        double beta = p[from + 1];
        double rho2 = x * x + y * y;
        double d = Math.sqrt(beta * rho2 + z * z);
        double m = alpha * d + (1 - alpha) * z;
        if (!(m > 0)) {
            return false;
        }
        double i = 1 / m;
        double a = x * i;
        double b = y * i;
        place[0] = a;
        place[1] = b;
        if (byPoint != null) {
            double mx = alpha * beta * x / d;
            double my = alpha * beta * y / d;
            double mz = alpha * z / d + 1 - alpha;
            byPoint[0] = i - a * i * mx;
            byPoint[1] = -a * i * my;
            byPoint[2] = -a * i * mz;
            byPoint[3] = -b * i * mx;
            byPoint[4] = i - b * i * my;
            byPoint[5] = -b * i * mz;
        }
        if (byParameters != null) {
            double byAlpha = (d - z) * i;
            double byBeta = alpha * rho2 / (2 * d) * i;
            byParameters[from] = -a * byAlpha;
            byParameters[from + 1] = -a * byBeta;
            byParameters[p.length + from] = -b * byAlpha;
            byParameters[p.length + from + 1] = -b * byBeta;
        }
        return true;
    }

    @Override
    public boolean unproject(double[] p, int from, double a, double b, double[] ray) {
        double alpha = p[from];
        double beta = p[from + 1];
        double r2 = a * a + b * b;
        double discriminant = 1 - (2 * alpha - 1) * beta * r2;
        if (!(discriminant >= 0)) {
            return false;
        }
        ray[0] = a;
        ray[1] = b;
        ray[2] = (1 - beta * alpha * alpha * r2) / (alpha * Math.sqrt(discriminant) + 1 - alpha);
        return true;
    }
}
