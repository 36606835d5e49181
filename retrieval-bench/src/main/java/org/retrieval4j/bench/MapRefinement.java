package org.retrieval4j.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.map.BundleAdjustment;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;

/**
 * Bundle adjustment of a made-up map: cameras on a ring look outward at the walls of a round room; keypoints have noise of half
 * a pixel, the poses given are off by a centimeter and 0.2 degrees in each axis (standard deviations), the points by three
 * centimeters. Prints the time and what is left; the same from the true poses is the noise floor.
 *
 * <pre>{@code
 * java -cp retrieval-bench/target/benchmarks.jar org.retrieval4j.bench.MapRefinement 100 20000
 * }</pre>
 */
public final class MapRefinement {
    private static final Camera CAMERA = Camera.parse("PINHOLE 1000 750 800 800 500 375");
    private static final double PIXELS = 0.5;
    private static final double METERS = 0.01;
    private static final double DEGREES = 0.2;
    private static final double POINTS = 0.03;

    private final List<Pose> poses = new ArrayList<>();
    private final List<double[]> points = new ArrayList<>();
    private final List<List<float[]>> keypoints = new ArrayList<>();
    private final List<int[]> tracks = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(5);

    private MapRefinement(int images, int count) {
        for (int i = 0; i < images; i++) {
            double angle = 2 * Math.PI * i / images;
            Pose turned = new Pose(Math.cos(angle / 2), 0, Math.sin(angle / 2), 0, 0, 0, 0);
            double[] r = turned.rotation();
            double[] c = {-2 * r[6], 0, -2 * r[8]}; // two meters behind the middle of the ring, across from its wall
            poses.add(new Pose(
                    turned.qw(), turned.qx(), turned.qy(), turned.qz(), -dot(r, 0, c), -dot(r, 3, c), -dot(r, 6, c)));
            keypoints.add(new ArrayList<>());
        }
        double[] pixel = new double[2];
        while (points.size() < count) {
            double angle = 2 * Math.PI * random.nextDouble();
            double radius = 5 + 2 * random.nextDouble();
            double[] x = {radius * Math.sin(angle), 3 * random.nextDouble() - 1.5, radius * Math.cos(angle)};
            List<Integer> track = new ArrayList<>();
            for (int i = 0; i < images; i++) {
                // one of four that could see it does, as detectors go
                if (random.nextInt(4) == 0 && project(poses.get(i), x, pixel)) {
                    track.add(i);
                    track.add(keypoints.get(i).size());
                    keypoints.get(i).add(new float[] {
                        (float) (pixel[0] + PIXELS * random.nextGaussian()),
                        (float) (pixel[1] + PIXELS * random.nextGaussian())
                    });
                }
            }
            points.add(x);
            tracks.add(track.stream().mapToInt(Integer::intValue).toArray());
        }
    }

    private static double dot(double[] r, int row, double[] x) {
        return r[row] * x[0] + r[row + 1] * x[1] + r[row + 2] * x[2];
    }

    private static boolean project(Pose pose, double[] x, double[] pixel) {
        double[] r = pose.rotation();
        return CAMERA.project(dot(r, 0, x) + pose.tx(), dot(r, 3, x) + pose.ty(), dot(r, 6, x) + pose.tz(), pixel)
                && pixel[0] > 0
                && pixel[1] > 0
                && pixel[0] < CAMERA.width()
                && pixel[1] < CAMERA.height();
    }

