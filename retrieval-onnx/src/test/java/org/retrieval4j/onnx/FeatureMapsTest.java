package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Orientation;

/** Maps from several places inside one network, at the sizes of several pictures. */
class FeatureMapsTest {
    /** x of any size, its mean over 2 x 2 ("half"), and over 4 x 4 and negated ("quarter"). */
    private static byte[] pyramid() {
        return TestNetworks.onImages()
                .node("AveragePool", "x", "half", pooling(2))
                .node("AveragePool", "half", "pooled", pooling(2))
                .node("Neg", "pooled", "quarter")
                .node("GlobalAveragePool", "quarter", "whole")
                .output("whole")
                .build();
    }

    private static Map<String, Object> pooling(long side) {
        return Map.of("kernel_shape", new long[] {side, side}, "strides", new long[] {side, side});
    }

    private static Path manifest(Path folder, String size, String... maps) {
        StringBuilder outputs = new StringBuilder("outputs:\n");
        for (String map : maps) {
            outputs.append("  - {").append(map).append("}\n");
        }
        return TestNetworks.write(folder, "maps", pyramid(), TestNetworks.imageInput(size) + outputs);
    }

    private static ImageFeatures map(Extraction extraction, String name) {
        return requireNonNull(extraction.features().get(name), name);
    }

    private static float[] mean(ImageFeatures map, int from, int channels) {
        float[] mean = new float[channels];
        for (int i = 0; i < map.size(); i++) {
            for (int c = 0; c < channels; c++) {
                mean[c] += map.descriptors().get(i, from + c) / map.size();
            }
        }
        return mean;
    }

