package org.retrieval4j.index;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.storage.ByteRows;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.FloatRows;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;
import org.retrieval4j.storage.Segment;

/**
 * A segment of an inverted file: vectors with their norms, codes, or both, in the order of their lists, so that a list
 * is read from one place. Position p belongs to row {@code row(p)}; in a list, rows ascend. On the heap or mapped.
 */
final class VectorLists implements Segment {
    private static final int VERSION = 1;

    private final int dimension;
    private final LongBuffer ids; // by row
    private final IntBuffer ends; // by list
    private final IntBuffer rows; // this and what follows by position
    private final @Nullable FloatRows vectors;
    private final @Nullable DoubleBuffer norms;
    private final @Nullable ByteRows codes;
    private final @Nullable FloatBuffer biases;

    private VectorLists(
            int dimension,
            LongBuffer ids,
            IntBuffer ends,
            IntBuffer rows,
            @Nullable FloatRows vectors,
            @Nullable DoubleBuffer norms,
            @Nullable ByteRows codes,
            @Nullable FloatBuffer biases) {
        this.dimension = dimension;
        this.ids = ids;
        this.ends = ends;
        this.rows = rows;
        this.vectors = vectors;
        this.norms = norms;
        this.codes = codes;
        this.biases = biases;
    }

    /**
     * What is put into lists, by row.
     *
     * @param dimension of the vectors
     * @param vectors n x d; null if only codes are kept
     * @param codes n rows; null if only vectors are kept
     * @param biases what is added to the score of each code; null if nothing is
     */
    record Content(int dimension, @Nullable FloatMatrix vectors, @Nullable ByteRows codes, float @Nullable [] biases) {}

    static VectorLists build(long[] ids, int[] listOf, int lists, Content content) {
        int n = ids.length;
        int[] ends = new int[lists];
        for (int list : listOf) {
            ends[list]++;
        }
        for (int list = 1; list < lists; list++) {
            ends[list] += ends[list - 1];
        }
        int[] rows = new int[n];
        int[] at = ends.clone();
        for (int row = n - 1; row >= 0; row--) {
            rows[--at[listOf[row]]] = row;
        }
        FloatMatrix vectors = content.vectors;
        double[] norms = new double[vectors == null ? 0 : n];
        for (int p = 0; p < norms.length && vectors != null; p++) {
            int from = vectors.offset() + rows[p] * vectors.columns();
            norms[p] =
                    Math.sqrt(Kernels.fixedOrderDot(vectors.array(), from, vectors.array(), from, vectors.columns()));
        }
        byte[] codes = new byte[0];
        if (content.codes != null) {
            int width = content.codes.columns();
            codes = new byte[Math.multiplyExact(n, width)];
            for (int p = 0; p < n; p++) {
                content.codes.copy(rows[p], 1, codes, p * width);
            }
        }
        float[] given = content.biases;
        float[] biases = new float[given == null ? 0 : n];
        for (int p = 0; p < n && given != null; p++) {
            biases[p] = given[rows[p]];
        }
        return new VectorLists(
                content.dimension,
                LongBuffer.wrap(ids.clone()),
                IntBuffer.wrap(ends),
                IntBuffer.wrap(rows),
                vectors == null ? null : FloatRows.of(vectors.select(rows)),
                vectors == null ? null : DoubleBuffer.wrap(norms),
                content.codes == null ? null : ByteRows.of(n, content.codes.columns(), codes),
                content.biases == null ? null : FloatBuffer.wrap(biases));
    }

    static VectorLists join(List<LiveSegment<VectorLists>> parts) {
        try {
            Merged merged = new Merged(parts);
            VectorLists first = parts.get(0).segment();
            int n = merged.ids.length;
            int d = first.dimension;
            int width = first.codes == null ? 0 : first.codes.columns();
            float[] vectors = new float[first.vectors == null ? 0 : Math.multiplyExact(n, d)];
            double[] norms = new double[first.vectors == null ? 0 : n];
            byte[] codes = new byte[Math.multiplyExact(n, width)];
            float[] biases = new float[first.biases == null ? 0 : n];
            merged.forEach((to, from, position) -> {
                if (from.vectors != null && from.norms != null) {
                    from.vectors.copy(position, 1, vectors, to * d);
                    norms[to] = from.norms.get(position);
                }
                if (from.codes != null) {
                    from.codes.copy(position, 1, codes, to * width);
                }
                if (from.biases != null) {
                    biases[to] = from.biases.get(position);
                }
            });
            return new VectorLists(
                    d,
                    LongBuffer.wrap(merged.ids),
                    IntBuffer.wrap(merged.ends),
                    IntBuffer.wrap(merged.rows),
                    first.vectors == null ? null : FloatRows.of(FloatMatrix.of(n, d, vectors)),
                    first.vectors == null ? null : DoubleBuffer.wrap(norms),
                    first.codes == null ? null : ByteRows.of(n, width, codes),
                    first.biases == null ? null : FloatBuffer.wrap(biases));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing above reads a file
        }
    }