    private PointMap map(List<Pose> given, double noise) {
        List<MapImage> images = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            images.add(new MapImage(i, i + ".jpg", CAMERA, given.get(i)));
        }
        List<PointMap.Point> started = new ArrayList<>();
        for (int p = 0; p < points.size(); p++) {
            double[] x = points.get(p);
            if (tracks.get(p).length >= 4) {
                started.add(new PointMap.Point(
                        x[0] + noise * random.nextGaussian(),
                        x[1] + noise * random.nextGaussian(),
                        x[2] + noise * random.nextGaussian(),
                        tracks.get(p)));
            }
        }
        return PointMap.of(images, started);
    }

    private List<Pose> rough() {
        List<Pose> rough = new ArrayList<>();
        double turn = Math.toRadians(DEGREES) / 2;
        for (Pose pose : poses) {
            Pose moved = new Pose(
                    1,
                    turn * random.nextGaussian(),
                    turn * random.nextGaussian(),
                    turn * random.nextGaussian(),
                    METERS * random.nextGaussian(),
                    METERS * random.nextGaussian(),
                    METERS * random.nextGaussian());
            rough.add(moved.after(pose));
        }
        return rough;
    }

    private FeatureSource features() {
        return id -> {
            List<float[]> own = keypoints.get((int) id);
            float[] values = new float[Keypoints.COLUMNS * own.size()];
            for (int k = 0; k < own.size(); k++) {
                values[Keypoints.COLUMNS * k] = own.get(k)[0];
                values[Keypoints.COLUMNS * k + 1] = own.get(k)[1];
                values[Keypoints.COLUMNS * k + 2] = 1;
            }
            return Optional.of(new ImageFeatures(
                    CAMERA.width(),
                    CAMERA.height(),
                    new Keypoints(FloatMatrix.of(own.size(), Keypoints.COLUMNS, values)),
                    FloatMatrix.of(own.size(), 1, new float[own.size()])));
        };
    }

    private void tell(String what, PointMap map, double seconds) {
        double[] meters = new double[poses.size()];
        double[] degrees = new double[poses.size()];
        for (int i = 0; i < meters.length; i++) {
            meters[i] = map.images().get(i).pose().positionError(poses.get(i));
            degrees[i] = map.images().get(i).pose().rotationErrorDegrees(poses.get(i));
        }
        Arrays.sort(meters);
        Arrays.sort(degrees);
        double squares = 0;
        double[] pixel = new double[2];
        for (int p = 0; p < map.size(); p++) {
            PointMap.Point point = map.point(p);
            double[] x = {point.x(), point.y(), point.z()};
            for (int i = 0; i < point.track().length; i += 2) {
                float[] seen = keypoints.get(point.track()[i]).get(point.track()[i + 1]);
                project(map.images().get(point.track()[i]).pose(), x, pixel);
                squares += Math.pow(pixel[0] - seen[0], 2) + Math.pow(pixel[1] - seen[1], 2);
            }
        }
        System.out.println(String.format(
                Locale.ROOT,
                "%-22s %7.2f s, RMS of coordinates %.4f px, poses off by %.2f mm and %.4f degrees (medians)",
                what,
                seconds,
                Math.sqrt(squares / (2.0 * map.observations())),
                1000 * meters[meters.length / 2],
                degrees[degrees.length / 2]));
    }

    /**
     * Runs one problem.
     *
     * @param arguments numbers of images and of points
     * @throws IOException never: nothing is read
     */
    public static void main(String[] arguments) throws IOException {
        MapRefinement problem = new MapRefinement(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]));
        PointMap rough = problem.map(problem.rough(), POINTS);
        System.out.println(rough.images().size() + " images, " + rough.size() + " points, " + rough.observations()
                + " observations");
        problem.tell("given", rough, 0);
        BundleAdjustment.Options options = BundleAdjustment.Options.defaults();
        for (int run = 0; run < 2; run++) {
            problem.refine("points alone", rough, options);
            problem.refine("points and poses", rough, options.withPoses(true));
        }
        problem.refine("from the true poses", problem.map(problem.poses, 0), options.withPoses(true));
    }

    private void refine(String what, PointMap start, BundleAdjustment.Options options) throws IOException {
        long begin = System.nanoTime();
        try (PointMap refined = BundleAdjustment.refine(start, features(), options)) {
            tell(what, refined, (System.nanoTime() - begin) / 1e9);
        }
    }
}
