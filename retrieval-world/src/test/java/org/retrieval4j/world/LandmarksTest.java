package org.retrieval4j.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.ProgressListener;

class LandmarksTest {
    private static final Landmarks.Options SMALL = new Landmarks.Options(3, 3, 4, 64, 48);

    @Test
    void theSameSeedGivesTheSameFilesWhateverTheThreads(@TempDir Path folder) throws IOException {
        Path one = folder.resolve("one");
        Path many = folder.resolve("many");
        new Landmarks(SMALL).write(one, Runnable::run, ProgressListener.NONE);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            new Landmarks(SMALL).write(many, threads, ProgressListener.NONE);
        } finally {
            threads.shutdown();
        }
        List<String> lines = Files.readAllLines(one.resolve("relevant.csv"));
        assertThat(lines).hasSize(12);
        assertThat(lines.get(0))
                .isEqualTo("images/landmark_0000_000.png,images/landmark_0000_001.png,"
                        + "images/landmark_0000_002.png,images/landmark_0000_003.png");
        // three landmarks, and three buildings that look like one of them, with two pictures each
        try (var files = Files.list(one.resolve("images"))) {
            List<Path> pictures = new ArrayList<>(files.toList());
            assertThat(pictures).hasSize(12 + 3 * 2);
            for (Path picture : pictures) {
                assertThat(many.resolve("images").resolve(picture.getFileName()))
                        .hasSameBinaryContentAs(picture);
            }
        }
    }

    @Test
    void everyPictureShowsTheFrontOfItsLandmark() {
        Landmarks landmarks = new Landmarks(new Landmarks.Options(5, 6, 10, 96, 72));
        for (View view : landmarks.views()) {
            byte[] labels = landmarks.render(view).labels();
            int ornaments = 0;
            for (byte label : labels) {
                ornaments += label == Label.POSTER.ordinal() ? 1 : 0;
            }
            assertThat(ornaments).as(view.name()).isGreaterThan(labels.length / 500);
        }
    }

    @Test
    void saysWhatIsOutOfBounds() {
        assertThatThrownBy(() -> new Landmarks.Options(1, 0, 10, 64, 48))
                .hasMessage("landmarks must be 1 to 10000 and views 2 to 1000, got 0 and 10");
        assertThatThrownBy(() -> new Landmarks.Options(1, 1, 2, 16, 48))
                .hasMessageContaining("width and height must be 32 to 4096, got 16 x 48");
    }
}
