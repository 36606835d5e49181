package org.retrieval4j.database;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;

/**
 * Global descriptors as bytes, bit by bit: a kind, its sizes, its values. Words have the size of a value after these, then
 * their numbers, then their residuals or signatures.
 */
final class DescriptorCodec {
    private static final int DENSE = 1;
    private static final int SPARSE = 2;
    private static final int REGIONS = 3;
    private static final int RESIDUALS = 4;
    private static final int SIGNATURES = 5;
    private static final int HEADER = 3 * Integer.BYTES;

    private DescriptorCodec() {}

    /** Bytes of a descriptor. */
    static byte[] encode(GlobalDescriptor descriptor) {
        if (descriptor instanceof GlobalDescriptor.Dense dense) {
            return floats(DENSE, 1, dense.values().length, dense.values(), 0);
        } else if (descriptor instanceof GlobalDescriptor.Regions regions) {
            FloatMatrix vectors = regions.vectors();
            return floats(REGIONS, vectors.rows(), vectors.columns(), vectors.array(), vectors.offset());
        } else if (descriptor instanceof GlobalDescriptor.Sparse sparse) {
            int n = sparse.words().length;
            ByteBuffer bytes = buffer(HEADER + 2L * Integer.BYTES * n);
            bytes.putInt(SPARSE).putInt(n).putInt(sparse.dimension());
            bytes.asIntBuffer().put(sparse.words());
            bytes.position(HEADER + n * Integer.BYTES);
            bytes.asFloatBuffer().put(sparse.weights());
            return bytes.array();
        } else if (descriptor instanceof GlobalDescriptor.Words words) {
            return words(words);
        }
        throw new IllegalArgumentException("a descriptor of a kind that is not kept: " + descriptor);
    }

    /**
     * A descriptor of bytes.
     *
     * @throws IllegalArgumentException if these are not bytes of a descriptor
     */
    static GlobalDescriptor decode(ByteBuffer source) {
        ByteBuffer bytes = source.order(ByteOrder.LITTLE_ENDIAN);
        try {
            int kind = bytes.getInt();
            int rows = bytes.getInt();
            int columns = bytes.getInt();
            if (kind == RESIDUALS || kind == SIGNATURES) {
                return words(bytes, kind == RESIDUALS, rows, columns);
            }
            long values = kind == SPARSE ? 2L * rows : (long) rows * columns;
            if (rows < 0 || columns < 0 || Float.BYTES * values != bytes.remaining()) {
                throw new IllegalArgumentException(
                        bytes.remaining() + " bytes of a descriptor, found sizes " + rows + " x " + columns);
            }
            switch (kind) {
                case DENSE:
                    return new GlobalDescriptor.Dense(values(bytes, columns));
                case REGIONS:
                    return new GlobalDescriptor.Regions(
                            FloatMatrix.of(rows, columns, values(bytes, Math.multiplyExact(rows, columns))));
                case SPARSE:
                    int[] words = new int[rows];
                    bytes.asIntBuffer().get(words);
                    bytes.position(bytes.position() + rows * Integer.BYTES);
                    return new GlobalDescriptor.Sparse(columns, words, values(bytes, rows));
                default:
                    throw new IllegalArgumentException("a descriptor of kind 1 to 5, found kind " + kind);
            }
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("a header of a descriptor, found " + bytes.limit() + " bytes", e);
        }
    }

    private static byte[] words(GlobalDescriptor.Words words) {
        int n = words.words().length;
        int width = words.values().width();
        boolean real = words.values() instanceof Residuals;
        ByteBuffer bytes = buffer(HEADER + Integer.BYTES + n * (Integer.BYTES + valueBytes(real, width)));
        bytes.putInt(real ? RESIDUALS : SIGNATURES).putInt(n).putInt(words.dimension());
        bytes.putInt(width);
        for (int word : words.words()) {
            bytes.putInt(word);
        }
        if (words.values() instanceof Residuals residuals) {
            FloatMatrix vectors = residuals.vectors();
            bytes.asFloatBuffer().put(vectors.array(), vectors.offset(), n * width);
        } else if (words.values() instanceof Signatures signatures) {
            bytes.asLongBuffer().put(signatures.packed());
        }
        return bytes.array();
    }

    private static GlobalDescriptor words(ByteBuffer bytes, boolean real, int n, int dimension) {
        int width = bytes.getInt();
        long entryBytes = width < 1 ? 0 : Integer.BYTES + valueBytes(real, width);
        if (n < 0 || width < 1 || entryBytes > Integer.MAX_VALUE || n * entryBytes != bytes.remaining()) {
            throw new IllegalArgumentException(
                    bytes.remaining() + " bytes of words, found " + n + " values of size " + width);
        }
        int[] words = new int[n];
        bytes.asIntBuffer().get(words);
        bytes.position(bytes.position() + n * Integer.BYTES);
        if (real) {
            FloatMatrix vectors = FloatMatrix.of(n, width, values(bytes, n * width));
            return new GlobalDescriptor.Words(dimension, words, new Residuals(vectors));
        }
        long[] packed = new long[n * Signatures.longs(width)];
        bytes.asLongBuffer().get(packed);
        return new GlobalDescriptor.Words(dimension, words, new Signatures(width, packed));
    }

    private static long valueBytes(boolean real, int width) {
        return real ? (long) Float.BYTES * width : (long) Long.BYTES * Signatures.longs(width);
    }

    private static byte[] floats(int kind, int rows, int columns, float[] values, int offset) {
        ByteBuffer bytes = buffer(HEADER + (long) Float.BYTES * rows * columns);
        bytes.putInt(kind).putInt(rows).putInt(columns);
        bytes.asFloatBuffer().put(values, offset, rows * columns);
        return bytes.array();
    }

    private static float[] values(ByteBuffer bytes, int count) {
        float[] values = new float[count];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    private static ByteBuffer buffer(long size) {
        return ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    }
}