    @Test
    void oneSessionServesPicturesOfAllSizes(@TempDir Path folder) {
        Path manifest = manifest(
                folder,
                "{longer: 32, multiple-of: 4}",
                "name: half, meaning: feature-map",
                "name: whole, meaning: global");
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            Extraction wide = extractor.extract(OnnxExtractorTest.random(64, 24, 1));
            Extraction small = extractor.extract(OnnxExtractorTest.random(8, 16, 2));
            Extraction again = extractor.extract(OnnxExtractorTest.random(64, 24, 1));
            assertThat(map(wide, "map").grid()).contains(new Grid(6, 16));
            assertThat(map(small, "map").grid()).contains(new Grid(8, 4));
            assertThat(map(again, "map").descriptors().toArray())
                    .isEqualTo(map(wide, "map").descriptors().toArray());
            assertThat(small.global()).isPresent();
        }
    }

    @Test
    void severalPlacesInsideTheNetworkAreSeveralMaps(@TempDir Path folder) {
        Path manifest = manifest(
                folder,
                "{longer: 16, multiple-of: 4}",
                "name: half, meaning: feature-map, features: early",
                "name: quarter, meaning: feature-map");
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            assertThat(extractor.outputs()).containsExactly("early", "map");
            Extraction extraction = extractor.extract(OnnxExtractorTest.random(16, 8, 3));
            assertThat(map(extraction, "early").grid()).contains(new Grid(4, 8));
            assertThat(map(extraction, "map").grid()).contains(new Grid(2, 4));
        }
    }

    @Test
    void mapsOfOneSetAreJoinedAtTheFinestGrid(@TempDir Path folder) {
        Path joined = manifest(
                folder,
                "{longer: 16, multiple-of: 4}",
                "name: quarter, meaning: feature-map",
                "name: half, meaning: feature-map",
                "name: pooled, meaning: feature-map, features: alone");
        Image image = OnnxExtractorTest.random(16, 12, 4);
        try (Extractor extractor = TestNetworks.extractor(joined)) {
            Extraction extraction = extractor.extract(image);
            ImageFeatures map = map(extraction, "map");
            ImageFeatures alone = map(extraction, "alone");
            assertThat(map.grid()).contains(new Grid(6, 8));
            assertThat(map.descriptors().columns()).isEqualTo(6);
            // in the manifest's order: the coarse one first
            for (int row = 0; row < 6; row++) {
                for (int column = 0; column < 8; column++) {
                    int cell = 8 * row + column;
                    int coarse = 4 * (row / 2) + column / 2;
                    assertThat(map.keypoints().x(cell)).isEqualTo(2 * column + 1f);
                    assertThat(map.keypoints().y(cell)).isEqualTo(2 * row + 1f);
                    for (int c = 0; c < 3; c++) {
                        assertThat(map.descriptors().get(cell, c))
                                .isEqualTo(-alone.descriptors().get(coarse, c));
                    }
                }
            }
            // each coarse cell stands equally often, so that its mean is that of the coarse map, and here of the fine
            // one
            float[] coarseMean = mean(map, 0, 3);
            float[] fineMean = mean(map, 3, 3);
            float[] aloneMean = mean(alone, 0, 3);
            for (int c = 0; c < 3; c++) {
                assertThat(coarseMean[c]).isEqualTo(-aloneMean[c], within(1e-6f));
                assertThat(coarseMean[c]).isEqualTo(-fineMean[c], within(1e-6f));
            }
        }
    }

    @Test
    void gridsThatAreNoMultiplesAreReadAtTheCenters(@TempDir Path folder) {
        Map<String, Object> pooling = Map.of("kernel_shape", new long[] {2, 3}, "strides", new long[] {1, 2});
        byte[] model = new GraphBuilder()
                .input("x", 1, 3, 3, 5)
                .node("Identity", "x", "fine")
                .node("AveragePool", "x", "coarse", pooling)
                .node("Identity", "coarse", "copy")
                .output("copy")
                .build();
        Path manifest = TestNetworks.write(
                folder,
                "odd",
                model,
                TestNetworks.imageInput("{width: 5, height: 3, fit: squash}")
                        + """
                outputs:
                  - {name: fine, meaning: feature-map}
                  - {name: coarse, meaning: feature-map}
                  - {name: copy, meaning: feature-map, features: alone}
                """);
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            Extraction extraction = extractor.extract(OnnxExtractorTest.random(5, 3, 5));
            ImageFeatures map = map(extraction, "map");
            ImageFeatures alone = map(extraction, "alone");
            assertThat(map.grid()).contains(new Grid(3, 5));
            assertThat(alone.grid()).contains(new Grid(2, 2));
            int[] rows = {0, 1, 1}; // centers at 1/6, 1/2 and 5/6 of the height
            int[] columns = {0, 0, 1, 1, 1};
            for (int cell = 0; cell < 15; cell++) {
                int coarse = 2 * rows[cell / 5] + columns[cell % 5];
                assertThat(map.descriptors().get(cell, 3))
                        .isEqualTo(alone.descriptors().get(coarse, 0));
            }
        }
    }

    @Test
    void eachMapIsNormalizedByItself(@TempDir Path folder) {
        Path manifest = manifest(
                folder,
                "{longer: 8, multiple-of: 4}",
                "name: half, meaning: feature-map, l2: true",
                "name: quarter, meaning: feature-map");
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            ImageFeatures map = map(extractor.extract(OnnxExtractorTest.random(8, 8, 6)), "map");
            for (int i = 0; i < map.size(); i++) {
                double fine = 0;
                double coarse = 0;
                for (int c = 0; c < 3; c++) {
                    fine += Math.pow(map.descriptors().get(i, c), 2);
                    coarse += Math.pow(map.descriptors().get(i, 3 + c), 2);
                }
                assertThat(fine).isEqualTo(1, within(1e-6));
                assertThat(Math.abs(coarse - 1)).isGreaterThan(1e-3);
            }
        }
    }

    @Test
    void joinedMapsShowNoPadding(@TempDir Path folder) {
        Path manifest = manifest(
                folder,
                "{width: 16, height: 16, fit: letterbox, padding: 255}",
                "name: half, meaning: feature-map",
                "name: quarter, meaning: feature-map");
        Image black = new Image(32, 16, new byte[3 * 32 * 16], Orientation.UPRIGHT);
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            ImageFeatures map = map(extractor.extract(black), "map");
            assertThat(map.grid()).contains(new Grid(4, 8));
            assertThat(map.descriptors().toArray()).containsOnly(0f, -0f);
        }
    }

    @Test
    void aMapAndKeypointsAreNoOneSet(@TempDir Path folder) {
        Path manifest = manifest(
                folder,
                "{longer: 8, multiple-of: 4}",
                "name: half, meaning: feature-map, features: local",
                "name: quarter, meaning: descriptors");
        assertThatThrownBy(() -> TestNetworks.extractor(manifest))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("and no feature map, for the features \"local\"");
    }
}
