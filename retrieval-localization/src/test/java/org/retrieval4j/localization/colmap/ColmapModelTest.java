package org.retrieval4j.localization.colmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.localization.geometry.Fixture;
import org.retrieval4j.storage.NpyArray;

class ColmapModelTest {
    private static final List<String> FILES = List.of("cameras", "images", "points3D");

    private static Path folder(String name) {
        try {
            return Path.of(Objects.requireNonNull(ColmapModelTest.class.getResource("/fixtures/colmap/" + name))
                    .toURI());
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static NpyArray array(String name) {
        return Fixture.array("colmap/" + name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"model_bin", "model_text"})
    void holdsWhatColmapHolds(String name) throws IOException {
        ColmapModel model = ColmapModel.read(folder(name));
        assertThat(model.cameras()).hasSize(4);
        int[] ids = array("image_ids").toInts();
        int[] cameras = array("image_camera").toInts();
        int[] counts = array("image_counts").toInts();
        double[] centers = array("image_centre").toDoubles();
        double[] poses = array("image_pose").toDoubles();
        assertThat(model.images()).hasSize(ids.length);
        for (int i = 0; i < ids.length; i++) {
            ColmapImage image = Objects.requireNonNull(model.images().get(ids[i]));
            assertThat(image.cameraId()).isEqualTo(cameras[i]);
            assertThat(image.size()).isEqualTo(counts[2 * i]);
            assertThat(image.observations()).isEqualTo(counts[2 * i + 1]);
            for (int j = 0; j < 3; j++) {
                assertThat(image.pose().center()[j]).isCloseTo(centers[3 * i + j], within(1e-12));
            }
            for (int j = 0; j < 7; j++) {
                assertThat(image.stored()[j]).isCloseTo(poses[7 * i + j], within(1e-14));
            }
        }
        long[] points = array("point_ids").toLongs();
        double[] places = array("point_xyz").toDoubles();
        int[] colors = array("point_rgb").toInts();
        double[] errors = array("point_error").toDoubles();
        int[] lengths = array("point_track_length").toInts();
        assertThat(model.points()).hasSize(points.length);
        for (int i = 0; i < points.length; i++) {
            ColmapPoint point = Objects.requireNonNull(model.points().get(points[i]));
            assertThat(new double[] {point.x(), point.y(), point.z()})
                    .containsExactly(Arrays.copyOfRange(places, 3 * i, 3 * i + 3), within(1e-15));
            assertThat(new int[] {point.red(), point.green(), point.blue()})
                    .isEqualTo(Arrays.copyOfRange(colors, 3 * i, 3 * i + 3));
            assertThat(point.error()).isEqualTo(errors[i], within(1e-9));
            assertThat(point.observations()).isEqualTo(lengths[i]);
        }
    }

    /** The error that COLMAP stores is the mean distance of a point's projections from its 2D points. */
    @Test
    void storedErrorsAreThoseOfOurCameras() throws IOException {
        ColmapModel model = ColmapModel.read(folder("model_bin"));
        double[] pixel = new double[2];
        for (ColmapPoint point : model.points().values()) {
            double sum = 0;
            for (int i = 0; i < point.track().length; i += 2) {
                ColmapImage image = Objects.requireNonNull(model.images().get(point.track()[i]));
                int index = point.track()[i + 1];
                double[] r = image.pose().rotation();
                double x = r[0] * point.x()
                        + r[1] * point.y()
                        + r[2] * point.z()
                        + image.pose().tx();
                double y = r[3] * point.x()
                        + r[4] * point.y()
                        + r[5] * point.z()
                        + image.pose().ty();
                double z = r[6] * point.x()
                        + r[7] * point.y()
                        + r[8] * point.z()
                        + image.pose().tz();
                assertThat(Objects.requireNonNull(model.cameras().get(image.cameraId()))
                                .project(x, y, z, pixel))
                        .isTrue();
                sum += Math.hypot(pixel[0] - image.places()[2 * index], pixel[1] - image.places()[2 * index + 1]);
            }
            assertThat(sum / point.observations()).isCloseTo(point.error(), within(1e-9));
        }
    }

    @ParameterizedTest
    @CsvSource({"model_bin, BINARY, .bin", "model_text, TEXT, .txt"})
    void readAndWrittenIsTheSameToTheByte(String name, ColmapModel.Format format, String ending, @TempDir Path temp)
            throws IOException {
        Path source = temp.resolve("source");
        Files.createDirectories(source);
        for (String file : FILES) {
            Files.copy(folder(name).resolve(file + ending), source.resolve(file + ending));
        }
        Files.write(source.resolve("rigs" + ending), new byte[] {1, 2, 3});
        ColmapModel.read(source).write(temp.resolve("copy"), format);
        for (String file : List.of("cameras", "images", "points3D", "rigs")) {
            assertThat(temp.resolve("copy").resolve(file + ending))
                    .hasSameBinaryContentAs(source.resolve(file + ending));
        }
    }

    @Test
    void textAndBinaryAreOneModel(@TempDir Path temp) throws IOException {
        ColmapModel.read(folder("model_text")).write(temp.resolve("b"), ColmapModel.Format.BINARY);
        ColmapModel.read(temp.resolve("b")).write(temp.resolve("t"), ColmapModel.Format.TEXT);
        for (String file : FILES) {
            assertThat(temp.resolve("t").resolve(file + ".txt"))
                    .hasSameBinaryContentAs(folder("model_text").resolve(file + ".txt"));
        }
    }

    @Test
    void damagedFilesAreRefusedOrAreModels(@TempDir Path temp) throws IOException {
        Map<String, byte[]> files = new java.util.HashMap<>();
        for (String file : FILES) {
            files.put(file, Files.readAllBytes(folder("model_bin").resolve(file + ".bin")));
            Files.write(temp.resolve(file + ".bin"), files.get(file));
        }
        int refused = 0;
        for (String file : FILES) {
            byte[] bytes = Objects.requireNonNull(files.get(file));
            int step = Math.max(1, bytes.length / 300);
            for (int at = 0; at < bytes.length; at += step) {
                Files.write(temp.resolve(file + ".bin"), Arrays.copyOf(bytes, at));
                assertThatThrownBy(() -> ColmapModel.read(temp)).isInstanceOf(IOException.class);
                byte[] flipped = bytes.clone();
                flipped[at] ^= (byte) (1 << at % 8);
                Files.write(temp.resolve(file + ".bin"), flipped);
                try {
                    ColmapModel.read(temp);
                } catch (IOException expected) {
                    refused++;
                }
            }
            Files.write(temp.resolve(file + ".bin"), bytes);
        }
        assertThat(refused).isPositive();
    }

    @Test
    void whatDoesNotBelongTogetherIsTold(@TempDir Path temp) throws IOException {
        for (String file : FILES) {
            Files.copy(folder("model_text").resolve(file + ".txt"), temp.resolve(file + ".txt"));
        }
        replace(temp.resolve("cameras.txt"), "\n9 OPENCV_FISHEYE", "\n8 OPENCV_FISHEYE");
        assertThatThrownBy(() -> ColmapModel.read(temp))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(", which the model does not have");
        replace(temp.resolve("cameras.txt"), "OPENCV_FISHEYE", "OPENCV_FISHEY");
        assertThatThrownBy(() -> ColmapModel.read(temp))
                .hasMessageContaining("cameras.txt, line 7: no camera model named \"OPENCV_FISHEY\"");
        Files.delete(temp.resolve("points3D.txt"));
        assertThatThrownBy(() -> ColmapModel.read(temp))
                .hasMessage(temp + " is no model of COLMAP: it has no points3D.txt");
    }

    @Test
    void aModelThatCannotBeWrittenLeavesTheOldOne(@TempDir Path temp) throws IOException {
        ColmapModel model = ColmapModel.read(folder("model_bin"));
        model.write(temp, ColmapModel.Format.TEXT);
        Map<Integer, ColmapImage> images = new java.util.LinkedHashMap<>(model.images());
        ColmapImage first = images.values().iterator().next();
        images.put(
                first.id(),
                new ColmapImage(first.id(), first.stored(), first.cameraId(), "a b", first.places(), first.pointIds()));
        ColmapModel unwritable = new ColmapModel(model.cameras(), images, model.points(), model.others());
        assertThatThrownBy(() -> unwritable.write(temp, ColmapModel.Format.TEXT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"a b\"");
        assertThat(Objects.requireNonNull(temp.toFile().list())).hasSize(3);
        assertThat(ColmapModel.read(temp).images().keySet())
                .isEqualTo(model.images().keySet());
    }

    private static void replace(Path file, String what, String by) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(what);
        Files.writeString(file, text.replace(what, by));
    }

    @Test
    void numbersAreWrittenAsByC() {
        List<String> written = new ArrayList<>();
        for (double value : new double[] {0.1, 1e-5, 123456789012345680.0, 1e17, -0.0, 1.5e300, -2.5e-7, 100, 0.0001}) {
            written.add(ColmapText.text(value));
        }
        assertThat(written)
                .containsExactly(
                        "0.10000000000000001",
                        "1.0000000000000001e-05",
                        "1.2345678901234568e+17",
                        "1e+17",
                        "-0",
                        "1.5000000000000001e+300",
                        "-2.4999999999999999e-07",
                        "100",
                        "0.0001");
    }
}
