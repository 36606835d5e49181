package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.StringJoiner;
import org.retrieval4j.api.FloatMatrix;

/**
 * NumPy's {@code .npy} files, versions 1.0 to 3.0: float16, float32, float64, signed and unsigned integers, booleans, of
 * either byte order, in C or Fortran order. The shape is checked against the file's length before anything is allocated.
 * Object arrays, which would run code, are refused like every other type.
 */
public final class NpyFile {
    private NpyFile() {}

    /**
     * Reads an array into memory.
     *
     * @param file the file
     * @return its array
     * @throws CorruptFileException if it is not an array file, is cut, or is longer than its array
     * @throws IOException if it cannot be read
     */
    public static NpyArray read(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            return NpyReader.read(in, Files.size(file), file, 0);
        }
    }

    /**
     * Writes a matrix as float32.
     *
     * @param file target, replaced in one step
     * @param matrix n x d
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, FloatMatrix matrix) throws IOException {
        requireNonNull(matrix, "matrix");
        try (Writer writer = new Writer(file, "<f4", matrix.rows(), matrix.columns())) {
            int end = matrix.offset() + matrix.rows() * matrix.columns();
            for (int i = matrix.offset(); i < end; i++) {
                writer.room(Float.BYTES).putFloat(matrix.array()[i]);
            }
            writer.commit();
        }
    }

    /**
     * Writes floats as float32.
     *
     * @param file target, replaced in one step
     * @param values in C order
     * @param shape size of each dimension
     * @throws IOException if it cannot be written
     * @throws IllegalArgumentException if shape and number of values differ
     */
    public static void write(Path file, float[] values, int... shape) throws IOException {
        requireShape(values.length, shape);
        try (Writer writer = new Writer(file, "<f4", shape)) {
            for (float value : values) {
                writer.room(Float.BYTES).putFloat(value);
            }
            writer.commit();
        }
    }

    /**
     * Writes doubles as float64.
     *
     * @param file target, replaced in one step
     * @param values in C order
     * @param shape size of each dimension
     * @throws IOException if it cannot be written
     * @throws IllegalArgumentException if shape and number of values differ
     */
    public static void write(Path file, double[] values, int... shape) throws IOException {
        requireShape(values.length, shape);
        try (Writer writer = new Writer(file, "<f8", shape)) {
            for (double value : values) {
                writer.room(Double.BYTES).putDouble(value);
            }
            writer.commit();
        }
    }

    /**
     * Writes ints as int32.
     *
     * @param file target, replaced in one step
     * @param values in C order
     * @param shape size of each dimension
     * @throws IOException if it cannot be written
     * @throws IllegalArgumentException if shape and number of values differ
     */
    public static void write(Path file, int[] values, int... shape) throws IOException {
        requireShape(values.length, shape);
        try (Writer writer = new Writer(file, "<i4", shape)) {
            for (int value : values) {
                writer.room(Integer.BYTES).putInt(value);
            }
            writer.commit();
        }
    }

    /**
     * Writes longs as int64.
     *
     * @param file target, replaced in one step
     * @param values in C order
     * @param shape size of each dimension
     * @throws IOException if it cannot be written
     * @throws IllegalArgumentException if shape and number of values differ
     */
    public static void write(Path file, long[] values, int... shape) throws IOException {
        requireShape(values.length, shape);
        try (Writer writer = new Writer(file, "<i8", shape)) {
            for (long value : values) {
                writer.room(Long.BYTES).putLong(value);
            }
            writer.commit();
        }
    }

    /** What stands before the values; they start at a multiple of 64, as NumPy writes them. */
    static byte[] header(String type, int... shape) {
        StringJoiner sizes = new StringJoiner(", ", "(", shape.length == 1 ? ",)" : ")");
        for (int size : shape) {
            sizes.add(Integer.toString(size));
        }
        String header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + sizes + ", }";
        int length = header.length() + 1;
        length += (64 - (10 + length) % 64) % 64;
        ByteBuffer bytes = ByteBuffer.allocate(10 + length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
        bytes.put((byte) 1).put((byte) 0).putShort((short) length);
        bytes.put(header.getBytes(StandardCharsets.US_ASCII));
        while (bytes.position() < 10 + length - 1) {
            bytes.put((byte) ' ');
        }
        return bytes.put((byte) '\n').array();
    }

    private static void requireShape(int values, int[] shape) {
        long product = 1;
        for (int size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("shape must not be negative, got " + Arrays.toString(shape));
            }
            product = Math.multiplyExact(product, size);
        }
        if (product != values) {
            throw new IllegalArgumentException(
                    "an array of shape " + Arrays.toString(shape) + " must have " + product + " values, got " + values);
        }
    }

    private static final class Writer implements AutoCloseable {
        private final Replacement replacement;
        private final FileChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

        Writer(Path file, String type, int... shape) throws IOException {
            replacement = new Replacement(file);
            channel = replacement.channel();
            buffer.put(header(type, shape));
        }

        ByteBuffer room(int bytes) throws IOException {
            if (buffer.remaining() < bytes) {
                drain();
            }
            return buffer;
        }

        void commit() throws IOException {
            drain();
            replacement.commit();
        }

        private void drain() throws IOException {
            buffer.flip();
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            buffer.clear();
        }

        @Override
        public void close() throws IOException {
            replacement.close();
        }
    }
}
