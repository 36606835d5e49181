package org.retrieval4j.experiment;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.database.DescriptorFile;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageFolder;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.IndexingOptions;
import org.retrieval4j.database.IndexingReport;
import org.retrieval4j.database.Keep;
import org.retrieval4j.eval.GroundTruth;
import org.retrieval4j.eval.RankingEvaluation;
import org.retrieval4j.index.IndexMemory;
import org.retrieval4j.rerank.IndexGallery;
import org.retrieval4j.storage.ComponentFile;
import org.retrieval4j.storage.NpyFile;

/**
 * Tries every combination of a {@link Grid} on data sets. Each stage (features of a data set by an extractor, descriptors
 * by an aggregator, ranked lists by an index with what stands behind it) is computed once and kept in a folder under the
 * fingerprint of its inputs: another run that differs in the re-ranker only computes re-ranking only. A killed run goes
 * on where it was, but for the batch that was under way: features are kept image by image, descriptors in batches, ranked
 * lists one combination at a time.
 *
 * <p>Times are those of the run that computed a stage, on the threads it had. What another version of the library kept is
 * not told apart: give it a folder of its own. For one thread.
 */
public final class ExperimentRunner {
    private static final int BATCH = 256;
    /** Values of features that an aggregator learns from: 128 MiB. */
    private static final long SAMPLE_VALUES = 1L << 25;

    private static final int TOLD = 10;
    private static final ComponentSpec CHEAPEST = ComponentSpec.parse("spoc");

    private final ExperimentCache cache;
    private final Components components;
    private final ImageReader reader;
    private final BuildContext context;
    private int number;

    /**
     * A runner.
     *
     * @param folder where results of stages are kept; made if it is not there
     * @param components where components come from
     * @param reader reads pictures
     * @param context threads, progress, base directory of files in specs
     * @throws IOException if the folder cannot be made
     */
    public ExperimentRunner(Path folder, Components components, ImageReader reader, BuildContext context)
            throws IOException {
        this.cache = new ExperimentCache(folder);
        this.components = requireNonNull(components, "components");
        this.reader = requireNonNull(reader, "reader");
        this.context = requireNonNull(context, "context");
    }

    /** Is told what became of each combination, in the order of the grid. */
    public interface Listener {
        /**
         * Takes an outcome.
         *
         * @param outcome what a combination reached on a data set
         */
        void outcome(Outcome outcome);

        /**
         * A combination of components that do not fit each other: a bag of words and a flat index.
         *
         * @param combination the specs
         * @param reason what did not fit
         */
        void passedOver(String combination, String reason);
    }

