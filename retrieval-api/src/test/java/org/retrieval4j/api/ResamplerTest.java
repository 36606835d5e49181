package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResamplerTest {
    private record Part(double x, double y, double width, double height) {}

    private static Image random(int width, int height, long seed) {
        byte[] rgb = new byte[3 * width * height];
        new Random(seed).nextBytes(rgb);
        return new Image(width, height, rgb, Orientation.UPRIGHT);
    }

    @ParameterizedTest
    @CsvSource({
        "8, 6, 8, 6",
        "31, 17, 7, 5",
        "31, 17, 40, 60",
        "1, 1, 9, 3",
        "64, 2, 3, 7",
        "2, 64, 1, 1",
        "9, 200, 8, 3"
    })
    void equalsPlainSumsOverAllPixels(int width, int height, int columns, int rows) {
        Image image = random(width, height, 5);
        float[] scaled = image.resampled(0, 0, width, height, columns, rows);
        double[] expected = plain(image, new Part(0, 0, width, height), columns, rows);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) scaled[i]).isEqualTo(expected[i], within(1e-3));
        }
    }

    @Test
    void takesAPartBetweenPixels() {
        Image image = random(50, 40, 6);
        Part part = new Part(7.25, 3.5, 30.5, 31.75);
        float[] scaled = image.resampled(part.x(), part.y(), part.width(), part.height(), 12, 9);
        double[] expected = plain(image, part, 12, 9);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) scaled[i]).isEqualTo(expected[i], within(1e-3));
        }
    }

    @Test
    void sameSizeIsTheSamePicture() {
        Image image = random(13, 11, 7);
        float[] scaled = image.resampled(0, 0, 13, 11, 13, 11);
        for (int i = 0; i < scaled.length; i++) {
            assertThat(scaled[i]).isEqualTo(image.rgb()[i] & 0xff);
        }
    }

    @Test
    void halvingWeighsFourPixelsAnAxis() {
        // Widened triangle at factor 2: 1/8, 3/8, 3/8, 1/8 of neighboring pixels, as Pillow's BILINEAR has it.
        byte[] rgb = new byte[3 * 8];
        for (int x = 0; x < 8; x++) {
            rgb[3 * x] = (byte) (x * x);
        }
        Image image = new Image(8, 1, rgb, Orientation.UPRIGHT);
        float[] scaled = image.resampled(0, 0, 8, 1, 4, 1);
        assertThat(scaled[3]).isEqualTo((1 + 3 * 4 + 3 * 9 + 16) / 8f, within(1e-4f));
        // at the edge the weights that are left are scaled to one
        assertThat(scaled[0]).isEqualTo((3 * 0 + 3 * 1 + 4) / 7f, within(1e-4f));
    }

    @Test
    void resizedIsRoundedAndUpright() {
        Image stored = TestPictures.stored(random(40, 20, 8), Orientation.CLOCKWISE_90);
        Image small = stored.resized(10, 5);
        float[] exact = stored.upright().resampled(0, 0, 40, 20, 10, 5);
        assertThat(small.orientation()).isEqualTo(Orientation.UPRIGHT);
        for (int i = 0; i < exact.length; i++) {
            assertThat(small.rgb()[i] & 0xff).isEqualTo(Math.round(exact[i]));
        }
        Image same = random(9, 7, 9);
        assertThat(same.resized(9, 7).rgb()).isEqualTo(same.rgb());
    }

    @Test
    void refusesWhatIsNoPartAndNoSize() {
        Image image = random(20, 10, 1);
        assertThatThrownBy(() -> image.resampled(0, 0, 20.5, 10, 4, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("20.5");
        assertThatThrownBy(() -> image.resampled(0, Double.NaN, 20, 10, 4, 4))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> image.resized(0, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 x 4");
    }

    @Test
    void refusesAnEndlessPicture() {
        Image image = new Image(1, (1 << 20) + 1, new byte[3 * ((1 << 20) + 1)], Orientation.UPRIGHT);
        assertThatThrownBy(() -> image.resampled(0, 0, 1, image.height(), 2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1048577");
    }

    // The definition: a triangle of the factor's half width around each target pixel's center, weights summing to one.
    private static double[] plain(Image image, Part part, int columns, int rows) {
        double[] scaled = new double[3 * columns * rows];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                double[] sum = new double[4];
                for (int y = 0; y < image.height(); y++) {
                    for (int x = 0; x < image.width(); x++) {
                        double weight = weight(y, part.y(), part.height() / rows, row)
                                * weight(x, part.x(), part.width() / columns, column);
                        for (int c = 0; c < 3; c++) {
                            sum[c] += weight * (image.rgb()[3 * (y * image.width() + x) + c] & 0xff);
                        }
                        sum[3] += weight;
                    }
                }
                for (int c = 0; c < 3; c++) {
                    scaled[3 * (row * columns + column) + c] = sum[c] / sum[3];
                }
            }
        }
        return scaled;
    }

    private static double weight(int pixel, double start, double factor, int target) {
        double distance = Math.abs(pixel + 0.5 - (start + (target + 0.5) * factor));
        return Math.max(0, 1 - distance / Math.max(factor, 1));
    }
}
