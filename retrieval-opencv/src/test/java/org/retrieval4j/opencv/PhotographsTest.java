package org.retrieval4j.opencv;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Orientation;

/** Decoding and SIFT on the photographs of org.openimaj:test-resources. */
class PhotographsTest {
    private static final String FOLDER = "/org/openimaj/image/";
    private static final int GRAF_WIDTH = 800;
    private static final int GRAF_HEIGHT = 640;

    @ParameterizedTest
    @CsvSource({"cat.jpg", "photo.JPG", "red-rose.jpeg", "fisheye.jpeg", "bird.png", "face/ss.jpg", "sinaface.jpg"})
    void agreesWithTheJdkToAFewGrayLevels(String name) throws Exception {
        byte[] file = resource("data/" + name);
        Image image = new ImageReader(List.of(new OpenCvImageDecoder()), ImageLimits.defaults()).read(file);
        BufferedImage expected = ImageIO.read(new ByteArrayInputStream(file));
        assertThat(image.width()).isEqualTo(expected.getWidth());
        assertThat(image.height()).isEqualTo(expected.getHeight());
        int[] row = new int[expected.getRaster().getNumBands() * image.width()];
        int bands = expected.getRaster().getNumBands();
        long sum = 0;
        for (int y = 0, at = 0; y < image.height(); y++) {
            expected.getRaster().getPixels(0, y, image.width(), 1, row);
            for (int x = 0; x < image.width(); x++) {
                for (int c = 0; c < 3; c++, at++) {
                    sum += Math.abs((image.rgb()[at] & 0xFF) - row[bands * x + (bands >= 3 ? c : 0)]);
                }
            }
        }
        assertThat((double) sum / image.rgb().length).isLessThan(2);
    }

    @ParameterizedTest
    @CsvSource({"2, 600", "3, 300"})
    void findsTheSamePlacesOfAWallFromAnotherView(int other, int least) throws Exception {
        SiftExtractor sift = new SiftExtractor(SiftExtractor.Options.defaults());
        ImageFeatures first = sift.extract(graf(1)).local().orElseThrow();
        ImageFeatures second = sift.extract(graf(other)).local().orElseThrow();
        double[] h = Arrays.stream(
                        new String(resource("feature/validator/graf/H1to" + other + "p"), StandardCharsets.US_ASCII)
                                .trim()
                                .split("\\s+"))
                .mapToDouble(Double::parseDouble)
                .toArray();
        int[] forward = nearest(first, second);
        int[] back = nearest(second, first);
        int right = 0;
        for (int i = 0; i < forward.length; i++) {
            if (back[forward[i]] == i) {
                // the homography's file counts from the center of the first pixel
                double x = first.keypoints().x(i) - 0.5;
                double y = first.keypoints().y(i) - 0.5;
                double w = h[6] * x + h[7] * y + h[8];
                double dx = (h[0] * x + h[1] * y + h[2]) / w
                        + 0.5
                        - second.keypoints().x(forward[i]);
                double dy = (h[3] * x + h[4] * y + h[5]) / w
                        + 0.5
                        - second.keypoints().y(forward[i]);
                right += Math.hypot(dx, dy) < 3 ? 1 : 0;
            }
        }
        assertThat(right).isGreaterThan(least);
    }

    @Test
    void aPhotographHasTheSameFeaturesInAllEightOrientations() throws Exception {
        Image upright = graf(1);
        SiftExtractor sift = new SiftExtractor(
                SiftExtractor.Options.defaults().withMaxSize(500).withMaxKeypoints(500));
        ImageFeatures expected = sift.extract(upright).local().orElseThrow();
        assertThat(expected.size()).isEqualTo(500);
        for (Orientation orientation : Orientation.values()) {
            Image stored = org.retrieval4j.api.TestPictures.stored(upright, orientation);
            assertThat(sift.extract(stored).local().orElseThrow().descriptors()).isEqualTo(expected.descriptors());
        }
    }

    private static Image graf(int number) throws IOException {
        byte[] ppm = resource("feature/validator/graf/img" + number + ".ppm");
        int size = 3 * GRAF_WIDTH * GRAF_HEIGHT;
        return new Image(
                GRAF_WIDTH, GRAF_HEIGHT, Arrays.copyOfRange(ppm, ppm.length - size, ppm.length), Orientation.UPRIGHT);
    }

    private static int[] nearest(ImageFeatures from, ImageFeatures to) {
        float[] a = from.descriptors().toArray();
        float[] b = to.descriptors().toArray();
        int[] nearest = new int[from.size()];
        for (int i = 0; i < from.size(); i++) {
            float best = -1;
            for (int j = 0; j < to.size(); j++) {
                float dot = 0;
                for (int d = 0; d < RootSift.DIMENSION; d++) {
                    dot += a[RootSift.DIMENSION * i + d] * b[RootSift.DIMENSION * j + d];
                }
                if (dot > best) {
                    best = dot;
                    nearest[i] = j;
                }
            }
        }
        return nearest;
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = PhotographsTest.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IOException(FOLDER + name + " is not on the class path");
            }
            return in.readAllBytes();
        }
    }
}
