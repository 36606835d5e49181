package org.retrieval4j.database;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** One step in the life of a database, as it stands in its log. */
sealed interface LogRecord {
    /** Bytes of the record. */
    byte[] encode();

    /**
     * An image was added. Blobs are bytes here, places in the log afterwards.
     *
     * @param image record and stamp, see {@link Entry#encode}
     * @param replaces the image whose content changed, which is removed in the same step; −1 for a new one
     * @param features its local features, if they are kept
     * @param pending that which its descriptor is to be made of, if it has none
     * @param vector its descriptor, if it has one
     */
    record Added(
            byte[] image,
            long replaces,
            byte @Nullable [] features,
            byte @Nullable [] pending,
            byte @Nullable [] vector)
            implements LogRecord {
        @Override
        public byte[] encode() {
            long size = 1L + 5 * Integer.BYTES + Long.BYTES + image.length;
            for (byte[] blob : new byte @Nullable [][] {features, pending, vector}) {
                size += blob == null ? 0 : blob.length;
            }
            ByteBuffer bytes = buffer(size).put(ADDED).putLong(replaces);
            bytes.putInt(image.length).put(image);
            for (byte[] blob : new byte @Nullable [][] {features, pending, vector}) {
                bytes.putInt(blob == null ? -1 : blob.length);
            }
            for (byte[] blob : new byte @Nullable [][] {features, pending, vector}) {
                if (blob != null) {
                    bytes.put(blob);
                }
            }
            return java.util.Arrays.copyOf(bytes.array(), bytes.position());
        }
    }

    /**
     * An image was removed.
     *
     * @param id the image
     */
    record Removed(long id) implements LogRecord {
        @Override
        public byte[] encode() {
            return buffer(1 + Long.BYTES).put(REMOVED).putLong(id).array();
        }
    }

    /**
     * An image got its descriptor.
     *
     * @param id the image
     * @param vector its descriptor
     */
    record Described(long id, byte[] vector) implements LogRecord {
        @Override
        public byte[] encode() {
            return buffer(1L + Long.BYTES + vector.length)
                    .put(DESCRIBED)
                    .putLong(id)
                    .put(vector)
                    .array();
        }
    }

    /** Type of {@link Added}. */
    byte ADDED = 1;

    /** Type of {@link Removed}. */
    byte REMOVED = 2;

    /** Type of {@link Described}. */
    byte DESCRIBED = 3;

    /** What is told of records while a log is read or written. */
    interface Sink {
        /** An image was added, in place of another one unless {@code replaces} is negative. */
        void added(Entry entry, long replaces);

        /** An image was removed. */
        void removed(long id);

        /** An image got its descriptor. */
        void described(long id, Blob vector);
    }

    /**
     * Tells a sink what a record says.
     *
     * @param payload the record's bytes
     * @param source the log
     * @param at where the payload starts in the log
     * @throws IllegalArgumentException if these are not bytes of a record
     */
    static void decode(byte[] payload, Blob.Source source, long at, Sink sink) {
        ByteBuffer bytes = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        try {
            byte type = bytes.get();
            if (type == REMOVED) {
                sink.removed(bytes.getLong());
            } else if (type == DESCRIBED) {
                long id = bytes.getLong();
                sink.described(id, blob(bytes, bytes.remaining(), source, at));
            } else if (type == ADDED) {
                long replaces = bytes.getLong();
                int length = bytes.getInt();
                int start = bytes.position();
                Entry entry = Entry.decode(bytes);
                if (bytes.position() - start != length) {
                    throw new IllegalArgumentException("an image record of " + length + " bytes");
                }
                int features = bytes.getInt();
                int pending = bytes.getInt();
                int vector = bytes.getInt();
                Blobs blobs = new Blobs(
                        features < 0 ? null : blob(bytes, features, source, at),
                        pending < 0 ? null : blob(bytes, pending, source, at),
                        vector < 0 ? null : blob(bytes, vector, source, at));
                sink.added(entry.with(blobs), replaces);
            } else {
                throw new IllegalArgumentException("a record of type " + type);
            }
            if (bytes.hasRemaining()) {
                throw new IllegalArgumentException(bytes.remaining() + " bytes after a record");
            }
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("a record of " + payload.length + " bytes", e);
        }
    }

    private static Blob blob(ByteBuffer bytes, int length, Blob.Source source, long at) {
        if (length > bytes.remaining()) {
            throw new IllegalArgumentException("a blob of " + length + " bytes");
        }
        ByteBuffer part = bytes.slice(bytes.position(), length);
        Blob blob = new Blob(source, at + bytes.position(), length, Blob.crc(part));
        bytes.position(bytes.position() + length);
        return blob;
    }

    private static ByteBuffer buffer(long size) {
        return ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    }
}
