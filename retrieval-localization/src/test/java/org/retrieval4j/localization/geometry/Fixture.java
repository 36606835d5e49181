package org.retrieval4j.localization.geometry;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;

/** Arrays of the test resources; PROVENANCE.md there says where they come from. */
public final class Fixture {
    private Fixture() {}

    public static NpyArray array(String name) {
        try {
            return NpyFile.read(Path.of(Objects.requireNonNull(Fixture.class.getResource("/fixtures/" + name + ".npy"))
                    .toURI()));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The first (0) or second (1) coordinates of one problem's points. */
    public static double[] coordinates(double[] points, int problem, int count, int axis) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = points[2 * (problem * count + i) + axis];
        }
        return values;
    }

    public static double[] matrix(double[] matrices, int index) {
        return java.util.Arrays.copyOfRange(matrices, 9 * index, 9 * index + 9);
    }
}
