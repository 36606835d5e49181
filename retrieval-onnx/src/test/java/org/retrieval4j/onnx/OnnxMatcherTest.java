package org.retrieval4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Orientation;

class OnnxMatcherTest {
    @TempDir
    static Path folder = Path.of("");

    private static ImageFeatures features(int width, int height, Orientation orientation, float[] xy, float[]... rows) {
        float[] values = new float[5 * rows.length];
        for (int i = 0; i < rows.length; i++) {
            values[5 * i] = xy[2 * i];
            values[5 * i + 1] = xy[2 * i + 1];
        }
        return new ImageFeatures(
                width,
                height,
                orientation,
                new Keypoints(FloatMatrix.of(rows.length, 5, values)),
                FloatMatrix.ofRows(rows),
                Optional.empty());
    }

    private static ImageFeatures features(float[]... rows) {
        return features(10, 10, Orientation.UPRIGHT, new float[2 * rows.length], rows);
    }

    @Test
    void keepsTheBestPairOfEachFeature() {
        try (Matcher matcher = TestNetworks.matcher(TestNetworks.nearestNeighbor(folder, 2))) {
            ImageFeatures query = features(new float[] {1, 0}, new float[] {2, 0}, new float[] {0, 3});
            ImageFeatures reference = features(new float[] {0, 1}, new float[] {1.25f, 0});
            // the network pairs 0 and 1 of the query with 1 of the reference
            Matches matches = matcher.match(query, reference);
            assertThat(matches).isEqualTo(new Matches(new int[] {0, 2}, new int[] {1, 0}, new float[] {-0.0625f, -4}));
        }
    }

    @Test
    void aPictureWithoutFeaturesHasNoPairs() {
        try (Matcher matcher = TestNetworks.matcher(TestNetworks.nearestNeighbor(folder, 2))) {
            ImageFeatures some = features(new float[] {1, 0});
            ImageFeatures none = new ImageFeatures(10, 10, new Keypoints(FloatMatrix.empty(5)), FloatMatrix.empty(2));
            assertThat(matcher.match(some, none)).isEqualTo(Matches.NONE);
            assertThat(matcher.match(none, some)).isEqualTo(Matches.NONE);
            assertThat(matcher.match(none, none)).isEqualTo(Matches.NONE);
        }
    }

