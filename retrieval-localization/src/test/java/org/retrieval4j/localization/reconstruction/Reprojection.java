package org.retrieval4j.localization.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.colmap.ColmapImage;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.colmap.ColmapPoint;

/** How far stored observations lie from the projections of their points. */
final class Reprojection {
    private Reprojection() {}

    /** A folder of fixtures/reconstruction; PROVENANCE.md of the fixtures says where it comes from. */
    static Path fixture(String name) {
        try {
            return Path.of(Objects.requireNonNull(Reprojection.class.getResource("/fixtures/reconstruction/" + name))
                    .toURI());
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** A folder beside the checkout that only some machines have. */
    static Path shared(String name) {
        Path folder = Path.of("..", "..", "shared", "localization", name);
        assumeTrue(Files.isDirectory(folder), "there is no " + folder);
        return folder;
    }

    static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
    }

    static void replace(Path file, String what, String by) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(what);
        int at = text.indexOf(what);
        Files.writeString(file, text.substring(0, at) + by + text.substring(at + what.length()));
    }

    /** Median in pixels by the last part of the image's name, with the number of observations before it. */
    static String medians(ColmapModel model) {
        Map<String, List<Double>> errors = new TreeMap<>();
        double[] pixel = new double[2];
        for (ColmapPoint point : model.points().values()) {
            double sum = 0;
            for (int i = 0; i < point.track().length; i += 2) {
                ColmapImage image = Objects.requireNonNull(model.images().get(point.track()[i]));
                Camera camera = Objects.requireNonNull(model.cameras().get(image.cameraId()));
                double[] r = image.pose().rotation();
                double[] x = {point.x(), point.y(), point.z()};
                double[] t = {image.pose().tx(), image.pose().ty(), image.pose().tz()};
                double[] c = new double[3];
                for (int row = 0; row < 3; row++) {
                    c[row] = r[3 * row] * x[0] + r[3 * row + 1] * x[1] + r[3 * row + 2] * x[2] + t[row];
                }
                assertThat(camera.project(c[0], c[1], c[2], pixel)).isTrue();
                int index = point.track()[i + 1];
                double error =
                        Math.hypot(pixel[0] - image.places()[2 * index], pixel[1] - image.places()[2 * index + 1]);
                errors.computeIfAbsent(
                                image.name().substring(image.name().lastIndexOf('/') + 1), n -> new ArrayList<>())
                        .add(error);
                sum += error;
            }
            if (point.observations() > 0) {
                assertThat(point.error())
                        .isCloseTo(sum / point.observations(), org.assertj.core.api.Assertions.within(1e-9));
            }
        }
        StringBuilder text = new StringBuilder();
        errors.forEach((name, values) -> {
            values.sort(null);
            int n = values.size();
            double median = (values.get((n - 1) / 2) + values.get(n / 2)) / 2;
            text.append(String.format(java.util.Locale.ROOT, "%s %d %.4f\n", name, n, median));
        });
        return text.toString();
    }
}
