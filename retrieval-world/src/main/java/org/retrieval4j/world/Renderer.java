package org.retrieval4j.world;

import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.Orientation;

/**
 * Ray casting of textured rectangles: one exact ray through the center of each pixel for depth and label, four rays for
 * its color. Thread-safe; the same arguments give the same bytes.
 */
final class Renderer {
    private static final double NOISE = 2.0; // standard deviation in grey levels

    private Renderer() {}

    /**
     * How a picture is lit.
     *
     * @param gain brightness of everything
     * @param direction horizontal direction of the light in radians
     * @param contrast 0 for light from everywhere, towards 1 for sharp light
     * @param warmth red against blue, 1 is neutral
     * @param seed of the sensor's noise
     */
    record Light(double gain, double direction, double contrast, double warmth, long seed) {}

    static Rendering render(List<Surface> surfaces, View view, Light light) {
        int width = view.width();
        int height = view.height();
        byte[] rgb = new byte[3 * width * height];
        float[] depth = new float[width * height];
        byte[] labels = new byte[width * height];
        Ray ray = new Ray(surfaces, view.center());
        Random noise = new Random(light.seed);
        float[] sample = new float[3];
        double[] sum = new double[3];
        for (int y = 0, pixel = 0; y < height; y++) {
            for (int x = 0; x < width; x++, pixel++) {
                ray.aim(view, x + 0.5, y + 0.5);
                Surface middle = ray.cast();
                if (middle != null) {
                    depth[pixel] = (float) ray.distance;
                    labels[pixel] = (byte) middle.label().ordinal();
                }
                sum[0] = sum[1] = sum[2] = 0;
                for (int quarter = 0; quarter < 4; quarter++) {
                    ray.aim(view, x + 0.25 + 0.5 * (quarter & 1), y + 0.25 + 0.5 * (quarter >> 1));
                    Surface hit = ray.cast();
                    if (hit == null) {
                        sum[0] += 150; // sky
                        sum[1] += 175;
                        sum[2] += 205;
                        continue;
                    }
                    double sideU = Math.sqrt(hit.ux() * hit.ux() + hit.uy() * hit.uy() + hit.uz() * hit.uz());
                    double footprint = ray.distance / view.focal() * hit.repeatU() / sideU;
                    hit.texture().sample(ray.s * hit.repeatU(), ray.t * hit.repeatV(), footprint / 2, sample);
                    double shade = shade(hit, light);
                    sum[0] += sample[0] * shade * light.warmth;
                    sum[1] += sample[1] * shade;
                    sum[2] += sample[2] * shade / light.warmth;
                }
                for (int c = 0; c < 3; c++) {
                    double value = sum[c] / 4 * light.gain + NOISE * noise.nextGaussian();
                    rgb[3 * pixel + c] = (byte) Math.max(0, Math.min(255, Math.round(value)));
                }
            }
        }
        return new Rendering(new Image(width, height, rgb, Orientation.UPRIGHT), depth, labels);
    }

    /** The share of a picture that a class fills, about: by a ray every thirty-second of the width. */
    static double share(List<Surface> surfaces, View view, Label label) {
        Ray ray = new Ray(surfaces, view.center());
        double step = view.width() / 32.0;
        int hits = 0;
        int all = 0;
        for (double y = step / 2; y < view.height(); y += step) {
            for (double x = step / 2; x < view.width(); x += step) {
                ray.aim(view, x, y);
                Surface hit = ray.cast();
                hits += hit != null && hit.label() == label ? 1 : 0;
                all++;
            }
        }
        return (double) hits / all;
    }

    private static double shade(Surface surface, Light light) {
        double nx = surface.uy() * surface.vz() - surface.uz() * surface.vy();
        double ny = surface.uz() * surface.vx() - surface.ux() * surface.vz();
        double nz = surface.ux() * surface.vy() - surface.uy() * surface.vx();
        double length = Math.sqrt(nx * nx + ny * ny + nz * nz);
        double cosine = (nx * Math.cos(light.direction) + ny * Math.sin(light.direction)) / length;
        return 1 - light.contrast + light.contrast * Math.abs(0.5 + 0.5 * cosine);
    }

    /** A ray and what it met last. */
    private static final class Ray {
        private static final int STRIDE = 12;

        private final Surface[] surfaces;
        // for each surface: normal, origin − center, first side / its square, second side / its square
        private final double[] flat;
        private double dx;
        private double dy;
        private double dz;
        private double distance;
        private double s;
        private double t;

        Ray(List<Surface> surfaces, double[] center) {
            this.surfaces = surfaces.toArray(new Surface[0]);
            this.flat = new double[STRIDE * this.surfaces.length];
            for (int i = 0; i < this.surfaces.length; i++) {
                Surface f = this.surfaces[i];
                double uu = f.ux() * f.ux() + f.uy() * f.uy() + f.uz() * f.uz();
                double vv = f.vx() * f.vx() + f.vy() * f.vy() + f.vz() * f.vz();
                double[] values = {
                    f.uy() * f.vz() - f.uz() * f.vy(),
                    f.uz() * f.vx() - f.ux() * f.vz(),
                    f.ux() * f.vy() - f.uy() * f.vx(),
                    f.ox() - center[0],
                    f.oy() - center[1],
                    f.oz() - center[2],
                    f.ux() / uu,
                    f.uy() / uu,
                    f.uz() / uu,
                    f.vx() / vv,
                    f.vy() / vv,
                    f.vz() / vv
                };
                System.arraycopy(values, 0, flat, STRIDE * i, STRIDE);
            }
        }

        // The direction has length 1 along the viewing axis, so the ray's parameter is the depth.
        void aim(View view, double px, double py) {
            double x = (px - view.width() / 2.0) / view.focal();
            double y = (py - view.height() / 2.0) / view.focal();
            double[] r = view.rotation();
            dx = r[0] * x + r[3] * y + r[6];
            dy = r[1] * x + r[4] * y + r[7];
            dz = r[2] * x + r[5] * y + r[8];
        }

        @Nullable
        Surface cast() {
            int nearest = -1;
            distance = Double.MAX_VALUE;
            for (int i = 0, at = 0; i < surfaces.length; i++, at += STRIDE) {
                double along = flat[at] * dx + flat[at + 1] * dy + flat[at + 2] * dz;
                double gx = flat[at + 3];
                double gy = flat[at + 4];
                double gz = flat[at + 5];
                double d = (flat[at] * gx + flat[at + 1] * gy + flat[at + 2] * gz) / along;
                if (!(d > 1e-6 && d < distance)) { // also where the ray is parallel: d is then infinite or NaN
                    continue;
                }
                double hx = d * dx - gx;
                double hy = d * dy - gy;
                double hz = d * dz - gz;
                double hs = hx * flat[at + 6] + hy * flat[at + 7] + hz * flat[at + 8];
                double ht = hx * flat[at + 9] + hy * flat[at + 10] + hz * flat[at + 11];
                if (hs >= 0 && hs <= 1 && ht >= 0 && ht <= 1) {
                    nearest = i;
                    distance = d;
                    s = hs;
                    t = ht;
                }
            }
            return nearest < 0 ? null : surfaces[nearest];
        }
    }
}
