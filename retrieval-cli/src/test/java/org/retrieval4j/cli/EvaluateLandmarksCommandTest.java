package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateLandmarksCommandTest {
    @Test
    void retrievalPrintsAllAndBothParts(@TempDir Path folder) throws IOException {
        Path solution = Files.writeString(
                folder.resolve("s.csv"), "id,images,Usage\na,x y,Public\nb,z,Private\nc,x,Private\nd,None,Ignored\n");
        Path submission = Files.writeString(folder.resolve("p.csv"), "id,images\nd,x\nb,x z\na,x z y \n");
        Cli run = Cli.run("evaluate", "gldv2-retrieval", "--solution", solution, "--submission", submission, "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(Parsed.object(run.out()))
                .containsOnlyKeys("map@100", "public", "private")
                .containsEntry("map@100", (0.5 + (1 + 2.0 / 3) / 2) / 3)
                .containsEntry("public", (1 + 2.0 / 3) / 2)
                .containsEntry("private", 0.25);
    }

    @Test
    void recognitionPrintsAllAndBothParts(@TempDir Path folder) throws IOException {
        Path solution = Files.writeString(
                folder.resolve("s.csv"), "id,landmarks,Usage\na,7 8,Public\nb,,Public\nc,9,Public\nd,,Private\n");
        Path submission =
                Files.writeString(folder.resolve("p.csv"), "id,landmarks\na,8 0.5\nb,8 0.5\nc,9 0.25\nd,7 0.75\n");
        Cli run =
                Cli.run("evaluate", "gldv2-recognition", "--solution", solution, "--submission", submission, "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(Parsed.object(run.out()))
                .containsOnlyKeys("gap", "public", "private")
                .containsEntry("gap", (0.5 + 0.5) / 2)
                .containsEntry("public", (1 + 2.0 / 3) / 2)
                .containsEntry("private", null); // no image of it shows a landmark
    }

    @Test
    void anUnknownQueryIsOneLine(@TempDir Path folder) throws IOException {
        Path solution = Files.writeString(folder.resolve("s.csv"), "id,images,Usage\na,x,Public\n");
        Path submission = Files.writeString(folder.resolve("p.csv"), "id,images\nb,x\n");
        Cli run = Cli.run("evaluate", "gldv2-retrieval", "--solution", solution, "--submission", submission);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .isEqualTo("retrieval: " + submission + ", line 2: test image \"b\" is not in the solution\n");
    }
}
