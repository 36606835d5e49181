package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;

/**
 * Writes a container file: first header fields, then sections one after the other, then {@link #commit()}.
 *
 * <pre>{@code
 * try (SectionWriter writer = SectionWriter.create(file, "aggregator", 1)) {
 *     writer.header("spec", spec.toString());
 *     writer.matrix("codebook", codebook);
 *     writer.commit();
 * }
 * }</pre>
 *
 * <p>The file is written beside its target and forced to the disk before it takes the target's place in one step; closed
 * without commit, nothing remains. For one thread.
 */
public final class SectionWriter implements AutoCloseable {
    private final Replacement replacement;
    private final FileChannel channel;
    private final Map<String, String> fields = new LinkedHashMap<>();
    private final List<Section> sections = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    private byte @Nullable [] header;
    private @Nullable Output open;
    private long position;

    private SectionWriter(Path target, String kind, int version) throws IOException {
        fields.put("kind", kind);
        fields.put("kind.version", Integer.toString(version));
        replacement = new Replacement(target);
        channel = replacement.channel();
    }

    /**
     * Starts a file.
     *
     * @param target where it will stand; a file there is replaced at commit
     * @param kind what the file holds: {@code index-flat}, {@code aggregator}, …
     * @param version of the kind's content, at least 1
     * @return a writer
     * @throws IOException if nothing can be written beside the target
     */
    public static SectionWriter create(Path target, String kind, int version) throws IOException {
        requireNonNull(target, "target");
        requireKey("kind", kind);
        if (version < 1) {
            throw new IllegalArgumentException("version must be at least 1, got " + version);
        }
        return new SectionWriter(target, kind, version);
    }

    /**
     * Adds a field to the header, before the first section.
     *
     * @param key without {@code =}, white space and control characters
     * @param value any text
     * @return this writer
     * @throws IllegalArgumentException if the key is malformed or given twice
     */
    public SectionWriter header(String key, String value) {
        requireKey("key", key);
        requireNonNull(value, key);
        if (header != null) {
            throw new IllegalStateException("header field " + key + " must come before the first section");
        }
        if (fields.putIfAbsent(key, value) != null) {
            throw new IllegalArgumentException("header field " + key + " is given twice");
        }
        return this;
    }

    /**
     * Writes a section of bytes.
     *
     * @param name its name
     * @param values its values
     * @return this writer
     * @throws IOException if the disk refuses
     */
    public SectionWriter bytes(String name, byte[] values) throws IOException {
        try (Output output = section(name, Section.Type.BYTES, 1)) {
            output.writeBytes(values, 0, values.length);
        }
        return this;
    }

    /**
     * Writes a section of ints.
     *
     * @param name its name
     * @param values its values
     * @return this writer
     * @throws IOException if the disk refuses
     */
    public SectionWriter ints(String name, int[] values) throws IOException {
        try (Output output = section(name, Section.Type.INTS, 1)) {
            output.writeInts(values, 0, values.length);
        }
        return this;
    }

    /**
     * Writes a section of longs.
     *
     * @param name its name
     * @param values its values
     * @return this writer
     * @throws IOException if the disk refuses
     */
    public SectionWriter longs(String name, long[] values) throws IOException {
        try (Output output = section(name, Section.Type.LONGS, 1)) {
            output.writeLongs(values, 0, values.length);
        }
        return this;
    }

    /**
     * Writes a section of floats.
     *
     * @param name its name
     * @param values its values
     * @return this writer
     * @throws IOException if the disk refuses
     */
    public SectionWriter floats(String name, float[] values) throws IOException {
        try (Output output = section(name, Section.Type.FLOATS, 1)) {
            output.writeFloats(values, 0, values.length);
        }
        return this;
    }

    /**
     * Writes a section of doubles.
     *
     * @param name its name
     * @param values its values
     * @return this writer
     * @throws IOException if the disk refuses
     */
    public SectionWriter doubles(String name, double[] values) throws IOException {
        try (Output output = section(name, Section.Type.DOUBLES, 1)) {
            output.writeDoubles(values, 0, values.length);
        }
        return this;
    }

    /**
     * Writes a section of float rows.
     *
     * @param name its name
     * @param matrix its values
     * @return this writer
     * @throws IOException if the disk refuses
     */
    public SectionWriter matrix(String name, FloatMatrix matrix) throws IOException {
        try (Output output = section(name, Section.Type.FLOATS, matrix.columns())) {
            output.writeFloats(matrix.array(), matrix.offset(), matrix.rows() * matrix.columns());
            if (matrix.columns() == 0) {
                output.emptyRows = matrix.rows();
            }
        }
        return this;
    }

