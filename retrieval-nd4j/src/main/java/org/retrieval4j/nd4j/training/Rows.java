package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;

/**
 * What flows between layers: the vectors of a batch of pictures in double, below each other. Pictures may have different
 * numbers of them; after pooling each has one. Immutable by contract: nobody writes into the arrays.
 *
 * @param values all vectors, row-major
 * @param columns number of values of a vector
 * @param starts the first vector of each picture, then the number of all vectors
 * @param grids the shape of each picture's feature map, where its vectors are one
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Rows(double[] values, int columns, int[] starts, List<Optional<Grid>> grids) {
    /** Checks that the parts fit each other. */
    public Rows {
        grids = List.copyOf(grids);
        if (columns < 1 || starts.length < 1 || starts[0] != 0 || grids.size() != starts.length - 1) {
            throw new IllegalArgumentException("rows of " + columns + " columns must start at 0 and have a grid or none"
                    + " for each picture, got " + grids.size() + " for " + (starts.length - 1));
        }
        if ((long) starts[starts.length - 1] * columns != values.length) {
            throw new IllegalArgumentException(
                    starts[starts.length - 1] + " x " + columns + " values must be given, got " + values.length);
        }
    }

    /**
     * The descriptors of pictures.
     *
     * @param pictures at least one, all of one width
     * @return the batch
     * @throws IllegalArgumentException if the widths differ
     */
    public static Rows of(List<ImageFeatures> pictures) {
        int columns = pictures.get(0).descriptors().columns();
        int[] starts = new int[pictures.size() + 1];
        for (int i = 0; i < pictures.size(); i++) {
            FloatMatrix x = pictures.get(i).descriptors();
            if (x.rows() > 0 && x.columns() != columns) {
                throw new IllegalArgumentException(
                        "descriptors must have one width, got " + columns + " and " + x.columns());
            }
            starts[i + 1] = Math.addExact(starts[i], x.rows());
        }
        double[] values = new double[Math.multiplyExact(starts[pictures.size()], columns)];
        int to = 0;
        for (ImageFeatures picture : pictures) {
            FloatMatrix x = picture.descriptors();
            float[] array = x.array();
            int from = x.offset();
            for (int i = 0; i < x.rows() * columns; i++) {
                values[to++] = array[from + i];
            }
        }
        return new Rows(
                values,
                columns,
                starts,
                pictures.stream().map(ImageFeatures::grid).toList());
    }

    /**
     * One vector a picture.
     *
     * @param values all vectors, row-major
     * @param columns number of values of each
     * @return the batch
     */
    public static Rows vectors(double[] values, int columns) {
        int[] starts = new int[values.length / columns + 1];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = i;
        }
        return new Rows(values, columns, starts, java.util.Collections.nCopies(starts.length - 1, Optional.empty()));
    }

    /**
     * Other vectors for the same places.
     *
     * @param changed as many vectors
     * @param width number of values of each
     * @return the batch
     */
    public Rows with(double[] changed, int width) {
        return new Rows(changed, width, starts, grids);
    }

    /**
     * Number of pictures.
     *
     * @return the number
     */
    public int pictures() {
        return starts.length - 1;
    }

    /**
     * Number of vectors of all pictures.
     *
     * @return the number
     */
    public int count() {
        return starts[starts.length - 1];
    }
}
