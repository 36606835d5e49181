package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Index;
import org.retrieval4j.storage.LiveSegment;

/**
 * Reads and writes files of FAISS ({@code faiss.write_index}): {@code IndexFlatL2} and {@code IndexFlatIP}, alone or in an
 * {@code IndexIDMap}, as {@code flat}; {@code IndexIVFFlat} over one of them as {@code ivf-flat}, in its own lists.
 *
 * <p>Sizes in a file are checked against its length before memory is taken. FAISS has no cosine: normalize the vectors and
 * use the inner product. FAISS permits equal and negative ids; here they are refused.
 */
public final class FaissFile {
    private static final String FLAT_L2 = "IxF2";
    private static final String FLAT_IP = "IxFI";
    private static final String FLAT = "IxFl"; // of older versions; the metric stands in the header
    private static final String ID_MAP = "IxMp";
    private static final String IVF_FLAT = "IwFl";
    private static final String LISTS = "ilar";
    private static final int IP = 0;
    private static final int L2 = 1;

    /** Values that are read at a time, and then are a segment. */
    private static final long CHUNK_VALUES = 1 << 26;

    private FaissFile() {}

    /** What stands first in every index. */
    private record Header(String kind, int dimension, long count, Metric metric) {}

    /**
     * Reads an index.
     *
     * @param file written by FAISS
     * @param context directory, executor, kernels of the index
     * @return a flat or ivf-flat index with the ids of FAISS
     * @throws org.retrieval4j.storage.CorruptFileException if the file is cut, damaged or of another kind, or
     *     holds what is refused here
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if the context's directory holds another index
     */
    public static Index read(Path file, BuildContext context) throws IOException {
        try (FaissInput in = new FaissInput(file)) {
            Header header = header(in, FLAT_L2, FLAT_IP, FLAT, ID_MAP, IVF_FLAT);
            Index index = header.kind.equals(IVF_FLAT) ? ivfFlat(in, header, context) : flat(in, header, context);
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

    private static Header header(FaissInput in, String... kinds) throws IOException {
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
        Header inner = mapped ? header(in, FLAT_L2, FLAT_IP, FLAT) : header;
        if (inner.dimension != header.dimension || inner.count != header.count || inner.metric != header.metric) {
            throw in.corrupt(header.toString(), inner.toString());
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

    private static Index ivfFlat(FaissInput in, Header header, BuildContext context) throws IOException {
        int d = header.dimension;
        int lists = (int) in.number(Long.BYTES, 1, Integer.MAX_VALUE);
        int probes = (int) in.number(Long.BYTES, 1, Integer.MAX_VALUE);
        Header quantizer = header(in, FLAT_L2, FLAT_IP, FLAT);
        long values = in.count(Float.BYTES);
        if (quantizer.dimension != d
                || quantizer.count != lists
                || values != (long) lists * d
                || values > Integer.MAX_VALUE - 8) {
            throw in.corrupt(lists + " centroids of dimension " + d, quantizer + " with " + values + " values");
        }
        if (quantizer.metric != header.metric) {
            throw in.corrupt("centroids of metric " + header.metric, quantizer.metric + "");
        }
        float[] coordinates = new float[(int) values];
        in.floats(coordinates, 0, coordinates.length);
        FloatMatrix centroids = FloatMatrix.of(lists, d, coordinates);
        if (!centroids.isFinite()) {
            throw in.corrupt("finite centroids", "others");
        }
        long directMap = in.number(1, 0, 2);
        in.skip(in.count(Long.BYTES) * Long.BYTES);
        if (directMap == 2) {
            in.skip(in.count(2 * Long.BYTES) * 2 * Long.BYTES);
        }
        long[] sizes = listSizes(in, lists, d);
        IvfFlatIndex.Options options = IvfFlatIndex.Options.defaults()
                .withLists(lists)
                .withProbes(probes)
                .withMetric(header.metric);
        ComponentState state = ComponentState.ofArrays(Map.of(IvfFlatIndex.CENTROIDS, centroids));
        SegmentedIndex<VectorLists> index = IvfFlatIndex.of(options, state, context);
        try {
            for (int list = 0; list < lists; ) {
                int first = list;
                long count = sizes[list++];
                while (list < lists && (count + sizes[list]) * d <= CHUNK_VALUES) {
                    count += sizes[list++];
                }
                if (count > 0) {
                    index.add(segment(in, sizes, first, list, Math.toIntExact(count), d, lists));
                }
            }
            return index;
        } catch (IOException | RuntimeException refused) {
            index.close();
            throw refused;
        }
    }

    private static long[] listSizes(FaissInput in, int lists, int d) throws IOException {
        String kind = in.fourcc();
        if (!kind.equals(LISTS)) {
            throw in.corrupt("inverted lists in the file, " + LISTS, kind);
        }
        in.number(Long.BYTES, lists, lists);
        in.number(Long.BYTES, (long) Float.BYTES * d, (long) Float.BYTES * d);
        String layout = in.fourcc();
        long[] sizes = new long[lists];
        long each = Long.BYTES + (long) Float.BYTES * d;
        if (layout.equals("full")) {
            in.number(Long.BYTES, lists, lists);
            for (int list = 0; list < lists; list++) {
                sizes[list] = in.number(Long.BYTES, 0, in.left() / each);
            }
        } else if (layout.equals("sprs")) {
            long numbers = in.count(Long.BYTES);
            for (long i = 0; i < numbers / 2; i++) {
                int list = (int) in.number(Long.BYTES, 0, lists - 1L);
                sizes[list] = in.number(Long.BYTES, 0, in.left() / each);
            }
        } else {
            throw in.corrupt("lists that are full or sprs", layout);
        }
        return sizes;
    }

    /** Some neighboring lists, each its vectors and then its ids. */
    private static VectorLists segment(FaissInput in, long[] sizes, int first, int to, int count, int d, int lists)
            throws IOException {
        in.require((Long.BYTES + (long) Float.BYTES * d) * count);
        float[] values = new float[Math.multiplyExact(count, d)];
        long[] ids = new long[count];
        int[] listOf = new int[count];
        int at = 0;
        for (int list = first; list < to; list++) {
            int size = (int) sizes[list];
            in.floats(values, at * d, size * d);
            for (int i = at; i < at + size; i++) {
                ids[i] = in.id();
                listOf[i] = list;
            }
            at += size;
        }
        FloatMatrix vectors = FloatMatrix.of(count, d, values);
        if (!vectors.isFinite()) {
            throw in.corrupt("finite values", "others");
        }
        long[] sorted = ids.clone();
        Arrays.sort(sorted);
        int[] order = new int[count];
        int[] sortedLists = new int[count];
        for (int i = 0; i < count; i++) {
            int place = Arrays.binarySearch(sorted, ids[i]);
            if (place + 1 < count && sorted[place + 1] == ids[i] || place > 0 && sorted[place - 1] == ids[i]) {
                throw in.corrupt("different ids", ids[i] + " twice");
            }
            order[place] = i;
            sortedLists[place] = listOf[i];
        }
        return VectorLists.build(
                sorted, sortedLists, lists, new VectorLists.Content(d, vectors.select(order), null, null));
    }

    /**
     * Writes an index. A flat index becomes an {@code IndexFlat}, in an {@code IndexIDMap} unless its ids are 0, 1, 2 and so
     * on; ivf-flat becomes an {@code IndexIVFFlat}.
     *
     * @param index flat, with one vector an image, or ivf-flat; by l2 or ip; with at least one image
     * @param file target, replaced in one step
     * @throws IllegalArgumentException if it is another index
     * @throws IOException if it cannot be written
     */
    public static void write(Index index, Path file) throws IOException {
        requireNonNull(index, "index");
        if (index instanceof SegmentedIndex<?> segmented && index.size() > 0) {
            if (segmented.algorithm() instanceof FlatIndex flat
                    && isKnown(flat.options().metric())) {
                writeFlat(cast(segmented), flat.options().metric(), file);
                return;
            }
            if (segmented.algorithm() instanceof IvfFlatIndex lists
                    && isKnown(lists.options().metric())) {
                writeLists(cast(segmented), lists, file);
                return;
            }
        }
        throw new IllegalArgumentException(
                "only flat and ivf-flat by l2 or ip that are not empty can be written for FAISS," + " got "
                        + index.spec() + " with " + index.size() + " images");
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

    private static void writeLists(SegmentedIndex<VectorLists> index, IvfFlatIndex algorithm, Path file)
            throws IOException {
        Metric metric = algorithm.options().metric();
        FloatMatrix centroids = algorithm.centroids();
        int d = centroids.columns();
        index.read(parts -> {
            MergedLists lists = MergedLists.of(parts);
            try (FaissOutput out = new FaissOutput(file)) {
                writeHeader(out, IVF_FLAT, d, lists.size(), metric);
                out.number(Long.BYTES, lists.lists());
                out.number(Long.BYTES, algorithm.options().probes());
                writeHeader(out, metric == Metric.L2 ? FLAT_L2 : FLAT_IP, d, lists.lists(), metric);
                out.number(Long.BYTES, (long) lists.lists() * d);
                out.floats(centroids.array(), centroids.offset(), lists.lists() * d);
                out.number(1, 0); // no direct map
                out.number(Long.BYTES, 0);
                out.fourcc(LISTS);
                out.number(Long.BYTES, lists.lists());
                out.number(Long.BYTES, (long) Float.BYTES * d);
                writeSizes(out, lists);
                float[] vector = new float[d];
                for (int list = 0, from = 0; list < lists.lists(); from = lists.end(list++)) {
                    for (int position = from; position < lists.end(list); position++) {
                        lists.copy(position, vector, 0);
                        out.floats(vector, 0, d);
                    }
                    for (int position = from; position < lists.end(list); position++) {
                        out.number(Long.BYTES, lists.id(lists.row(position)));
                    }
                }
                out.commit();
            }
        });
    }

    /** As FAISS does: all sizes, or, if more than half of the lists are empty, number and size of the others. */
    private static void writeSizes(FaissOutput out, MergedLists lists) throws IOException {
        int filled = 0;
        for (int list = 0; list < lists.lists(); list++) {
            filled += lists.end(list) > (list == 0 ? 0 : lists.end(list - 1)) ? 1 : 0;
        }
        boolean full = filled > lists.lists() / 2;
        out.fourcc(full ? "full" : "sprs");
        out.number(Long.BYTES, full ? lists.lists() : 2L * filled);
        for (int list = 0, from = 0; list < lists.lists(); from = lists.end(list++)) {
            int size = lists.end(list) - from;
            if (!full && size > 0) {
                out.number(Long.BYTES, list);
            }
            if (full || size > 0) {
                out.number(Long.BYTES, size);
            }
        }
    }

    private static void writeHeader(FaissOutput out, String kind, int d, long count, Metric metric) throws IOException {
        out.fourcc(kind);
        out.number(Integer.BYTES, d);
        out.number(Long.BYTES, count);
        out.number(Long.BYTES, 1 << 20); // two numbers that nobody reads
        out.number(Long.BYTES, 1 << 20);
        out.number(1, 1); // trained
        out.number(Integer.BYTES, metric == Metric.L2 ? L2 : IP);
    }
}
