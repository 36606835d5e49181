package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The one file that tells what a directory holds: the segments, their removed rows, and the header of the store's user.
 * It is replaced in one step, so a directory is always at one manifest.
 *
 * @param header fields of the store's user
 * @param generation counts commits
 * @param nextSegment number of the next segment file
 * @param entries the segments
 */
record Manifest(Map<String, String> header, long generation, long nextSegment, List<Entry> entries) {
    static final String NAME = "manifest.r4j";
    private static final String KIND = "segments";
    private static final int VERSION = 1;
    private static final String USER = "user.";

    /**
     * One segment.
     *
     * @param file name of its file in the directory
     * @param rows its number of rows
     * @param dead bit r is set if row r was removed; null if none was
     */
    record Entry(String file, int rows, long @Nullable [] dead) {
        int liveCount() {
            int live = rows;
            if (dead != null) {
                for (long word : dead) {
                    live -= Long.bitCount(word);
                }
            }
            return live;
        }
    }

    void write(Path directory, String content) throws IOException {
        try (SectionWriter writer = SectionWriter.create(directory.resolve(NAME), KIND, VERSION)) {
            long count = 0;
            StringBuilder files = new StringBuilder();
            int[] rows = new int[entries.size()];
            for (int i = 0; i < rows.length; i++) {
                Entry entry = entries.get(i);
                count += entry.liveCount();
                files.append(entry.file).append('\n');
                rows[i] = entry.rows;
            }
            writer.header("content", content)
                    .header("count", Long.toString(count))
                    .header("generation", Long.toString(generation))
                    .header("next.segment", Long.toString(nextSegment));
            for (Map.Entry<String, String> field : header.entrySet()) {
                writer.header(USER + field.getKey(), field.getValue());
            }
            writer.bytes("files", files.toString().getBytes(StandardCharsets.UTF_8));
            writer.ints("rows", rows);
            for (int i = 0; i < rows.length; i++) {
                long[] dead = entries.get(i).dead;
                if (dead != null) {
                    writer.longs("dead/" + i, dead);
                }
            }
            writer.commit();
        }
    }

    static Manifest read(Path directory, String content) throws IOException {
        Path path = directory.resolve(NAME);
        try (SectionFile file = SectionFile.open(path, KIND, VERSION, VERSION)) {
            if (!file.header("content").equals(content)) {
                throw new CorruptFileException(path, 0, "content " + content, file.header("content"));
            }
            Map<String, String> header = new LinkedHashMap<>();
            file.header().forEach((key, value) -> {
                if (key.startsWith(USER)) {
                    header.put(key.substring(USER.length()), value);
                }
            });
            String files = new String(file.bytes("files"), StandardCharsets.UTF_8);
            String[] names = files.isEmpty() ? new String[0] : files.split("\n");
            int[] rows = file.ints("rows");
            if (names.length != rows.length) {
                throw new CorruptFileException(path, 0, names.length + " numbers of rows", rows.length + "");
            }
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < rows.length; i++) {
                boolean own = names[i].matches("segment-[0-9]+\\.r4j"); // nothing outside the directory
                long[] dead = file.find("dead/" + i).isPresent() ? file.longs("dead/" + i) : null;
                Entry entry = new Entry(names[i], rows[i], dead);
                if (!own
                        || rows[i] < 1
                        || dead != null && dead.length != (rows[i] + 63L) / 64
                        || entry.liveCount() < 1) {
                    throw new CorruptFileException(path, 0, "a segment with live rows", names[i]);
                }
                entries.add(entry);
            }
            return new Manifest(
                    header,
                    file.headerLong("generation", 1, Long.MAX_VALUE),
                    file.headerLong("next.segment", 1, Long.MAX_VALUE),
                    entries);
        }
    }
}
