package org.retrieval4j.index;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Index;
import org.retrieval4j.index.FaissFile.Header;

/** FAISS's inverted lists: {@code IndexIVFFlat}, and {@code IndexIVFPQ} alone or behind a rotation. */
final class FaissLists {
    static final String FLAT = "IwFl";
    static final String PQ = "IwPQ";
    static final String ROTATED = "IxPT";
    private static final String LINEAR = "LTra";
    private static final String LISTS = "ilar";

    private FaissLists() {}

    /** What every index of lists begins with. */
    private record Coarse(Header header, int lists, int probes, FloatMatrix centroids) {}

    static Index read(FaissInput in, Header header, BuildContext context) throws IOException {
        switch (header.kind()) {
            case FLAT:
                return flat(in, coarse(in, header), context);
            case PQ:
                return pq(in, coarse(in, header), null, context);
            default:
                FloatMatrix rotation = rotation(in, header.dimension());
                Header inner = FaissFile.header(in, PQ);
                if (inner.dimension() != header.dimension()
                        || inner.count() != header.count()
                        || inner.metric() != header.metric()) {
                    throw in.corrupt(header.toString(), inner.toString());
                }
                return pq(in, coarse(in, inner), rotation, context);
        }
    }

    /** One linear transform without bias, of which {@link IvfPqIndex} asks that it is a rotation. */
    private static FloatMatrix rotation(FaissInput in, int d) throws IOException {
        in.number(Integer.BYTES, 1, 1); // transforms
        String kind = in.fourcc();
        if (!kind.equals(LINEAR)) {
            throw in.corrupt("a linear transform, " + LINEAR, kind);
        }
        in.number(1, 0, 0); // no bias
        FloatMatrix matrix = matrix(in, d, d, "a rotation");
        in.number(Long.BYTES, 0, 0);
        in.number(Integer.BYTES, d, d);
        in.number(Integer.BYTES, d, d);
        in.number(1, 1, 1); // trained
        requireRotation(in, matrix);
        return matrix;
    }

    /** Rᵀ R x = x for some x: O(d²), where all products of rows would take O(d³). */
    private static void requireRotation(FaissInput in, FloatMatrix matrix) throws IOException {
        int d = matrix.rows();
        SplittableRandom random = new SplittableRandom(1);
        for (int trial = 0; trial < 3; trial++) {
            double[] x = random.doubles(d).toArray();
            double[] back = new double[d];
            for (int i = 0; i < d; i++) {
                double product = 0;
                for (int j = 0; j < d; j++) {
                    product += matrix.get(i, j) * x[j];
                }
                for (int j = 0; j < d; j++) {
                    back[j] += product * matrix.get(i, j);
                }
            }
            for (int j = 0; j < d; j++) {
                if (!(Math.abs(back[j] - x[j]) < 1e-3)) {
                    throw in.corrupt("a rotation", "another linear transform");
                }
            }
        }
    }

    /** An array that must have rows · columns finite values. */
    private static FloatMatrix matrix(FaissInput in, int rows, int columns, String what) throws IOException {
        long values = in.count(Float.BYTES);
        if (values != (long) rows * columns || values > Integer.MAX_VALUE - 8) {
            throw in.corrupt(what + " of " + rows + " x " + columns, values + " values");
        }
        float[] array = new float[(int) values];
        in.floats(array, 0, array.length);
        FloatMatrix matrix = FloatMatrix.of(rows, columns, array);
        if (!matrix.isFinite()) {
            throw in.corrupt(what + " of finite values", "others");
        }
        return matrix;
    }

    private static Coarse coarse(FaissInput in, Header header) throws IOException {
        int d = header.dimension();
        int lists = (int) in.number(Long.BYTES, 1, Integer.MAX_VALUE);
        int probes = (int) in.number(Long.BYTES, 1, Integer.MAX_VALUE);
        Header quantizer = FaissFile.header(in, FaissFile.FLAT_L2, FaissFile.FLAT_IP, FaissFile.FLAT);
        if (quantizer.dimension() != d || quantizer.count() != lists) {
            throw in.corrupt(lists + " centroids of dimension " + d, quantizer.toString());
        }
        if (quantizer.metric() != header.metric()) {
            throw in.corrupt("centroids of metric " + header.metric(), quantizer.metric() + "");
        }
        FloatMatrix centroids = matrix(in, lists, d, "centroids");
        long directMap = in.number(1, 0, 2);
        in.skip(in.count(Long.BYTES) * Long.BYTES);
        if (directMap == 2) {
            in.skip(in.count(2 * Long.BYTES) * 2 * Long.BYTES);
        }
        return new Coarse(header, lists, probes, centroids);
    }

