package org.retrieval4j.database;

import java.io.Closeable;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * An immutable file of images: their records, local features and descriptors.
 *
 * <pre>
 * header   count, pipeline (fingerprint of what the descriptors were made by)
 * blobs    bytes of features and descriptors, one after the other
 * records  for each image: length i32 and bytes of {@link Entry#encode}; then, of features and of descriptor,
 *          offset in blobs i64, length i32 (−1 if there is none), CRC32C u32
 * </pre>
 *
 * <p>Blobs are mapped, so that they take no heap and stay readable for running searches after the segment was closed
 * and deleted.
 */
final class Segment implements Blob.Source, Closeable {
    /** Bytes of blobs in a segment, at most, unless one image alone has more; what can be mapped at once is twice that. */
    static final long MAX_BYTES = 1L << 30;

    private static final String KIND = "image-segment";
    private static final int VERSION = 1;

    private final Path path;
    private final SectionFile file;
    private final ByteBuffer blobs;
    private long[] ids = new long[0];

    private Segment(Path path, SectionFile file, ByteBuffer blobs) {
        this.path = path;
        this.file = file;
        this.blobs = blobs;
    }

    /** Writes entries, as many from the start as fit; returns how many. */
    static int write(Path path, List<Entry> entries, Fingerprint pipeline) throws IOException {
        try (SectionWriter writer = SectionWriter.create(path, KIND, VERSION)) {
            int count = 0;
            long size = 0;
            while (count < entries.size() && (count == 0 || size + bytes(entries.get(count)) <= MAX_BYTES)) {
                size += bytes(entries.get(count++));
            }
            writer.header("count", Integer.toString(count));
            writer.header("pipeline", pipeline.hex());
            List<ByteBuffer> records = new ArrayList<>();
            try (SectionWriter.Output output = writer.section("blobs", Section.Type.BYTES, 1)) {
                long at = 0;
                for (Entry entry : entries.subList(0, count)) {
                    byte[] image = Entry.encode(entry.image(), entry.stamp());
                    ByteBuffer record = ByteBuffer.allocate(Integer.BYTES + image.length + 2 * (Long.BYTES + 8))
                            .order(ByteOrder.LITTLE_ENDIAN);
                    record.putInt(image.length).put(image);
                    at = copy(entry.featuresBlob(), output, at, record);
                    at = copy(entry.vectorBlob(), output, at, record);
                    records.add(record.flip());
                }
            }
            try (SectionWriter.Output output = writer.section("records", Section.Type.BYTES, 1)) {
                for (ByteBuffer record : records) {
                    output.copy(record);
                }
            }
            writer.commit();
            return count;
        }
    }

    private static long bytes(Entry entry) {
        return entry.featuresBlob().map(Blob::length).orElse(0)
                + (long) entry.vectorBlob().map(Blob::length).orElse(0);
    }

    private static long copy(Optional<Blob> blob, SectionWriter.Output output, long at, ByteBuffer record)
            throws IOException {
        if (blob.isEmpty()) {
            record.putLong(0).putInt(-1).putInt(0);
            return at;
        }
        output.copy(blob.get().read());
        record.putLong(at).putInt(blob.get().length()).putInt(blob.get().crc());
        return at + blob.get().length();
    }

    /** Opens a segment and gives its images to a consumer, in the order written. */
    static Segment open(Path path, Optional<Fingerprint> pipeline, Consumer<Entry> images) throws IOException {
        SectionFile file = SectionFile.open(path, KIND, VERSION, VERSION);
        try {
            String made = file.header("pipeline");
            if (pipeline.isPresent() && !pipeline.get().hex().equals(made)) {
                throw new CorruptFileException(
                        path, 0, "descriptors of pipeline " + pipeline.get().abbreviated(), "of " + made);
            }
            Segment segment = new Segment(path, file, file.map("blobs", Section.Type.BYTES));
            segment.readRecords(file.headerLong("count", 0, Integer.MAX_VALUE), images);
            return segment;
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private void readRecords(long count, Consumer<Entry> images) throws IOException {
        ByteBuffer records = ByteBuffer.wrap(file.bytes("records")).order(ByteOrder.LITTLE_ENDIAN);
        try {
            if (count > records.remaining()) {
                throw new IllegalArgumentException(records.remaining() + " bytes");
            }
            ids = new long[(int) count];
            for (int i = 0; i < count; i++) {
                int length = records.getInt();
                int start = records.position();
                Entry entry = Entry.decode(records);
                if (records.position() - start != length) {
                    throw new IllegalArgumentException("a record of " + length + " bytes");
                }
                ids[i] = entry.image().id();
                images.accept(new Entry(entry.image(), entry.stamp(), blob(records), null, blob(records)));
            }
            if (records.hasRemaining()) {
                throw new IllegalArgumentException(records.remaining() + " bytes after " + count + " records");
            }
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            CorruptFileException corrupt = new CorruptFileException(
                    path,
                    file.section("records", Section.Type.BYTES).offset(),
                    count + " records",
                    "" + e.getMessage());
            corrupt.initCause(e);
            throw corrupt;
        }
    }

    private @Nullable Blob blob(ByteBuffer records) {
        long offset = records.getLong();
        int length = records.getInt();
        int crc = records.getInt();
        if (length == -1) {
            return null;
        }
        if (length < 0 || offset < 0 || length > blobs.limit() - offset) {
            throw new IllegalArgumentException("a blob of " + length + " bytes at " + offset);
        }
        return new Blob(this, offset, length, crc);
    }

    /** The images, in the order written; not to be changed. */
    long[] ids() {
        return ids;
    }

    @Override
    public Path path() {
        return path;
    }

    /** Bytes of the file. */
    long length() throws IOException {
        return java.nio.file.Files.size(path);
    }

    /** Checks every byte. */
    void verify() throws IOException {
        file.verify();
    }

    @Override
    public ByteBuffer read(long offset, int length) {
        return blobs.slice((int) offset, length);
    }

    /** Closes the file; blobs stay readable. */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
