package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.retrieval4j.api.FloatMatrix;

/**
 * An open container file. {@link #open} checks its structure (header, section table, footer, every size against the
 * file's length); the reading methods that return arrays check the section's CRC32C as they read; {@link #verify()}
 * checks all sections. Mapped sections are not checked until then.
 *
 * <p>Thread-safe. Mapped buffers stay valid after {@link #close()}; the platform frees them when they are no longer
 * reachable. A thread that is interrupted while it reads or maps closes the file for all, as Java's channels do: map
 * once after opening what is searched for long.
 */
public final class SectionFile implements Closeable {
    private static final int CHUNK = 1 << 18;

    private final Path path;
    private final FileChannel channel;
    private final Map<String, String> header;
    private final Map<String, Section> sections;

    private SectionFile(Path path, FileChannel channel, Structure structure) {
        this.path = path;
        this.channel = channel;
        this.header = structure.fields();
        this.sections = structure.sections();
    }

    /**
     * Opens a file of one kind.
     *
     * @param path the file
     * @param kind what it must hold
     * @param oldest the oldest version of the kind that the caller reads
     * @param newest the newest version of the kind that the caller reads
     * @return the open file
     * @throws CorruptFileException if it is damaged or of another kind
     * @throws UnsupportedVersionException if the container or the kind has a version that is not read
     * @throws IOException if it cannot be read
     */
    public static SectionFile open(Path path, String kind, int oldest, int newest) throws IOException {
        SectionFile file = open(path);
        try {
            if (!file.kind().equals(kind)) {
                throw new CorruptFileException(path, 0, "a file of kind " + kind, "kind " + file.kind());
            }
            int version = file.kindVersion();
            if (version < oldest || version > newest) {
                throw new UnsupportedVersionException(path, kind, version, oldest, newest);
            }
            return file;
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Opens a file of any kind.
     *
     * @param path the file
     * @return the open file
     * @throws CorruptFileException if it is damaged
     * @throws UnsupportedVersionException if the container has a version that is not read
     * @throws IOException if it cannot be read
     */
    public static SectionFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(requireNonNull(path, "path"), StandardOpenOption.READ);
        try {
            return new SectionFile(path, channel, Structure.read(path, channel));
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /**
     * The file.
     *
     * @return its path when it was opened
     */
    public Path path() {
        return path;
    }

    /**
     * The header.
     *
     * @return all fields, in the order of the file
     */
    public Map<String, String> header() {
        return header;
    }

    /**
     * A field of the header that must be there.
     *
     * @param key its key
     * @return its value
     * @throws CorruptFileException if the header has no such field
     */
    public String header(String key) throws CorruptFileException {
        String value = header.get(key);
        if (value == null) {
            throw new CorruptFileException(path, 0, "header field " + key, "fields " + header.keySet());
        }
        return value;
    }

    /**
     * A field of the header that must be there and be a number.
     *
     * @param key its key
     * @param least the smallest value that makes sense
     * @param most the largest value that makes sense
     * @return its value
     * @throws CorruptFileException if it is missing, not a number, or out of bounds
     */
    public long headerLong(String key, long least, long most) throws CorruptFileException {
        String text = header(key);
        try {
            long value = Long.parseLong(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below like any other text
        }
        throw new CorruptFileException(path, 0, key + " from " + least + " to " + most, "\"" + text + "\"");
    }

    /**
     * What the file holds.
     *
     * @return the kind given when it was written
     */
    public String kind() {
        return header.getOrDefault("kind", "");
    }

    /**
     * The version of what the file holds.
     *
     * @return the version given when it was written
     * @throws CorruptFileException if the header has none
     */
    public int kindVersion() throws CorruptFileException {
        return (int) headerLong("kind.version", 1, Integer.MAX_VALUE);
    }

    /**
     * All sections.
     *
     * @return in the order of the file
     */
    public List<Section> sections() {
        return List.copyOf(sections.values());
    }

    /**
     * A section that may be missing.
     *
     * @param name its name
     * @return what the table says of it
     */
    public Optional<Section> find(String name) {
        return Optional.ofNullable(sections.get(name));
    }

    /**
     * A section that must be there.
     *
     * @param name its name
     * @param type its type
     * @return what the table says of it
     * @throws CorruptFileException if it is missing or of another type
     */
    public Section section(String name, Section.Type type) throws CorruptFileException {
        Section section = sections.get(name);
        if (section == null) {
            throw new CorruptFileException(path, 0, "section " + name, "sections " + sections.keySet());
        }
        if (section.type() != type) {
            throw new CorruptFileException(
                    path,
                    section.offset(),
                    "section " + name + " of " + type,
                    section.type().toString());
        }
        return section;
    }

    /**
     * A section that must be there and have a certain shape.
     *
     * @param name its name
     * @param type its type
     * @param rows its number of rows
     * @param columns values a row
     * @return what the table says of it
     * @throws CorruptFileException if it is missing, of another type, or of another shape
     */
    public Section section(String name, Section.Type type, long rows, int columns) throws CorruptFileException {
        Section section = section(name, type);
        if (section.rows() != rows || section.columns() != columns) {
            throw new CorruptFileException(
                    path,
                    section.offset(),
                    "section " + name + " of " + rows + " x " + columns,
                    section.rows() + " x " + section.columns());
        }
        return section;
    }

    /**
     * Reads a section of bytes.
     *
     * @param name its name
     * @return all values
     * @throws IOException if it is missing, of another type, damaged, or cannot be read
     */
    public byte[] bytes(String name) throws IOException {
        Section section = section(name, Section.Type.BYTES);
        byte[] values = new byte[count(section)];
        read(section, (buffer, from) -> buffer.get(values, from, buffer.remaining()));
        return values;
    }

    /**
     * Reads a section of ints.
     *
     * @param name its name
     * @return all values
     * @throws IOException if it is missing, of another type, damaged, or cannot be read
     */
    public int[] ints(String name) throws IOException {
        Section section = section(name, Section.Type.INTS);
        int[] values = new int[count(section)];
        read(section, (buffer, from) -> buffer.asIntBuffer().get(values, from, buffer.remaining() / Integer.BYTES));
        return values;
    }

    /**
     * Reads a section of longs.
     *
     * @param name its name
     * @return all values
     * @throws IOException if it is missing, of another type, damaged, or cannot be read
     */
    public long[] longs(String name) throws IOException {
        Section section = section(name, Section.Type.LONGS);
        long[] values = new long[count(section)];
        read(section, (buffer, from) -> buffer.asLongBuffer().get(values, from, buffer.remaining() / Long.BYTES));
        return values;
    }

    /**
     * Reads a section of floats.
     *
     * @param name its name
     * @return all values
     * @throws IOException if it is missing, of another type, damaged, or cannot be read
     */
    public float[] floats(String name) throws IOException {
        Section section = section(name, Section.Type.FLOATS);
        float[] values = new float[count(section)];
        read(section, (buffer, from) -> buffer.asFloatBuffer().get(values, from, buffer.remaining() / Float.BYTES));
        return values;
    }

    /**
     * Reads a section of doubles.
     *
     * @param name its name
     * @return all values
     * @throws IOException if it is missing, of another type, damaged, or cannot be read
     */
    public double[] doubles(String name) throws IOException {
        Section section = section(name, Section.Type.DOUBLES);
        double[] values = new double[count(section)];
        read(section, (buffer, from) -> buffer.asDoubleBuffer().get(values, from, buffer.remaining() / Double.BYTES));
        return values;
    }

    /**
     * Reads a section of float rows.
     *
     * @param name its name
     * @return rows x columns
     * @throws IOException if it is missing, of another type, damaged, or cannot be read
     */
    public FloatMatrix matrix(String name) throws IOException {
        Section section = section(name, Section.Type.FLOATS);
        float[] values = floats(name);
        if (section.rows() > Integer.MAX_VALUE) {
            throw new IOException(path + ": section " + name + " has " + section.rows() + " rows, too many for memory");
        }
        return FloatMatrix.of((int) section.rows(), section.columns(), values);
    }

    /**
     * Maps a whole section of at most 2 GiB.
     *
     * @param name its name
     * @param type its type
     * @return a read-only, little-endian buffer of its bytes, position 0
     * @throws IOException if it is missing, of another type, larger, or cannot be mapped
     */
    public ByteBuffer map(String name, Section.Type type) throws IOException {
        Section section = section(name, type);
        return map(section, 0, section.bytes());
    }

    /**
     * Maps a part of a section, for sections of more than 2 GiB.
     *
     * @param section a section of this file
     * @param from offset of the first byte in the section
     * @param length number of bytes, at most 2 GiB
     * @return a read-only, little-endian buffer, position 0
     * @throws IOException if it cannot be mapped
     * @throws IllegalArgumentException if the part lies outside the section or is too long
     */
    public ByteBuffer map(Section section, long from, long length) throws IOException {
        if (!section.equals(sections.get(section.name()))) {
            throw new IllegalArgumentException("section " + section.name() + " is not of " + path);
        }
        if (from < 0 || length < 0 || length > section.bytes() - from || length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("bytes " + from + " to " + (from + length) + " of section "
                    + section.name() + " of " + section.bytes() + " bytes cannot be mapped at once");
        }
        if (length == 0) {
            return ByteBuffer.allocateDirect(0).order(ByteOrder.LITTLE_ENDIAN);
        }
        try {
            return channel.map(FileChannel.MapMode.READ_ONLY, section.offset() + from, length)
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (ClosedChannelException e) {
            throw Structure.closed(path, e);
        }
    }

    /**
     * Checks every section.
     *
     * @throws CorruptFileException if a section is not what was written
     * @throws IOException if the file cannot be read
     */
    public void verify() throws IOException {
        for (Section section : sections.values()) {
            read(section, (buffer, from) -> {});
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private interface Sink {
        void accept(ByteBuffer values, int from);
    }

    private int count(Section section) throws IOException {
        // the table was checked against the file's length, so a huge count stands only in a huge file
        if (section.size() > Integer.MAX_VALUE - 8) {
            throw new IOException(path + ": section " + section.name() + " has " + section.size()
                    + " values, too many for one array; map it");
        }
        return (int) section.size();
    }

    private void read(Section section, Sink sink) throws IOException {
        ByteBuffer buffer =
                ByteBuffer.allocate((int) Math.min(section.bytes(), CHUNK)).order(ByteOrder.LITTLE_ENDIAN);
        CRC32C crc = new CRC32C();
        for (long done = 0; done < section.bytes(); ) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), section.bytes() - done));
            Structure.readFully(path, channel, buffer, section.offset() + done);
            crc.update(buffer.duplicate());
            sink.accept(buffer, (int) (done / section.type().bytes()));
            done += buffer.limit();
        }
        if ((int) crc.getValue() != section.crc()) {
            throw new CorruptFileException(
                    path,
                    section.offset(),
                    "section " + section.name() + " with CRC32C " + Layout.hex(section.crc()),
                    Layout.hex((int) crc.getValue()));
        }
    }

    @Override
    public String toString() {
        return path + " (" + kind() + ", " + Arrays.toString(sections.keySet().toArray()) + ")";
    }
}