    private static Index flat(FaissInput in, Coarse coarse, BuildContext context) throws IOException {
        int d = coarse.header.dimension();
        IvfFlatIndex.Options options = IvfFlatIndex.Options.defaults()
                .withLists(coarse.lists)
                .withProbes(coarse.probes)
                .withMetric(coarse.header.metric());
        ComponentState state = ComponentState.ofArrays(Map.of(IvfFlatIndex.CENTROIDS, coarse.centroids));
        long[] sizes = listSizes(in, coarse.lists, (long) Float.BYTES * d);
        return filled(IvfFlatIndex.of(options, state, context), in, sizes, Float.BYTES * d, entries -> {
            float[] values = new float[Math.multiplyExact(entries.count, d)];
            entries.read(in, (from, count) -> in.floats(values, from * d, count * d));
            FloatMatrix vectors = FloatMatrix.of(entries.count, d, values);
            if (!vectors.isFinite()) {
                throw in.corrupt("finite values", "others");
            }
            return VectorLists.build(
                    entries.ids,
                    entries.listOf,
                    coarse.lists,
                    new VectorLists.Content(d, vectors.select(entries.order), null, null));
        });
    }

    private static Index pq(FaissInput in, Coarse coarse, @Nullable FloatMatrix rotation, BuildContext context)
            throws IOException {
        int d = coarse.header.dimension();
        boolean residual = in.number(1, 0, 1) == 1;
        long stated = in.number(Long.BYTES, 1, Integer.MAX_VALUE);
        in.number(Long.BYTES, d, d);
        int parts = (int) in.number(Long.BYTES, 1, d);
        int bits = (int) in.number(Long.BYTES, 4, 8);
        int bytes = parts * bits / 8;
        if (bits != 4 && bits != 8 || d % parts != 0 || bits == 4 && parts % 2 != 0 || stated != bytes) {
            throw in.corrupt(
                    "codes of 8 bits a part, or of 4 bits and an even number of parts",
                    parts + " parts of " + bits + " bits of " + d + " values in " + stated + " bytes");
        }
        FloatMatrix codebooks = matrix(in, parts << bits, d / parts, "codebooks");
        IvfPqIndex.Options options = IvfPqIndex.Options.defaults()
                .withLists(coarse.lists, coarse.probes)
                .withCodes(parts, bits)
                .withResidual(residual)
                .withOpq(rotation != null)
                .withRefine(0)
                .withMetric(coarse.header.metric());
        Map<String, FloatMatrix> arrays = new HashMap<>();
        arrays.put(IvfPqIndex.CENTROIDS, coarse.centroids);
        arrays.put(IvfPqIndex.CODEBOOKS, codebooks);
        if (rotation != null) {
            arrays.put(IvfPqIndex.ROTATION, rotation);
        }
        long[] sizes = listSizes(in, coarse.lists, bytes);
        SegmentedIndex<VectorLists> index = IvfPqIndex.of(options, ComponentState.ofArrays(arrays), context);
        IvfPqIndex algorithm = (IvfPqIndex) index.algorithm();
        return filled(index, in, sizes, bytes, entries -> {
            byte[] codes = new byte[Math.multiplyExact(entries.count, bytes)];
            entries.read(in, (from, count) -> in.bytes(codes, from * bytes, count * bytes));
            byte[] sorted = new byte[codes.length];
            for (int i = 0; i < entries.count; i++) {
                System.arraycopy(codes, entries.order[i] * bytes, sorted, i * bytes, bytes);
            }
            return algorithm.segment(entries.ids, entries.listOf, sorted);
        });
    }

    private interface SegmentReader {
        VectorLists read(Entries entries) throws IOException;
    }

    /** Reads the lists, several of them as a segment, as long as memory for one is in bounds. */
    private static Index filled(
            SegmentedIndex<VectorLists> index, FaissInput in, long[] sizes, int bytes, SegmentReader reader)
            throws IOException {
        long most = Math.max(1, Float.BYTES * FaissFile.CHUNK_VALUES / bytes);
        try {
            for (int list = 0; list < sizes.length; ) {
                int first = list;
                long count = sizes[list++];
                while (list < sizes.length && count + sizes[list] <= most) {
                    count += sizes[list++];
                }
                if (count > 0) {
                    in.require((Long.BYTES + (long) bytes) * count);
                    index.add(reader.read(new Entries(sizes, first, list, Math.toIntExact(count))));
                }
            }
            return index;
        } catch (IOException | RuntimeException refused) {
            index.close();
            throw refused;
        }
    }

    /** Some neighboring lists, each its vectors or codes and then its ids. */
    private static final class Entries {
        private final long[] sizes;
        private final int first;
        private final int to;
        private final int count;
        private long[] ids; // ascending
        private final int[] listOf; // of each id
        private final int[] order; // where it stands in the file

        Entries(long[] sizes, int first, int to, int count) {
            this.sizes = sizes;
            this.first = first;
            this.to = to;
            this.count = count;
            this.ids = new long[count];
            this.listOf = new int[count];
            this.order = new int[count];
        }

        private interface Contents {
            void read(int from, int count) throws IOException;
        }

