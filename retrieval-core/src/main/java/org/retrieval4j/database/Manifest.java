package org.retrieval4j.database;

import java.io.IOException;
import java.nio.file.Path;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * Which files make up the images of a database at one moment; replaced in one step when that changes.
 *
 * @param log number of the log that follows the segments
 * @param nextId the smallest id that was never given
 * @param segments numbers of the segments, oldest first
 * @param removed images that stand in a segment and were removed
 */
record Manifest(long log, long nextId, long[] segments, long[] removed) {
    static final String FILE = "manifest.r4j";
    static final Manifest EMPTY = new Manifest(1, 0, new long[0], new long[0]);

    private static final String KIND = "image-manifest";
    private static final int VERSION = 1;

    void write(Path folder) throws IOException {
        try (SectionWriter writer = SectionWriter.create(folder.resolve(FILE), KIND, VERSION)) {
            writer.header("log", Long.toString(log));
            writer.header("next-id", Long.toString(nextId));
            writer.longs("segments", segments);
            writer.longs("removed", removed);
            writer.commit();
        }
    }

    static Manifest read(Path folder) throws IOException {
        try (SectionFile file = SectionFile.open(folder.resolve(FILE), KIND, VERSION, VERSION)) {
            return new Manifest(
                    file.headerLong("log", 1, Long.MAX_VALUE - 1),
                    file.headerLong("next-id", 0, Entry.MAX_ID + 1),
                    file.longs("segments"),
                    file.longs("removed"));
        }
    }

    /** The file of a log. */
    static Path logFile(Path folder, long number) {
        return folder.resolve("log-" + number + ".r4l");
    }

    /** The file of a segment. */
    static Path segmentFile(Path folder, long number) {
        return folder.resolve("segment-" + number + ".r4j");
    }
}
