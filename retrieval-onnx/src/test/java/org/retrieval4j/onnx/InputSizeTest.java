package org.retrieval4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InputSizeTest {
    @Test
    void squashCoversTheWholeInput() {
        Placement placement = new InputSize.Fixed(224, 112, InputSize.Fit.SQUASH, 0).place(640, 480);
        assertThat(placement).isEqualTo(Placement.squash(224, 112, 640, 480));
        assertThat(placement.uprightX(224)).isEqualTo(640);
        assertThat(placement.uprightY(56)).isEqualTo(240);
    }

    @Test
    void letterboxCentersTheWholePicture() {
        Placement placement = new InputSize.Fixed(200, 200, InputSize.Fit.LETTERBOX, 0).place(400, 300);
        assertThat(placement).isEqualTo(new Placement(200, 200, 0, 25, 200, 150, new Placement.Part(0, 0, 400, 300)));
        assertThat(placement.uprightY(25)).isZero();
        assertThat(placement.uprightY(175)).isEqualTo(300);
    }

    @Test
    void cropTakesTheCenter() {
        Placement placement = new InputSize.Fixed(100, 100, InputSize.Fit.CROP, 0).place(400, 300);
        assertThat(placement).isEqualTo(new Placement(100, 100, 0, 0, 100, 100, new Placement.Part(50, 0, 300, 300)));
        assertThat(placement.uprightX(0)).isEqualTo(50);
        assertThat(placement.uprightX(100)).isEqualTo(350);
    }

    @ParameterizedTest
    @CsvSource({
        // shorter, longer, multiple, enlarge, picture, expected
        "0, 1000, 1, false, 2000, 1500, 1000, 750",
        "0, 1000, 1, false, 500, 400, 500, 400",
        "0, 1000, 1, true, 500, 400, 1000, 800",
        "0, 1024, 32, false, 2000, 1500, 1024, 768",
        "0, 1000, 32, false, 2000, 1500, 992, 736",
        "480, 4096, 1, false, 2000, 1500, 640, 480",
        "480, 600, 1, false, 2000, 1000, 600, 300",
        "480, 4096, 1, false, 100, 80, 100, 80",
        "0, 64, 16, false, 3, 1, 16, 16",
        "0, 64, 16, false, 100000, 1, 64, 16",
        "1, 4096, 1, false, 100000, 1, 4096, 1",
    })
    void limitKeepsProportions(
            int shorter, int longer, int multiple, boolean enlarge, int width, int height, int inWidth, int inHeight) {
        Placement placement = new InputSize.Limited(shorter, longer, multiple, enlarge).place(width, height);
        assertThat(placement).isEqualTo(Placement.squash(inWidth, inHeight, width, height));
    }

    @ParameterizedTest
    @CsvSource({"SQUASH", "LETTERBOX", "CROP"})
    void thereAndBackIsTheSamePlace(InputSize.Fit fit) {
        for (int[] size : new int[][] {{640, 480}, {1, 1}, {1000, 1}, {3, 777}}) {
            Placement placement = new InputSize.Fixed(97, 61, fit, 0).place(size[0], size[1]);
            assertThat(placement.insideWidth()).isBetween(1, 97);
            assertThat(placement.insideHeight()).isBetween(1, 61);
            assertThat(placement.uprightX(placement.inputX(0.3))).isEqualTo(0.3, within(1e-9));
            assertThat(placement.uprightY(placement.inputY(0.7))).isEqualTo(0.7, within(1e-9));
        }
    }
}
