package org.retrieval4j.eval;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.index.IndexMemory;
import org.retrieval4j.rerank.IndexGallery;

/**
 * An index filled with vectors of one's own, to be searched and timed. For one thread; whether the index uses several is
 * its context's business.
 */
public final class IndexTrial implements AutoCloseable {
    /** The virtual machine compiles what runs often: after a second much of it, after some seconds all. */
    private static final double WARM_UP_SECONDS = 1;

    private static final int MOST_WARM_UPS = 10;

    /** A warm-up that is faster than those before by less than this says that all is compiled. */
    private static final double SETTLED = 0.97;

    private final Index index;
    private final FeatureSource vectors;
    private final int count;
    private final int dimension;
    private double buildSeconds;
    private Gallery gallery;
    private final List<Reranker> rerankers = new ArrayList<>();

    private IndexTrial(Index index, FeatureSource vectors, int count, int dimension, double buildSeconds) {
        this.index = index;
        this.vectors = vectors;
        this.gallery = new IndexGallery(index, vectors);
        this.count = count;
        this.dimension = dimension;
        this.buildSeconds = buildSeconds;
    }

    /**
     * A search's result and its time.
     *
     * @param neighbors what was found
     * @param seconds time of one search for all queries: the median of the rounds
     */
    public record Timed(NearestNeighbors neighbors, double seconds) {}

    /**
     * Creates an index, lets it learn from the vectors if it must, and fills it with them.
     *
     * @param create makes the index
     * @param context passed to {@code create}, with the vectors as sample
     * @param base n x d, gets the ids 0 to n − 1
     * @return the filled index, which the trial closes
     * @throws IllegalArgumentException if there is no vector
     */
    public static IndexTrial fill(Function<BuildContext, Index> create, BuildContext context, FloatMatrix base) {
        if (base.rows() < 1) {
            throw new IllegalArgumentException("there must be at least 1 vector to search in, got none");
        }
        List<GlobalDescriptor> descriptors = descriptors(base);
        long[] rows = new long[base.rows()];
        Arrays.setAll(rows, i -> i);
        long start = System.nanoTime();
        Index index = create.apply(context.withDescriptors(descriptors));
        try {
            index.putAll(rows, descriptors);
        } catch (RuntimeException refused) {
            index.close();
            throw refused;
        }
        return new IndexTrial(index, new Rows(base), base.rows(), base.columns(), seconds(start));
    }

    /**
     * An index that is filled already, for example from a file.
     *
     * @param index of dense vectors, which the trial closes
     * @param dimension of its vectors
     * @param openSeconds what it took to open it, told as {@link #buildSeconds}
     * @return the trial
     * @throws IllegalArgumentException if it holds no vector
     */
    public static IndexTrial of(Index index, int dimension, double openSeconds) {
        if (index.size() < 1) {
            throw new IllegalArgumentException("there must be at least 1 vector to search in, got none");
        }
        return new IndexTrial(
                index,
                new Rows(FloatMatrix.empty(dimension)),
                (int) Math.min(Integer.MAX_VALUE, index.size()),
                dimension,
                openSeconds);
    }

    /**
     * The index.
     *
     * @return it belongs to the trial
     */
    public Index index() {
        return index;
    }

    /**
     * Puts stages of re-ranking behind the index; the time they take beforehand counts as building.
     *
     * @param stages one or several, which the trial closes
     * @throws IOException if vectors cannot be read
     * @throws IllegalStateException if the index came without its vectors, as one from a file does
     */
    public void rerank(Reranker stages) throws IOException {
        long start = System.nanoTime();
        rerankers.add(stages);
        gallery = stages.over(gallery);
        buildSeconds += seconds(start);
    }

    /** Rows of a matrix as descriptors; the id is the row. */
    private record Rows(FloatMatrix matrix) implements FeatureSource {
        @Override
        public Optional<ImageFeatures> features(long imageId) {
            return Optional.empty();
        }

