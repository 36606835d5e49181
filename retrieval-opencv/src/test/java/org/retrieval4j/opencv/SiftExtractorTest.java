package org.retrieval4j.opencv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.ExtractorContract;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.TestPictures;
import org.retrieval4j.spi.ComponentProvider;

class SiftExtractorTest extends ExtractorContract {
    @Override
    protected ComponentProvider<Extractor, ?> provider() {
        return new SiftExtractor.Provider();
    }

    @Override
    protected String spec() {
        return "sift(max-keypoints=200,max-size=128)"; // smaller than the picture, so that reduction is tested too
    }

    @Test
    void isFoundByItsName() {
        assertThat(Components.load().create(Extractor.class, "sift").spec())
                .hasToString("sift(max-keypoints=2000,max-size=1024,contrast-threshold=0.04,root=true)");
    }

    @Test
    void findsABlobAtItsCenterInEverySize() {
        // The blob's center is known in continuous coordinates; reduction must not move it.
        for (int maxSize : new int[] {1024, 240, 200, 160}) {
            ImageFeatures found = extract(blob(400, 240, 150.3, 100.7, 12), maxSize);
            assertThat(found.size()).isPositive();
            assertThat((double) found.keypoints().x(0)).isEqualTo(150.3, within(0.1));
            assertThat((double) found.keypoints().y(0)).isEqualTo(100.7, within(0.1));
            // OpenCV's diameter of a Gaussian blob is 1.78 of its deviations, at any reduction
            assertThat((double) found.keypoints().scale(0)).isEqualTo(1.78 * 12, within(0.3));
        }
    }

    @Test
    void directionRunsFromTheXAxisTowardsTheYAxis() {
        // Light grows downwards, so that the gradient at the blob points along +y: 90 degrees.
        Image blob = blob(200, 200, 100, 100, 8);
        byte[] rgb = blob.rgb().clone();
        for (int y = 0; y < 200; y++) {
            for (int i = 600 * y; i < 600 * (y + 1); i++) {
                rgb[i] = (byte) Math.min(255, (rgb[i] & 0xFF) * 0.4 + y * 0.7);
            }
        }
        ImageFeatures found = extract(new Image(200, 200, rgb, Orientation.UPRIGHT), 1024);
        Keypoints keypoints = found.keypoints();
        int nearest = 0;
        for (int i = 0; i < keypoints.size(); i++) {
            double distance = Math.hypot(keypoints.x(i) - 100, keypoints.y(i) - 100);
            if (distance < Math.hypot(keypoints.x(nearest) - 100, keypoints.y(nearest) - 100)) {
                nearest = i;
            }
        }
        assertThat((double) keypoints.orientation(nearest)).isEqualTo(90, within(15.0));
    }

    @Test
    void keepsTheStrongestInOrder() {
        ImageFeatures all = extract("sift(max-keypoints=100000)");
        ImageFeatures few = extract("sift(max-keypoints=50)");
        assertThat(all.size()).isGreaterThan(50);
        assertThat(few.size()).isEqualTo(50);
        for (int i = 1; i < all.size(); i++) {
            assertThat(all.keypoints().score(i))
                    .isLessThanOrEqualTo(all.keypoints().score(i - 1));
        }
        for (int i = 0; i < 50; i++) {
            assertThat(few.keypoints().score(i)).isEqualTo(all.keypoints().score(i));
        }
    }

    @Test
    void equalResponsesComeByPlace() {
        byte[] rgb = blob(64, 64, 32, 32, 4).rgb();
        byte[] tiled = new byte[16 * rgb.length];
        for (int y = 0; y < 256; y++) {
            for (int x = 0; x < 256; x++) {
                System.arraycopy(rgb, 3 * (y % 64 * 64 + x % 64), tiled, 3 * (y * 256 + x), 3);
            }
        }
        ImageFeatures found = extract(new Image(256, 256, tiled, Orientation.UPRIGHT), 1024);
        int ties = 0;
        for (int i = 1; i < found.size(); i++) {
            Keypoints points = found.keypoints();
            if (points.score(i) == points.score(i - 1)) {
                ties++;
                assertThat(points.y(i)).isGreaterThanOrEqualTo(points.y(i - 1));
                if (points.y(i) == points.y(i - 1)) {
                    assertThat(points.x(i)).isGreaterThanOrEqualTo(points.x(i - 1));
                }
            }
        }
        assertThat(ties).isGreaterThan(10);
    }

    @Test
    void rootSiftIsTheSquareRootOfTheShareInTheSum() {
        ImageFeatures plain = extract("sift(root=false)");
        ImageFeatures root = extract("sift");
        for (int i = 0; i < plain.size(); i++) {
            float[] row = plain.descriptors().row(i);
            double sum = 0;
            for (float value : row) {
                assertThat(value).isNotNegative().isEqualTo(Math.round(value));
                sum += value;
            }
            double norm = 0;
            for (int j = 0; j < row.length; j++) {
                double expected = Math.sqrt(row[j] / sum);
                assertThat((double) root.descriptors().get(i, j)).isEqualTo(expected, within(1e-6));
                norm += expected * expected;
            }
            assertThat(norm).isEqualTo(1, within(1e-6));
        }
    }

    @Test
    void rootOfAZeroVectorIsZero() {
        float[] values = new float[2 * RootSift.DIMENSION];
        values[RootSift.DIMENSION] = 4;
        RootSift.apply(values, 0);
        RootSift.apply(values, RootSift.DIMENSION);
        float[] expected = new float[2 * RootSift.DIMENSION];
        expected[RootSift.DIMENSION] = 1;
        assertThat(values).isEqualTo(expected);
    }

    @Test
    void refusesOptionsOutOfBounds() {
        assertThatThrownBy(() -> extract("sift(max-keypoints=0)"))
                .hasMessage("sift: max-keypoints must be at least 1, got 0");
        assertThatThrownBy(() -> extract("sift(max-size=3)")).hasMessage("sift: max-size must be at least 16, got 3");
        assertThatThrownBy(() -> extract("sift(contrast-threshold=1)"))
                .hasMessage("sift: contrast-threshold must be at least 0 and below 1, got 1.0");
    }

    private ImageFeatures extract(String spec) {
        return Components.of(java.util.List.of(provider()))
                .create(Extractor.class, spec)
                .extract(TestPictures.textured(320, 240, 11))
                .local()
                .orElseThrow();
    }

    private static ImageFeatures extract(Image image, int maxSize) {
        return new SiftExtractor(SiftExtractor.Options.defaults().withMaxSize(maxSize))
                .extract(image)
                .local()
                .orElseThrow();
    }

    private static Image blob(int width, int height, double x, double y, double deviation) {
        byte[] rgb = new byte[3 * width * height];
        for (int v = 0; v < height; v++) {
            for (int u = 0; u < width; u++) {
                double squared = Math.pow(u + 0.5 - x, 2) + Math.pow(v + 0.5 - y, 2);
                byte value = (byte) Math.round(40 + 180 * Math.exp(-squared / (2 * deviation * deviation)));
                java.util.Arrays.fill(rgb, 3 * (v * width + u), 3 * (v * width + u) + 3, value);
            }
        }
        return new Image(width, height, rgb, Orientation.UPRIGHT);
    }
}
