package org.retrieval4j.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import org.retrieval4j.api.BackendException;

/**
 * An output of a network on the heap, all its values finite.
 *
 * @param network the network's name, for messages
 * @param output the output's name, for messages
 * @param values in storage order from {@code offset}
 * @param offset index of the first
 * @param shape sizes
 */
record Tensor(String network, String output, float[] values, int offset, long... shape) {
    /** The most values that one output, or one map joined of several, may have: 256 MiB. */
    static final long MAX_VALUES = 1L << 26;

    /** Copies an output, its size bounded before memory is taken and its values checked. */
    static Tensor copy(String network, String output, OnnxValue value) {
        String where = "network " + network + ": output \"" + output + "\"";
        if (!(value instanceof OnnxTensor tensor)) {
            throw new BackendException(where + " is no tensor");
        }
        long[] shape = tensor.getInfo().getShape();
        long size = 1;
        for (long side : shape) {
            // bounded at each step, so that the product cannot overflow
            size *= Math.max(0, Math.min(side, Integer.MAX_VALUE));
            if (size > MAX_VALUES) {
                throw new BackendException(
                        where + " of shape " + Arrays.toString(shape) + " has more than " + MAX_VALUES + " values");
            }
        }
        float[] values = size == 0 ? new float[0] : floats(where, tensor, (int) size);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new BackendException(where + ": value " + i + " is " + values[i] + "; all must be finite");
            }
        }
        return new Tensor(network, output, values, 0, shape);
    }

    private static float[] floats(String where, OnnxTensor tensor, int size) {
        float[] values = new float[size];
        switch (tensor.getInfo().type) {
            case FLOAT, FLOAT16, BFLOAT16 -> {
                FloatBuffer buffer = tensor.getFloatBuffer();
                buffer.get(values);
            }
            case DOUBLE -> {
                DoubleBuffer buffer = tensor.getDoubleBuffer();
                for (int i = 0; i < size; i++) {
                    values[i] = (float) buffer.get(i);
                }
            }
            case INT64 -> {
                LongBuffer buffer = tensor.getLongBuffer();
                for (int i = 0; i < size; i++) {
                    values[i] = buffer.get(i);
                }
            }
            case INT32 -> {
                IntBuffer buffer = tensor.getIntBuffer();
                for (int i = 0; i < size; i++) {
                    values[i] = buffer.get(i);
                }
            }
            default ->
                throw new BackendException(where + " has the type " + tensor.getInfo().type
                        + "; float, float16, bfloat16, double, int32 and int64 are read");
        }
        return values;
    }

    /** Number of values. */
    int size() {
        int size = 1;
        for (long side : shape) {
            size *= (int) side;
        }
        return size;
    }

    /** The size of one dimension. */
    int side(int dimension) {
        return (int) shape[dimension];
    }

    float get(int index) {
        return values[offset + index];
    }

    /**
     * The part of one picture of a batch, without the batch's dimension, which may be absent if there is one picture.
     *
     * @param rank number of dimensions that one picture's part has
     */
    Tensor of(int picture, int pictures, int rank) {
        if (shape.length == rank && pictures == 1) {
            return this;
        }
        if (shape.length != rank + 1 || shape[0] != pictures) {
            throw unexpected("must have " + rank + " dimensions" + (pictures == 1 ? "" : " for each of " + pictures));
        }
        long[] rest = Arrays.copyOfRange(shape, 1, shape.length);
        int size = 1;
        for (long side : rest) {
            size *= (int) side;
        }
        return new Tensor(network, output, values, offset + picture * size, rest);
    }

    BackendException unexpected(String what) {
        return new BackendException(
                "network " + network + ": output \"" + output + "\" of shape " + Arrays.toString(shape) + " " + what);
    }
}