    static void write(List<LiveSegment<VectorLists>> parts, Path file, String kind) throws IOException {
        Merged merged = new Merged(parts);
        VectorLists first = parts.get(0).segment();
        int d = first.dimension;
        try (SectionWriter writer = SectionWriter.create(file, kind, VERSION)) {
            writer.header("dimension", Integer.toString(d));
            writer.header("count", Integer.toString(merged.ids.length));
            writer.longs("ids", merged.ids).ints("ends", merged.ends).ints("rows", merged.rows);
            if (first.vectors != null) {
                double[] norm = new double[1];
                try (SectionWriter.Output norms = writer.section("norms", Section.Type.DOUBLES, 1)) {
                    merged.forEach((to, from, position) -> {
                        norm[0] = from.norm(position);
                        norms.writeDoubles(norm, 0, 1);
                    });
                }
                float[] vector = new float[d];
                try (SectionWriter.Output vectors = writer.section("vectors", Section.Type.FLOATS, d)) {
                    merged.forEach((to, from, position) -> {
                        from.vectors().copy(position, 1, vector, 0);
                        vectors.writeFloats(vector, 0, d);
                    });
                }
            }
            if (first.codes != null) {
                byte[] code = new byte[first.codes.columns()];
                try (SectionWriter.Output codes = writer.section("codes", Section.Type.BYTES, code.length)) {
                    merged.forEach((to, from, position) -> {
                        from.codes().copy(position, 1, code, 0);
                        codes.writeBytes(code, 0, code.length);
                    });
                }
            }
            if (first.biases != null) {
                float[] bias = new float[1];
                try (SectionWriter.Output biases = writer.section("biases", Section.Type.FLOATS, 1)) {
                    merged.forEach((to, from, position) -> {
                        bias[0] = from.bias(position);
                        biases.writeFloats(bias, 0, 1);
                    });
                }
            }
            writer.commit();
        }
    }

    /**
     * What a file must hold beside ids and lists.
     *
     * @param lists their number
     * @param dimension of the vectors
     * @param vectors whether vectors and norms are kept
     * @param codeBytes bytes of a code, 0 if there are none
     * @param biases whether codes have biases
     */
    record Shape(int lists, int dimension, boolean vectors, int codeBytes, boolean biases) {}

    static VectorLists open(Path path, String kind, Shape shape) throws IOException {
        try (SectionFile file = SectionFile.open(path, kind, VERSION, VERSION)) {
            long n = file.section("ids", Section.Type.LONGS).rows();
            if (n < 1 || n > Integer.MAX_VALUE) {
                throw new CorruptFileException(path, 0, "at least 1 image", n + "");
            }
            int d = (int) file.headerLong("dimension", shape.dimension, shape.dimension);
            file.section("ids", Section.Type.LONGS, n, 1);
            file.section("ends", Section.Type.INTS, shape.lists, 1);
            file.section("rows", Section.Type.INTS, n, 1);
            FloatRows vectors = null;
            DoubleBuffer norms = null;
            ByteRows codes = null;
            FloatBuffer biases = null;
            if (shape.vectors) {
                file.section("vectors", Section.Type.FLOATS, n, d);
                file.section("norms", Section.Type.DOUBLES, n, 1);
                vectors = FloatRows.map(file, "vectors");
                norms = file.map("norms", Section.Type.DOUBLES).asDoubleBuffer();
            }
            if (shape.codeBytes > 0) {
                file.section("codes", Section.Type.BYTES, n, shape.codeBytes);
                codes = ByteRows.map(file, "codes");
            }
            if (shape.biases) {
                file.section("biases", Section.Type.FLOATS, n, 1);
                biases = file.map("biases", Section.Type.FLOATS).asFloatBuffer();
            }
            VectorLists lists = new VectorLists(
                    d,
                    file.map("ids", Section.Type.LONGS).asLongBuffer(),
                    file.map("ends", Section.Type.INTS).asIntBuffer(),
                    file.map("rows", Section.Type.INTS).asIntBuffer(),
                    vectors,
                    norms,
                    codes,
                    biases);
            lists.requireOrder(path);
            return lists;
        }
    }

