package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;
import org.retrieval4j.storage.VecsFile;

/** Files of vectors, told apart by their names. */
final class VectorFiles {
    private VectorFiles() {}

    /** Reads finite vectors; those of an HDF5 file are called {@code train} or {@code test}. */
    static FloatMatrix read(Path file, String hdfName) throws IOException {
        String name = file.toString();
        FloatMatrix matrix;
        try {
            matrix = HdfVectors.isHdf(file)
                    ? HdfVectors.floats(file, hdfName)
                    : name.endsWith(".fvecs") || name.endsWith(".bvecs")
                            ? VecsFile.readFloats(file)
                            : NpyFile.read(file).toFloatMatrix();
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
        for (int row = 0; row < matrix.rows() && !matrix.isFinite(); row++) {
            for (int column = 0; column < matrix.columns(); column++) {
                if (!Float.isFinite(matrix.get(row, column))) {
                    throw new CommandException(file + ": value " + column + " of vector " + row
                            + " must be finite, got " + matrix.get(row, column));
                }
            }
        }
        return matrix;
    }

    /** Reads the true neighbors of queries, a row a query. */
    static int[][] neighbors(Path file) throws IOException {
        if (file.toString().endsWith(".ivecs")) {
            return VecsFile.readInts(file);
        }
        if (HdfVectors.isHdf(file)) {
            return HdfVectors.ints(file, "neighbors");
        }
        NpyArray array = NpyFile.read(file);
        if (array.shape().length != 2 || !array.isInteger()) {
            throw new CommandException(file + ": neighbors must be a matrix of whole numbers");
        }
        long[] values = array.toLongs();
        int[][] rows = new int[array.shape()[0]][array.shape()[1]];
        for (int i = 0; i < values.length; i++) {
            rows[i / array.shape()[1]][i % array.shape()[1]] = Math.toIntExact(values[i]);
        }
        return rows;
    }
}
