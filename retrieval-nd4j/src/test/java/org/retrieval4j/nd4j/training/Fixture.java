package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;

/** A folder of reference arrays under {@code src/test/resources/fixtures}. */
record Fixture(Path directory) {
    static Fixture of(String folder) {
        try {
            return new Fixture(
                    Path.of(Fixture.class.getResource("/fixtures/" + folder).toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    NpyArray array(String name) {
        try {
            return NpyFile.read(directory.resolve(name + ".npy"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    double[] doubles(String name) {
        return array(name).toDoubles();
    }

    /** Rows of matrices that lie behind each other become columns: channels x places, as references have them, to ours. */
    double[] transposed(String name, int rows, int columns) {
        double[] values = doubles(name);
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            int matrix = i / (rows * columns);
            int row = i / columns % rows;
            result[matrix * rows * columns + i % columns * rows + row] = values[i];
        }
        return result;
    }

    static void assertClose(double[] actual, double[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        double worst = 0;
        int at = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(actual[i] - expected[i]);
            if (!(difference <= worst)) {
                worst = difference;
                at = i;
            }
        }
        assertThat(worst)
                .as("largest difference, at %d: %s instead of %s", at, actual[at], expected[at])
                .isLessThanOrEqualTo(tolerance);
    }
}
