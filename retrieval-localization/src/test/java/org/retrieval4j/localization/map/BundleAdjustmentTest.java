package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.localization.pose.Loss;
import org.retrieval4j.localization.pose.Pose;

class BundleAdjustmentTest {
    private static final int POINTS = 80;

    /** Views of a world with pixel noise, and a map of it whose points and poses are off. */
    private static final class Scene {
        final MadeUpWorld world;
        final FeatureSource features;
        final List<Pose> truth = new ArrayList<>();
        final PointMap map;

        Scene(int views, double pixelNoise, double pointNoise, double poseNoise) {
            world = new MadeUpWorld(views, POINTS, 1);
            Random random = new Random(7);
            List<ImageFeatures> seen = new ArrayList<>();
            List<MapImage> images = new ArrayList<>();
            for (MapImage image : world.images) {
                truth.add(image.pose());
                seen.add(world.see(image.pose(), pixelNoise, random));
                Pose off = new Pose(
                        1,
                        poseNoise / 2 * random.nextGaussian(),
                        poseNoise / 2 * random.nextGaussian(),
                        poseNoise / 2 * random.nextGaussian(),
                        5 * poseNoise * random.nextGaussian(),
                        5 * poseNoise * random.nextGaussian(),
                        5 * poseNoise * random.nextGaussian());
                images.add(image.withPose(off.after(image.pose())));
            }
            features = id -> Optional.of(seen.get((int) id - 100));
            List<PointMap.Point> points = new ArrayList<>();
            for (int p = 0; p < POINTS; p++) {
                // each point in five neighbors, so that the system is sparse
                int from = p % Math.max(1, views - 4);
                int[] track = new int[2 * Math.min(5, views)];
                for (int i = 0; i < track.length / 2; i++) {
                    track[2 * i] = from + i;
                    track[2 * i + 1] = p;
                }
                points.add(new PointMap.Point(
                        world.points[3 * p] + pointNoise * random.nextGaussian(),
                        world.points[3 * p + 1] + pointNoise * random.nextGaussian(),
                        world.points[3 * p + 2] + pointNoise * random.nextGaussian(),
                        track));
            }
            map = PointMap.of(images, points);
        }

        double pointError(PointMap of) {
            double worst = 0;
            for (int p = 0; p < POINTS; p++) {
                for (int axis = 0; axis < 3; axis++) {
                    worst = Math.max(worst, Math.abs(of.coordinate(p, axis) - world.points[3 * p + axis]));
                }
            }
            return worst;
        }

        double poseError(PointMap of) {
            double sum = 0;
            for (int i = 0; i < truth.size(); i++) {
                sum += of.images().get(i).pose().positionError(truth.get(i));
            }
            return sum / truth.size();
        }
    }

    private static double error(PointMap map) {
        double sum = 0;
        for (int p = 0; p < map.size(); p++) {
            sum += map.error(p);
        }
        return sum / map.size();
    }

    private static final BundleAdjustment.Options DEFAULTS = BundleAdjustment.Options.defaults();

    @Test
    void derivativesAreThoseOfDifferences() {
        Pose pose = new Pose(0.9, 0.1, -0.2, 0.3, 0.2, -0.1, 5);
        double[] point = {0.3, -0.5, 0.7};
        BundleAdjustment.View view = new BundleAdjustment.View();
        assertThat(view.differentiate(MadeUpWorld.CAMERA, pose, point, 0)).isTrue();
        double[] byPoint = view.byPoint.clone();
        double[] byPose = view.byPose.clone();
        double h = 1e-6;
        for (int i = 0; i < 9; i++) {
            double[][] pixels = new double[2][];
            for (int side = 0; side < 2; side++) {
                double d = side == 0 ? -h : h;
                double[] moved = point.clone();
                double[] m = new double[6];
                if (i < 3) {
                    moved[i] += d;
                } else {
                    m[i - 3] = d;
                }
                Pose turned = new Pose(1, m[0] / 2, m[1] / 2, m[2] / 2, m[3], m[4], m[5]).after(pose);
                assertThat(view.project(MadeUpWorld.CAMERA, turned, moved, 0)).isTrue();
                pixels[side] = view.pixel.clone();
            }
            for (int row = 0; row < 2; row++) {
                double numeric = (pixels[1][row] - pixels[0][row]) / (2 * h);
                double analytic = i < 3 ? byPoint[3 * row + i] : byPose[6 * row + i - 3];
                assertThat(analytic).isCloseTo(numeric, within(1e-5 * (1 + Math.abs(numeric))));
            }
        }
    }

