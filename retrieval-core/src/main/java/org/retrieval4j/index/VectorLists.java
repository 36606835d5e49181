package org.retrieval4j.index;

import java.io.IOException;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.storage.ByteRows;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.FloatRows;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.Segment;

/**
 * A segment of an inverted file: vectors with their norms, codes, or both, in the order of their lists, so that a list
 * is read from one place. Position p belongs to row {@code row(p)}; in a list, rows ascend. On the heap or mapped.
 */
final class VectorLists implements Segment, NodeVectors {
    static final int VERSION = 1;

    private final int dimension;
    private final LongBuffer ids; // by row
    private final IntBuffer ends; // by list
    private final @Nullable IntBuffer
            rows; // null if there is one list: its rows in order; this and what follows by position
    private final @Nullable FloatRows vectors;
    private final @Nullable DoubleBuffer norms;
    private final @Nullable ByteRows codes;
    private final @Nullable FloatBuffer biases;

    VectorLists(
            int dimension,
            LongBuffer ids,
            IntBuffer ends,
            @Nullable IntBuffer rows,
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
                lists == 1 ? null : IntBuffer.wrap(rows),
                vectors == null ? null : FloatRows.of(vectors.select(rows)),
                vectors == null ? null : DoubleBuffer.wrap(norms),
                content.codes == null ? null : ByteRows.of(n, content.codes.columns(), codes),
                content.biases == null ? null : FloatBuffer.wrap(biases));
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
            return open(file, shape);
        }
    }

    /** Opens what {@link MergedLists#write} wrote. */
    static VectorLists open(SectionFile file, Shape shape) throws IOException {
        Path path = file.path();
        long n = file.section("ids", Section.Type.LONGS).rows();
        if (n < 1 || n > Integer.MAX_VALUE) {
            throw new CorruptFileException(path, 0, "at least 1 image", n + "");
        }
        int d = (int) file.headerLong("dimension", shape.dimension, shape.dimension);
        file.section("ids", Section.Type.LONGS, n, 1);
        IntBuffer ends = IntBuffer.wrap(new int[] {(int) n});
        IntBuffer rows = null;
        if (shape.lists > 1) {
            file.section("ends", Section.Type.INTS, shape.lists, 1);
            file.section("rows", Section.Type.INTS, n, 1);
            ends = file.map("ends", Section.Type.INTS).asIntBuffer();
            rows = file.map("rows", Section.Type.INTS).asIntBuffer();
        }
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
                d, file.map("ids", Section.Type.LONGS).asLongBuffer(), ends, rows, vectors, norms, codes, biases);
        if (rows != null) {
            lists.requireOrder(path, rows);
        }
        return lists;
    }

    // O(n), 4 bytes a vector: what is read here must be right, or a search would leave the arrays
    private void requireOrder(Path path, IntBuffer rows) throws CorruptFileException {
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
        long each =
                Long.BYTES + (shape.lists > 1 ? Integer.BYTES : 0) + shape.codeBytes + (shape.biases ? Float.BYTES : 0);
        each += shape.vectors ? Double.BYTES + (long) Float.BYTES * shape.dimension : 0;
        return n * each + (shape.lists > 1 ? (long) Integer.BYTES * shape.lists : 0);
    }

    @Override
    public int dimension() {
        return dimension;
    }

    /** Tells whether there are several lists; the rows of one alone are in order. */
    boolean hasLists() {
        return rows != null;
    }

    boolean hasVectors() {
        return vectors != null;
    }

    boolean hasCodes() {
        return codes != null;
    }

    boolean hasBiases() {
        return biases != null;
    }

    int lists() {
        return ends.limit();
    }

    int start(int list) {
        return list == 0 ? 0 : ends.get(list - 1);
    }

    int end(int list) {
        return ends.get(list);
    }

    int row(int position) {
        return rows == null ? position : rows.get(position);
    }

    FloatRows vectors() {
        return required(vectors);
    }

    @Override
    public double norm(int position) {
        return required(norms).get(position);
    }

    @Override
    public @Nullable FloatMatrix heap() {
        FloatRows all = vectors();
        return all.heapBytes() > 0 ? all.block(0, all.rows(), new float[0]) : null;
    }

    @Override
    public void copy(int position, float[] target, int at) {
        vectors().copy(position, 1, target, at);
    }

    ByteRows codes() {
        return required(codes);
    }

    float bias(int position) {
        return required(biases).get(position);
    }

    /** Copies the biases of neighboring positions. */
    void biases(int position, int count, float[] target) {
        required(biases).get(position, target, 0, count);
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
}
