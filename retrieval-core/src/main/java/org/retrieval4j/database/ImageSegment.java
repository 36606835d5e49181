package org.retrieval4j.database;

import java.io.IOException;
import java.util.List;
import org.retrieval4j.storage.Segment;

/** An immutable part of a database's images: in a file, or still in the log. */
interface ImageSegment extends Segment {
    /** Record, stamp and places of the bytes of a row; an image in a segment has its descriptor. */
    Entry entry(int row) throws IOException;

    /** Images of the log, on their way into a file. */
    final class Logged implements ImageSegment {
        private final List<Entry> entries;

        /** Entries by ascending id, all with blobs. */
        Logged(List<Entry> entries) {
            this.entries = List.copyOf(entries);
        }

        @Override
        public Entry entry(int row) {
            return entries.get(row);
        }

        @Override
        public int size() {
            return entries.size();
        }

        @Override
        public long id(int row) {
            return entries.get(row).id();
        }

        @Override
        public long heapBytes() {
            return 0; // the table holds the same entries
        }

        @Override
        public void close() {
            // the log is the store's
        }
    }
}
