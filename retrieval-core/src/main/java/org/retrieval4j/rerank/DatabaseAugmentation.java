package org.retrieval4j.rerank;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.index.FlatIndex;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code dba}: database-side feature augmentation (Turcot and Lowe, ICCV Workshops 2009; with linear weights as in
 * Gordo et al., End-to-end learning of deep visual representations, IJCV 2017, section 5.4). Each image's vector is
 * replaced by
 *
 * <p>L2(Σ_{j=0}^{k−1} (k − j)/k x_(j)),
 *
 * <p>x_(0) the vector itself and x_(j) its j-th nearest. Beforehand it searches for every image of the gallery, and
 * holds all vectors several times more in memory (4 bytes a value). A query costs what it costs in that index, and
 * goes to it straight: stages that expand queries or reorder lists stand behind this one, not before it.
 */
public final class DatabaseAugmentation implements Reranker {
    static final String NAME = "dba";

    private final Options options;
    private final Components components;
    private final BuildContext context;
    private final Queue<Index> made = new ConcurrentLinkedQueue<>();

    private DatabaseAugmentation(Options options, Components components, BuildContext context) {
        this.options = options;
        this.components = components;
        this.context = context;
    }

    /**
     * Settings.
     *
     * @param k vectors in a sum, the image's own counted; at least 1
     * @param index finds the neighbors, and then the images by their new vectors
     */
    public record Options(int k, ComponentSpec index) {
        /** Checks the range. */
        public Options {
            requireNonNull(index, "index");
            if (k < 1) {
                throw new IllegalArgumentException("k must be at least 1, got " + k);
            }
        }

        /**
         * Five vectors, compared with all.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(5, new FlatIndex.Provider().specOf(FlatIndex.Options.defaults()));
        }
    }

    /** Makes {@code dba}. */
    public static final class Provider extends ComponentProvider<Reranker, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Reranker.class, NAME, Options.defaults());
        }

        @Override
        public DatabaseAugmentation create(Options options, BuildContext context) {
            return create(options, context, Components.load());
        }

        @Override
        public DatabaseAugmentation create(Options options, BuildContext context, Components components) {
            Options canonical = new Options(options.k, components.canonical(Index.class, options.index));
            return new DatabaseAugmentation(canonical, components, context);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    /** Closes the indexes of its galleries, too. */
    @Override
    public void close() {
        for (Index index = made.poll(); index != null; index = made.poll()) {
            index.close();
        }
    }

    @Override
    public Gallery over(Gallery below) throws IOException {
        long[] ids = below.ids();
        if (ids.length == 0) {
            return below;
        }
        FloatMatrix vectors = UnitVectors.all(NAME, below, ids);
        Neighbors neighbors = Neighbors.find(vectors, options.k, options.index, components, context);
        float[][] augmented = new float[ids.length][];
        for (int i = 0; i < augmented.length; i++) {
            augmented[i] = UnitVectors.rounded(combine(ranked(neighbors.of()[i], i, vectors), options.k));
        }
        FloatMatrix rows = FloatMatrix.ofRows(augmented);
        Index index = Neighbors.filled(rows, options.index, components, context);
        made.add(index);
        return new GalleryStage(below) {
            @Override
            public long[] ids() {
                return ids.clone();
            }

            @Override
            public Optional<GlobalDescriptor> descriptor(long imageId) {
                int row = Arrays.binarySearch(ids, imageId);
                return row < 0 ? Optional.empty() : Optional.of(new GlobalDescriptor.Dense(rows.row(row)));
            }

            @Override
            public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions search) {
                SearchOptions byRow = search.acceptsAll()
                        ? search
                        : search.withFilter(row -> search.accept().test(ids[(int) row]));
                List<SearchResult> results = new ArrayList<>();
                List<GlobalDescriptor> sought = queries.stream()
                        .map(query -> UnitVectors.sought(NAME, query))
                        .toList();
                for (SearchResult result : index.searchAll(sought, byRow)) {
                    results.add(new SearchResult(result.hits().stream()
                            .map(hit -> new Hit(ids[(int) hit.imageId()], hit.score()))
                            .toList()));
                }
                return results;
            }
        };
    }

    // the image itself first, even where others have the same vector
    private static double[][] ranked(int[] neighbors, int self, FloatMatrix vectors) {
        List<double[]> rows = new ArrayList<>();
        rows.add(row(vectors, self));
        for (int neighbor : neighbors) {
            if (neighbor != self) {
                rows.add(row(vectors, neighbor));
            }
        }
        return rows.toArray(new double[0][]);
    }

    private static double[] row(FloatMatrix vectors, int i) {
        double[] row = new double[vectors.columns()];
        for (int j = 0; j < row.length; j++) {
            row[j] = vectors.get(i, j);
        }
        return row;
    }

    /** The new vector, of length 1, from the first k of an image's own ranked list. */
    static double[] combine(double[][] ranked, int k) {
        double[] sum = new double[ranked[0].length];
        for (int j = 0; j < Math.min(k, ranked.length); j++) {
            double weight = (double) (k - j) / k;
            for (int d = 0; d < sum.length; d++) {
                sum[d] += weight * ranked[j][d];
            }
        }
        return UnitVectors.normalize(sum);
    }
}
