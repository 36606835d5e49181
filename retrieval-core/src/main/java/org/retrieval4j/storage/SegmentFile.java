package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * A segment's file.
 *
 * @param path where it is
 * @param right whether it may be deleted
 */
record SegmentFile(Path path, DeletionRight right) {
    String name() {
        return String.valueOf(path.getFileName());
    }

    /** Deletes the file if its store still writes; else the next writer does. */
    void delete() {
        synchronized (right) {
            if (right.held) {
                try {
                    Files.deleteIfExists(path);
                } catch (IOException e) {
                    // Windows deletes no file that is still mapped
                    LoggerFactory.getLogger(SegmentFile.class).debug("{} is left to the next writer", path, e);
                }
            }
        }
    }

    /**
     * The right to delete files, held while the store has the writer lock: a snapshot that outlives its store must not
     * delete a file that the next writer gave the same name.
     */
    static final class DeletionRight {
        private boolean held;

        synchronized void hold(boolean value) {
            held = value;
        }
    }
}
