package org.retrieval4j.database;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;

/**
 * Local features as bytes. Keypoints are kept bit by bit (20 bytes each). Descriptors are kept bit by bit as well, or in
 * 8 bit: each column of an image is spread evenly over 0 to 255 between its least and its greatest value, so that no
 * value moves by more than half a step, 1/510 of its column's range. 2,000 SIFT features take 297 kB.
 */
final class FeatureCodec {
    private static final byte VERSION = 1;
    private static final byte COMPACT = 1;
    private static final byte FLOAT = 2;
    private static final int HEADER = 4 + 6 * Integer.BYTES;
    private static final int LEVELS = 255;

    private FeatureCodec() {}

    /** Bytes of features; {@code keep} must not be {@link Keep#NONE}. */
    static byte[] encode(ImageFeatures features, Keep keep) {
        int n = features.size();
        int d = features.descriptors().columns();
        boolean compact = keep == Keep.COMPACT;
        long perDescriptor = compact ? d : (long) Float.BYTES * d;
        long size = HEADER
                + (long) n * Keypoints.COLUMNS * Float.BYTES
                + (compact ? 2L * d * Float.BYTES : 0)
                + n * perDescriptor;
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
        Optional<Grid> grid = features.grid();
        bytes.put(VERSION).put(compact ? COMPACT : FLOAT);
        bytes.put((byte) features.orientation().exif()).put((byte) 0);
        bytes.putInt(features.width()).putInt(features.height()).putInt(n).putInt(d);
        bytes.putInt(grid.map(Grid::rows).orElse(0))
                .putInt(grid.map(Grid::columns).orElse(0));
        putFloats(bytes, features.keypoints().values());
        if (compact) {
            putQuantized(bytes, features.descriptors());
        } else {
            putFloats(bytes, features.descriptors());
        }
        return bytes.array();
    }

    /**
     * Features of bytes.
     *
     * @throws IllegalArgumentException if these are not bytes of features; sizes are checked before memory is taken
     */
    static ImageFeatures decode(ByteBuffer source) {
        ByteBuffer bytes = source.order(ByteOrder.LITTLE_ENDIAN);
        try {
            byte version = bytes.get();
            if (version != VERSION) {
                throw new IllegalArgumentException("features of version " + VERSION + ", found version " + version);
            }
            byte mode = bytes.get();
            if (mode != COMPACT && mode != FLOAT) {
                throw new IllegalArgumentException("features of mode 1 or 2, found mode " + mode);
            }
            Orientation orientation = Orientation.ofExif(bytes.get());
            bytes.get();
            int width = bytes.getInt();
            int height = bytes.getInt();
            int n = bytes.getInt();
            int d = bytes.getInt();
            int gridRows = bytes.getInt();
            int gridColumns = bytes.getInt();
            long size = n < 0 || d < 0
                    ? -1
                    : (long) n * Keypoints.COLUMNS * Float.BYTES
                            + (mode == COMPACT ? 2L * d * Float.BYTES + (long) n * d : (long) Float.BYTES * n * d);
            if (size != bytes.remaining() || (long) n * d > Integer.MAX_VALUE - 8) {
                throw new IllegalArgumentException(
                        bytes.remaining() + " bytes of features, found sizes " + n + " x " + d);
            }
            Keypoints keypoints = new Keypoints(floats(bytes, n, Keypoints.COLUMNS));
            FloatMatrix descriptors = mode == COMPACT ? quantized(bytes, n, d) : floats(bytes, n, d);
            Optional<Grid> grid =
                    gridRows == 0 && gridColumns == 0 ? Optional.empty() : Optional.of(new Grid(gridRows, gridColumns));
            return new ImageFeatures(width, height, orientation, keypoints, descriptors, grid);
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("a header of features, found " + bytes.limit() + " bytes", e);
        }
    }

    private static void putFloats(ByteBuffer bytes, FloatMatrix matrix) {
        int count = matrix.rows() * matrix.columns();
        bytes.asFloatBuffer().put(matrix.array(), matrix.offset(), count);
        bytes.position(bytes.position() + count * Float.BYTES);
    }

    private static FloatMatrix floats(ByteBuffer bytes, int rows, int columns) {
        float[] values = new float[rows * columns];
        bytes.asFloatBuffer().get(values);
        bytes.position(bytes.position() + values.length * Float.BYTES);
        return FloatMatrix.of(rows, columns, values);
    }

    // O(n·d): one pass for the ranges, one for the levels
    private static void putQuantized(ByteBuffer bytes, FloatMatrix matrix) {
        int n = matrix.rows();
        int d = matrix.columns();
        float[] values = matrix.array();
        float[] least = new float[d];
        float[] step = new float[d];
        if (n > 0) {
            System.arraycopy(values, matrix.offset(), least, 0, d);
            System.arraycopy(values, matrix.offset(), step, 0, d);
        }
        for (int i = 0, at = matrix.offset(); i < n; i++) {
            for (int j = 0; j < d; j++, at++) {
                least[j] = Math.min(least[j], values[at]);
                step[j] = Math.max(step[j], values[at]);
            }
        }
        for (int j = 0; j < d; j++) {
            // in double: the range of two floats may overflow a float
            step[j] = (float) (((double) step[j] - least[j]) / LEVELS);
            bytes.putFloat(least[j]);
        }
        for (int j = 0; j < d; j++) {
            bytes.putFloat(step[j]);
        }
        byte[] target = bytes.array();
        int to = bytes.position();
        for (int i = 0, at = matrix.offset(); i < n; i++) {
            for (int j = 0; j < d; j++, at++, to++) {
                // a range too small for a float step has one level, its least value
                double level = step[j] > 0 ? ((double) values[at] - least[j]) / step[j] : 0;
                target[to] = (byte) Math.min(LEVELS, (int) (level + 0.5));
            }
        }
        bytes.position(to);
    }

    private static FloatMatrix quantized(ByteBuffer bytes, int n, int d) {
        float[] least = new float[d];
        float[] step = new float[d];
        bytes.asFloatBuffer().get(least).get(step);
        bytes.position(bytes.position() + 2 * d * Float.BYTES);
        byte[] levels = new byte[n * d];
        bytes.get(levels);
        float[] values = new float[n * d];
        for (int i = 0, at = 0; i < n; i++) {
            for (int j = 0; j < d; j++, at++) {
                values[at] = least[j] + (levels[at] & 0xff) * step[j];
            }
        }
        return FloatMatrix.of(n, d, values);
    }
}
