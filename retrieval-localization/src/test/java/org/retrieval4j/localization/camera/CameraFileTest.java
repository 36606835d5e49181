package org.retrieval4j.localization.camera;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CameraFileTest {
    @Test
    void readsTheBenchmarksLists(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("queries.txt"),
                "\uFEFF# a list\n\nquery/day/1.jpg SIMPLE_RADIAL 1600 1200 1469.2 800 600 -0.0353019\r\n"
                        + "query/img_1_c1_2us_rect.jpg  PINHOLE 1024 768 873.38 876.49 529.32 397.27");

        assertThat(CameraFile.read(file).keySet()).containsExactly("query/day/1.jpg", "query/img_1_c1_2us_rect.jpg");
    }

    @Test
    void wrongLinesAreTold(@TempDir Path folder) throws IOException {
        assertWrong(folder, "a.jpg WIDE_ANGLE 640 480 500 320 240", "line 1: ", "WIDE_ANGLE");
        assertWrong(folder, "# c\na.jpg PINHOLE 640 480 500 500 320", "line 2: ", "PINHOLE");
        assertWrong(folder, "a.jpg PINHOLE 640 480 500 500 320 x", "line 1: ", "x");
        assertWrong(folder, "a.jpg PINHOLE 0 480 500 500 320 240", "line 1: ", "0");
        assertWrong(folder, "a.jpg PINHOLE 640 480 NaN 500 320 240", "line 1: ", "NaN");
        assertWrong(folder, "a.jpg", "line 1: ", "MODEL width height params");
        String good = "a.jpg PINHOLE 640 480 500 500 320 240\n";
        assertWrong(folder, good + good, "line 2: ", "\"a.jpg\" again");
    }

    private static void assertWrong(Path folder, String text, String place, String what) throws IOException {
        Path file = Files.writeString(folder.resolve("cameras.txt"), text);
        assertThatIOException()
                .isThrownBy(() -> CameraFile.read(file))
                .withMessageContaining(file + ", " + place)
                .withMessageContaining(what);
    }
}
