package org.retrieval4j.database;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Orientation;

/**
 * All that is in memory of one image.
 *
 * @param image what callers see
 * @param stamp of the file it came from
 * @param logged where its bytes are in the log; none if they are in a segment
 */
record Entry(ImageRecord image, Stamp stamp, @Nullable Blobs logged) {
    // bounds the table of pages whatever a file says
    static final long MAX_ID = Integer.MAX_VALUE;

    private static final int MAX_NAME = 1 << 16;

    long id() {
        return image.id();
    }

    Entry with(@Nullable Blobs blobs) {
        return new Entry(image, stamp, blobs);
    }

    /** Tells whether it has no descriptor yet; segments hold only images that have one. */
    boolean isPending() {
        return logged != null && logged.vector() == null;
    }

    /** Bytes of record and stamp, as they stand in logs and segments. */
    static byte[] encode(ImageRecord image, Stamp stamp) {
        byte[] name = image.name().getBytes(StandardCharsets.UTF_8);
        if (name.length > MAX_NAME) {
            throw new IllegalArgumentException(
                    "the name of an image must have at most " + MAX_NAME + " bytes, got " + name.length);
        }
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + 3 * Integer.BYTES + 1 + name.length + Stamp.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(image.id()).putInt(image.width()).putInt(image.height());
        bytes.put((byte) image.orientation().exif());
        stamp.put(bytes);
        bytes.putInt(name.length).put(name);
        return bytes.array();
    }

    /**
     * Reads record and stamp.
     *
     * @throws IllegalArgumentException if these are not their bytes
     * @throws BufferUnderflowException if they end too early
     */
    static Entry decode(ByteBuffer bytes) {
        long id = bytes.getLong();
        if (id < 0 || id > MAX_ID) {
            throw new IllegalArgumentException("an image id of " + id);
        }
        int width = bytes.getInt();
        int height = bytes.getInt();
        Orientation orientation = Orientation.ofExif(bytes.get());
        Stamp stamp = Stamp.get(bytes);
        int length = bytes.getInt();
        if (length < 0 || length > Math.min(MAX_NAME, bytes.remaining())) {
            throw new IllegalArgumentException("a name of " + length + " bytes");
        }
        byte[] name = new byte[length];
        bytes.get(name);
        ImageRecord image = new ImageRecord(id, new String(name, StandardCharsets.UTF_8), width, height, orientation);
        return new Entry(image, stamp, null);
    }
}
