package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.pose.PoseFile;

class WorldCommandTest {
    private static Cli world(Path output, Object... more) {
        Object[] arguments = new Object[13 + more.length];
        Object[] first = {
            "world", "--seed", 5, "--output", output, "--images", 6, "--queries", 3, "--elsewhere", 2, "--width", 64
        };
        System.arraycopy(first, 0, arguments, 0, 13);
        System.arraycopy(more, 0, arguments, 13, more.length);
        return Cli.run(arguments);
    }

    @Test
    void writesAWorldThatTheOtherCommandsRead(@TempDir Path folder) throws IOException {
        Path output = folder.resolve("a/world");

        Cli run = world(output, "--height", 48, "--json");

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(Parsed.object(run.out()))
                .containsEntry("seed", 5)
                .containsEntry("images", 6)
                .containsEntry("queries", 3)
                .containsEntry("elsewhere", 2)
                .containsKey("seconds");
        assertThat(PoseFile.read(output.resolve("poses.txt")).keySet())
                .isEqualTo(CameraFile.read(output.resolve("cameras.txt")).keySet())
                .hasSize(6);
        assertThat(PoseFile.read(output.resolve("truth.txt")).keySet())
                .isEqualTo(CameraFile.read(output.resolve("queries.txt")).keySet())
                .hasSize(3);
        assertThat(CameraFile.read(output.resolve("elsewhere.txt"))).hasSize(2);
        assertThat(folder.resolve("a")).isDirectoryContaining(file -> file.endsWith("world"));
    }

    @Test
    void leavesAFolderWithFilesAlone(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("mine.txt"), "mine");

        Cli run = world(folder, "--height", 48);

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("retrieval: already exists: " + folder + "\n");
        assertThat(folder).isDirectoryNotContaining(file -> !file.endsWith("mine.txt"));
    }

    @Test
    void wrongSizesAreAUsageError(@TempDir Path folder) {
        Cli run = world(folder.resolve("world"), "--height", 4);

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err().lines()).hasSize(1).first().asString().contains("got 64 x 4");
        assertThat(folder).isEmptyDirectory();
    }
}
