package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * How one kind of segment is written, opened and merged. All methods may be called from many threads at once.
 *
 * @param <S> the segments
 */
public interface SegmentFormat<S extends Segment> {
    /**
     * The name of what the segments hold, for the header of files and for messages.
     *
     * @return for example {@code index-flat}
     */
    String kind();

    /**
     * Merges the live rows of segments into one on the heap.
     *
     * @param parts at least one segment with at least one live row; no id is alive in two of them
     * @return a segment of all live rows, by ascending id
     */
    S join(List<LiveSegment<S>> parts);

    /**
     * Merges the live rows of segments into one file, through {@link SectionWriter}. This also saves a segment of the
     * heap.
     *
     * @param parts at least one segment with at least one live row; no id is alive in two of them
     * @param file the target
     * @throws IOException if it cannot be written
     */
    void write(List<LiveSegment<S>> parts, Path file) throws IOException;

    /**
     * Opens a file that {@link #write} wrote, without reading what can be mapped.
     *
     * @param file the file
     * @return its segment
     * @throws IOException if it is damaged or cannot be read
     */
    S open(Path file) throws IOException;
}
