package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.pose.PoseFile;

class DatasetCommandTest {
    @Test
    void listsAreThoseThatTheOtherCommandsRead(@TempDir Path folder) throws IOException {
        Path scene = folder.resolve("chess");
        String matrix = "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n";
        for (String sequence : new String[] {"seq-01", "seq-02"}) {
            Files.createDirectories(scene.resolve(sequence));
            Files.writeString(scene.resolve(sequence).resolve("frame-000000.pose.txt"), matrix);
        }
        Files.writeString(scene.resolve("TrainSplit.txt"), "sequence1\n");
        Files.writeString(scene.resolve("TestSplit.txt"), "sequence2\n");

        Cli run = Cli.run("dataset", "seven-scenes", scene, "--output", folder.resolve("lists"), "--json");

        assertThat(run.err()).isEmpty();
        assertThat(Parsed.object(run.out()))
                .containsEntry("images", scene.toString())
                .containsEntry("poses", 1)
                .containsEntry("queries", 1)
                .containsEntry("truth", 1);
        assertThat(PoseFile.read(folder.resolve("lists/poses.txt"))).containsOnlyKeys("seq-01/frame-000000.color.png");
        assertThat(CameraFile.read(folder.resolve("lists/queries.txt")))
                .containsOnlyKeys("seq-02/frame-000000.color.png");
        Cli again = Cli.run("dataset", "seven-scenes", scene, "--output", folder.resolve("lists"));
        assertThat(again.code()).isEqualTo(1);
        assertThat(again.err()).contains("already exists");
        Cli unknown = Cli.run("dataset", "paris", scene, "--output", folder.resolve("other"));
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("aachen, robotcar, cmu, inloc, cambridge, seven-scenes, got \"paris\"");
    }
}
