package org.retrieval4j.opencv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.opencv.core.KeyPoint;
import org.opencv.core.Mat;
import org.opencv.core.MatOfKeyPoint;
import org.opencv.features2d.SIFT;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.ExtractorContract;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.TestPictures;
import org.retrieval4j.spi.ComponentProvider;

class DenseSiftExtractorTest extends ExtractorContract {
    @Override
    protected ComponentProvider<Extractor, ?> provider() {
        return new DenseSiftExtractor.Provider();
    }

    @Override
    protected String spec() {
        return "dense-sift(max-size=128)";
    }

    @Test
    void isFoundByItsName() {
        assertThat(Components.load().create(Extractor.class, "dense-sift").spec())
                .hasToString("dense-sift(step=8,min-size=16,size-step=8,scales=4,max-size=640,root=true)");
    }

    @Test
    void agreesWithOpenCvsDescriptorsOfTheSamePatches() {
        // Cells of 10 pixels are smoothed nearly as much as OpenCV's first octave, by 1.67 and by 1.6 pixels.
        Image image = TestPictures.textured(200, 160, 21);
        ImageFeatures dense = extract("dense-sift(min-size=40,scales=1,step=11,root=false)", image);
        assertThat(dense.size()).isGreaterThan(100);
        List<KeyPoint> points = new ArrayList<>();
        for (int i = 0; i < dense.size(); i++) {
            // a cell is three halves of OpenCV's size; octave 0, layer 0
            points.add(new KeyPoint(
                    dense.keypoints().x(i) - 0.5f, dense.keypoints().y(i) - 0.5f, 10 / 1.5f, 0, i, 0));
        }
        MatOfKeyPoint keypoints = new MatOfKeyPoint();
        keypoints.fromList(points);
        Mat descriptors = new Mat();
        try (GrayPicture gray = new GrayPicture(image, 1024)) {
            SIFT.create().compute(gray.pixels, keypoints, descriptors);
        }
        assertThat(descriptors.rows()).isEqualTo(dense.size());
        double sum = 0;
        for (int i = 0; i < dense.size(); i++) {
            float[] expected = new float[128];
            descriptors.get(i, 0, expected);
            double dot = 0;
            double norm = 0;
            float[] actual = dense.descriptors().row(i);
            double length = 0;
            for (int d = 0; d < 128; d++) {
                dot += expected[d] * actual[d];
                norm += expected[d] * expected[d];
                length += actual[d] * actual[d];
            }
            assertThat(Math.sqrt(length)).isEqualTo(512, within(0.1));
            double cosine = dot / Math.sqrt(norm * length);
            assertThat(cosine).isGreaterThan(0.9);
            sum += cosine;
        }
        assertThat(sum / dense.size()).isGreaterThan(0.98);
    }

    @Test
    void patchesLieInsideThePictureAndShareItsMargin() {
        ImageFeatures features = extract("dense-sift", TestPictures.textured(203, 147, 4));
        Map<Float, float[]> extent = new HashMap<>();
        for (int i = 0; i < features.size(); i++) {
            Keypoints points = features.keypoints();
            float half = points.scale(i) / 2;
            float[] sides = extent.computeIfAbsent(points.scale(i), size -> new float[] {1e9f, 1e9f, 1e9f, 1e9f});
            sides[0] = Math.min(sides[0], points.x(i) - half);
            sides[1] = Math.min(sides[1], 203 - points.x(i) - half);
            sides[2] = Math.min(sides[2], points.y(i) - half);
            sides[3] = Math.min(sides[3], 147 - points.y(i) - half);
        }
        assertThat(extent.keySet()).containsExactlyInAnyOrder(16f, 24f, 32f, 40f);
        for (float[] sides : extent.values()) {
            for (float side : sides) {
                assertThat(side).isBetween(0f, 8f);
            }
            assertThat(sides[0]).isEqualTo(sides[1], within(1.5f));
            assertThat(sides[2]).isEqualTo(sides[3], within(1.5f));
        }
    }

    @Test
    void oneSizeIsAGridUnlessAPatchIsFlat() {
        ImageFeatures whole = extract("dense-sift(scales=1)", TestPictures.textured(100, 60, 4));
        Grid grid = whole.grid().orElseThrow();
        assertThat(grid).isEqualTo(new Grid(6, 11));
        for (int i = 1; i < whole.size(); i++) {
            boolean newRow = i % grid.columns() == 0;
            assertThat(whole.keypoints().y(i) - whole.keypoints().y(i - 1)).isEqualTo(newRow ? 8 : 0);
            assertThat(whole.keypoints().x(i) - whole.keypoints().x(i - 1)).isEqualTo(newRow ? -80 : 8);
        }
        assertThat(extract("dense-sift", TestPictures.textured(100, 60, 4)).grid())
                .isEmpty();
        Image picture = TestPictures.textured(100, 60, 4);
        byte[] rgb = picture.rgb().clone();
        for (int y = 0; y < 40; y++) {
            java.util.Arrays.fill(rgb, 300 * y, 300 * y + 120, (byte) 77);
        }
        ImageFeatures holes = extract("dense-sift(scales=1)", new Image(100, 60, rgb, picture.orientation()));
        assertThat(holes.size()).isLessThan(66).isGreaterThan(30);
        assertThat(holes.grid()).isEmpty();
    }

    @Test
    void reductionKeepsPlaces() {
        Image image = TestPictures.textured(400, 300, 4);
        ImageFeatures reduced = extract("dense-sift(max-size=200,scales=1)", image);
        for (int i = 0; i < reduced.size(); i++) {
            assertThat(reduced.keypoints().scale(i)).isEqualTo(32);
        }
        assertThat(reduced.keypoints().x(1) - reduced.keypoints().x(0)).isEqualTo(16);
    }

    @Test
    void directionsAreAccurateAllAround() {
        for (int i = 0; i < 3600; i++) {
            double angle = Math.toRadians(i / 10.0);
            double expected = i / 450.0;
            float actual = GradientHistograms.eighths((float) Math.cos(angle), (float) Math.sin(angle));
            assertThat(actual).isBetween(0f, 7.99999f);
            assertThat(Math.abs(Math.IEEEremainder(actual - expected, 8))).isLessThan(1e-4);
        }
        assertThat(GradientHistograms.eighths(0, 0)).isZero();
        assertThat(GradientHistograms.eighths(1, -1e-30f)).isZero();
    }

    @Test
    void refusesOptionsOutOfBounds() {
        for (String wrong : new String[] {
            "step=0", "min-size=2", "min-size=18", "size-step=6", "scales=0", "max-size=1", "step=1,max-size=30000"
        }) {
            assertThatThrownBy(() -> extract("dense-sift(" + wrong + ")", picture()))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("got ");
        }
    }

    private ImageFeatures extract(String spec, Image image) {
        Extraction extraction =
                Components.of(List.of(provider())).create(Extractor.class, spec).extract(image);
        return extraction.toAggregate().orElseThrow();
    }
}
