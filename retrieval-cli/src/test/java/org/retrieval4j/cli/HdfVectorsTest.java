package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.storage.CorruptFileException;

class HdfVectorsTest {
    @TempDir
    Path folder;

    private static Path file(String name) {
        try {
            return Path.of(Objects.requireNonNull(HdfVectorsTest.class.getResource("/hdf5/" + name))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain.hdf5", "gzip.hdf5"})
    void readsWhatH5pyWrote(String name) throws IOException {
        FloatMatrix train = HdfVectors.floats(file(name), "train");
        assertThat(train.rows()).isEqualTo(30);
        assertThat(train.columns()).isEqualTo(6);
        assertThat(train.get(0, 0)).isEqualTo(0.34558418f);
        assertThat(train.get(29, 5)).isEqualTo(1.317326f);
        assertThat(HdfVectors.floats(file(name), "test").get(4, 5)).isEqualTo(-0.2960838f);
        int[][] neighbors = HdfVectors.ints(file(name), "neighbors");
        assertThat(neighbors).hasNumberOfRows(5);
        assertThat(neighbors[0]).containsExactly(23, 24, 2, 5);
        assertThat(neighbors[4]).containsExactly(23, 2, 19, 16);
    }

    @Test
    void servesTheBenchmark() {
        Path file = file("gzip.hdf5");
        Cli run = Cli.run(
                "bench",
                "knn",
                "--base",
                file,
                "--queries",
                file,
                "--truth",
                file,
                "--metric",
                "l2",
                "-k",
                4,
                "--index",
                "flat",
                "--repeat",
                1);
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).contains("recall@4 1.0000");
    }

    @Test
    void moreThanTheFileCanHoldIsRefused() {
        assertThatThrownBy(() -> HdfVectors.floats(file("bomb.hdf5"), "train"))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("[100000000, 20]");
        assertThatThrownBy(() -> HdfVectors.floats(file("bomb.hdf5"), "test")).isInstanceOf(CorruptFileException.class);
        assertThatThrownBy(() -> HdfVectors.floats(file("plain.hdf5"), "nothing"))
                .hasMessageContaining("nothing");
    }

    /** Cut and damaged files: an error that names the file, never another exception. */
    @Test
    void damageIsAnErrorOrOtherValues() throws IOException {
        byte[] whole = Files.readAllBytes(file("gzip.hdf5"));
        Path damaged = folder.resolve("damaged.hdf5");
        int refused = 0;
        for (int at = 0; at < whole.length; at += 61) {
            byte[] bytes = whole.clone();
            bytes[at] ^= (byte) (1 << at % 8);
            Files.write(damaged, at % 2 == 0 ? bytes : java.util.Arrays.copyOf(whole, at));
            try {
                HdfVectors.floats(damaged, "train");
            } catch (IOException | CommandException expected) {
                assertThat(expected).hasMessageContaining("damaged.hdf5");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(100);
    }
}
