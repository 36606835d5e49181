package org.retrieval4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KeypointFormTest {
    @Test
    void indexOfAPixelIsItsCenter() {
        assertThat(new KeypointForm(KeypointForm.Units.PIXELS, 0, false).toPixels(7, 100, 200))
                .isEqualTo(7.5);
        assertThat(new KeypointForm(KeypointForm.Units.PIXELS, 0.5, false).toPixels(7, 100, 200))
                .isEqualTo(7);
    }

    @Test
    void normalizedUnitsSpanTheInput() {
        assertThat(new KeypointForm(KeypointForm.Units.UNIT, 0.5, false).toPixels(1, 100, 200))
                .isEqualTo(100);
        assertThat(new KeypointForm(KeypointForm.Units.CENTERED, 0.5, false).toPixels(-1, 100, 200))
                .isEqualTo(0);
        assertThat(new KeypointForm(KeypointForm.Units.CENTERED, 0.5, false).toPixels(1, 100, 200))
                .isEqualTo(100);
    }

    @Test
    void centeredLongerIsTheNormalizationOfLightGlue() {
        KeypointForm form = new KeypointForm(KeypointForm.Units.CENTERED_LONGER, 0.5, false);
        // (x - W/2) / (max(W, H)/2) with W = 360, H = 640
        assertThat(form.ofPixels(90, 360, 640)).isEqualTo((90 - 180) / 320.0, within(1e-12));
        assertThat(form.ofPixels(640, 640, 640)).isEqualTo(1, within(1e-12));
    }

    @ParameterizedTest
    @EnumSource
    void thereAndBackIsTheSame(KeypointForm.Units units) {
        for (double center : new double[] {0, 0.5}) {
            KeypointForm form = new KeypointForm(units, center, false);
            assertThat(form.ofPixels(form.toPixels(0.3, 360, 640), 360, 640)).isEqualTo(0.3, within(1e-12));
        }
    }

    @Test
    void refusesAnotherCenter() {
        assertThatThrownBy(() -> new KeypointForm(KeypointForm.Units.PIXELS, 1, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("first-pixel-center must be 0 or 0.5, got 1.0");
    }
}