    /**
     * Tries all combinations on a data set.
     *
     * @param dataset pictures and truth
     * @param grid what is tried
     * @param listener is told each outcome
     * @throws IOException if pictures, truth or the folder cannot be read or written
     * @throws IllegalArgumentException if the truth names a picture that is not there or could not be read
     */
    public void run(Dataset dataset, Grid grid, Listener listener) throws IOException {
        ImageFolder folder = ImageFolder.read("", dataset.images());
        List<ImageSource> pictures = named(dataset, folder.pictures());
        GroundTruth truth = GroundTruth.readCsv(dataset.groundTruth());
        requireThere(dataset, truth, pictures);
        String identity = ExperimentCache.key(pictures);
        number = 0;
        for (ComponentSpec extractor : grid.extractors()) {
            for (Optional<ComponentSpec> aggregator : grid.aggregators()) {
                Described made;
                try {
                    made = describe(pictures, identity, extractor, aggregator, grid.seed());
                } catch (IllegalArgumentException refused) {
                    listener.passedOver(
                            extractor + aggregator.map(spec -> " | " + spec).orElse(""), refused.getMessage() + "");
                    continue;
                }
                try (Described described = made) {
                    Map<String, Integer> rows = rows(dataset, truth, described);
                    for (ComponentSpec index : grid.indexes()) {
                        for (Optional<ComponentSpec> reranker : grid.rerankers()) {
                            for (int verify : grid.verify()) {
                                number++;
                                Grid.Point point = new Grid.Point(extractor, aggregator, index, reranker, verify);
                                try {
                                    listener.outcome(outcome(dataset, truth, rows, described, point, grid));
                                } catch (IllegalArgumentException refused) {
                                    listener.passedOver(grid.label(point), refused.getMessage() + "");
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    // names of pictures are their paths in the folder of the data set
    private static List<ImageSource> named(Dataset dataset, List<ImageSource> pictures) {
        List<ImageSource> named = new ArrayList<>();
        for (ImageSource picture : pictures) {
            String path = dataset.images().relativize(picture.file()).toString().replace('\\', '/');
            named.add(new ImageSource(path, picture.file()));
        }
        return named;
    }

    private static Map<String, Integer> rows(Dataset dataset, GroundTruth truth, Described described) {
        Map<String, Integer> rows = new HashMap<>();
        for (int i = 0; i < described.images.size(); i++) {
            rows.put(described.images.get(i).name(), i);
        }
        for (String name : names(truth)) {
            if (!rows.containsKey(name)) {
                throw new IllegalArgumentException(
                        dataset.groundTruth() + ": \"" + name + "\" could not be read as a picture");
            }
        }
        return rows;
    }

    private static Set<String> names(GroundTruth truth) {
        Set<String> names = new LinkedHashSet<>();
        truth.relevant().forEach((query, relevant) -> {
            names.add(query);
            names.addAll(relevant);
        });
        return names;
    }

    // before anything is extracted, which takes long
    private static void requireThere(Dataset dataset, GroundTruth truth, List<ImageSource> pictures) {
        Set<String> there = new HashSet<>();
        pictures.forEach(picture -> there.add(picture.name()));
        for (String name : names(truth)) {
            if (!there.contains(name)) {
                throw new IllegalArgumentException(
                        dataset.groundTruth() + ": \"" + name + "\" is no picture in " + dataset.images());
            }
        }
    }

    // ---- features and descriptors

    /** Descriptors of the images of a data set, and where their features are. */
    private static final class Described implements AutoCloseable {
        final ImageDatabase database;
        final String key;
        final String aggregator;
        final List<ImageRecord> images;
        final List<GlobalDescriptor> descriptors;
        final @Nullable Aggregator queries;
        final double extractMillis;
        final double aggregateMillis;

        Described(
                ImageDatabase database,
                String key,
                String aggregator,
                List<GlobalDescriptor> descriptors,
                @Nullable Aggregator queries,
                double extractMillis,
                double aggregateMillis) {
            this.database = database;
            this.key = key;
            this.aggregator = aggregator;
            this.images = database.images();
            this.descriptors = descriptors;
            this.queries = queries;
            this.extractMillis = extractMillis;
            this.aggregateMillis = aggregateMillis;
        }

        /** An image as a query. */
        Extraction query(int row) throws IOException {
            Optional<ImageFeatures> local = database.features(images.get(row).id());
            GlobalDescriptor descriptor =
                    queries == null ? descriptors.get(row) : queries.aggregateQuery(local.orElseThrow());
            return new Extraction(
                    local.map(features -> Map.of(Extraction.LOCAL, features)).orElse(Map.of()),
                    Optional.of(descriptor));
        }

        @Override
        public void close() throws IOException {
            if (queries != null) {
                queries.close();
            }
            database.close();
        }
    }

    private Described describe(
            List<ImageSource> pictures,
            String identity,
            ComponentSpec extractor,
            Optional<ComponentSpec> aggregator,
            long seed)
            throws IOException {
        boolean local;
        String extractorKey;
        try (Extractor made = components.create(Extractor.class, extractor, context)) {
            local = made.outputs().contains(Extraction.LOCAL)
                    && !made.outputs().contains(Extraction.MAP)
                    && aggregator.isPresent();
            extractorKey = ExperimentCache.key(identity, made.fingerprint(), seed);
        }
        ComponentSpec wanted = aggregator
                .map(spec -> components.canonical(Aggregator.class, spec))
                .orElse(null);
        // local features are kept once for all aggregators; of maps, which are large, the descriptors only
        String key = local || wanted == null
                ? extractorKey
                : ExperimentCache.key(extractorKey, ExperimentCache.identity(wanted, context));
        Optional<ComponentSpec> kept = local ? Optional.of(CHEAPEST) : aggregator;
        ImageDatabase database = features(pictures, extractor, kept, key, seed);
        try {
            double extractMillis = cache.costs("features", key).getOrDefault("millis", 0.0);
            if (wanted == null || !local) {
                List<GlobalDescriptor> descriptors = new ArrayList<>();
                for (ImageRecord image : database.images()) {
                    descriptors.add(database.descriptor(image.id()).orElseThrow());
                }
                String name = wanted == null ? "" : wanted.toString();
                return new Described(database, key, name, descriptors, null, extractMillis, 0);
            }
            return aggregated(database, key, wanted, extractMillis, seed);
        } catch (IOException | RuntimeException | Error e) {
            database.close();
            throw e;
        }
    }

    private ImageDatabase features(
            List<ImageSource> pictures,
            ComponentSpec extractor,
            Optional<ComponentSpec> aggregator,
            String key,
            long seed)
            throws IOException {
        Path folder = cache.path("features", key, "");
        if (!cache.costs("features", key).isEmpty()) {
            return ImageDatabase.openForReading(folder, components, context);
        }
        DatabaseOptions defaults = DatabaseOptions.defaults();
        DatabaseOptions options = new DatabaseOptions(
                extractor,
                aggregator,
                Optional.empty(),
                ComponentSpec.parse("flat"),
                defaults.matcher(),
                defaults.verifier(),
                Keep.FLOAT,
                defaults.sampleImages(),
                seed);
        ImageDatabase database = ImageDatabase.exists(folder)
                ? ImageDatabase.open(folder, components, context)
                : ImageDatabase.create(folder, options, components, context);
        try {
            IndexingReport report = database.addAll(
                    pictures,
                    reader,
                    IndexingOptions.defaults().withExecutor(context.executor()).withProgress(context.progress()));
            if (database.size() == 0) {
                throw new IllegalArgumentException("no picture could be read"
                        + (report.skipped().isEmpty()
                                ? ""
                                : ": " + report.skipped().get(0)));
            }
            // of a run that was killed, the pictures of its last part are measured
            double millis = report.indexed() == 0 ? 0 : 1000 * report.seconds() / report.indexed();
            if (report.skipped().isEmpty()) { // else the next run, which may have other limits, tries again
                cache.done("features", key, Map.of("millis", millis));
            }
            return database;
        } catch (IOException | RuntimeException | Error e) {
            database.close();
            throw e;
        }
    }

    private Described aggregated(
            ImageDatabase database, String features, ComponentSpec spec, double extractMillis, long seed)
            throws IOException {
        String key = ExperimentCache.key(features, ExperimentCache.identity(spec, context), seed);
        Path learned = cache.path("aggregator", key, ".r4j");
        Aggregator aggregator;
        if (Files.exists(learned)) {
            aggregator = ComponentFile.open(Aggregator.class, learned, components, context);
        } else {
            BuildContext learning = context.withSeed(seed).withImages(sample(database));
            aggregator = components.create(Aggregator.class, spec, learning);
            ComponentFile.save(Aggregator.class, aggregator, learned);
        }
        try {
            List<GlobalDescriptor> descriptors = new ArrayList<>();
            List<ImageRecord> images = database.images();
            double millis = 0;
            for (int from = 0; from < images.size(); from += BATCH) {
                context.checkInterrupted();
                int to = Math.min(images.size(), from + BATCH);
                String batch = key + "-" + from;
                Path file = cache.path("descriptors", batch, ".r4j");
                if (cache.costs("descriptors", batch).isEmpty()) {
                    List<ImageFeatures> group = new ArrayList<>();
                    for (ImageRecord image : images.subList(from, to)) {
                        group.add(database.features(image.id()).orElseThrow());
                    }
                    long start = System.nanoTime();
                    List<GlobalDescriptor> made = aggregator.aggregateAll(group);
                    double cost = (System.nanoTime() - start) / 1e6 / group.size();
                    DescriptorFile.write(file, made);
                    cache.done("descriptors", batch, Map.of("millis", cost));
                }
                millis += cache.costs("descriptors", batch).getOrDefault("millis", 0.0) * (to - from);
                descriptors.addAll(DescriptorFile.read(file));
                context.progress().progress("aggregate", to, images.size());
            }
            return new Described(
                    database,
                    key,
                    spec.toString(),
                    descriptors,
                    aggregator,
                    extractMillis,
                    millis / Math.max(1, images.size()));
        } catch (IOException | RuntimeException | Error e) {
            aggregator.close();
            throw e;
        }
    }

    /** Features of images spread evenly over the data set, as many as an aggregator may learn from. */
    private static List<ImageFeatures> sample(ImageDatabase database) throws IOException {
        List<ImageRecord> images = database.images();
        List<ImageFeatures> sample = new ArrayList<>();
        long values = 0;
        int step = 1;
        ImageFeatures first = database.features(images.get(0).id()).orElseThrow();
        long whole = images.size()
                * (long) Math.max(1, first.size())
                * first.descriptors().columns();
        while (whole / step > SAMPLE_VALUES) {
            step++;
        }
        for (int i = 0; i < images.size() && values < SAMPLE_VALUES; i += step) {
            ImageFeatures features = database.features(images.get(i).id()).orElseThrow();
            values += (long) features.size() * features.descriptors().columns();
            sample.add(features);
        }
        return sample;
    }

    // ---- ranked lists

    private Outcome outcome(
            Dataset dataset,
            GroundTruth truth,
            Map<String, Integer> rows,
            Described described,
            Grid.Point point,
            Grid grid)
            throws IOException {
        ComponentSpec index = components.canonical(Index.class, point.index());
        Optional<ComponentSpec> stages = point.reranker().map(spec -> components.canonical(Reranker.class, spec));
        String reranker = stages.map(ComponentSpec::toString).orElse("");
        List<String> queries = truth.relevant().entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
        if (queries.isEmpty()) {
            throw new IllegalArgumentException(dataset.groundTruth() + ": no query has a relevant image");
        }
        String verification = point.verify() == 0
                ? ""
                : point.verify() + " " + identity(Matcher.class, grid.matcher()) + " "
                        + identity(Verifier.class, grid.verifier());
        int depth = Math.min(described.images.size(), grid.depth());
        if ((long) queries.size() * depth > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("depth must be smaller for " + queries.size()
                    + " queries: lists may have 2147483639 places together, got a depth of " + depth);
        }
        String key = ExperimentCache.key(
                described.key,
                ExperimentCache.identity(index, context),
                stages.map(spec -> ExperimentCache.identity(spec, context)).orElse(""),
                verification,
                grid.seed(),
                depth,
                String.join("\n", queries));
        Path file = cache.path("ranks", key, ".npy");
        if (cache.costs("ranks", key).isEmpty()) {
            rank(described, index, point, grid, queries, rows, depth, file, key);
        }
        long[] ranks = NpyFile.read(file).toLongs();
        Map<String, List<String>> lists = new LinkedHashMap<>();
        for (int q = 0; q < queries.size(); q++) {
            List<String> names = new ArrayList<>();
            for (int r = q * depth; r < (q + 1) * depth; r++) {
                if (ranks[r] >= 0) {
                    names.add(described.images.get((int) ranks[r]).name());
                }
            }
            lists.put(queries.get(q), names);
        }
        RankingEvaluation quality = RankingEvaluation.evaluate(truth, query -> requireNonNull(lists.get(query), query));
        Map<String, List<String>> first = new HashMap<>();
        lists.forEach((query, names) -> first.put(
                query,
                names.stream().filter(name -> !name.equals(query)).limit(TOLD).toList()));
        Map<String, Double> costs = cache.costs("ranks", key);
        return new Outcome(
                grid.label(point),
                dataset.name(),
                components.canonical(Extractor.class, point.extractor()).toString(),
                described.aggregator,
                index.toString(),
                reranker,
                point.verify(),
                quality.map(),
                quality.precisionAt1(),
                quality.averagePrecision(),
                first,
                described.extractMillis,
                described.aggregateMillis,
                costs.getOrDefault("buildSeconds", 0.0),
                costs.getOrDefault("queryMillis", 0.0),
                costs.getOrDefault("bytesPerImage", 0.0));
    }

    private <C extends Component> String identity(Class<C> kind, ComponentSpec spec) {
        return ExperimentCache.identity(components.canonical(kind, spec), context);
    }

    private void rank(
            Described described,
            ComponentSpec spec,
            Grid.Point point,
            Grid grid,
            List<String> queries,
            Map<String, Integer> rows,
            int depth,
            Path file,
            String key)
            throws IOException {
        int n = described.images.size();
        // a stage of its own for each combination, so that the time left is that of its own searches
        String step = "search by " + number + " of " + grid.size();
        long[] ids = new long[n];
        for (int i = 0; i < n; i++) {
            ids[i] = i;
        }
        ComponentSpec stages = stages(point, grid);
        long start = System.nanoTime();
        try (Index index = components.create(
                Index.class, spec, context.withSeed(grid.seed()).withDescriptors(described.descriptors))) {
            index.putAll(ids, described.descriptors);
            Gallery gallery = new IndexGallery(index, source(described));
            Reranker reranker =
                    stages == null ? null : components.create(Reranker.class, stages, context.withSeed(grid.seed()));
            try {
                Gallery behind = reranker == null ? gallery : reranker.over(gallery);
                double build = (System.nanoTime() - start) / 1e9;
                long[] ranks = new long[queries.size() * depth];
                java.util.Arrays.fill(ranks, -1);
                double millis = 0;
                for (int q = 0; q < queries.size(); q++) {
                    context.checkInterrupted();
                    List<Extraction> query = List.of(described.query(requireNonNull(rows.get(queries.get(q)))));
                    if (q == 0) {
                        behind.searchAll(query, SearchOptions.top(depth)); // compiles
                    }
                    long from = System.nanoTime();
                    SearchResult found =
                            behind.searchAll(query, SearchOptions.top(depth)).get(0);
                    millis += (System.nanoTime() - from) / 1e6;
                    int r = q * depth;
                    for (Hit hit : found.hits()) {
                        ranks[r++] = hit.imageId();
                    }
                    context.progress().progress(step, q + 1, queries.size());
                }
                NpyFile.write(file, ranks, queries.size(), depth);
                Map<String, Double> costs = new LinkedHashMap<>();
                costs.put("buildSeconds", build);
                costs.put("queryMillis", millis / queries.size());
                costs.put("bytesPerImage", (double) IndexMemory.used(index) / n);
                cache.done("ranks", key, costs);
            } finally {
                if (reranker != null) {
                    reranker.close();
                }
            }
        }
    }

    /** What stands behind the index: the stages of the point, and verification as the last one. */
    private @Nullable ComponentSpec stages(Grid.Point point, Grid grid) {
        List<ComponentSpec.Part> parts = new ArrayList<>();
        point.reranker().ifPresent(spec -> parts.addAll(spec.parts()));
        if (point.verify() > 0) {
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("first", Integer.toString(point.verify()));
            parameters.put(
                    "matcher",
                    components.canonical(Matcher.class, grid.matcher()).toString());
            parameters.put(
                    "verifier",
                    components.canonical(Verifier.class, grid.verifier()).toString());
            parts.add(new ComponentSpec.Part("verify", parameters));
        }
        return parts.isEmpty() ? null : new ComponentSpec(parts);
    }

    private static FeatureSource source(Described described) {
        return new FeatureSource() {
            @Override
            public Optional<ImageFeatures> features(long imageId) throws IOException {
                return described.database.features(
                        described.images.get((int) imageId).id());
            }

            @Override
            public Optional<GlobalDescriptor> descriptor(long imageId) {
                return Optional.of(described.descriptors.get((int) imageId));
            }
        };
    }
}
