package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Index;
import org.retrieval4j.storage.LiveSegment;

/**
 * Reads and writes files of FAISS ({@code faiss.write_index}).
 *
 * <table>
 *   <caption>What is what</caption>
 *   <tr><th>FAISS</th><th>here</th></tr>
 *   <tr><td>{@code IndexFlatL2}, {@code IndexFlatIP}</td><td>{@code flat}</td></tr>
 *   <tr><td>{@code IndexIVFFlat} over one of them</td><td>{@code ivf-flat} with the same lists</td></tr>
 *   <tr><td>{@code IndexIVFPQ}, alone or behind an {@code OPQMatrix}</td>
 *       <td>{@code ivf-pq(refine=0)} with the same lists and codes</td></tr>
 *   <tr><td>{@code IndexHNSWFlat}</td><td>{@code hnsw} with the same graph</td></tr>
 * </table>
 *
 * <p>Flat and HNSW indexes may stand in an {@code IndexIDMap}.
 *
 * <p>Sizes in a file are checked against its length before memory is taken. FAISS has no cosine: normalize the vectors and
 * use the inner product. FAISS permits equal and negative ids; here they are refused.
 */
public final class FaissFile {
    static final String FLAT_L2 = "IxF2";
    static final String FLAT_IP = "IxFI";
    static final String FLAT = "IxFl"; // of older versions; the metric stands in the header
    static final String ID_MAP = "IxMp";
    private static final int IP = 0;
    private static final int L2 = 1;

    /** Values that are read at a time, and then are a segment. */
    static final long CHUNK_VALUES = 1 << 26;

    private FaissFile() {}

    /** What stands first in every index. */
    record Header(String kind, int dimension, long count, Metric metric) {}

    /**
     * Reads an index.
     *
     * @param file written by FAISS
     * @param context directory, executor, kernels of the index
     * @return an index with the ids of FAISS
     * @throws org.retrieval4j.storage.CorruptFileException if the file is cut, damaged or of another kind, or
     *     holds what is refused here
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if the context's directory holds another index
     */
    public static Index read(Path file, BuildContext context) throws IOException {
        try (FaissInput in = new FaissInput(file)) {
            Header header = header(
                    in,
                    FLAT_L2,
                    FLAT_IP,
                    FLAT,
                    ID_MAP,
                    FaissLists.FLAT,
                    FaissLists.PQ,
                    FaissLists.ROTATED,
                    FaissGraph.HNSW);
            Index index =
                    switch (header.kind) {
                        case FaissLists.FLAT, FaissLists.PQ, FaissLists.ROTATED -> FaissLists.read(in, header, context);
                        case FaissGraph.HNSW -> FaissGraph.read(in, header, header, context);
                        default -> flat(in, header, context);
                    };
            try {
                in.requireEnd();
                if (index.size() != header.count) {
                    throw in.corrupt(header.count + " different ids", index.size() + "");
                }
                return index;
            } catch (IOException refused) {
                index.close();
                throw refused;
            }
        }
    }

    static Header header(FaissInput in, String... kinds) throws IOException {
        String kind = in.fourcc();
        if (!Arrays.asList(kinds).contains(kind)) {
            throw in.corrupt("a FAISS index of kind " + String.join(", ", kinds), kind);
        }
        int dimension = (int) in.number(Integer.BYTES, 1, Integer.MAX_VALUE / Float.BYTES);
        long count = in.number(Long.BYTES, 0, Integer.MAX_VALUE);
        in.skip(2L * Long.BYTES);
        in.number(1, 1, 1); // trained
        long metric = in.number(Integer.BYTES, IP, L2);
        if (kind.equals(FLAT_L2) && metric != L2 || kind.equals(FLAT_IP) && metric != IP) {
            throw in.corrupt("the metric of " + kind, metric + "");
        }
        return new Header(kind, dimension, count, metric == L2 ? Metric.L2 : Metric.IP);
    }

    private static Index flat(FaissInput in, Header header, BuildContext context) throws IOException {
        boolean mapped = header.kind.equals(ID_MAP);
        Header inner = mapped ? header(in, FLAT_L2, FLAT_IP, FLAT, FaissGraph.HNSW) : header;
        if (inner.dimension != header.dimension || inner.count != header.count || inner.metric != header.metric) {
            throw in.corrupt(header.toString(), inner.toString());
        }
        if (inner.kind.equals(FaissGraph.HNSW)) {
            return FaissGraph.read(in, header, inner, context);
        }
        int d = header.dimension;
        long values = in.count(Float.BYTES);
        if (header.count > values / d || values != header.count * d) {
            throw in.corrupt(header.count + " x " + d + " values", values + "");
        }
        long at = in.position();
        long[] ids = new long[(int) header.count];
        Arrays.setAll(ids, i -> i);
        if (mapped) {
            in.skip(values * Float.BYTES);
            if (in.count(Long.BYTES) != ids.length) {
                throw in.corrupt(ids.length + " ids", "another number");
            }
            for (int i = 0; i < ids.length; i++) {
                ids[i] = in.id();
            }
            in.requireEnd();
            in.position(at);
        }
        Index index = FlatIndex.open(FlatIndex.Options.defaults().withMetric(header.metric), context);
        try {
            int chunk = (int) Math.max(1, CHUNK_VALUES / d);
            for (int from = 0; from < ids.length; from += chunk) {
                int to = Math.min(ids.length, from + chunk);
                put(index, Arrays.copyOfRange(ids, from, to), in, d);
            }
            if (mapped) {
                in.skip(Long.BYTES + (long) Long.BYTES * ids.length);
            }
            return index;
        } catch (IOException | RuntimeException refused) {
            index.close();
            throw refused;
        }
    }

