package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A SHA-256 over everything that decides what a component computes: its spec, trained arrays, model files. Two
 * components with one spec that were trained on different samples have different fingerprints.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Fingerprint(String hex) {
    /** Checks the form. */
    public Fingerprint {
        if (!hex.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("a fingerprint must be 64 lower-case hex digits, got \"" + hex + "\"");
        }
    }

    /**
     * The fingerprint of a component: of its spec and its state.
     *
     * @param spec canonical spec
     * @param state trained arrays and files; files are read
     * @return the fingerprint
     * @throws java.io.UncheckedIOException if a file cannot be read
     */
    public static Fingerprint of(ComponentSpec spec, ComponentState state) {
        Builder builder = builder().add(spec.toString());
        state.arrays().forEach(builder::add);
        state.files().forEach((name, file) -> builder.add(name).add(ofFile(file).hex()));
        return builder.build();
    }

    /**
     * The SHA-256 of a file's bytes.
     *
     * @param file the file
     * @return its hash
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Fingerprint ofFile(Path file) {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return new Fingerprint(HexFormat.of().formatHex(digest.digest()));
    }

    /**
     * The SHA-256 of bytes.
     *
     * @param bytes the bytes
     * @return their hash
     */
    public static Fingerprint ofBytes(byte[] bytes) {
        return new Fingerprint(HexFormat.of().formatHex(sha256().digest(bytes)));
    }

    /**
     * Starts a fingerprint of several things.
     *
     * @return a builder, for one thread
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The first twelve digits, for people.
     *
     * @return a short form
     */
    public String abbreviated() {
        return hex.substring(0, 12);
    }

    @Override
    public String toString() {
        return hex;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Adds things one by one; each is preceded by its length, so that no two sequences look alike. */
    public static final class Builder {
        private final MessageDigest digest = sha256();

        private Builder() {}

        /**
         * Adds text.
         *
         * @param text the text
         * @return this builder
         */
        public Builder add(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
            digest.update(bytes);
            return this;
        }

        /**
         * Adds a named matrix: its shape and the bits of its values.
         *
         * @param name what it is
         * @param matrix the values
         * @return this builder
         */
        public Builder add(String name, FloatMatrix matrix) {
            requireNonNull(matrix, name);
            add(name);
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
            buffer.putInt(matrix.rows()).putInt(matrix.columns());
            int end = matrix.offset() + matrix.rows() * matrix.columns();
            for (int i = matrix.offset(); i < end; i++) {
                if (buffer.remaining() < Float.BYTES) {
                    digest.update(buffer.flip());
                    buffer.clear();
                }
                buffer.putFloat(matrix.array()[i]);
            }
            digest.update(buffer.flip());
            return this;
        }

        /**
         * Ends the fingerprint.
         *
         * @return the SHA-256 of all that was added
         */
        public Fingerprint build() {
            return new Fingerprint(HexFormat.of().formatHex(digest.digest()));
        }
    }
}
