package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ImageTest {
    @ParameterizedTest
    @EnumSource
    void uprightPixelsAreTheStoredOnesAtTheirPlaces(Orientation orientation) {
        for (int[] size : new int[][] {{5, 3}, {1, 4}, {4, 1}, {1, 1}}) {
            byte[] rgb = TestPictures.textured(size[0], size[1], 2).rgb();
            Image stored = new Image(size[0], size[1], rgb, orientation);
            Image upright = stored.upright();
            assertThat(upright.orientation()).isEqualTo(Orientation.UPRIGHT);
            assertThat(upright.width()).isEqualTo(orientation.uprightWidth(size[0], size[1]));
            assertThat(upright.height()).isEqualTo(orientation.uprightHeight(size[0], size[1]));
            for (int y = 0; y < size[1]; y++) {
                for (int x = 0; x < size[0]; x++) {
                    int u = (int) orientation.uprightX(x + 0.5, y + 0.5, size[0], size[1]);
                    int v = (int) orientation.uprightY(x + 0.5, y + 0.5, size[0], size[1]);
                    assertThat(pixel(upright, u, v)).isEqualTo(pixel(stored, x, y));
                }
            }
        }
    }

    @Test
    void cropIsInUprightPixels() {
        Image upright = TestPictures.textured(6, 4, 9);
        for (Orientation orientation : Orientation.values()) {
            Image part = TestPictures.stored(upright, orientation).crop(2, 1, 3, 2);
            assertThat(part.orientation()).isEqualTo(Orientation.UPRIGHT);
            for (int y = 0; y < 2; y++) {
                for (int x = 0; x < 3; x++) {
                    assertThat(pixel(part, x, y)).isEqualTo(pixel(upright, 2 + x, 1 + y));
                }
            }
        }
    }

    @Test
    void cropMustLieInside() {
        Image image = TestPictures.flat(6, 4, 1);
        assertThat(image.crop(0, 0, 6, 4).rgb()).isEqualTo(image.rgb());
        int[][] outside = {{-1, 0, 1, 1}, {0, -1, 1, 1}, {0, 0, 7, 1}, {0, 0, 1, 5}, {5, 0, 2, 1}, {0, 0, 0, 1}};
        for (int[] c : outside) {
            assertThatThrownBy(() -> image.crop(c[0], c[1], c[2], c[3]))
                    .as(Arrays.toString(c))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not inside a picture of 6 x 4");
        }
        assertThatThrownBy(() -> image.crop(Integer.MAX_VALUE, 0, Integer.MAX_VALUE, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAnArrayOfAnotherSize() {
        assertThatThrownBy(() -> new Image(2, 2, new byte[11], Orientation.UPRIGHT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("rgb of a picture of 2 x 2 must have 12 bytes, got 11");
        assertThatThrownBy(() -> new Image(0, 2, new byte[0], Orientation.UPRIGHT))
                .hasMessage("width and height must be at least 1, got 0 x 2");
    }

    private static int pixel(Image image, int x, int y) {
        int at = 3 * (y * image.width() + x);
        byte[] rgb = image.rgb();
        return (rgb[at] & 0xFF) << 16 | (rgb[at + 1] & 0xFF) << 8 | rgb[at + 2] & 0xFF;
    }
}