    @Test
    void manyReferencesEqualOneByOne() {
        Random random = new Random(3);
        try (Matcher matcher = TestNetworks.matcher(TestNetworks.nearestNeighbor(folder, 4))) {
            float[][] rows = new float[7][4];
            for (float[] row : rows) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = random.nextFloat();
                }
            }
            ImageFeatures query = features(rows);
            List<ImageFeatures> references =
                    List.of(features(rows[2], rows[4]), features(rows), features(rows[6], rows[0], rows[1]));
            List<Matches> all = matcher.matchAll(query, references);
            for (int i = 0; i < references.size(); i++) {
                assertThat(all.get(i)).isEqualTo(matcher.match(query, references.get(i)));
                assertThat(all.get(i).size()).isPositive();
            }
        }
    }

    // A network that pairs each feature with its namesake and scores it by the place's x or y as it was handed over.
    private static Matcher echo(String keypoints, long axis, String size) {
        byte[] model = TestNetworks.matcherInputs(1)
                .longs("axis", new long[] {axis})
                .longs("zero", new long[] {0})
                .longs("one", new long[] {1})
                .longs("front", new long[] {1}, 1)
                .longs("batch", new long[] {0}, 1)
                .node("Gather", keypoints + " axis", "coordinate", java.util.Map.of("axis", 2L))
                .node("Squeeze", "coordinate batch", "scores")
                .node("Shape", "d0", "shape")
                .node("Gather", "shape one", "n", java.util.Map.of("axis", 0L))
                .node("Range", "zero n one", "indices")
                .node("Unsqueeze", "indices front", "column")
                .node("Concat", "column column", "pairs", java.util.Map.of("axis", 1L))
                .output("pairs")
                .output("scores")
                .build();
        String manifest = TestNetworks.matcherManifest("{name: pairs, meaning: matches}", "scores");
        return TestNetworks.matcher(TestNetworks.write(
                folder, "echo", model, manifest.replace("center: 0.5}", "center: 0.5, size: " + size + "}")));
    }

    @Test
    void handsPlacesOverAsTheNetworkSawThem() {
        // stored 800 x 400, to be turned clockwise: upright 400 x 800, squashed to 100 x 200, longer side 200
        ImageFeatures turned = features(800, 400, Orientation.CLOCKWISE_90, new float[] {200, 100}, new float[] {1});
        double u = 400 - 100;
        double v = 200;
        String size = "{width: 100, height: 200, fit: squash}";
        for (String input : List.of("k0", "k1")) {
            try (Matcher x = echo(input, 0, size);
                    Matcher y = echo(input, 1, size)) {
                assertThat((double) x.match(turned, turned).scores()[0]).isEqualTo((u / 4 - 50) / 100, within(1e-6));
                assertThat((double) y.match(turned, turned).scores()[0]).isEqualTo((v / 4 - 100) / 100, within(1e-6));
            }
        }
    }

    @Test
    void refusesDescriptorsOfAnotherWidth() {
        try (Matcher matcher = TestNetworks.matcher(TestNetworks.nearestNeighbor(folder, 2))) {
            ImageFeatures two = features(new float[] {1, 0});
            ImageFeatures three = features(new float[] {1, 0, 2});
            assertThatThrownBy(() -> matcher.match(two, three))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("same width, got 2 and 3");
            assertThatThrownBy(() -> matcher.match(three, three))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("input \"d0\" takes the shape [1, -1, 2]");
        }
    }

    @Test
    void refusesPairsOfFeaturesThatAreNotThere() {
        byte[] model = TestNetworks.matcherInputs(1)
                .longs("beyond", new long[] {0, 7}, 1, 2)
                .floats("score", new float[] {1}, 1)
                .node("Identity", "beyond", "pairs")
                .node("Identity", "score", "scores")
                .output("pairs")
                .output("scores")
                .build();
        String manifest = TestNetworks.matcherManifest("{name: pairs, meaning: matches}", "scores");
        try (Matcher matcher = TestNetworks.matcher(TestNetworks.write(folder, "beyond", model, manifest))) {
            ImageFeatures one = features(new float[] {1});
            assertThatThrownBy(() -> matcher.match(one, one))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("holds 7.0 as the index of one of 1 features");
        }
    }

    @Test
    void opensFromItsState() throws Exception {
        try (Matcher first = TestNetworks.matcher(TestNetworks.nearestNeighbor(folder, 2));
                Matcher again = TestNetworks.components()
                        .open(Matcher.class, first.spec(), first.state(), BuildContext.defaults())) {
            assertThat(again.spec()).isEqualTo(first.spec());
            assertThat(again.fingerprint()).isEqualTo(first.fingerprint());
            ImageFeatures query = features(new float[] {1, 0}, new float[] {0, 3});
            assertThat(again.match(query, query)).isEqualTo(first.match(query, query));
        }
    }

    @Test
    void refusesAnExtractor(@TempDir Path other) {
        Path manifest = TestNetworks.allInOne(other, 48, 48);
        assertThatThrownBy(() -> TestNetworks.matcher(manifest))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("all-in-one is no matcher: it takes a picture");
    }

    @Test
    void refusesUseAfterClose() {
        Matcher matcher = TestNetworks.matcher(TestNetworks.nearestNeighbor(folder, 2));
        matcher.close();
        matcher.close();
        ImageFeatures one = features(new float[] {1, 0});
        assertThatThrownBy(() -> matcher.match(one, one)).isInstanceOf(IllegalStateException.class);
    }
}