        void read(FaissInput in, Contents contents) throws IOException {
            long[] stored = new long[count];
            int[] lists = new int[count];
            int at = 0;
            for (int list = first; list < to; list++) {
                int size = (int) sizes[list];
                contents.read(at, size);
                for (int i = at; i < at + size; i++) {
                    stored[i] = in.id();
                    lists[i] = list;
                }
                at += size;
            }
            ids = stored.clone();
            Arrays.sort(ids);
            for (int i = 0; i < count; i++) {
                int place = Arrays.binarySearch(ids, stored[i]);
                if (place + 1 < count && ids[place + 1] == stored[i] || place > 0 && ids[place - 1] == stored[i]) {
                    throw in.corrupt("different ids", stored[i] + " twice");
                }
                order[place] = i;
                listOf[place] = lists[i];
            }
        }
    }

    private static long[] listSizes(FaissInput in, int lists, long bytes) throws IOException {
        String kind = in.fourcc();
        if (!kind.equals(LISTS)) {
            throw in.corrupt("inverted lists in the file, " + LISTS, kind);
        }
        in.number(Long.BYTES, lists, lists);
        in.number(Long.BYTES, bytes, bytes);
        String layout = in.fourcc();
        long[] sizes = new long[lists];
        long each = Long.BYTES + bytes;
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

    static void write(SegmentedIndex<VectorLists> index, IvfFlatIndex algorithm, Path file) throws IOException {
        FloatMatrix centroids = algorithm.centroids();
        int d = centroids.columns();
        index.read(parts -> {
            MergedLists lists = MergedLists.of(parts);
            try (FaissOutput out = new FaissOutput(file)) {
                writeCoarse(
                        out,
                        FLAT,
                        lists,
                        algorithm.options().probes(),
                        centroids,
                        algorithm.options().metric());
                float[] vector = new float[d];
                writeLists(out, lists, (long) Float.BYTES * d, position -> {
                    lists.copy(position, vector, 0);
                    out.floats(vector, 0, d);
                });
                out.commit();
            }
        });
    }

    static void write(SegmentedIndex<VectorLists> index, IvfPqIndex algorithm, Path file) throws IOException {
        IvfPqIndex.Options options = algorithm.options();
        FloatMatrix centroids = algorithm.state().array(IvfPqIndex.CENTROIDS);
        FloatMatrix codebooks = algorithm.state().array(IvfPqIndex.CODEBOOKS);
        int d = centroids.columns();
        index.read(parts -> {
            MergedLists lists = MergedLists.of(parts);
            try (FaissOutput out = new FaissOutput(file)) {
                if (options.opq()) {
                    FloatMatrix rotation = algorithm.state().array(IvfPqIndex.ROTATION);
                    FaissFile.writeHeader(out, ROTATED, d, lists.size(), options.metric());
                    out.number(Integer.BYTES, 1);
                    out.fourcc(LINEAR);
                    out.number(1, 0); // no bias
                    writeMatrix(out, rotation);
                    out.number(Long.BYTES, 0);
                    out.number(Integer.BYTES, d);
                    out.number(Integer.BYTES, d);
                    out.number(1, 1); // trained
                }
                writeCoarse(out, PQ, lists, options.probes(), centroids, options.metric());
                int bytes = options.subquantizers() * options.bits() / 8;
                out.number(1, options.residual() ? 1 : 0);
                out.number(Long.BYTES, bytes);
                out.number(Long.BYTES, d);
                out.number(Long.BYTES, options.subquantizers());
                out.number(Long.BYTES, options.bits());
                writeMatrix(out, codebooks);
                byte[] code = new byte[bytes];
                writeLists(out, lists, bytes, position -> {
                    lists.copyCode(position, code);
                    out.bytes(code);
                });
                out.commit();
            }
        });
    }

    private static void writeMatrix(FaissOutput out, FloatMatrix matrix) throws IOException {
        int values = matrix.rows() * matrix.columns();
        out.number(Long.BYTES, values);
        out.floats(matrix.array(), matrix.offset(), values);
    }

    private static void writeCoarse(
            FaissOutput out, String kind, MergedLists lists, int probes, FloatMatrix centroids, Metric metric)
            throws IOException {
        int d = centroids.columns();
        FaissFile.writeHeader(out, kind, d, lists.size(), metric);
        out.number(Long.BYTES, lists.lists());
        out.number(Long.BYTES, probes);
        String quantizer = metric == Metric.L2 ? FaissFile.FLAT_L2 : FaissFile.FLAT_IP;
        FaissFile.writeHeader(out, quantizer, d, lists.lists(), metric);
        writeMatrix(out, centroids);
        out.number(1, 0); // no direct map
        out.number(Long.BYTES, 0);
    }

    private interface Content {
        void write(int position) throws IOException;
    }

    private static void writeLists(FaissOutput out, MergedLists lists, long bytes, Content content) throws IOException {
        out.fourcc(LISTS);
        out.number(Long.BYTES, lists.lists());
        out.number(Long.BYTES, bytes);
        writeSizes(out, lists);
        for (int list = 0, from = 0; list < lists.lists(); from = lists.end(list++)) {
            for (int position = from; position < lists.end(list); position++) {
                content.write(position);
            }
            for (int position = from; position < lists.end(list); position++) {
                out.number(Long.BYTES, lists.id(lists.row(position)));
            }
        }
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
}
