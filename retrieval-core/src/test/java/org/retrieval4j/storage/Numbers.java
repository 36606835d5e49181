package org.retrieval4j.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The simplest segments there are: a number a row. */
final class Numbers implements Segment {
    private final int size;
    private final ByteBuffer ids;
    private final ByteBuffer values;
    private final long heapBytes;
    private final AtomicInteger open;

    private Numbers(int size, ByteBuffer ids, ByteBuffer values, long heapBytes, AtomicInteger open) {
        this.size = size;
        this.ids = ids;
        this.values = values;
        this.heapBytes = heapBytes;
        this.open = open;
        open.incrementAndGet();
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public long id(int row) {
        return ids.getLong(8 * row);
    }

    int value(int row) {
        if (open.get() < 1) {
            throw new AssertionError("read after close");
        }
        return values.getInt(4 * row);
    }

    @Override
    public long heapBytes() {
        return heapBytes;
    }

    @Override
    public void close() {
        open.decrementAndGet();
    }

    /** What a snapshot holds, in the order of the ids. */
    static Map<Long, Integer> content(Snapshot<Numbers> snapshot) {
        Map<Long, Integer> content = new TreeMap<>();
        for (LiveSegment<Numbers> part : snapshot.segments()) {
            for (int row = 0; row < part.segment().size(); row++) {
                if (part.isLive(row)) {
                    Integer other =
                            content.put(part.segment().id(row), part.segment().value(row));
                    if (other != null) {
                        throw new AssertionError("id " + part.segment().id(row) + " is alive twice");
                    }
                }
            }
        }
        return content;
    }

    static Map<Long, Integer> content(SegmentStore<Numbers> store) {
        try (Snapshot<Numbers> snapshot = store.snapshot()) {
            return content(snapshot);
        }
    }

    /** Counts the segments that are open, and fails on demand. */
    static final class Format implements SegmentFormat<Numbers> {
        final AtomicInteger open = new AtomicInteger();
        volatile boolean failing;

        Optional<Numbers> of(Map<Long, Integer> rows) {
            TreeMap<Long, Integer> sorted = new TreeMap<>(rows);
            ByteBuffer ids = ByteBuffer.allocate(8 * sorted.size());
            ByteBuffer values = ByteBuffer.allocate(4 * sorted.size());
            sorted.forEach((id, value) -> {
                ids.putLong(id);
                values.putInt(value);
            });
            return Optional.of(new Numbers(sorted.size(), ids, values, 12L * sorted.size(), open));
        }

        @Override
        public String kind() {
            return "numbers";
        }

        @Override
        public Numbers join(List<LiveSegment<Numbers>> parts) {
            TreeMap<Long, Integer> rows = new TreeMap<>();
            try {
                LiveSegment.forEachLive(parts, (part, row) -> {
                    Numbers segment = parts.get(part).segment();
                    rows.put(segment.id(row), segment.value(row));
                });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return of(rows).orElseThrow();
        }

        @Override
        public void write(List<LiveSegment<Numbers>> parts, Path file) throws IOException {
            if (failing) {
                throw new IOException("disk full");
            }
            List<Long> ids = new ArrayList<>();
            List<Integer> values = new ArrayList<>();
            LiveSegment.forEachLive(parts, (part, row) -> {
                ids.add(parts.get(part).segment().id(row));
                values.add(parts.get(part).segment().value(row));
            });
            try (SectionWriter writer = SectionWriter.create(file, kind(), 1)) {
                writer.longs("ids", ids.stream().mapToLong(id -> id).toArray());
                writer.ints("values", values.stream().mapToInt(value -> value).toArray());
                writer.commit();
            }
        }

        @Override
        public Numbers open(Path file) throws IOException {
            try (SectionFile sections = SectionFile.open(file, kind(), 1, 1)) {
                int size = (int) sections.section("ids", Section.Type.LONGS).rows();
                ByteBuffer ids = sections.map("ids", Section.Type.LONGS);
                return new Numbers(size, ids, sections.map("values", Section.Type.INTS), 0, open);
            }
        }
    }

    /** Segment with one value for ids from a number on. */
    static Map<Long, Integer> range(long from, int count, int value) {
        long[] ids = new long[count];
        Arrays.setAll(ids, i -> from + i);
        Map<Long, Integer> rows = new TreeMap<>();
        for (long id : ids) {
            rows.put(id, value);
        }
        return rows;
    }
}