    /**
     * Starts a section that is written piece by piece; close it before the next one.
     *
     * @param name its name, unique in the file
     * @param type type of its values
     * @param columns values a row
     * @return where to write
     * @throws IOException if the disk refuses
     */
    public Output section(String name, Section.Type type, int columns) throws IOException {
        requireNonNull(type, "type");
        if (columns < 0) {
            throw new IllegalArgumentException("columns must be at least 0, got " + columns);
        }
        if (open != null) {
            throw new IllegalStateException("section " + open.name + " must be closed before " + name + " starts");
        }
        int nameBytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (nameBytes < 1 || nameBytes > Layout.MAX_NAME_BYTES) {
            throw new IllegalArgumentException(
                    "a section's name must have 1 to " + Layout.MAX_NAME_BYTES + " bytes, got " + nameBytes);
        }
        if (sections.stream().anyMatch(section -> section.name().equals(name))) {
            throw new IllegalArgumentException("section " + name + " is written twice");
        }
        startSections();
        pad();
        buffer.clear();
        open = new Output(name, type, columns, position);
        return open;
    }

    /**
     * Completes the file, forces it to the disk and moves it to its target.
     *
     * @throws IOException if the disk refuses; the target is as it was
     */
    public void commit() throws IOException {
        if (open != null) {
            throw new IllegalStateException("section " + open.name + " must be closed before commit");
        }
        byte[] head = startSections();
        pad();
        byte[] table = table();
        long tableOffset = position;
        write(ByteBuffer.wrap(table));
        ByteBuffer footer = ByteBuffer.allocate(Layout.FOOTER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        footer.putLong(Layout.FOOTER_MAGIC)
                .putLong(head.length)
                .putInt(Layout.crc(head, 0, head.length))
                .putInt(sections.size())
                .putLong(tableOffset)
                .putLong(table.length)
                .putInt(Layout.crc(table, 0, table.length))
                .putLong(0)
                .putLong(position + Layout.FOOTER_BYTES);
        footer.putInt(Layout.crc(footer.array(), 0, footer.position()));
        write(footer.flip());
        replacement.commit();
    }

    /** Ends writing; without {@link #commit()}, nothing remains. */
    @Override
    public void close() throws IOException {
        replacement.close();
    }

    private byte[] startSections() throws IOException {
        if (header == null) {
            header = Layout.header(fields);
            if (header.length > Layout.MAX_HEADER_BYTES) {
                throw new IllegalArgumentException("the header must have at most " + Layout.MAX_HEADER_BYTES
                        + " bytes, got " + header.length + "; longer texts belong in sections");
            }
            write(ByteBuffer.wrap(header));
        }
        return header;
    }

    private byte[] table() {
        int size = 0;
        for (Section section : sections) {
            size += Layout.MIN_ENTRY_BYTES + section.name().getBytes(StandardCharsets.UTF_8).length;
        }
        ByteBuffer table = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (Section section : sections) {
            byte[] name = section.name().getBytes(StandardCharsets.UTF_8);
            table.putShort((short) name.length).put(name);
            table.put((byte) section.type().ordinal());
            table.putLong(section.rows())
                    .putInt(section.columns())
                    .putLong(section.offset())
                    .putInt(section.crc());
        }
        return table.array();
    }

    private void pad() throws IOException {
        write(ByteBuffer.allocate((int) (Layout.aligned(position) - position)));
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            position += channel.write(bytes);
        }
    }

    private static void requireKey(String what, String key) {
        boolean plain = !key.isEmpty() && key.chars().allMatch(c -> c > ' ' && c != '=' && c != 0x7f);
        if (!plain) {
            throw new IllegalArgumentException(
                    what + " must be without '=', white space and control characters, got \"" + key + "\"");
        }
    }

    /** A section being written. For one thread; not to be used after {@link #close()}. */
    public final class Output implements AutoCloseable {
        private final String name;
        private final Section.Type type;
        private final int columns;
        private final long offset;
        private final CRC32C crc = new CRC32C();
        private long written;
        private long emptyRows;

        private Output(String name, Section.Type type, int columns, long offset) {
            this.name = name;
            this.type = type;
            this.columns = columns;
            this.offset = offset;
        }

