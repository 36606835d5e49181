package org.retrieval4j.index;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.storage.ByteRows;
import org.retrieval4j.storage.FloatRows;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionWriter;
import org.retrieval4j.storage.Segment;

/** The live vectors of several segments under new rows, list by list; not copied before they are joined or written. */
final class MergedLists implements NodeVectors {
    private final long[] ids;
    private final int[] ends;
    private final int[] rows;
    private final List<VectorLists> parts;
    private final int[] partOf;
    private final int[] positionOf;

    private MergedLists(List<VectorLists> parts, long[] ids, int[][] newRows) {
        int n = ids.length;
        this.parts = parts;
        this.ids = ids;
        this.rows = new int[n];
        this.partOf = new int[n];
        this.positionOf = new int[n];
        this.ends = new int[first().lists()];
        int at = 0;
        for (int list = 0; list < ends.length; list++) {
            at = mergeList(list, at, newRows);
            ends[list] = at;
        }
    }

    static <S extends Segment> MergedLists of(List<LiveSegment<S>> live, Function<S, VectorLists> listsOf) {
        List<VectorLists> parts = new ArrayList<>();
        int n = 0;
        int[][] newRows = new int[live.size()][];
        for (int p = 0; p < newRows.length; p++) {
            parts.add(listsOf.apply(live.get(p).segment()));
            n += live.get(p).liveCount();
            newRows[p] = new int[parts.get(p).size()];
            Arrays.fill(newRows[p], -1);
        }
        long[] ids = new long[n];
        int[] next = new int[1];
        try {
            LiveSegment.forEachLive(live, (part, row) -> {
                ids[next[0]] = parts.get(part).id(row);
                newRows[part][row] = next[0]++;
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing above reads a file
        }
        return new MergedLists(parts, ids, newRows);
    }

    static MergedLists of(List<LiveSegment<VectorLists>> live) {
        return of(live, part -> part);
    }

    VectorLists join() {
        int n = ids.length;
        VectorLists first = first();
        int d = first.dimension();
        int width = !first.hasCodes() ? 0 : first.codes().columns();
        float[] vectors = new float[!first.hasVectors() ? 0 : Math.multiplyExact(n, d)];
        double[] norms = new double[!first.hasVectors() ? 0 : n];
        byte[] codes = new byte[Math.multiplyExact(n, width)];
        float[] biases = new float[!first.hasBiases() ? 0 : n];
        forEach((to, from, position) -> {
            if (from.hasVectors()) {
                from.copy(position, vectors, to * d);
                norms[to] = from.norm(position);
            }
            if (from.hasCodes()) {
                from.codes().copy(position, 1, codes, to * width);
            }
            if (from.hasBiases()) {
                biases[to] = from.bias(position);
            }
        });
        return new VectorLists(
                d,
                LongBuffer.wrap(ids),
                IntBuffer.wrap(ends),
                !first.hasLists() ? null : IntBuffer.wrap(rows),
                !first.hasVectors() ? null : FloatRows.of(FloatMatrix.of(n, d, vectors)),
                !first.hasVectors() ? null : DoubleBuffer.wrap(norms),
                !first.hasCodes() ? null : ByteRows.of(n, width, codes),
                !first.hasBiases() ? null : FloatBuffer.wrap(biases));
    }

    void write(Path file, String kind) throws IOException {
        try (SectionWriter writer = SectionWriter.create(file, kind, VectorLists.VERSION)) {
            write(writer);
            writer.commit();
        }
    }

    /** Writes header fields and sections, before which and after which there may be others. */
    void write(SectionWriter writer) throws IOException {
        VectorLists first = first();
        int d = first.dimension();
        writer.header("dimension", Integer.toString(d));
        writer.header("count", Integer.toString(ids.length));
        writer.longs("ids", ids);
        if (first.hasLists()) {
            writer.ints("ends", ends).ints("rows", rows);
        }
        if (first.hasVectors()) {
            double[] norm = new double[1];
            try (SectionWriter.Output norms = writer.section("norms", Section.Type.DOUBLES, 1)) {
                forEach((to, from, position) -> {
                    norm[0] = from.norm(position);
                    norms.writeDoubles(norm, 0, 1);
                });
            }
            float[] vector = new float[d];
            try (SectionWriter.Output vectors = writer.section("vectors", Section.Type.FLOATS, d)) {
                forEach((to, from, position) -> {
                    from.copy(position, vector, 0);
                    vectors.writeFloats(vector, 0, d);
                });
            }
        }
        if (first.hasCodes()) {
            byte[] code = new byte[first.codes().columns()];
            try (SectionWriter.Output codes = writer.section("codes", Section.Type.BYTES, code.length)) {
                forEach((to, from, position) -> {
                    from.codes().copy(position, 1, code, 0);
                    codes.writeBytes(code, 0, code.length);
                });
            }
        }
        if (first.hasBiases()) {
            float[] bias = new float[1];
            try (SectionWriter.Output biases = writer.section("biases", Section.Type.FLOATS, 1)) {
                forEach((to, from, position) -> {
                    bias[0] = from.bias(position);
                    biases.writeFloats(bias, 0, 1);
                });
            }
        }
    }

    @Override
    public int size() {
        return ids.length;
    }

    @Override
    public int dimension() {
        return first().dimension();
    }

    @Override
    public long id(int row) {
        return ids[row];
    }

    @Override
    public double norm(int position) {
        return parts.get(partOf[position]).norm(positionOf[position]);
    }

    @Override
    public @Nullable FloatMatrix heap() {
        return null;
    }

    @Override
    public void copy(int position, float[] target, int at) {
        parts.get(partOf[position]).copy(positionOf[position], target, at);
    }

    void copyCode(int position, byte[] target) {
        parts.get(partOf[position]).codes().copy(positionOf[position], 1, target, 0);
    }

    int lists() {
        return ends.length;
    }

    int end(int list) {
        return ends[list];
    }

    /** The row of a position; rows are numbered by ascending id. */
    int row(int position) {
        return rows[position];
    }

    private VectorLists first() {
        return parts.get(0);
    }

    private int mergeList(int list, int start, int[][] newRows) {
        int[] position = new int[parts.size()];
        for (int p = 0; p < position.length; p++) {
            position[p] = parts.get(p).start(list);
        }
        int at = start;
        while (true) {
            int least = -1;
            int leastRow = Integer.MAX_VALUE;
            for (int p = 0; p < position.length; p++) {
                VectorLists part = parts.get(p);
                while (position[p] < part.end(list) && newRows[p][part.row(position[p])] < 0) {
                    position[p]++;
                }
                if (position[p] < part.end(list) && newRows[p][part.row(position[p])] < leastRow) {
                    least = p;
                    leastRow = newRows[p][part.row(position[p])];
                }
            }
            if (least < 0) {
                return at;
            }
            rows[at] = leastRow;
            partOf[at] = least;
            positionOf[at++] = position[least]++;
        }
    }

    private interface Visitor<E extends Exception> {
        void accept(int to, VectorLists from, int position) throws E;
    }

    private <E extends Exception> void forEach(Visitor<E> visitor) throws E {
        for (int to = 0; to < rows.length; to++) {
            visitor.accept(to, parts.get(partOf[to]), positionOf[to]);
        }
    }
}