    private static void put(Index index, long[] ids, FaissInput in, int d) throws IOException {
        try {
            List<Dense> vectors = new ArrayList<>();
            for (int i = 0; i < ids.length; i++) {
                float[] vector = new float[d];
                in.floats(vector, 0, d);
                vectors.add(new Dense(vector));
            }
            index.putAll(ids, vectors);
        } catch (IllegalArgumentException refused) {
            throw in.corrupt("finite values and different ids", refused.getMessage() + "");
        }
    }

    /**
     * Writes an index. Flat and hnsw go into an {@code IndexIDMap} unless their ids are 0, 1, 2 and so on. Of ivf-pq the
     * vectors that re-rank candidates are left out; hnsw of several segments, or after removals, gets a new graph.
     *
     * @param index flat, with one vector an image, ivf-flat, ivf-pq or hnsw; by l2 or ip; with at least one image
     * @param file target, replaced in one step
     * @throws IllegalArgumentException if it is another index
     * @throws IOException if it cannot be written
     */
    public static void write(Index index, Path file) throws IOException {
        requireNonNull(index, "index");
        if (index instanceof SegmentedIndex<?> segmented && index.size() > 0) {
            IndexAlgorithm<?> algorithm = segmented.algorithm();
            if (algorithm instanceof FlatIndex flat && isKnown(flat.options().metric())) {
                writeFlat(cast(segmented), flat.options().metric(), file);
                return;
            }
            if (algorithm instanceof IvfFlatIndex lists
                    && isKnown(lists.options().metric())) {
                FaissLists.write(cast(segmented), lists, file);
                return;
            }
            if (algorithm instanceof IvfPqIndex lists && isKnown(lists.options().metric())) {
                FaissLists.write(cast(segmented), lists, file);
                return;
            }
            if (algorithm instanceof HnswIndex graph && isKnown(graph.options().metric())) {
                FaissGraph.write(cast(segmented), graph, file);
                return;
            }
        }
        throw new IllegalArgumentException("only flat, ivf-flat, ivf-pq and hnsw by l2 or ip that are not empty can be"
                + " written for FAISS, got " + index.spec() + " with " + index.size() + " images");
    }

    private static boolean isKnown(Metric metric) {
        return metric != Metric.COSINE;
    }

    @SuppressWarnings("unchecked") // the algorithm tells the kind of segments
    private static <S extends org.retrieval4j.storage.Segment> SegmentedIndex<S> cast(SegmentedIndex<?> index) {
        return (SegmentedIndex<S>) index;
    }

    private static void writeFlat(SegmentedIndex<FlatSegment> index, Metric metric, Path file) throws IOException {
        index.read(parts -> {
            int count = 0;
            for (LiveSegment<FlatSegment> part : parts) {
                if (part.segment().hasRegions()) {
                    throw new IllegalArgumentException("FAISS has one vector an image; this index has regions");
                }
                count += part.liveCount();
            }
            int d = parts.get(0).segment().dimension();
            long[] ids = new long[count];
            int[] at = new int[1];
            LiveSegment.forEachLive(
                    parts,
                    (part, row) -> ids[at[0]++] = parts.get(part).segment().id(row));
            boolean mapped = ids[count - 1] != count - 1; // they ascend
            try (FaissOutput out = new FaissOutput(file)) {
                if (mapped) {
                    writeHeader(out, ID_MAP, d, count, metric);
                }
                writeHeader(out, metric == Metric.L2 ? FLAT_L2 : FLAT_IP, d, count, metric);
                out.number(Long.BYTES, (long) count * d);
                float[] vector = new float[d];
                LiveSegment.forEachLive(parts, (part, row) -> {
                    parts.get(part).segment().vectors().copy(row, 1, vector, 0);
                    out.floats(vector, 0, d);
                });
                if (mapped) {
                    out.number(Long.BYTES, count);
                    out.longs(ids);
                }
                out.commit();
            }
        });
    }

    static void writeHeader(FaissOutput out, String kind, int d, long count, Metric metric) throws IOException {
        out.fourcc(kind);
        out.number(Integer.BYTES, d);
        out.number(Long.BYTES, count);
        out.number(Long.BYTES, 1 << 20); // two numbers that nobody reads
        out.number(Long.BYTES, 1 << 20);
        out.number(1, 1); // trained
        out.number(Integer.BYTES, metric == Metric.L2 ? L2 : IP);
    }
}
