package org.retrieval4j.index;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.IntBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.IntRows;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * The links of a graph, in flat arrays on the heap or mapped. A node's links at level 0 are a row of 1 + 2m ints: their
 * number, then the neighbors. The levels above have rows of 1 + m ints; those of node i stand from {@code ends(i − 1)} to
 * {@code ends(i)}, level 1 first.
 */
final class HnswGraph {
    private final @Nullable Path path;
    private final int m;
    private final int entry;
    private final IntRows base;
    private final IntRows upper;
    private final IntBuffer ends;

    HnswGraph(int m, int entry, IntRows base, IntRows upper, IntBuffer ends) {
        this(null, m, entry, base, upper, ends);
    }

    private HnswGraph(@Nullable Path path, int m, int entry, IntRows base, IntRows upper, IntBuffer ends) {
        this.path = path;
        this.m = m;
        this.entry = entry;
        this.base = base;
        this.upper = upper;
        this.ends = ends;
    }

    void write(SectionWriter writer) throws IOException {
        write(writer, "links", base);
        write(writer, "upper-links", upper);
        try (SectionWriter.Output output = writer.section("upper-ends", Section.Type.INTS, 1)) {
            int[] one = new int[1];
            for (int i = 0; i < ends.limit(); i++) {
                one[0] = ends.get(i);
                output.writeInts(one, 0, 1);
            }
        }
    }

    private static void write(SectionWriter writer, String name, IntRows rows) throws IOException {
        int[] row = new int[rows.columns()];
        try (SectionWriter.Output output = writer.section(name, Section.Type.INTS, row.length)) {
            for (long i = 0; i < rows.rows(); i++) {
                rows.copy(i, 1, row, 0);
                output.writeInts(row, 0, row.length);
            }
        }
    }

    // O(n), 4 bytes a node; links are checked when they are followed
    static HnswGraph open(SectionFile file, int m, int nodes) throws IOException {
        Path path = file.path();
        file.section("links", Section.Type.INTS, nodes, 1 + 2 * m);
        long rows = file.section("upper-links", Section.Type.INTS).rows();
        file.section("upper-links", Section.Type.INTS, rows, 1 + m);
        file.section("upper-ends", Section.Type.INTS, nodes, 1);
        IntBuffer ends = file.map("upper-ends", Section.Type.INTS).asIntBuffer();
        int last = 0;
        for (int i = 0; i < nodes; i++) {
            if (ends.get(i) < last || ends.get(i) > rows || i == nodes - 1 && ends.get(i) != rows) {
                throw new CorruptFileException(
                        path, 0, "ends of links ascending from " + last + " to " + rows, ends.get(i) + "");
            }
            last = ends.get(i);
        }
        int entry = (int) file.headerLong("entry", 0, nodes - 1);
        return new HnswGraph(path, m, entry, IntRows.map(file, "links"), IntRows.map(file, "upper-links"), ends);
    }

    int size() {
        return (int) base.rows(); // as many as ends
    }

    int m() {
        return m;
    }

    /** Where every walk starts: a node of the top level. */
    int entry() {
        return entry;
    }

    int level(int node) {
        return ends.get(node) - start(node);
    }

    /** Where a node's links above level 0 start. */
    private int start(int node) {
        return node == 0 ? 0 : ends.get(node - 1);
    }

    /**
     * Copies a node's links.
     *
     * @param target of at least 1 + 2m values: receives the number of neighbors, then them
     * @return their number
     */
    int links(int node, int level, int[] target) {
        if (level == 0) {
            base.copy(node, 1, target, 0);
        } else {
            if (level > level(node)) {
                throw corrupt("a node of level " + level, "level " + level(node));
            }
            upper.copy(start(node) + level - 1, 1, target, 0);
        }
        int count = target[0];
        if (count < 0 || count > (level == 0 ? 2 * m : m)) {
            throw corrupt("at most " + 2 * m + " links", count + "");
        }
        for (int i = 1; i <= count; i++) {
            if (target[i] < 0 || target[i] >= size()) {
                throw corrupt("links to nodes below " + size(), target[i] + "");
            }
        }
        return count;
    }

    private RuntimeException corrupt(String expected, String found) {
        return path == null
                ? new IllegalStateException("expected " + expected + ", found " + found)
                : new UncheckedIOException(new CorruptFileException(path, 0, expected, found));
    }

    long heapBytes() {
        return ends.isDirect() ? 0 : base.heapBytes() + upper.heapBytes() + (long) Integer.BYTES * size();
    }

    /** What the links of n nodes take, on the average. */
    static long bytes(long n, int m) {
        return Math.round(n * Integer.BYTES * (1 + 1 + 2.0 * m + (1.0 + m) / (m - 1)));
    }
}
