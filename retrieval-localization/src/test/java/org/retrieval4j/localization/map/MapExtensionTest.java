package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.FeatureSource;

class MapExtensionTest {
    private static final MadeUpWorld WORLD = new MadeUpWorld(6, 120, 1);
    private static final MapBuilder.Options OPTIONS = MapBuilder.Options.defaults();
    private static final FeatureSource FEATURES = WORLD.source();

    private static PointMap built(int views) throws IOException {
        return MapBuilder.build(
                WORLD.images.subList(0, views), FEATURES, MadeUpWorld.matcher(5), OPTIONS, Runnable::run);
    }

    @Test
    void addedPicturesObserveThePointsThatAreThere() throws IOException {
        try (PointMap before = built(4);
                PointMap after = MapExtension.extend(
                        before, WORLD.images.subList(4, 6), FEATURES, MadeUpWorld.matcher(5), OPTIONS, Runnable::run);
                PointMap whole = built(6)) {
            assertThat(after.images()).isEqualTo(WORLD.images);
            int longer = 0;
            for (int p = 0; p < before.size(); p++) {
                assertThat(after.pointId(p)).isEqualTo(before.pointId(p));
                for (int axis = 0; axis < 3; axis++) {
                    assertThat(after.coordinate(p, axis)).isEqualTo(before.coordinate(p, axis));
                }
                longer += after.imagesOf(p).length == before.imagesOf(p).length + 2 ? 1 : 0;
            }
            assertThat(longer).isGreaterThan(85); // of the 96 points that the matcher pairs right
            assertThat(after.size()).isBetween(before.size(), before.size() + 10);
            assertThat(after.observations()).isBetween(whole.observations() - 30, whole.observations() + 30);
        }
    }

    @Test
    void picturesOfAnotherPlaceBringPointsOfTheirOwn() throws IOException {
        try (PointMap none = PointMap.of(WORLD.images.subList(0, 1), List.of());
                PointMap after = MapExtension.extend(
                        none, WORLD.images.subList(1, 6), FEATURES, MadeUpWorld.matcher(5), OPTIONS, Runnable::run);
                PointMap whole = built(6)) {
            assertThat(after.size()).isBetween(whole.size() - 5, whole.size() + 5);
        }
    }

    @Test
    void isTheSameOnAnyNumberOfThreads() throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<MapImage> added = WORLD.images.subList(3, 6);
        try (PointMap before = built(3);
                PointMap alone =
                        MapExtension.extend(before, added, FEATURES, MadeUpWorld.matcher(5), OPTIONS, Runnable::run);
                PointMap many =
                        MapExtension.extend(before, added, FEATURES, MadeUpWorld.matcher(5), OPTIONS, threads)) {
            assertThat(many.size()).isEqualTo(alone.size());
            for (int p = 0; p < alone.size(); p++) {
                assertThat(many.point(p)).isEqualTo(alone.point(p));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void picturesAreCheckedBeforeTheyAreMatched() {
        FeatureSource none = id -> {
            throw new AssertionError("read before it was checked");
        };
        List<MapImage> twice = List.of(WORLD.images.get(0), WORLD.images.get(0));
        assertThatThrownBy(() -> MapBuilder.build(twice, none, MadeUpWorld.matcher(5), OPTIONS, Runnable::run))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ascending ids and different names");
    }

    @Test
    void refusesPicturesThatAreThere() throws IOException {
        try (PointMap map = built(4)) {
            assertThatThrownBy(() -> MapExtension.extend(
                            map, WORLD.images.subList(3, 5), FEATURES, MadeUpWorld.matcher(5), OPTIONS, Runnable::run))
                    .hasMessageContaining("ascending ids and different names");
        }
    }
}