        @Override
        public Optional<GlobalDescriptor> descriptor(long imageId) {
            return imageId < matrix.rows()
                    ? Optional.of(new GlobalDescriptor.Dense(matrix.row((int) imageId)))
                    : Optional.empty();
        }
    }

    private List<SearchResult> searchAll(List<Extraction> queries, SearchOptions options) {
        try {
            return gallery.searchAll(queries, options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Extraction> extractions(FloatMatrix matrix) {
        List<Extraction> list = new ArrayList<>();
        for (GlobalDescriptor descriptor : descriptors(matrix)) {
            list.add(new Extraction(Map.of(), Optional.of(descriptor)));
        }
        return list;
    }

    /**
     * Searches. Before the rounds that count, searches run for two seconds, and on for up to ten as long as they become
     * faster.
     *
     * @param queries q x d
     * @param options k, at most the number of vectors, and candidates
     * @param rounds searches that are timed, at least 1
     * @return neighbors and time
     * @throws IllegalArgumentException if a number is out of range or the widths differ
     */
    public Timed search(FloatMatrix queries, SearchOptions options, int rounds) {
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds must be at least 1, got " + rounds);
        }
        require(queries, options);
        List<Extraction> batch = extractions(queries);
        double fastest = warmUp(batch, options);
        for (int i = 1; i < MOST_WARM_UPS; i++) {
            double last = warmUp(batch, options);
            if (last > SETTLED * fastest) {
                break;
            }
            fastest = last;
        }
        List<SearchResult> results = List.of();
        double[] times = new double[rounds];
        for (int r = 0; r < rounds; r++) {
            long start = System.nanoTime();
            results = searchAll(batch, options);
            times[r] = seconds(start);
        }
        Arrays.sort(times);
        double median = (times[(rounds - 1) / 2] + times[rounds / 2]) / 2;
        return new Timed(NearestNeighbors.of(results, options.k()), median);
    }

    /** Searches for a second, at least once; returns the time of the fastest. */
    private double warmUp(List<Extraction> batch, SearchOptions options) {
        double fastest = Double.POSITIVE_INFINITY;
        long warm = System.nanoTime();
        do {
            long start = System.nanoTime();
            searchAll(batch, options);
            fastest = Math.min(fastest, seconds(start));
        } while (seconds(warm) < WARM_UP_SECONDS);
        return fastest;
    }

    /**
     * Searches once.
     *
     * @param queries q x d
     * @param options k, at most the number of vectors, and candidates
     * @return neighbors
     * @throws IllegalArgumentException if k is out of range or the widths differ
     */
    public NearestNeighbors find(FloatMatrix queries, SearchOptions options) {
        require(queries, options);
        return NearestNeighbors.of(searchAll(extractions(queries), options), options.k());
    }

    private void require(FloatMatrix queries, SearchOptions options) {
        if (options.k() > count) {
            throw new IllegalArgumentException(
                    "k must be 1 to the number of vectors, " + count + ", got " + options.k());
        }
        if (queries.columns() != dimension) {
            throw new IllegalArgumentException(
                    "queries must have " + dimension + " values like the vectors, got " + queries.columns());
        }
    }

    /**
     * Time to learn and to fill.
     *
     * @return seconds
     */
    public double buildSeconds() {
        return buildSeconds;
    }

    /**
     * What the index holds in memory.
     *
     * @return bytes
     */
    public long memoryBytes() {
        return IndexMemory.used(index);
    }

    @Override
    public void close() {
        rerankers.forEach(Reranker::close);
        index.close();
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static List<GlobalDescriptor> descriptors(FloatMatrix matrix) {
        List<GlobalDescriptor> list = new ArrayList<>(matrix.rows());
        for (int i = 0; i < matrix.rows(); i++) {
            list.add(new GlobalDescriptor.Dense(matrix.row(i)));
        }
        return list;
    }
}
