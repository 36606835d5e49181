package org.retrieval4j.localization.camera;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.retrieval4j.localization.geometry.Fixture;

class CameraTest {
    private static final int POINTS = 50;

    private static Camera camera(CameraModel model) {
        double[] all = Fixture.array("camera_models/params").toDoubles();
        int[] size = Fixture.array("camera_models/image_size").toInts();
        int columns = all.length / 18;
        int from = columns * model.id();
        return new Camera(
                model,
                size[0],
                size[1],
                Arrays.copyOfRange(all, from, from + model.parameters().size()));
    }

    private static double[] array(CameraModel model, String what) {
        return Fixture.array(String.format("camera_models/m%02d_%s", model.id(), what))
                .toDoubles();
    }

    @ParameterizedTest
    @EnumSource(CameraModel.class)
    void projectsAsColmapDoes(CameraModel model) {
        Camera camera = camera(model);
        double[] points = array(model, "points");
        double[] expected = array(model, "pixels");
        double[] pixel = new double[2];
        for (int i = 0; i < POINTS; i++) {
            boolean seen = camera.project(points[3 * i], points[3 * i + 1], points[3 * i + 2], pixel);
            assertThat(seen).as("point %d", i).isEqualTo(!Double.isNaN(expected[2 * i]));
            if (seen) {
                // those behind a camera of the division model lie far outside the picture
                double tolerance = Math.max(1e-9, 1e-14 * Math.abs(expected[2 * i]));
                assertThat(pixel[0]).as("point %d", i).isCloseTo(expected[2 * i], within(tolerance));
                assertThat(pixel[1]).as("point %d", i).isCloseTo(expected[2 * i + 1], within(tolerance));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(CameraModel.class)
    void unprojectsAsColmapDoes(CameraModel model) {
        Camera camera = camera(model);
        double[] pixels = array(model, "unproject_pixels");
        double[] expected = array(model, "unproject_rays");
        double[] ray = new double[3];
        double[] pixel = new double[2];
        for (int i = 0; i < POINTS; i++) {
            assertThat(camera.unproject(pixels[2 * i], pixels[2 * i + 1], ray)).isTrue();
            for (int j = 0; j < 3; j++) {
                assertThat(ray[j]).as("pixel %d", i).isCloseTo(expected[3 * i + j], within(5e-11));
            }
            assertThat(camera.project(ray[0], ray[1], ray[2], pixel)).isTrue();
            assertThat(pixel[0]).isCloseTo(pixels[2 * i], within(1e-9));
            assertThat(pixel[1]).isCloseTo(pixels[2 * i + 1], within(1e-9));
        }
    }

    @ParameterizedTest
    @EnumSource(CameraModel.class)
    void derivativesAreThoseOfCentralDifferences(CameraModel model) {
        Camera camera = camera(model);
        double[] parameters = camera.parameters();
        int n = parameters.length;
        double[] byPoint = new double[6];
        double[] byParameters = new double[2 * n];
        double[] pixel = new double[2];
        double[] plus = new double[2];
        double[] minus = new double[2];
        double[][] places = {{0.3, -0.2, 1.1}, {-0.5, 0.4, 2}, {1e-6, 2e-6, 1}, {0.002, 0.001, 3}, {-0.6, -0.7, 1.4}};
        for (double[] at : places) {
            assertThat(camera.project(at[0], at[1], at[2], pixel, byPoint, byParameters))
                    .isTrue();
            for (int j = 0; j < 3; j++) {
                double step = 1e-6;
                double[] a = at.clone();
                double[] b = at.clone();
                a[j] += step;
                b[j] -= step;
                camera.project(a[0], a[1], a[2], plus);
                camera.project(b[0], b[1], b[2], minus);
                for (int row = 0; row < 2; row++) {
                    assertThat(byPoint[3 * row + j])
                            .as("row %d by %d at %s", row, j, Arrays.toString(at))
                            .isCloseTo((plus[row] - minus[row]) / (2 * step), within(2e-5));
                }
            }
            for (int j = 0; j < n; j++) {
                double step = 1e-6 * Math.max(1, Math.abs(parameters[j]));
                double[] a = parameters.clone();
                double[] b = parameters.clone();
                a[j] += step;
                b[j] -= step;
                new Camera(model, 1280, 960, a).project(at[0], at[1], at[2], plus);
                new Camera(model, 1280, 960, b).project(at[0], at[1], at[2], minus);
                for (int row = 0; row < 2; row++) {
                    assertThat(byParameters[n * row + j])
                            .as("row %d by %s at %s", row, model.parameters().get(j), Arrays.toString(at))
                            .isCloseTo((plus[row] - minus[row]) / (2 * step), within(2e-5));
                }
            }
        }
    }

    @Test
    void fieldOfViewIsInvertedWhereItsSeriesIsTaken() {
        double[] pixel = new double[2];
        double[] ray = new double[3];
        for (double omega : new double[] {1e-9, 0.005, 0.5}) {
            Camera camera = new Camera(CameraModel.FOV, 1000, 800, 700, 710, 500, 400, omega);
            for (double x : new double[] {0, 1e-5, 0.005, 0.3}) {
                assertThat(camera.project(x, -x, 1, pixel)).isTrue();
                assertThat(camera.unproject(pixel[0], pixel[1], ray)).isTrue();
                assertThat(ray[0] / ray[2]).isCloseTo(x, within(1e-12));
            }
        }
    }

    @Test
    void pixelsBeyondTheFoldOfAPolynomialHaveNoRay() {
        // r (1 − r²/4) has its greatest value, 0.77, at r = 1.15
        Camera camera = new Camera(CameraModel.SIMPLE_RADIAL, 2000, 2000, 1000, 1000, 1000, -0.25);
        double[] ray = new double[3];
        assertThat(camera.unproject(1700, 1000, ray)).isTrue();
        assertThat(camera.unproject(1800, 1000, ray)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(CameraModel.class)
    void textIsReadAgain(CameraModel model) {
        Camera camera = camera(model);
        assertThat(Camera.parse(camera.toString())).isEqualTo(camera);
        assertThat(CameraModel.ofId(model.id())).isEqualTo(model);
    }

    @Test
    void wrongCamerasAreRefused() {
        assertThatThrownBy(() -> Camera.parse("PINHOLE 640 480 500 500 320"))
                .hasMessage("PINHOLE must have 4 parameters [fx, fy, cx, cy], got 3");
        assertThatThrownBy(() -> Camera.parse("PINHOLE 640 480 500 -500 320 240"))
                .hasMessage("PINHOLE: fy must be positive, got -500.0");
        assertThatThrownBy(() -> Camera.parse("PINHOLE 640 480 500 NaN 320 240"))
                .hasMessage("PINHOLE: fy must be positive, got NaN");
        assertThatThrownBy(() -> Camera.parse("PINHOLE 0 480 500 500 320 240"))
                .hasMessage("a camera's size must be at least 1 x 1, got 0 x 480");
        assertThatThrownBy(() -> Camera.parse("PINEHOLE 640 480 500 500 320 240"))
                .hasMessageStartingWith("no camera model named \"PINEHOLE\"; there are [SIMPLE_PINHOLE, ");
        assertThatThrownBy(() -> CameraModel.ofId(18)).hasMessage("camera model id must be 0 to 17, got 18");
    }
}
