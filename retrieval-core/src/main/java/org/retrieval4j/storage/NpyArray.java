package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;

/**
 * An array of NumPy: a shape and its values in C order, in the Java type that holds them all exactly. Immutable;
 * conversions copy, unless they say otherwise.
 */
public final class NpyArray {
    private final int[] shape;
    private final Object values;

    /** For readers: values is a float[], double[], int[] or long[] that nobody else has. */
    NpyArray(int[] shape, Object values) {
        this.shape = requireNonNull(shape, "shape");
        this.values = requireNonNull(values, "values");
    }

    /**
     * Size of each dimension, the last one contiguous.
     *
     * @return a copy; empty for a single number
     */
    public int[] shape() {
        return shape.clone();
    }

    /**
     * Number of dimensions.
     *
     * @return 0 for a single number
     */
    public int dimensions() {
        return shape.length;
    }

    /**
     * Number of values.
     *
     * @return the product of the shape
     */
    public int size() {
        return java.lang.reflect.Array.getLength(values);
    }

    /**
     * Tells whether the file holds whole numbers.
     *
     * @return true for integer and boolean types
     */
    public boolean isInteger() {
        return values instanceof int[] || values instanceof long[];
    }

    /**
     * All values as doubles; 64-bit integers beyond 2^53 are rounded.
     *
     * @return the values in C order
     */
    public double[] toDoubles() {
        double[] result = new double[size()];
        if (values instanceof double[] doubles) {
            System.arraycopy(doubles, 0, result, 0, result.length);
        } else if (values instanceof float[] floats) {
            for (int i = 0; i < result.length; i++) {
                result[i] = floats[i];
            }
        } else if (values instanceof int[] ints) {
            for (int i = 0; i < result.length; i++) {
                result[i] = ints[i];
            }
        } else {
            long[] longs = (long[]) values;
            for (int i = 0; i < result.length; i++) {
                result[i] = longs[i];
            }
        }
        return result;
    }

    /**
     * All values as floats, rounded to nearest.
     *
     * @return the values in C order
     * @throws IllegalArgumentException if a finite value is too large for a float
     */
    public float[] toFloats() {
        if (values instanceof float[] floats) {
            return floats.clone();
        }
        double[] doubles = values instanceof double[] same ? same : toDoubles();
        float[] result = new float[doubles.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) doubles[i];
            if (Float.isInfinite(result[i]) && !Double.isInfinite(doubles[i])) {
                throw new IllegalArgumentException(
                        "value " + i + " must fit a float (at most " + Float.MAX_VALUE + "), got " + doubles[i]);
            }
        }
        return result;
    }

    /**
     * All values as 64-bit integers.
     *
     * @return the values in C order
     * @throws IllegalArgumentException if a value is not a whole number or too large
     */
    public long[] toLongs() {
        if (values instanceof long[] longs) {
            return longs.clone();
        }
        double[] doubles = toDoubles();
        long[] result = new long[doubles.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (long) doubles[i];
            if (result[i] != doubles[i] || result[i] == Long.MAX_VALUE) {
                throw new IllegalArgumentException("value " + i + " must be a whole number, got " + doubles[i]);
            }
        }
        return result;
    }

    /**
     * All values as 32-bit integers.
     *
     * @return the values in C order
     * @throws IllegalArgumentException if a value is not a whole number or outside the range of int
     */
    public int[] toInts() {
        if (values instanceof int[] ints) {
            return ints.clone();
        }
        long[] longs = toLongs();
        int[] result = new int[longs.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (int) longs[i];
            if (result[i] != longs[i]) {
                throw new IllegalArgumentException("value " + i + " must be " + Integer.MIN_VALUE + " to "
                        + Integer.MAX_VALUE + ", got " + longs[i]);
            }
        }
        return result;
    }

    /**
     * A two-dimensional array as a matrix.
     *
     * @return n x d
     * @throws IllegalArgumentException if the array has not two dimensions, or a value does not fit a float
     */
    public FloatMatrix toFloatMatrix() {
        requireDimensions(2, "n x d");
        return FloatMatrix.of(shape[0], shape[1], toFloats());
    }

    /**
     * A one-dimensional array as a matrix of one row: a mean, a bias.
     *
     * @return 1 x n
     * @throws IllegalArgumentException if the array has not one dimension, or a value does not fit a float
     */
    public FloatMatrix toRowMatrix() {
        requireDimensions(1, "n");
        return FloatMatrix.of(1, shape[0], toFloats());
    }

    /**
     * A stack of matrices as one matrix, their rows one after the other: K bases of size D x D.
     *
     * @return (k * m) x d of an array of k x m x d
     * @throws IllegalArgumentException if the array has not three dimensions, or a value does not fit a float
     */
    public FloatMatrix toStackedMatrix() {
        requireDimensions(3, "k x m x d");
        return FloatMatrix.of(Math.multiplyExact(shape[0], shape[1]), shape[2], toFloats());
    }

    private void requireDimensions(int wanted, String form) {
        if (shape.length != wanted) {
            throw new IllegalArgumentException("the array must have " + wanted + " dimensions (" + form
                    + "), got shape " + Arrays.toString(shape));
        }
    }

    @Override
    public String toString() {
        return "NpyArray" + Arrays.toString(shape);
    }
}
