package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InfoCommandTest {
    @Test
    void countsWhatADatabaseOfColmapHolds(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("database.db");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            for (String each : new String[] {
                "create table cameras (camera_id, model, width, height, params, prior_focal_length)",
                "create table images (image_id, name, camera_id)",
                "create table keypoints (image_id, rows, cols, data)",
                "create table descriptors (image_id, rows, cols, data)",
                "create table matches (pair_id, rows, cols, data)",
                "create table two_view_geometries (pair_id, rows, cols, data, config, F, E, H)",
                // one focal length of 2.0 and a center at 2.0, 2.0
                "insert into cameras values (1, 0, 4, 4, x'000000000000004000000000000000400000000000000040', 0)",
                "insert into images values (1, 'a.jpg', 1), (2, 'b.jpg', 1)",
                "insert into keypoints values (1, 3, 2, zeroblob(24)), (2, 2, 2, zeroblob(16))",
                "insert into descriptors values (1, 3, 4, zeroblob(12))",
                "insert into matches values (2147483649, 2, 2, x'00000000010000000200000000000000')",
                "insert into two_view_geometries values (2147483649, 1, 2, x'0000000001000000', 2, null, null, null)"
            }) {
                statement.execute(each);
            }
        }
        Cli run = Cli.run("info", "--database", file, "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.out().strip())
                .isEqualTo(
                        "{\"cameras\":1,\"images\":2,\"keypoints\":5,\"descriptors\":3,\"matchedPairs\":1,\"matches\":2,"
                                + "\"verifiedPairs\":1,\"inliers\":1}");
        assertThat(Cli.run("info", "--database", file).out()).contains("matchedPairs   1\n");
        Files.write(file, "SQLite format 3\0and nothing of it".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        Cli broken = Cli.run("info", "--database", file);
        assertThat(broken.code()).isEqualTo(1);
        assertThat(broken.err()).startsWith("retrieval: " + file).hasLineCount(1);
    }
}
