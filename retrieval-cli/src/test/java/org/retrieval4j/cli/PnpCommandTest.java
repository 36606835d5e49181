package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.storage.NpyFile;

class PnpCommandTest {
    private static final String CAMERA = "PINHOLE 640 480 500 510 320 240";
    private static final int N = 60;

    @TempDir
    static Path folder;

    private final Path points = folder.resolve("X.npy");
    private final Path pixels = folder.resolve("x.npy");

    /** Seen from (0, 0, -5), every third pixel anywhere. */
    @BeforeEach
    void write() throws IOException {
        Random random = new Random(3);
        float[] world = new float[3 * N];
        float[] image = new float[2 * N];
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < 3; j++) {
                world[3 * i + j] = 2 * random.nextFloat() - 1;
            }
            image[2 * i] = 500 * world[3 * i] / (world[3 * i + 2] + 5) + 320;
            image[2 * i + 1] = 510 * world[3 * i + 1] / (world[3 * i + 2] + 5) + 240;
            if (i % 3 == 0) {
                image[2 * i] = 640 * random.nextFloat();
                image[2 * i + 1] = 480 * random.nextFloat();
            }
        }
        NpyFile.write(points, world, N, 3);
        NpyFile.write(pixels, image, N, 2);
    }

    private Cli run(String camera, Object... more) {
        Object[] arguments = new Object[7 + more.length];
        System.arraycopy(
                new Object[] {"pnp", "--points", points, "--pixels", pixels, "--camera", camera}, 0, arguments, 0, 7);
        System.arraycopy(more, 0, arguments, 7, more.length);
        return Cli.run(arguments);
    }

    @Test
    void printsThePose() {
        Cli run = run(CAMERA, "--seed", 5, "--repeat", 3, "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.outLines()).hasSize(1);
        Map<String, Object> line = Parsed.object(run.out());
        assertThat(line.keySet())
                .containsExactly(
                        "status", "qw", "qx", "qy", "qz", "tx", "ty", "tz", "inliers", "iterations", "seconds");
        assertThat(line).containsEntry("status", "LOCALIZED").containsEntry("inliers", 40);
        assertThat(Math.abs(number(line, "qw"))).isCloseTo(1, within(1e-6));
        assertThat(number(line, "tz")).isCloseTo(5, within(1e-4));
        assertThat(number(line, "seconds")).isBetween(1e-6, 10.0);
        assertThat(run(CAMERA).out()).contains("LOCALIZED, 40 inliers");
    }

    /** Correspondences that determine no pose: a status, and never a pose. */
    @ParameterizedTest
    @CsvSource({"none,0", "three,3", "one point,40", "a line,40", "not finite,40", "far plane,40"})
    void whatDeterminesNoPoseHasAStatus(String kind, int n) throws IOException {
        Random random = new Random(1);
        double[] world = new double[3 * n];
        double[] image = new double[2 * n];
        for (int i = 0; i < n; i++) {
            double x = 2 * random.nextDouble() - 1;
            double y = 2 * random.nextDouble() - 1;
            double z = 5 + random.nextDouble();
            switch (kind) {
                case "one point" -> {
                    x = 0.3;
                    y = 0.2;
                    z = 5;
                }
                case "a line" -> {
                    y = 0.5 * x;
                    z = 5 + x;
                }
                case "far plane" -> z = 5000;
                default -> {}
            }
            world[3 * i] = kind.equals("not finite") ? Double.NaN : x;
            world[3 * i + 1] = y;
            world[3 * i + 2] = z;
            image[2 * i] = 500 * x / z + 320 + 0.5 * random.nextGaussian();
            image[2 * i + 1] = 510 * y / z + 240 + 0.5 * random.nextGaussian();
        }
        NpyFile.write(points, floats(world), n, 3);
        NpyFile.write(pixels, floats(image), n, 2);
        for (String estimator : new String[] {"ransac", "ransac(focal-length=unknown)"}) {
            Cli run = run(CAMERA, "--estimator", estimator, "--json");
            assertThat(run.err()).isEmpty();
            assertThat(run.code()).isZero();
            Map<String, Object> line = Parsed.object(run.out());
            assertThat(line.get("status")).isIn("TOO_FEW_CORRESPONDENCES", "NO_CONSENSUS", "DEGENERATE");
            assertThat(line).doesNotContainKeys("qw", "tx", "focalLength");
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    @Test
    void findsTheFocalLengthThatTheCameraDoesNotTell() {
        Cli run = run("PINHOLE 640 480 1000 1020 320 240", "--estimator", "ransac(focal-length=unknown)", "--json");
        assertThat(run.err()).isEmpty();
        Map<String, Object> line = Parsed.object(run.out());
        assertThat(line).containsEntry("status", "LOCALIZED").containsEntry("inliers", 40);
        // the mean of 500 and 510
        assertThat(number(line, "focalLength")).isCloseTo(505, within(0.01));
        assertThat(number(line, "tz")).isCloseTo(5, within(1e-3));
        assertThat(run("PINHOLE 640 480 1000 1020 320 240", "--estimator", "ransac(focal-length=unknown)")
                        .out())
                .contains("focal length 505.00 pixels");
    }

    @Test
    void drawsSamplesByWeights() throws IOException {
        float[] right = new float[N];
        float[] wrong = new float[N];
        for (int i = 0; i < N; i++) {
            right[i] = i % 3 == 0 ? 0 : 1;
            wrong[i] = 1 - right[i];
        }
        Path weights = folder.resolve("w.npy");
        NpyFile.write(weights, right, N);
        Map<String, Object> helped =
                Parsed.object(run(CAMERA, "--weights", weights, "--json").out());
        assertThat(helped).containsEntry("status", "LOCALIZED").containsEntry("inliers", 40);
        NpyFile.write(weights, wrong, N);
        Map<String, Object> misled =
                Parsed.object(run(CAMERA, "--weights", weights, "--json").out());
        assertThat(misled).containsEntry("status", "LOCALIZED").containsEntry("inliers", 40);
        assertThat(number(misled, "iterations")).isGreaterThan(10 * number(helped, "iterations"));
        NpyFile.write(weights, right, N / 2, 2);
        Cli shape = run(CAMERA, "--weights", weights);
        assertThat(shape.code()).isEqualTo(1);
        assertThat(shape.err()).contains("one weight for each of 60", "got shape [30, 2]");
        right[5] = -2;
        NpyFile.write(weights, right, N);
        Cli negative = run(CAMERA, "--weights", weights);
        assertThat(negative.code()).isEqualTo(1);
        assertThat(negative.err().lines()).hasSize(1).first().asString().contains("at least 0 and finite, got -2");
    }

    private static double number(Map<String, Object> line, String key) {
        return ((Number) line.get(key)).doubleValue();
    }

    @Test
    void withoutAPoseThereAreNoKeysOfOne() throws IOException {
        NpyFile.write(pixels, new float[2 * N], N, 2);
        Map<String, Object> line = Parsed.object(run(CAMERA, "--json").out());
        assertThat(line).containsOnlyKeys("status", "inliers", "iterations", "seconds");
        assertThat(line).containsEntry("status", "NO_CONSENSUS").containsEntry("inliers", 0);
        NpyFile.write(points, new float[0], 0, 3);
        NpyFile.write(pixels, new float[0], 0, 2);
        assertThat(Parsed.object(run(CAMERA, "--json").out()))
                .containsEntry("status", "TOO_FEW_CORRESPONDENCES")
                .containsEntry("iterations", 0);
    }

    @Test
    void wrongArgumentsAreUsageErrors() {
        Cli camera = run("PINHOLE 640 480 500", "--json");
        assertThat(camera.code()).isEqualTo(2);
        assertThat(camera.err().lines()).hasSize(1).first().asString().contains("4 parameters");
        Cli estimator = run(CAMERA, "--estimator", "ransac(max-error=-1)");
        assertThat(estimator.code()).isEqualTo(2);
        assertThat(estimator.err().lines()).hasSize(1).first().asString().contains("got -1");
        Cli repeat = run(CAMERA, "--repeat", 0);
        assertThat(repeat.code()).isEqualTo(2);
        assertThat(repeat.err()).contains("got 0");
    }

    @Test
    void filesThatDoNotFitAreOneLine() throws IOException {
        NpyFile.write(pixels, new float[2 * N], N / 2, 4);
        Cli shape = run(CAMERA, "--json");
        assertThat(shape.code()).isEqualTo(1);
        assertThat(shape.err().lines()).hasSize(1).first().asString().contains("N x 2, got shape [30, 4]");
        NpyFile.write(pixels, new float[2], 1, 2);
        Cli rows = run(CAMERA, "--json");
        assertThat(rows.code()).isEqualTo(1);
        assertThat(rows.err().lines())
                .hasSize(1)
                .first()
                .asString()
                .contains("60 rows")
                .contains("has 1");
    }
}
