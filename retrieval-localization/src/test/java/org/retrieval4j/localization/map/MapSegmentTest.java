package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.LiveSegment;

/** A file whose numbers contradict each other is refused when it is opened, and not where they are used. */
class MapSegmentTest {
    /** Two pictures that observe two points and one that the second observes alone. */
    private static MapSegment segment() {
        return MapSegment.of(
                new MadeUpWorld(2, 1, 1).images,
                new int[] {0, 2, 5},
                new int[] {3, 8, 1, 4, 6},
                new int[] {0, 1, 2, 1, 0},
                new long[] {5, 6, 9},
                new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9},
                new byte[9],
                new double[3]);
    }

    private static MapSegment written(Path file, Consumer<MapSegment> damage) throws IOException {
        MapSegment segment = segment();
        damage.accept(segment);
        MapSegment.FORMAT.write(List.of(LiveSegment.of(segment)), file);
        return MapSegment.FORMAT.open(file);
    }

    @Test
    void soundOnesAreOpened(@TempDir Path folder) throws IOException {
        MapSegment opened = written(folder.resolve("sound"), sound -> {});
        assertThat(opened.keypoints()).isEqualTo(segment().keypoints());
        assertThat(opened.trackKeypoints()).isEqualTo(segment().trackKeypoints());
        opened.close();
    }

    private static void requireRefused(Path folder, String expected, Consumer<MapSegment> damage) {
        assertThatThrownBy(() -> written(folder.resolve(expected), damage).close())
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void keypointsThatDoNotAscendAreRefused(@TempDir Path folder) {
        String expected = "ascending keypoints of each image";
        requireRefused(folder, expected, segment -> segment.keypoints().put(0, 8)); // the same twice
        requireRefused(folder, expected, segment -> segment.keypoints().put(3, 7)); // above the last
        requireRefused(folder, expected, segment -> segment.keypoints().put(2, -1));
    }

    @Test
    void pointsThatAreNotThereAreRefused(@TempDir Path folder) {
        String expected = "observations of points that are there";
        requireRefused(folder, expected, segment -> segment.observed().put(0, 3));
        requireRefused(folder, expected, segment -> segment.observed().put(4, -1));
    }

    @Test
    void tracksOfOtherObservationsAreRefused(@TempDir Path folder) {
        String expected = "tracks of what the images observe";
        requireRefused(folder, expected, segment -> segment.observed().put(1, 2));
        requireRefused(folder, expected, segment -> segment.observed().put(4, 2)); // past the last track
        requireRefused(folder, expected, segment -> segment.trackImages().put(0, 1));
        requireRefused(folder, expected, segment -> segment.trackKeypoints().put(4, 2));
        requireRefused(folder, expected, segment -> segment.trackFrom().put(1, 1));
    }

    @Test
    void coordinatesThatAreNotFiniteAreRefused(@TempDir Path folder) {
        requireRefused(folder, "finite coordinates", segment -> segment.points().put(4, Double.NaN));
        requireRefused(folder, "finite coordinates", segment -> segment.points().put(8, Double.NEGATIVE_INFINITY));
    }
}
