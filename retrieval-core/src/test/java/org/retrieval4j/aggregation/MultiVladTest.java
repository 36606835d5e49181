package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;

/** The variants of VLAD that give several: one a tile, one a codebook. */
class MultiVladTest extends AggregatorContract {
    @Override
    protected String spec() {
        return "multi-vlad(vlad=vlad(clusters=4,normalization=intra))";
    }

    @Nested
    class MultiVocabulary extends AggregatorContract {
        @Override
        protected String spec() {
            return "multi-vocabulary-vlad(vlad=vlad(clusters=4,power=0.5,l2=false),vocabularies=3)";
        }
    }

    private Aggregator made(String spec) {
        return Components.load()
                .create(Aggregator.class, spec, BuildContext.ofSample(List.of(picture(new Random(1), 90))));
    }

    private static FloatMatrix regions(GlobalDescriptor descriptor) {
        return ((GlobalDescriptor.Regions) descriptor).vectors();
    }

    @Test
    void hasOneVladForEveryTile() {
        ImageFeatures picture = picture(new Random(2), 80);
        try (Aggregator multi = made(spec());
                Aggregator single = made("vlad(clusters=4,normalization=intra)")) {
            FloatMatrix tiles = regions(multi.aggregate(picture));
            assertThat(tiles.rows()).isEqualTo(14);
            int row = 0;
            for (int scale = 1; scale <= 3; scale++) {
                for (int ty = 0; ty < scale; ty++) {
                    for (int tx = 0; tx < scale; tx++) {
                        assertThat(new GlobalDescriptor.Dense(tiles.row(row++)))
                                .isEqualTo(single.aggregate(inside(picture, scale, tx, ty)));
                    }
                }
            }
        }
    }

    private static ImageFeatures inside(ImageFeatures picture, int scale, int tx, int ty) {
        int[] inside = new int[picture.size()];
        int count = 0;
        for (int i = 0; i < picture.size(); i++) {
            int x = (int) (picture.keypoints().x(i) / picture.width() * scale);
            int y = (int) (picture.keypoints().y(i) / picture.height() * scale);
            if (x == tx && y == ty) {
                inside[count++] = i;
            }
        }
        return picture.select(Arrays.copyOf(inside, count));
    }

    @ParameterizedTest
    @EnumSource(Orientation.class)
    void tilesAreThoseOfTheUprightPicture(Orientation orientation) {
        ImageFeatures upright = picture(new Random(3), 40);
        boolean swap = orientation.swapsSides();
        int width = swap ? upright.height() : upright.width();
        int height = swap ? upright.width() : upright.height();
        float[] places = upright.keypoints().values().toArray();
        for (int i = 0; i < upright.size(); i++) {
            double u = upright.keypoints().x(i);
            double v = upright.keypoints().y(i);
            places[i * Keypoints.COLUMNS] = (float) orientation.storedX(u, v, width, height);
            places[i * Keypoints.COLUMNS + 1] = (float) orientation.storedY(u, v, width, height);
        }
        ImageFeatures stored = new ImageFeatures(
                width,
                height,
                orientation,
                new Keypoints(FloatMatrix.of(upright.size(), Keypoints.COLUMNS, places)),
                upright.descriptors(),
                Optional.empty());
        try (Aggregator multi = made(spec())) {
            assertThat(multi.aggregate(stored)).isEqualTo(multi.aggregate(upright));
        }
    }

    @Test
    void featuresJustOutsideBelongToTheOuterTiles() {
        float[] places = new float[3 * Keypoints.COLUMNS];
        places[0] = -0.2f;
        places[1] = -0.1f;
        places[Keypoints.COLUMNS] = 640.5f;
        places[Keypoints.COLUMNS + 1] = 480;
        ImageFeatures edge = new ImageFeatures(
                640,
                480,
                new Keypoints(FloatMatrix.of(3, Keypoints.COLUMNS, places)),
                picture(new Random(4), 3).descriptors());
        try (Aggregator multi = made(spec())) {
            FloatMatrix tiles = regions(multi.aggregate(edge));
            for (int tile : new int[] {1, 4, 5, 13}) {
                assertThat(norm(tiles.row(tile))).isGreaterThan(0.9);
            }
            assertThat(norm(tiles.row(2))).isZero();
        }
    }

    private static double norm(float[] row) {
        double square = 0;
        for (float value : row) {
            square += value * value;
        }
        return Math.sqrt(square);
    }

    @Test
    void theVocabulariesDiffer() {
        try (Aggregator multi = made("multi-vocabulary-vlad(vlad=vlad(clusters=4),vocabularies=2)")) {
            assertThat(multi.state().array("vlad-0/codebook"))
                    .isNotEqualTo(multi.state().array("vlad-1/codebook"));
            GlobalDescriptor.Dense dense = (GlobalDescriptor.Dense) multi.aggregate(picture(new Random(5), 50));
            assertThat(dense.dimension()).isEqualTo(2 * 4 * width());
            assertThat(norm(dense.values())).isBetween(0.99999, 1.00001);
        }
    }

    @Test
    void tellsWhatDoesNotFit() {
        assertRefused("multi-vlad(scales=0)", "scales must be 1 to 16, got 0");
        assertRefused("multi-vlad(vlad=bow)", "vlad must be vlad");
        assertRefused("multi-vlad(vlad=vlad(cluster=3))", "vlad has no parameter \"cluster\"");
        assertRefused("multi-vocabulary-vlad(vocabularies=0)", "vocabularies must be 1 to 64, got 0");
        assertRefused("multi-vocabulary-vlad(vlad=vlad(codebook=c.npy))", "learns its codebooks");
    }

    private void assertRefused(String spec, String part) {
        assertThatIllegalArgumentException().isThrownBy(() -> made(spec)).withMessageContaining(part);
    }
}