    // O(n), 4 bytes a vector: what is read here must be right, or a search would leave the arrays
    private void requireOrder(Path path) throws CorruptFileException {
        int n = size();
        int from = 0;
        BitSet seen = new BitSet(n);
        for (int list = 0; list < ends.limit(); list++) {
            int end = ends.get(list);
            if (end < from || end > n) {
                throw new CorruptFileException(path, 0, "ends of lists from " + from + " to " + n, end + "");
            }
            int last = -1;
            for (; from < end; from++) {
                int row = rows.get(from);
                if (row <= last || row >= n || seen.get(row)) {
                    throw new CorruptFileException(path, 0, "rows of list " + list + " ascending below " + n, row + "");
                }
                seen.set(row);
                last = row;
            }
        }
        if (from != n) {
            throw new CorruptFileException(path, 0, "lists of " + n + " images in all", from + "");
        }
    }

    @Override
    public int size() {
        return ids.limit();
    }

    @Override
    public long id(int row) {
        return ids.get(row);
    }

    @Override
    public long heapBytes() {
        if (ids.isDirect()) {
            return 0;
        }
        return bytes(
                size(),
                new Shape(
                        ends.limit(), dimension, vectors != null, codes == null ? 0 : codes.columns(), biases != null));
    }

    /** What n vectors take, on the heap or in a file. */
    static long bytes(long n, Shape shape) {
        long each = Long.BYTES + Integer.BYTES + shape.codeBytes + (shape.biases ? Float.BYTES : 0);
        each += shape.vectors ? Double.BYTES + (long) Float.BYTES * shape.dimension : 0;
        return n * each + (long) Integer.BYTES * shape.lists;
    }

    int dimension() {
        return dimension;
    }

    int start(int list) {
        return list == 0 ? 0 : ends.get(list - 1);
    }

    int end(int list) {
        return ends.get(list);
    }

    int row(int position) {
        return rows.get(position);
    }

    FloatRows vectors() {
        return required(vectors);
    }

    double norm(int position) {
        return required(norms).get(position);
    }

    ByteRows codes() {
        return required(codes);
    }

    float bias(int position) {
        return required(biases).get(position);
    }

    private static <T> T required(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("not kept in these lists");
        }
        return part;
    }

    @Override
    public void close() {
        // mappings end when nobody reaches them any more
    }

    /** The live vectors of several segments under new rows, list by list. */
    private static final class Merged {
        final long[] ids;
        final int[] ends;
        final int[] rows;
        private final List<LiveSegment<VectorLists>> parts;
        private final int[] partOf;
        private final int[] positionOf;

        Merged(List<LiveSegment<VectorLists>> parts) throws IOException {
            this.parts = parts;
            int n = 0;
            int[][] newRows = new int[parts.size()][];
            for (int p = 0; p < newRows.length; p++) {
                n += parts.get(p).liveCount();
                newRows[p] = new int[parts.get(p).segment().size()];
                Arrays.fill(newRows[p], -1);
            }
            this.ids = new long[n];
            int[] next = new int[1];
            LiveSegment.forEachLive(parts, (part, row) -> {
                ids[next[0]] = parts.get(part).segment().id(row);
                newRows[part][row] = next[0]++;
            });
            this.rows = new int[n];
            this.partOf = new int[n];
            this.positionOf = new int[n];
            this.ends = new int[parts.get(0).segment().ends.limit()];
            int at = 0;
            for (int list = 0; list < ends.length; list++) {
                at = mergeList(list, at, newRows);
                ends[list] = at;
            }
        }

        private int mergeList(int list, int start, int[][] newRows) {
            int[] position = new int[parts.size()];
            for (int p = 0; p < position.length; p++) {
                position[p] = parts.get(p).segment().start(list);
            }
            int at = start;
            while (true) {
                int least = -1;
                int leastRow = Integer.MAX_VALUE;
                for (int p = 0; p < position.length; p++) {
                    VectorLists part = parts.get(p).segment();
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

        interface Visitor {
            void accept(int to, VectorLists from, int position) throws IOException;
        }

        void forEach(Visitor visitor) throws IOException {
            for (int to = 0; to < rows.length; to++) {
                visitor.accept(to, parts.get(partOf[to]).segment(), positionOf[to]);
            }
        }
    }
}
