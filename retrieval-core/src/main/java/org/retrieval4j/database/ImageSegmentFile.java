package org.retrieval4j.database;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;
import org.retrieval4j.storage.SegmentFormat;

/**
 * A file of images: their records, local features and descriptors.
 *
 * <pre>
 * blobs    bytes of features and descriptors, one after the other
 * records  bytes of {@link Entry#encode}, one after the other
 * places   n x 7 longs: offset in records; of features and of descriptor: offset in blobs, length (−1: none), CRC32C
 * ids      n longs, ascending
 * </pre>
 *
 * <p>All but ids and places is mapped, so that a segment takes 64 bytes of heap an image.
 */
final class ImageSegmentFile implements ImageSegment, Blob.Source {
    private static final int VERSION = 1;
    private static final int COLUMNS = 7;

    // blobs are mapped in windows that overlap, so that each blob lies in one of them
    private static final int STEP_BITS = 30;

    private final Path path;
    private final SectionFile file;
    private final long[] ids;
    private final long[] places;
    private final ByteBuffer records;
    private final ByteBuffer[] blobs;
    private final long blobBytes;

    private ImageSegmentFile(Path path, SectionFile file) throws IOException {
        this.path = path;
        this.file = file;
        this.ids = file.longs("ids");
        this.places = file.longs("places");
        file.section("places", Section.Type.LONGS, ids.length, COLUMNS);
        file.bytes("records"); // checks them; read again only for merges, so they need not stay on the heap
        this.records = file.map("records", Section.Type.BYTES);
        Section section = file.section("blobs", Section.Type.BYTES);
        this.blobBytes = section.bytes();
        this.blobs = new ByteBuffer[(int) (blobBytes >> STEP_BITS) + 1];
        for (int i = 0; i < blobs.length; i++) {
            long from = (long) i << STEP_BITS;
            blobs[i] = file.map(section, from, Math.min(blobBytes - from, Integer.MAX_VALUE));
        }
        for (int row = 0; row < ids.length; row++) {
            if (row > 0 && ids[row] <= ids[row - 1]) {
                throw new CorruptFileException(path, 0, "ascending ids", ids[row] + " after " + ids[row - 1]);
            }
        }
    }

    /** How such files are written, opened and merged. */
    static final class Format implements SegmentFormat<ImageSegment> {
        @Override
        public String kind() {
            return "images";
        }

        @Override
        public ImageSegment join(List<LiveSegment<ImageSegment>> parts) {
            List<Entry> entries = new ArrayList<>();
            try {
                LiveSegment.forEachLive(
                        parts,
                        (part, row) -> entries.add(parts.get(part).segment().entry(row)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Logged(entries);
        }

        @Override
        public void write(List<LiveSegment<ImageSegment>> parts, Path target) throws IOException {
            int count = 0;
            for (LiveSegment<ImageSegment> part : parts) {
                count += part.liveCount();
            }
            Places places = new Places(count);
            try (SectionWriter writer = SectionWriter.create(target, kind(), VERSION)) {
                writer.header("count", Integer.toString(count));
                try (SectionWriter.Output output = writer.section("blobs", Section.Type.BYTES, 1)) {
                    LiveSegment.forEachLive(parts, (part, row) -> {
                        Entry entry = parts.get(part).segment().entry(row);
                        Blobs of = entry.logged();
                        if (of == null) {
                            throw new IllegalStateException("an image of a segment has bytes: " + entry.image());
                        }
                        places.add(entry.id());
                        places.copy(of.featuresBlob(), output);
                        places.copy(of.vectorBlob(), output);
                    });
                }
                try (SectionWriter.Output output = writer.section("records", Section.Type.BYTES, 1)) {
                    long[] at = new long[2]; // row, offset
                    LiveSegment.forEachLive(parts, (part, row) -> {
                        Entry entry = parts.get(part).segment().entry(row);
                        byte[] bytes = Entry.encode(entry.image(), entry.stamp());
                        output.writeBytes(bytes, 0, bytes.length);
                        places.values[(int) at[0]++ * COLUMNS] = at[1];
                        at[1] += bytes.length;
                    });
                }
                try (SectionWriter.Output output = writer.section("places", Section.Type.LONGS, COLUMNS)) {
                    output.writeLongs(places.values, 0, places.values.length);
                }
                writer.longs("ids", places.ids);
                writer.commit();
            }
        }

        @Override
        public ImageSegment open(Path target) throws IOException {
            SectionFile file = SectionFile.open(target, kind(), VERSION, VERSION);
            try {
                return new ImageSegmentFile(target, file);
            } catch (IOException | RuntimeException | Error e) {
                file.close();
                throw e;
            }
        }
    }

    /** The places of a file that is being written. */
    private static final class Places {
        private final long[] ids;
        private final long[] values;
        private int rows;
        private int next;
        private long blobsEnd;

        Places(int count) {
            ids = new long[count];
            values = new long[Math.multiplyExact(count, COLUMNS)];
        }

        void add(long id) {
            ids[rows] = id;
            next = rows * COLUMNS + 1; // the first column is filled with the records
            rows++;
        }

        void copy(Optional<Blob> blob, SectionWriter.Output output) throws IOException {
            values[next++] = blobsEnd;
            values[next++] = -1;
            values[next++] = 0;
            if (blob.isPresent()) {
                output.copy(blob.get().read());
                values[next - 2] = blob.get().length();
                values[next - 1] = blob.get().crc();
                blobsEnd += blob.get().length();
            }
        }
    }

    @Override
    public Entry entry(int row) throws IOException {
        int at = row * COLUMNS;
        try {
            long from = places[at];
            if (from < 0 || from > records.limit()) {
                throw new IllegalArgumentException("a record at " + from);
            }
            ByteBuffer bytes =
                    records.duplicate().order(ByteOrder.LITTLE_ENDIAN).position((int) from);
            Entry entry = Entry.decode(bytes);
            if (entry.id() != ids[row]) {
                throw new IllegalArgumentException("a record of image " + entry.id());
            }
            return entry.with(new Blobs(blob(at + 1), null, blob(at + 4)));
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            CorruptFileException corrupt =
                    new CorruptFileException(path, 0, "a record of image " + ids[row], String.valueOf(e.getMessage()));
            corrupt.initCause(e);
            throw corrupt;
        }
    }

    private @Nullable Blob blob(int at) {
        long offset = places[at];
        long length = places[at + 1];
        if (length == -1) {
            return null;
        }
        if (offset < 0 || length < 0 || length > 1 << STEP_BITS || offset > blobBytes - length) {
            throw new IllegalArgumentException("a blob of " + length + " bytes at " + offset);
        }
        return new Blob(this, offset, (int) length, (int) places[at + 2]);
    }

    @Override
    public int size() {
        return ids.length;
    }

    @Override
    public long id(int row) {
        return ids[row];
    }

    @Override
    public long heapBytes() {
        return Long.BYTES * (long) (ids.length + places.length);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public ByteBuffer read(long offset, int length) {
        int window = (int) (offset >> STEP_BITS);
        return blobs[window].slice((int) (offset - ((long) window << STEP_BITS)), length);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
