package org.retrieval4j.experiment;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
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
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.database.ImageFolder;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.eval.GroundTruth;
import org.retrieval4j.eval.RankingEvaluation;
import org.retrieval4j.rerank.FusedGallery;
import org.retrieval4j.rerank.Fusion;
import org.retrieval4j.rerank.SpatialVerification;
import org.retrieval4j.storage.NpyFile;

/**
 * Tries every combination of a {@link Grid} on data sets. Each stage (features of a data set by an extractor, descriptors
 * by an aggregator, ranked lists by an index with what stands behind it) is computed once and kept in a folder under the
 * fingerprint of its inputs: another run that differs in the re-ranker only computes re-ranking only. A killed run goes
 * on where it was, but for the batch that was under way: features are kept image by image, descriptors and verified pairs
 * in batches, ranked lists one combination at a time.
 *
 * <p>A pair of pictures is verified once for all combinations that are not fused; a query's time counts what it took then.
 * Times are those of the run that computed a stage, on the threads it had. What another version of the library kept is
 * not told apart: give it a folder of its own. For one thread.
 */
public final class ExperimentRunner {
    private static final int TOLD = 10;
    private final ExperimentCache cache;
    private final Components components;
    private final BuildContext context;
    private final Descriptions descriptions;
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
        this.context = requireNonNull(context, "context");
        this.descriptions = new Descriptions(cache, components, requireNonNull(reader, "reader"), context);
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
                    made = descriptions.describe(pictures, identity, extractor, aggregator, grid.seed());
                } catch (IllegalArgumentException refused) {
                    listener.passedOver(
                            extractor + aggregator.map(spec -> " | " + spec).orElse(""), refused.getMessage() + "");
                    number += grid.indexes().size()
                            * grid.rerankers().size()
                            * grid.verify().size();
                    continue;
                }
                try (Described described = made) {
                    requireRead(dataset, truth, described.rows());
                    for (ComponentSpec index : grid.indexes()) {
                        for (Optional<ComponentSpec> reranker : grid.rerankers()) {
                            for (int verify : grid.verify()) {
                                number++;
                                Grid.Point point = new Grid.Point(extractor, aggregator, index, reranker, verify);
                                try {
                                    Ranked ranked = new Ranked(
                                            List.of(described), List.of(point), Optional.empty(), grid.label(point));
                                    listener.outcome(outcome(dataset, truth, ranked, grid));
                                } catch (IllegalArgumentException refused) {
                                    listener.passedOver(grid.label(point), refused.getMessage() + "");
                                }
                            }
                        }
                    }
                }
            }
        }
        for (Grid.Fused fused : grid.fusions()) {
            number++;
            try {
                listener.outcome(fused(dataset, truth, pictures, identity, fused, grid));
            } catch (IllegalArgumentException refused) {
                listener.passedOver(grid.label(fused), refused.getMessage() + "");
            }
        }
    }

    private Outcome fused(
            Dataset dataset,
            GroundTruth truth,
            List<ImageSource> pictures,
            String identity,
            Grid.Fused fused,
            Grid grid)
            throws IOException {
        List<Described> members = new ArrayList<>();
        try {
            for (Grid.Point point : fused.of()) {
                members.add(
                        descriptions.describe(pictures, identity, point.extractor(), point.aggregator(), grid.seed()));
                Described member = members.get(members.size() - 1);
                requireRead(dataset, truth, member.rows());
                // a query of fused lists has the local features of the first member
                if (verifies(point) && !member.features.equals(members.get(0).features)) {
                    throw new IllegalArgumentException(
                            "a member that verifies must have the extractor of the first one, "
                                    + members.get(0).extractor + ", got " + member.extractor
                                    + "; verify behind the fusion");
                }
            }
            return outcome(
                    dataset, truth, new Ranked(members, fused.of(), Optional.of(fused), grid.label(fused)), grid);
        } finally {
            for (Described member : members) {
                member.close();
            }
        }
    }

    private static boolean verifies(Grid.Point point) {
        return point.verify() > 0
                || point.reranker().stream()
                        .flatMap(spec -> spec.parts().stream())
                        .anyMatch(part -> part.name().equals(SpatialVerification.NAME));
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

    private static void requireRead(Dataset dataset, GroundTruth truth, Map<String, Integer> rows) {
        for (String name : names(truth)) {
            if (!rows.containsKey(name)) {
                throw new IllegalArgumentException(
                        dataset.groundTruth() + ": \"" + name + "\" could not be read as a picture");
            }
        }
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

    // ---- ranked lists

    /** What a ranked list is made of: one combination, or several whose lists are fused. */
    private record Ranked(
            List<Described> described, List<Grid.Point> points, Optional<Grid.Fused> fused, String label) {
        Described first() {
            return described.get(0);
        }

        /** What stands behind all: stages, and how many of the first are verified. */
        Optional<ComponentSpec> stages() {
            return fused.isPresent() ? fused.get().reranker() : points.get(0).reranker();
        }

        int verify() {
            return fused.isPresent() ? fused.get().verify() : points.get(0).verify();
        }
    }

    private Outcome outcome(Dataset dataset, GroundTruth truth, Ranked ranked, Grid grid) throws IOException {
        List<String> queries = truth.relevant().entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
        if (queries.isEmpty()) {
            throw new IllegalArgumentException(dataset.groundTruth() + ": no query has a relevant image");
        }
        int depth = Math.min(ranked.first().images.size(), grid.depth());
        if ((long) queries.size() * depth > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("depth must be smaller for " + queries.size()
                    + " queries: lists may have 2147483639 places together, got a depth of " + depth);
        }
        String key = key(ranked, grid, queries, depth);
        Path file = cache.path("ranks", key, ".npy");
        if (cache.costs("ranks", key).isEmpty()) {
            rank(ranked, grid, queries, depth, file, key);
        }
        long[] ranks = NpyFile.read(file).toLongs();
        Map<String, List<String>> lists = new LinkedHashMap<>();
        for (int q = 0; q < queries.size(); q++) {
            List<String> names = new ArrayList<>();
            for (int r = q * depth; r < (q + 1) * depth; r++) {
                if (ranks[r] >= 0) {
                    names.add(ranked.first().images.get((int) ranks[r]).name());
                }
            }
            lists.put(queries.get(q), names);
        }
        RankingEvaluation quality = RankingEvaluation.evaluate(truth, query -> requireNonNull(lists.get(query), query));
        Map<String, List<String>> first = new HashMap<>();
        lists.forEach((query, names) -> first.put(
                query,
                names.stream().filter(name -> !name.equals(query)).limit(TOLD).toList()));
        return outcome(dataset, ranked, quality, first, cache.costs("ranks", key));
    }

    private Outcome outcome(
            Dataset dataset,
            Ranked ranked,
            RankingEvaluation quality,
            Map<String, List<String>> first,
            Map<String, Double> costs) {
        // what members share is computed once
        Map<String, Double> extraction = new HashMap<>();
        Map<String, Double> aggregation = new HashMap<>();
        for (Described one : ranked.described) {
            extraction.put(one.features, one.extractMillis);
            aggregation.put(one.key, one.aggregateMillis);
        }
        return new Outcome(
                ranked.label,
                dataset.name(),
                joined(ranked.described.stream().map(one -> one.extractor).toList()),
                joined(ranked.described.stream().map(one -> one.aggregator).toList()),
                joined(ranked.points.stream()
                        .map(point -> canonical(Index.class, point.index()))
                        .toList()),
                reranker(ranked),
                ranked.verify(),
                quality.map(),
                quality.precisionAt1(),
                quality.averagePrecision(),
                first,
                sum(extraction),
                sum(aggregation),
                costs.getOrDefault("buildSeconds", 0.0),
                costs.getOrDefault("queryMillis", 0.0),
                costs.getOrDefault("bytesPerImage", 0.0));
    }

    private static double sum(Map<String, Double> costs) {
        return costs.values().stream().mapToDouble(Double::doubleValue).sum();
    }

    private static String joined(List<String> parts) {
        return String.join(" + ", parts);
    }

    /** The stages as results have them: of each member, the fusion, and what stands behind it. */
    private String reranker(Ranked ranked) {
        String behind =
                ranked.stages().map(spec -> canonical(Reranker.class, spec)).orElse("");
        if (ranked.fused.isEmpty()) {
            return behind;
        }
        Grid.Fused fused = ranked.fused.get();
        List<String> members = new ArrayList<>();
        for (Grid.Point point : fused.of()) {
            String stages = point.reranker()
                    .map(spec -> canonical(Reranker.class, spec))
                    .orElse("");
            members.add(point.verify() == 0 ? stages : stages + " verify " + point.verify());
        }
        boolean plain = members.stream().allMatch(String::isEmpty);
        return (plain ? "" : "(" + joined(members) + ") | ")
                + canonical(Fusion.class, fused.by())
                + (fused.weights().stream().allMatch(weight -> weight == 1) ? "" : " " + fused.weights())
                + (behind.isEmpty() ? "" : " | " + behind);
    }

    private <C extends Component> String canonical(Class<C> kind, ComponentSpec spec) {
        return components.canonical(kind, spec).toString();
    }

    private <C extends Component> String identity(Class<C> kind, ComponentSpec spec) {
        return ExperimentCache.identity(components.canonical(kind, spec), context);
    }

    private String key(Ranked ranked, Grid grid, List<String> queries, int depth) {
        List<Object> inputs = new ArrayList<>();
        for (int i = 0; i < ranked.points.size(); i++) {
            Grid.Point point = ranked.points.get(i);
            inputs.addAll(List.of(
                    ranked.described.get(i).key,
                    identity(Index.class, point.index()),
                    point.reranker().map(spec -> identity(Reranker.class, spec)).orElse(""),
                    verification(point.verify(), grid)));
        }
        if (ranked.fused.isPresent()) {
            Grid.Fused fused = ranked.fused.get();
            inputs.addAll(List.of(
                    identity(Fusion.class, fused.by()),
                    fused.weights(),
                    fused.reranker().map(spec -> identity(Reranker.class, spec)).orElse(""),
                    verification(fused.verify(), grid)));
        }
        inputs.addAll(List.of(grid.seed(), depth, String.join("\n", queries)));
        return ExperimentCache.key(inputs.toArray());
    }

    private String verification(int verify, Grid grid) {
        return verify == 0
                ? ""
                : verify + " " + identity(Matcher.class, grid.matcher()) + " "
                        + identity(Verifier.class, grid.verifier());
    }

    private void rank(Ranked ranked, Grid grid, List<String> queries, int depth, Path file, String key)
            throws IOException {
        // a stage of its own for each combination, so that the time left is that of its own searches
        String step = "search by " + number + " of " + grid.size();
        long start = System.nanoTime();
        Map<String, KeptProofs> proofs = new LinkedHashMap<>();
        // members of a fusion may have other features
        Optional<Searched.KnownProofs> known = ranked.fused.isPresent()
                ? Optional.empty()
                : Optional.of(verification -> proofs(ranked.first(), verification, grid.seed(), proofs));
        try (Searched searched = new Searched(components, context.withSeed(grid.seed()), known)) {
            List<Gallery> galleries = new ArrayList<>();
            List<Map<String, Integer>> rows = new ArrayList<>();
            for (int i = 0; i < ranked.points.size(); i++) {
                Grid.Point point = ranked.points.get(i);
                Gallery gallery = searched.index(ranked.described.get(i), ranked.first(), point.index());
                galleries.add(searched.behind(gallery, stages(point.reranker(), point.verify(), grid)));
                rows.add(ranked.described.get(i).rows());
            }
            Gallery behind = galleries.get(0);
            if (ranked.fused.isPresent()) {
                Grid.Fused fused = ranked.fused.get();
                behind = searched.behind(
                        searched.fused(galleries, fused), stages(fused.reranker(), fused.verify(), grid));
            }
            double build = (System.nanoTime() - start) / 1e9;
            long[] ranks = new long[queries.size() * depth];
            java.util.Arrays.fill(ranks, -1);
            double millis = 0;
            for (int q = 0; q < queries.size(); q++) {
                context.checkInterrupted();
                List<Extraction> parts = new ArrayList<>();
                for (int i = 0; i < ranked.described.size(); i++) {
                    parts.add(ranked.described
                            .get(i)
                            .query(requireNonNull(rows.get(i).get(queries.get(q)))));
                }
                List<Extraction> query = List.of(ranked.fused.isPresent() ? FusedGallery.query(parts) : parts.get(0));
                int row = requireNonNull(rows.get(0).get(queries.get(q)));
                query.get(0).local().ifPresent(features -> proofs.values().forEach(kept -> kept.ask(features, row)));
                if (q == 0) {
                    behind.searchAll(query, SearchOptions.top(depth)); // compiles
                }
                proofs.values().forEach(KeptProofs::rememberedMillis);
                long from = System.nanoTime();
                SearchResult found =
                        behind.searchAll(query, SearchOptions.top(depth)).get(0);
                millis += (System.nanoTime() - from) / 1e6;
                for (KeptProofs kept : proofs.values()) {
                    millis += kept.rememberedMillis();
                }
                int r = q * depth;
                for (Hit hit : found.hits()) {
                    ranks[r++] = hit.imageId();
                }
                context.progress().progress(step, q + 1, queries.size());
            }
            for (KeptProofs kept : proofs.values()) {
                kept.flush();
            }
            NpyFile.write(file, ranks, queries.size(), depth);
            Map<String, Double> costs = new LinkedHashMap<>();
            costs.put("buildSeconds", build);
            costs.put("queryMillis", millis / queries.size());
            costs.put(
                    "bytesPerImage",
                    (double) searched.bytes() / ranked.first().images.size());
            cache.done("ranks", key, costs);
        }
    }

    /** Those of a matcher and a verifier, which several stages may share. */
    private KeptProofs proofs(
            Described described, SpatialVerification.Options by, long seed, Map<String, KeptProofs> opened)
            throws IOException {
        String key = ExperimentCache.key(
                described.features,
                ExperimentCache.identity(by.matcher(), context),
                ExperimentCache.identity(by.verifier(), context),
                seed);
        KeptProofs there = opened.get(key);
        if (there == null) {
            there = new KeptProofs(cache, key);
            opened.put(key, there);
        }
        return there;
    }

    /** What stands behind an index or a fusion: stages, and verification as the last one. */
    private Optional<ComponentSpec> stages(Optional<ComponentSpec> reranker, int verify, Grid grid) {
        List<ComponentSpec.Part> parts = new ArrayList<>();
        reranker.ifPresent(spec -> parts.addAll(spec.parts()));
        if (verify > 0) {
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("first", Integer.toString(verify));
            parameters.put("matcher", canonical(Matcher.class, grid.matcher()));
            parameters.put("verifier", canonical(Verifier.class, grid.verifier()));
            parts.add(new ComponentSpec.Part("verify", parameters));
        }
        return parts.isEmpty() ? Optional.empty() : Optional.of(new ComponentSpec(parts));
    }
}
