package org.retrieval4j.localization.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens to a file, it is refused with an IOException that names it or its folder, or it is a model. */
class DamagedReconstructionsTest {
    private static final int TRIALS = 60;
    private static final String[] PIECES = {
        "-1",
        "NaN",
        "1e400",
        "99999999999999999999",
        "\"\"",
        "{}",
        "[]",
        "null",
        ",",
        "\n",
        "\0",
        "\uFFFD",
        "4294967295",
        "0"
    };

    private interface Reading {
        void read(Path folder) throws IOException;
    }

    private static Reading reading(String name) {
        return switch (name) {
            case "openmvg" -> OpenMvgReader::read;
            case "kapture" -> KaptureReader::read;
            default ->
                folder -> OpenSfmReader.read(folder.resolve("reconstruction.json"), folder.resolve("tracks.csv"));
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"openmvg", "opensfm-v1", "opensfm-v2", "kapture"})
    void areRefusedOrRead(String name, @TempDir Path temp) throws IOException {
        Path folder = temp.resolve(name);
        Reprojection.copy(Reprojection.fixture(name), folder);
        List<Path> files;
        try (Stream<Path> walked = Files.walk(folder)) {
            files = walked.filter(Files::isRegularFile).sorted().toList();
        }
        long seed = 7;
        Random random = new Random(seed);
        int refused = 0;
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            for (int trial = 0; trial < TRIALS; trial++) {
                Files.write(file, changed(bytes, random));
                try {
                    reading(name).read(folder);
                } catch (IOException expected) {
                    refused++;
                    assertThat(expected.getMessage())
                            .as("seed %d, trial %d of %s", seed, trial, file)
                            .contains(folder.toString());
                } catch (RuntimeException e) {
                    throw new AssertionError("seed " + seed + ", trial " + trial + " of " + file, e);
                }
            }
            Files.write(file, bytes);
        }
        assertThat(refused).isGreaterThan(files.size() * TRIALS / 4);
    }

    /** Cut, or with a piece taken out, doubled, put in, or a bit flipped. */
    private static byte[] changed(byte[] bytes, Random random) {
        int at = random.nextInt(bytes.length);
        int end = Math.min(bytes.length, at + 1 + random.nextInt(40));
        byte[] piece = PIECES[random.nextInt(PIECES.length)].getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return switch (random.nextInt(5)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> joined(bytes, at, new byte[0], end);
            case 2 -> joined(bytes, end, new byte[0], at);
            case 3 -> joined(bytes, at, piece, end);
            default -> {
                byte[] flipped = bytes.clone();
                flipped[at] ^= (byte) (1 << random.nextInt(8));
                yield flipped;
            }
        };
    }

    private static byte[] joined(byte[] bytes, int until, byte[] piece, int from) {
        byte[] joined = Arrays.copyOf(bytes, until + piece.length + bytes.length - from);
        System.arraycopy(piece, 0, joined, until, piece.length);
        System.arraycopy(bytes, from, joined, until + piece.length, bytes.length - from);
        return joined;
    }
}
