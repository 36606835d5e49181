package org.retrieval4j.database;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What tells whether a file is the one that was indexed: size and time of change for a quick look, hashes of content and
 * of place (128 bits of SHA-256 each) for certainty. The place itself is not kept.
 */
record Stamp(long size, long modified, long content0, long content1, long place0, long place1) {
    static final int BYTES = 6 * Long.BYTES;

    /** The quick look: size, time and place of a picture, its content left 0. */
    static Stamp look(ImageSource source) throws IOException {
        Path real = source.file().toRealPath();
        BasicFileAttributes attributes = Files.readAttributes(real, BasicFileAttributes.class);
        boolean whole = source.length() < 0;
        // a part of a file has a place of its own
        String where = whole ? real.toString() : real + "\0" + source.offset() + "\0" + source.length();
        ByteBuffer place = sha256(where.getBytes(StandardCharsets.UTF_8));
        return new Stamp(
                whole ? attributes.size() : source.length(),
                attributes.lastModifiedTime().toMillis(),
                0,
                0,
                place.getLong(),
                place.getLong());
    }

    /** This stamp of a file whose bytes were read. */
    Stamp withContent(byte[] bytes) {
        ByteBuffer content = sha256(bytes);
        return new Stamp(bytes.length, modified, content.getLong(), content.getLong(), place0, place1);
    }

    /** Tells whether a quick look sees no difference. */
    boolean looksLike(Stamp other) {
        return size == other.size && modified == other.modified && place().equals(other.place());
    }

    /** The hash of a place. */
    record Place(long high, long low) {}

    Place place() {
        return new Place(place0, place1);
    }

    boolean sameContent(Stamp other) {
        return size == other.size && content0 == other.content0 && content1 == other.content1;
    }

    void put(ByteBuffer bytes) {
        bytes.putLong(size).putLong(modified).putLong(content0).putLong(content1);
        bytes.putLong(place0).putLong(place1);
    }

    static Stamp get(ByteBuffer bytes) {
        return new Stamp(
                bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    private static ByteBuffer sha256(byte[] bytes) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
