package org.retrieval4j.index;

import java.io.IOException;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Index;
import org.retrieval4j.index.FaissFile.Header;
import org.retrieval4j.storage.IntRows;

/**
 * FAISS's {@code IndexHNSWFlat}. It numbers nodes as they were added and levels from 1, gives a node 2m places for links on
 * the lowest level and m on each above, and fills the rest with −1. Our nodes stand in the order of ids.
 */
final class FaissGraph {
    static final String HNSW = "IHNf";

    /** Levels that are less likely are not listed. */
    private static final double LEAST_PROBABILITY = 1e-9;

    private FaissGraph() {}

    /** Reads what follows the header of the graph; the outer one is of an id map if it is another. */
    static Index read(FaissInput in, Header outer, Header header, BuildContext context) throws IOException {
        int n = (int) header.count();
        int d = header.dimension();
        in.skip(in.count(Double.BYTES) * Double.BYTES); // probabilities of levels
        int listed = (int) Math.min(in.count(Integer.BYTES), Integer.MAX_VALUE);
        if (listed < 3) {
            throw in.corrupt("places for links of at least two levels", listed + "");
        }
        in.number(Integer.BYTES, 0, 0);
        int places = (int) in.number(Integer.BYTES, 4, 2048);
        int m = places / 2;
        for (int level = 1; level + 1 < listed; level++) {
            long expected = places + (long) m * level;
            in.number(Integer.BYTES, expected, expected); // so that level 0 has twice as many as the others
        }
        requireCount(in, Integer.BYTES, n);
        int[] levels = new int[n]; // above the lowest
        int[] ends = new int[n];
        long links = 0;
        long sum = 0;
        for (int node = 0; node < n; node++) {
            levels[node] = (int) in.number(Integer.BYTES, 1, listed - 1L) - 1;
            sum += levels[node];
            links += places + (long) m * levels[node];
        }
        if (sum > Integer.MAX_VALUE / (m + 1L) || n > Integer.MAX_VALUE / (places + 1L)) {
            throw in.corrupt("fewer links", links + "");
        }
        requireCount(in, Long.BYTES, n + 1L);
        long offset = 0;
        for (int node = 0; node <= n; node++) {
            in.number(Long.BYTES, offset, offset);
            offset += node < n ? places + (long) m * levels[node] : 0;
        }
        requireCount(in, Integer.BYTES, links);
        long linksAt = in.position();
        in.skip(links * Integer.BYTES);
        long entry = in.number(Integer.BYTES, n == 0 ? -1 : 0, n - 1L);
        in.number(Integer.BYTES, -1, listed);
        int efConstruction = (int) in.number(Integer.BYTES, 1, Integer.MAX_VALUE);
        int efSearch = (int) in.number(Integer.BYTES, 1, Integer.MAX_VALUE);
        in.skip(Integer.BYTES); // a number that nobody reads
        FloatMatrix vectors = vectors(in, header);
        long[] ids = ids(in, n, outer.kind().equals(FaissFile.ID_MAP));
        long end = in.position();

        int[] nodeOf = order(in, ids); // by the number of FAISS
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[nodeOf[i]] = i;
        }
        int up = 0;
        for (int node = 0; node < n; node++) {
            up += levels[order[node]];
            ends[node] = up;
        }
        int[] base = new int[n * (places + 1)];
        int[] upper = new int[up * (m + 1)];
        in.position(linksAt);
        for (int i = 0; i < n; i++) {
            int node = nodeOf[i];
            copyLinks(in, nodeOf, base, node * (places + 1), places);
            for (int level = 0; level < levels[i]; level++) {
                copyLinks(in, nodeOf, upper, (ends[node] - levels[i] + level) * (m + 1), m);
            }
        }
        in.position(end);
        SegmentedIndex<HnswSegment> index =
                HnswIndex.of(new HnswIndex.Options(m, efConstruction, efSearch, header.metric()), context);
        if (n == 0) {
            return index;
        }
        int top = nodeOf[(int) entry];
        int most = Arrays.stream(levels).max().orElse(0);
        if (levels[(int) entry] != most) {
            index.close();
            throw in.corrupt("an entry of the highest level, " + most, levels[(int) entry] + "");
        }
        HnswGraph graph = new HnswGraph(
                m, top, IntRows.of(n, places + 1, base), IntRows.of(up, m + 1, upper), IntBuffer.wrap(ends));
        try {
            VectorLists.Content content = new VectorLists.Content(d, vectors.select(order), null, null);
            Arrays.sort(ids);
            index.add(HnswIndex.segment(VectorLists.build(ids, new int[n], 1, content), graph));
            return index;
        } catch (IOException | RuntimeException refused) {
            index.close();
            throw refused;
        }
    }

    private static void requireCount(FaissInput in, int bytes, long expected) throws IOException {
        long count = in.count(bytes);
        if (count != expected) {
            throw in.corrupt(expected + " numbers", count + "");
        }
    }

    private static FloatMatrix vectors(FaissInput in, Header header) throws IOException {
        Header storage = FaissFile.header(in, FaissFile.FLAT_L2, FaissFile.FLAT_IP, FaissFile.FLAT);
        long values = in.count(Float.BYTES);
        if (storage.dimension() != header.dimension()
                || storage.count() != header.count()
                || storage.metric() != header.metric()
                || values != header.count() * header.dimension()
                || values > Integer.MAX_VALUE - 8) {
            throw in.corrupt("vectors of " + header, storage + " with " + values + " values");
        }
        float[] array = new float[(int) values];
        in.floats(array, 0, array.length);
        FloatMatrix vectors = FloatMatrix.of((int) header.count(), header.dimension(), array);
        if (!vectors.isFinite()) {
            throw in.corrupt("finite values", "others");
        }
        return vectors;
    }

    private static long[] ids(FaissInput in, int n, boolean mapped) throws IOException {
        long[] ids = new long[n];
        Arrays.setAll(ids, i -> i);
        if (mapped) {
            requireCount(in, Long.BYTES, n);
            for (int i = 0; i < n; i++) {
                ids[i] = in.id();
            }
        }
        return ids;
    }

    /** The place of each id among all. */
    private static int[] order(FaissInput in, long[] ids) throws IOException {
        long[] sorted = ids.clone();
        Arrays.sort(sorted);
        int[] places = new int[ids.length];
        for (int i = 0; i < places.length; i++) {
            places[i] = Arrays.binarySearch(sorted, ids[i]);
            if (i > 0 && sorted[i] == sorted[i - 1]) {
                throw in.corrupt("different ids", sorted[i] + " twice");
            }
        }
        return places;
    }

    /** A number of links, then the links, as {@link HnswGraph} has them. */
    private static void copyLinks(FaissInput in, int[] nodeOf, int[] rows, int at, int places) throws IOException {
        int count = 0;
        for (int i = 0; i < places; i++) {
            int link = (int) in.number(Integer.BYTES, -1, nodeOf.length - 1L);
            if (link >= 0) {
                rows[at + ++count] = nodeOf[link];
            }
        }
        rows[at] = count;
    }

    static void write(SegmentedIndex<HnswSegment> index, HnswIndex algorithm, Path file) throws IOException {
        int m = algorithm.options().m();
        Metric metric = algorithm.options().metric();
        index.read(parts -> {
            MergedLists vectors = MergedLists.of(parts, HnswSegment::vectors);
            boolean unchanged = parts.size() == 1 && parts.get(0).isWhole();
            HnswGraph kept = unchanged ? parts.get(0).segment().graph() : null;
            HnswGraph graph = kept == null ? algorithm.newGraph(vectors) : kept;
            int n = vectors.size();
            int d = vectors.dimension();
            boolean mapped = vectors.id(n - 1) != n - 1;
            try (FaissOutput out = new FaissOutput(file)) {
                if (mapped) {
                    FaissFile.writeHeader(out, FaissFile.ID_MAP, d, n, metric);
                }
                FaissFile.writeHeader(out, HNSW, d, n, metric);
                writeGraph(out, graph, m, algorithm.options());
                String storage = metric == Metric.L2 ? FaissFile.FLAT_L2 : FaissFile.FLAT_IP;
                FaissFile.writeHeader(out, storage, d, n, metric);
                out.number(Long.BYTES, (long) n * d);
                float[] vector = new float[d];
                for (int node = 0; node < n; node++) {
                    vectors.copy(node, vector, 0);
                    out.floats(vector, 0, d);
                }
                if (mapped) {
                    out.number(Long.BYTES, n);
                    for (int node = 0; node < n; node++) {
                        out.number(Long.BYTES, vectors.id(node));
                    }
                }
                out.commit();
            }
        });
    }

    private static void writeGraph(FaissOutput out, HnswGraph graph, int m, HnswIndex.Options options)
            throws IOException {
        int n = graph.size();
        int levels = graph.level(graph.entry()) + 1;
        double[] probabilities = probabilities(m, levels);
        out.number(Long.BYTES, probabilities.length);
        for (double probability : probabilities) {
            out.number(Long.BYTES, Double.doubleToRawLongBits(probability));
        }
        out.number(Long.BYTES, probabilities.length + 1L);
        for (int level = 0; level <= probabilities.length; level++) {
            out.number(Integer.BYTES, level == 0 ? 0 : (level + 1L) * m);
        }
        out.number(Long.BYTES, n);
        long links = 0;
        for (int node = 0; node < n; node++) {
            out.number(Integer.BYTES, graph.level(node) + 1L);
            links += (graph.level(node) + 2L) * m;
        }
        out.number(Long.BYTES, n + 1L);
        long offset = 0;
        for (int node = 0; node < n; node++) {
            out.number(Long.BYTES, offset);
            offset += (graph.level(node) + 2L) * m;
        }
        out.number(Long.BYTES, offset);
        out.number(Long.BYTES, links);
        int[] row = new int[1 + 2 * m];
        for (int node = 0; node < n; node++) {
            for (int level = 0; level <= graph.level(node); level++) {
                int count = graph.links(node, level, row);
                for (int i = 1; i <= (level == 0 ? 2 * m : m); i++) {
                    out.number(Integer.BYTES, i <= count ? row[i] : -1);
                }
            }
        }
        out.number(Integer.BYTES, graph.entry());
        out.number(Integer.BYTES, levels - 1L);
        out.number(Integer.BYTES, options.efConstruction());
        out.number(Integer.BYTES, options.efSearch());
        out.number(Integer.BYTES, 1); // a number that nobody reads
    }

    /** Of the highest level of a node, in the arithmetic of FAISS: as many as matter, and as there are. */
    private static double[] probabilities(int m, int levels) {
        float mean = (float) (1 / Math.log(m));
        float stays = 1 - (float) Math.exp(-1 / mean);
        double[] all = new double[64];
        int count = 0;
        while (count < all.length) {
            float probability = (float) Math.exp(-count / mean) * stays;
            if (probability < LEAST_PROBABILITY && count >= levels) {
                break;
            }
            all[count++] = probability;
        }
        return Arrays.copyOf(all, count);
    }
}
