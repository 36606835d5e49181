package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database whose whitening is learned from the pairs that verification finds in its first pictures. */
class VerifiedPairsCommandTest {
    @Test
    void aDatabaseLearnsFromItsOwnPictures(@TempDir Path folder) throws IOException {
        Path photographs = folder.resolve("photographs");
        Path database = folder.resolve("database");
        Photographs.writeSmallCollection(photographs);
        List<Object> index = List.of(
                "index",
                "--database",
                database,
                "--extractor",
                "sift(max-keypoints=500)",
                "--aggregator",
                "spoc | learned-whiten(pairs=verified(min-inliers=15),dimension=16,shrinkage=0.3)",
                photographs);
        Cli first = Cli.run(index.toArray());
        assertThat(first.err()).doesNotContain("retrieval: ");
        assertThat(first.out()).contains("indexed 6 images");
        Cli again = Cli.run(index.toArray()); // the same spec, defaults filled in
        assertThat(again.err()).isEmpty();
        assertThat(again.out()).contains("indexed 0 images, 6 unchanged");
        Cli found = Cli.run("search", "--database", database, "-k", "1", photographs + "/wall/graf2.png");
        assertThat(found.outLines().get(1)).endsWith("graf2.png");
    }

    @Test
    void picturesOfWhichNoTwoShowTheSameTeachNothing(@TempDir Path folder) throws IOException {
        Path photographs = folder.resolve("photographs");
        Photographs.writeSmallCollection(photographs);
        Cli refused = Cli.run(
                "index",
                "--database",
                folder.resolve("database"),
                "--aggregator",
                "spoc | learned-whiten(pairs=verified(min-inliers=100000))",
                photographs);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("none of 6 sample pictures are a pair by verified(first=20");
    }
}