    @Test
    void pointsOfANoiseFreeWorldAreFound() throws IOException {
        Scene scene = new Scene(6, 0, 0.05, 0);
        try (PointMap refined = BundleAdjustment.refine(scene.map, scene.features, DEFAULTS)) {
            assertThat(scene.pointError(scene.map)).isGreaterThan(0.1);
            assertThat(scene.pointError(refined)).isLessThan(1e-5); // keypoints are float
            assertThat(error(refined)).isLessThan(1e-4);
            assertThat(refined.images()).isEqualTo(scene.map.images());
            assertThat(refined.observations()).isEqualTo(scene.map.observations());
        }
    }

    @Test
    void posesOfANoiseFreeWorldAgreeAgain() throws IOException {
        Scene scene = new Scene(12, 0, 0.02, 0.004);
        try (PointMap refined = BundleAdjustment.refine(scene.map, scene.features, DEFAULTS.withPoses(true));
                PointMap fixed = BundleAdjustment.refine(scene.map, scene.features, DEFAULTS)) {
            assertThat(error(fixed)).isGreaterThan(0.3);
            assertThat(error(refined)).isLessThan(0.05); // the prior pulls a little
            assertThat(scene.poseError(refined)).isLessThan(scene.poseError(scene.map));
        }
    }

    @Test
    void noiseStaysAndErrorsOfPosesGo() throws IOException {
        Scene scene = new Scene(20, 0.3, 0.02, 0.004);
        BundleAdjustment.Options none = new BundleAdjustment.Options(true, Loss.SQUARED, 1, 0.01, 0);
        try (PointMap before = BundleAdjustment.refine(scene.map, scene.features, none);
                PointMap refined = BundleAdjustment.refine(scene.map, scene.features, DEFAULTS.withPoses(true));
                PointMap again = BundleAdjustment.refine(scene.map, scene.features, DEFAULTS.withPoses(true))) {
            assertThat(error(before)).isGreaterThan(2);
            // of a mean of 0.3 √(π/2) = 0.38 the unknowns take their part
            assertThat(error(refined)).isBetween(0.15, 0.38);
            for (int p = 0; p < POINTS; p++) {
                assertThat(again.point(p)).isEqualTo(refined.point(p));
            }
        }
    }

    @Test
    void aWrongObservationPullsLittleUnderARobustLoss() throws IOException {
        Scene scene = new Scene(6, 0, 0, 0);
        List<PointMap.Point> points = new ArrayList<>();
        for (int p = 0; p < POINTS; p++) {
            points.add(scene.map.point(p));
        }
        int[] track = points.get(0).track().clone();
        track[1] = 1; // another point's keypoint, which observes nothing else there
        int[] other = points.get(1).track();
        List<PointMap.Point> spoiled = new ArrayList<>(points.subList(2, POINTS));
        spoiled.add(
                0,
                new PointMap.Point(
                        points.get(0).x(), points.get(0).y(), points.get(0).z(), track));
        assertThat(other).isNotEmpty();
        double[] moved = new double[2];
        Loss[] losses = {Loss.SQUARED, Loss.CAUCHY};
        try (PointMap map = PointMap.of(scene.map.images(), spoiled)) {
            int at = map.size() - 1; // it has the last id, having none of its own
            for (int i = 0; i < 2; i++) {
                try (PointMap refined = BundleAdjustment.refine(
                        map, scene.features, new BundleAdjustment.Options(false, losses[i], 1, 0.01, 50))) {
                    moved[i] = Math.abs(refined.coordinate(at, 0) - scene.world.points[0])
                            + Math.abs(refined.coordinate(at, 1) - scene.world.points[1])
                            + Math.abs(refined.coordinate(at, 2) - scene.world.points[2]);
                }
            }
        }
        assertThat(moved[1]).isLessThan(moved[0] / 10);
    }

    @Test
    void refusesSenselessOptions() {
        assertThatThrownBy(() -> new BundleAdjustment.Options(false, Loss.HUBER, 0, 1, 1))
                .hasMessageContaining("scale must be above 0");
        assertThatThrownBy(() -> new BundleAdjustment.Options(true, Loss.HUBER, 1, 0, 1))
                .hasMessageContaining("poseSigma must be above 0");
        assertThatThrownBy(() -> new BundleAdjustment.Options(true, Loss.HUBER, 1, 1, -1))
                .hasMessageContaining("maxSteps must be at least 0");
    }
}