        /**
         * Writes bytes, into a section of bytes.
         *
         * @param values where they are
         * @param from index of the first
         * @param count how many
         * @throws IOException if the disk refuses
         */
        public void writeBytes(byte[] values, int from, int count) throws IOException {
            requireType(Section.Type.BYTES);
            for (int done = 0; done < count; ) {
                int n = Math.min(count - done, room(1));
                buffer.put(values, from + done, n);
                done += n;
            }
        }

        /**
         * Writes ints, into a section of ints.
         *
         * @param values where they are
         * @param from index of the first
         * @param count how many
         * @throws IOException if the disk refuses
         */
        public void writeInts(int[] values, int from, int count) throws IOException {
            requireType(Section.Type.INTS);
            for (int done = 0; done < count; ) {
                int n = Math.min(count - done, room(Integer.BYTES) / Integer.BYTES);
                buffer.asIntBuffer().put(values, from + done, n);
                buffer.position(buffer.position() + n * Integer.BYTES);
                done += n;
            }
        }

        /**
         * Writes longs, into a section of longs.
         *
         * @param values where they are
         * @param from index of the first
         * @param count how many
         * @throws IOException if the disk refuses
         */
        public void writeLongs(long[] values, int from, int count) throws IOException {
            requireType(Section.Type.LONGS);
            for (int done = 0; done < count; ) {
                int n = Math.min(count - done, room(Long.BYTES) / Long.BYTES);
                buffer.asLongBuffer().put(values, from + done, n);
                buffer.position(buffer.position() + n * Long.BYTES);
                done += n;
            }
        }

        /**
         * Writes floats, into a section of floats.
         *
         * @param values where they are
         * @param from index of the first
         * @param count how many
         * @throws IOException if the disk refuses
         */
        public void writeFloats(float[] values, int from, int count) throws IOException {
            requireType(Section.Type.FLOATS);
            for (int done = 0; done < count; ) {
                int n = Math.min(count - done, room(Float.BYTES) / Float.BYTES);
                buffer.asFloatBuffer().put(values, from + done, n);
                buffer.position(buffer.position() + n * Float.BYTES);
                done += n;
            }
        }

        /**
         * Writes doubles, into a section of doubles.
         *
         * @param values where they are
         * @param from index of the first
         * @param count how many
         * @throws IOException if the disk refuses
         */
        public void writeDoubles(double[] values, int from, int count) throws IOException {
            requireType(Section.Type.DOUBLES);
            for (int done = 0; done < count; ) {
                int n = Math.min(count - done, room(Double.BYTES) / Double.BYTES);
                buffer.asDoubleBuffer().put(values, from + done, n);
                buffer.position(buffer.position() + n * Double.BYTES);
                done += n;
            }
        }

        /**
         * Copies values as they stand in another file's section of the same type.
         *
         * @param values little-endian values, from position to limit; whole values
         * @throws IOException if the disk refuses
         */
        public void copy(ByteBuffer values) throws IOException {
            requireType(type);
            if (values.remaining() % type.bytes() != 0) {
                throw new IllegalArgumentException("values of " + type.bytes() + " bytes must be copied whole, got "
                        + values.remaining() + " bytes");
            }
            drain();
            write(values.duplicate());
        }

        /**
         * Ends the section.
         *
         * @throws IOException if the disk refuses
         * @throws IllegalStateException if the last row is not whole
         */
        @Override
        public void close() throws IOException {
            if (open != this) {
                return;
            }
            drain();
            long rowBytes = (long) columns * type.bytes();
            if (rowBytes == 0 ? written > 0 : written % rowBytes != 0) {
                throw new IllegalStateException("section " + name + " must hold whole rows of " + rowBytes
                        + " bytes, got " + written + " bytes");
            }
            long rows = rowBytes == 0 ? emptyRows : written / rowBytes;
            sections.add(new Section(name, type, rows, columns, offset, (int) crc.getValue()));
            open = null;
        }

        private void requireType(Section.Type given) {
            if (open != this) {
                throw new IllegalStateException("section " + name + " is closed");
            }
            if (given != type) {
                throw new IllegalArgumentException("section " + name + " holds " + type + ", got " + given);
            }
        }

        /** Bytes left in the buffer, at least as many as one value needs. */
        private int room(int bytes) throws IOException {
            if (buffer.remaining() < bytes) {
                drain();
            }
            return buffer.remaining();
        }

        private void drain() throws IOException {
            write(buffer.flip());
            buffer.clear();
        }

        private void write(ByteBuffer bytes) throws IOException {
            crc.update(bytes.duplicate());
            written += bytes.remaining();
            SectionWriter.this.write(bytes);
        }
    }
}
