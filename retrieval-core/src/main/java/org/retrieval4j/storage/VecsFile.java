package org.retrieval4j.storage;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.retrieval4j.api.FloatMatrix;

/**
 * Reads the vector files of the INRIA TEXMEX collections (SIFT1M, GIST1M): {@code .fvecs} (float32), {@code .bvecs}
 * (unsigned bytes) and {@code .ivecs} (int32). Each vector is its dimension as a little-endian int32, then its values; all
 * have one dimension. The file's length is checked before memory is taken.
 */
public final class VecsFile {
    private VecsFile() {}

    /**
     * Reads floats or bytes.
     *
     * @param file a file named {@code .fvecs} or {@code .bvecs}
     * @return n x d; no rows if the file is empty
     * @throws CorruptFileException if it is cut or has vectors of several dimensions
     * @throws IOException if it cannot be read or is too large for a matrix
     * @throws IllegalArgumentException if the name ends otherwise
     */
    public static FloatMatrix readFloats(Path file) throws IOException {
        boolean bytes = file.toString().endsWith(".bvecs");
        if (!bytes && !file.toString().endsWith(".fvecs")) {
            throw new IllegalArgumentException("the name must end with .fvecs or .bvecs, got " + file);
        }
        try (Vectors vectors = new Vectors(file, bytes ? 1 : Float.BYTES)) {
            float[] values = new float[vectors.n * vectors.d];
            int at = 0;
            for (int i = 0; i < vectors.n; i++) {
                ByteBuffer vector = vectors.next(i);
                for (int k = 0; k < vectors.d; k++) {
                    values[at++] = bytes ? vector.get() & 0xff : vector.getFloat();
                }
            }
            return FloatMatrix.of(vectors.n, vectors.d, values);
        }
    }

    /**
     * Reads ints, for example the true neighbors of queries.
     *
     * @param file a file of int32 vectors
     * @return n arrays of d values
     * @throws CorruptFileException if it is cut or has vectors of several dimensions
     * @throws IOException if it cannot be read or is too large
     */
    public static int[][] readInts(Path file) throws IOException {
        try (Vectors vectors = new Vectors(file, Integer.BYTES)) {
            int[][] values = new int[vectors.n][vectors.d];
            for (int i = 0; i < vectors.n; i++) {
                vectors.next(i).asIntBuffer().get(values[i]);
            }
            return values;
        }
    }

    private static final class Vectors implements AutoCloseable {
        final int n;
        final int d;
        private final Path file;
        private final InputStream in;
        private final byte[] bytes;

        Vectors(Path file, int valueBytes) throws IOException {
            this.file = file;
            long length = Files.size(file);
            this.in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
            try {
                byte[] first = in.readNBytes(Integer.BYTES);
                this.d = first.length < Integer.BYTES
                        ? 0
                        : ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getInt();
                long vectorBytes = Integer.BYTES + (long) d * valueBytes;
                if (length > 0 && (d < 1 || length % vectorBytes != 0)) {
                    throw new CorruptFileException(
                            file, 0, "whole vectors of one dimension above 0", length + " bytes, dimension " + d);
                }
                long count = length / Math.max(1, vectorBytes);
                if (count * d > Integer.MAX_VALUE - 8) {
                    throw new IOException(file + " has " + count + " x " + d + " values, more than fit into a matrix");
                }
                this.n = (int) count;
                this.bytes = new byte[(int) (n == 0 ? 0 : vectorBytes - Integer.BYTES)];
            } catch (IOException | RuntimeException e) {
                in.close();
                throw e;
            }
        }

        /** The values of vector i, in order; valid until the next call. */
        ByteBuffer next(int i) throws IOException {
            long offset = (long) i * (Integer.BYTES + bytes.length);
            if (i > 0) {
                int dimension = ByteBuffer.wrap(read(new byte[Integer.BYTES]))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getInt();
                if (dimension != d) {
                    throw new CorruptFileException(file, offset, "dimension " + d, dimension + "");
                }
            }
            return ByteBuffer.wrap(read(bytes)).order(ByteOrder.LITTLE_ENDIAN);
        }

        private byte[] read(byte[] target) throws IOException {
            if (in.readNBytes(target, 0, target.length) < target.length) {
                throw new EOFException(file + " became shorter while it was read");
            }
            return target;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
