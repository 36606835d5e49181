package org.retrieval4j.database;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Orientation;

/**
 * All that is in memory of one image.
 *
 * @param image what callers see
 * @param stamp of the file it came from
 * @param features where its local features are; none if they are not kept
 * @param pending where that is which its descriptor is to be made of; none once it has one
 * @param vector where its descriptor is; none while it is pending
 */
record Entry(ImageRecord image, Stamp stamp, @Nullable Blob features, @Nullable Blob pending, @Nullable Blob vector) {
    private static final int MAX_NAME = 1 << 16;

    // bounds the table of pages whatever a file says
    static final long MAX_ID = Integer.MAX_VALUE;

    Entry withVector(Blob blob) {
        return new Entry(image, stamp, features, null, blob);
    }

    Optional<Blob> featuresBlob() {
        return Optional.ofNullable(features);
    }

    Optional<Blob> pendingBlob() {
        return Optional.ofNullable(pending);
    }

    Optional<Blob> vectorBlob() {
        return Optional.ofNullable(vector);
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
     * An entry without blobs of bytes.
     *
     * @throws IllegalArgumentException if these are not its bytes
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
        return new Entry(image, stamp, null, null, null);
    }
}
