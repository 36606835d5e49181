package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.experiment.Dataset;
import org.retrieval4j.experiment.Grid;
import org.retrieval4j.rerank.Fusion;
import org.retrieval4j.world.Landmarks;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * What a file of an experiment says: data sets and a grid. Every stage is a spec or a list of them.
 *
 * <pre>
 * datasets:
 *   - {name: mine, images: photos, ground-truth: photos/relevant.csv}
 *   - {landmarks: {seeds: [1, 2, 3]}}
 * extractor: sift
 * aggregator: [vlad(clusters=64), bow(words=1000)]
 * index: flat
 * rerank: [none, qe(k=5)]
 * verify: [0, 50]
 * fusion:
 *   - {by: reciprocal-rank, of: [{aggregator: vlad(clusters=64)}, {aggregator: bow(words=1000), index: inverted}]}
 * </pre>
 *
 * <p>An entry of {@code fusion} fuses the lists of the combinations in {@code of}; {@code by}, {@code rerank} and {@code
 * verify}, which come after the fusion, may be lists. What a combination does not say is the first value of the file; its
 * re-ranking and verification are none.
 *
 * @param datasets pictures of one's own
 * @param landmarks rendered data sets
 * @param grid what is tried
 */
record ExperimentFile(List<Dataset> datasets, List<Landmarks.Options> landmarks, Grid grid) {
    private static final String NONE = "none";
    private static final long LARGEST = 1L << 20;

    static ExperimentFile read(Path file, Components components) throws IOException {
        if (Files.size(file) > LARGEST) {
            throw new IOException(file + " is larger than " + LARGEST + " bytes, which no experiment is");
        }
        Object content;
        LoaderOptions limits = new LoaderOptions();
        limits.setAllowDuplicateKeys(false);
        try {
            content = new Yaml(new SafeConstructor(limits)).load(Files.readString(file));
        } catch (YAMLException damaged) {
            throw new IOException(file + ": " + damaged.getMessage(), damaged);
        }
        return new Reader(file, components).read(content);
    }

    private static final class Reader {
        private final Path file;
        private final Components components;

        Reader(Path file, Components components) {
            this.file = file;
            this.components = components;
        }

        ExperimentFile read(@Nullable Object content) throws IOException {
            Map<String, Object> top = map(
                    "the file",
                    content,
                    List.of(
                            "datasets",
                            "extractor",
                            "aggregator",
                            "index",
                            "rerank",
                            "verify",
                            "matcher",
                            "verifier",
                            "depth",
                            "seed",
                            "fusion"));
            List<Dataset> datasets = new ArrayList<>();
            List<Landmarks.Options> landmarks = new ArrayList<>();
            for (Object entry : list(top.get("datasets"))) {
                dataset(entry, datasets, landmarks);
            }
            if (datasets.isEmpty() && landmarks.isEmpty()) {
                throw wrong("datasets", "at least one data set", "none");
            }
            DatabaseOptions defaults = DatabaseOptions.defaults();
            List<ComponentSpec> extractors = new ArrayList<>();
            for (Optional<ComponentSpec> spec : specs(top, "extractor", Extractor.class, "sift")) {
                extractors.add(spec.orElseThrow(() -> new CommandException(file + ": extractor cannot be none")));
            }
            List<ComponentSpec> indexes = new ArrayList<>();
            for (Optional<ComponentSpec> spec : specs(top, "index", Index.class, "flat")) {
                indexes.add(spec.orElseThrow(() -> new CommandException(file + ": index cannot be none")));
            }
            List<Integer> verify = new ArrayList<>();
            for (Object first : top.containsKey("verify") ? list(top.get("verify")) : List.of(0)) {
                verify.add((int) number("verify", first, 0, 1_000_000));
            }
            List<Optional<ComponentSpec>> aggregators = specs(
                    top,
                    "aggregator",
                    Aggregator.class,
                    defaults.aggregator().orElseThrow().toString());
            try {
                List<Grid.Fused> fusions = new ArrayList<>();
                if (!extractors.isEmpty() && !aggregators.isEmpty() && !indexes.isEmpty()) {
                    Grid.Point first =
                            new Grid.Point(extractors.get(0), aggregators.get(0), indexes.get(0), Optional.empty(), 0);
                    for (Object entry : list(top.get("fusion"))) {
                        fusions(entry, first, fusions);
                    }
                }
                Grid grid = new Grid(
                        extractors,
                        aggregators,
                        indexes,
                        specs(top, "rerank", Reranker.class, NONE),
                        verify,
                        single(top, "matcher", Matcher.class, defaults.matcher()),
                        single(top, "verifier", Verifier.class, defaults.verifier()),
                        (int) number("depth", top.getOrDefault("depth", 1000), 1, 1_000_000),
                        number("seed", top.getOrDefault("seed", 42), Long.MIN_VALUE, Long.MAX_VALUE),
                        fusions);
                return new ExperimentFile(datasets, landmarks, grid);
            } catch (IllegalArgumentException refused) {
                throw new IOException(file + ": " + refused.getMessage(), refused);
            }
        }

        /** Every fusion of an entry: each way of fusing, with each that stands behind it. */
        private void fusions(Object entry, Grid.Point first, List<Grid.Fused> fusions) throws IOException {
            Map<String, Object> fields = map("fusion", entry, List.of("by", "of", "weights", "rerank", "verify"));
            List<Grid.Point> of = new ArrayList<>();
            for (Object member : list(fields.get("of"))) {
                of.add(point(member, first));
            }
            List<Double> weights = new ArrayList<>();
            for (Object weight : list(fields.get("weights"))) {
                if (!(weight instanceof Number value)) {
                    throw wrong("weights", "numbers", String.valueOf(weight));
                }
                weights.add(value.doubleValue());
            }
            if (!fields.containsKey("weights")) {
                of.forEach(point -> weights.add(1.0));
            }
            for (Optional<ComponentSpec> by : specs(fields, "by", Fusion.class, "reciprocal-rank")) {
                ComponentSpec how = by.orElseThrow(() -> new CommandException(file + ": by cannot be none"));
                for (Optional<ComponentSpec> reranker : specs(fields, "rerank", Reranker.class, NONE)) {
                    for (Object verify : fields.containsKey("verify") ? list(fields.get("verify")) : List.of(0)) {
                        fusions.add(new Grid.Fused(
                                how, of, weights, reranker, (int) number("verify", verify, 0, 1_000_000)));
                    }
                }
            }
        }

        private Grid.Point point(Object entry, Grid.Point first) throws IOException {
            Map<String, Object> fields =
                    map("of", entry, List.of("extractor", "aggregator", "index", "rerank", "verify"));
            ComponentSpec index = single(fields, "index", Index.class, first.index());
            if (index.parts().size() > 1) {
                throw wrong("index", "one part; stages stand in rerank", "\"" + index + "\"");
            }
            return new Grid.Point(
                    single(fields, "extractor", Extractor.class, first.extractor()),
                    optional(fields, "aggregator", Aggregator.class, first.aggregator()),
                    index,
                    optional(fields, "rerank", Reranker.class, first.reranker()),
                    (int) number("verify", fields.getOrDefault("verify", 0), 0, 1_000_000));
        }

        private <C extends Component> Optional<ComponentSpec> optional(
                Map<String, Object> fields, String name, Class<C> kind, Optional<ComponentSpec> otherwise)
                throws IOException {
            if (!fields.containsKey(name)) {
                return otherwise;
            }
            String text = text(fields, name);
            return text.equals(NONE) ? Optional.empty() : Optional.of(spec(name, kind, text));
        }

        private void dataset(Object entry, List<Dataset> datasets, List<Landmarks.Options> landmarks)
                throws IOException {
            Map<String, Object> fields =
                    map("a data set", entry, List.of("name", "images", "ground-truth", "landmarks"));
            if (fields.containsKey("landmarks")) {
                if (fields.size() > 1) {
                    throw wrong("datasets", "landmarks alone", "also " + fields.keySet());
                }
                Map<String, Object> made = map(
                        "landmarks",
                        fields.get("landmarks"),
                        List.of("seeds", "landmarks", "views", "width", "height"));
                if (list(made.get("seeds")).isEmpty()) {
                    throw wrong("landmarks", "seeds", "none");
                }
                for (Object seed : list(made.get("seeds"))) {
                    long value = number("seeds", seed, Long.MIN_VALUE, Long.MAX_VALUE);
                    Landmarks.Options defaults = Landmarks.Options.defaults(value);
                    try {
                        landmarks.add(new Landmarks.Options(
                                value,
                                size(made, "landmarks", defaults.landmarks()),
                                size(made, "views", defaults.views()),
                                size(made, "width", defaults.width()),
                                size(made, "height", defaults.height())));
                    } catch (IllegalArgumentException refused) {
                        throw new IOException(file + ": landmarks: " + refused.getMessage(), refused);
                    }
                }
                return;
            }
            Path base = file.toAbsolutePath().getParent();
            Path images = resolve(base, text(fields, "images"));
            Path truth = resolve(base, text(fields, "ground-truth"));
            String name = fields.containsKey("name") ? text(fields, "name") : String.valueOf(images.getFileName());
            if (name.isBlank()) {
                throw wrong("name", "text", "none");
            }
            datasets.add(new Dataset(name, images, truth));
        }

        private static Path resolve(@Nullable Path base, String text) {
            return base == null ? Path.of(text) : base.resolve(text);
        }

        private int size(Map<String, Object> fields, String name, int otherwise) throws IOException {
            return (int) number(name, fields.getOrDefault(name, otherwise), 1, Integer.MAX_VALUE);
        }

        private String text(Map<String, Object> fields, String name) throws IOException {
            if (!(fields.get(name) instanceof String text)) {
                throw wrong(name, "text", String.valueOf(fields.get(name)));
            }
            return text;
        }

        private <C extends Component> List<Optional<ComponentSpec>> specs(
                Map<String, Object> top, String name, Class<C> kind, String otherwise) throws IOException {
            List<Optional<ComponentSpec>> specs = new ArrayList<>();
            for (Object value : top.containsKey(name) ? list(top.get(name)) : List.of(otherwise)) {
                if (!(value instanceof String text)) {
                    throw wrong(name, "a spec", String.valueOf(value));
                }
                specs.add(text.equals(NONE) ? Optional.empty() : Optional.of(spec(name, kind, text)));
            }
            return specs;
        }

        private <C extends Component> ComponentSpec single(
                Map<String, Object> top, String name, Class<C> kind, ComponentSpec otherwise) throws IOException {
            return top.containsKey(name) ? spec(name, kind, text(top, name)) : otherwise;
        }

        private <C extends Component> ComponentSpec spec(String name, Class<C> kind, String text) throws IOException {
            try {
                ComponentSpec spec = ComponentSpec.parse(text);
                components.canonical(kind, spec);
                return spec;
            } catch (IllegalArgumentException refused) {
                // YAML cuts [a(b=1,c=2)] at its comma
                String hint = text.indexOf('(') >= 0 && text.indexOf(')') < 0
                        ? "; a spec with commas stands in quotes inside [ ]"
                        : "";
                throw new IOException(file + ": " + name + ": " + refused.getMessage() + hint, refused);
            }
        }

        private long number(String name, Object value, long least, long most) throws IOException {
            if (!(value instanceof Integer || value instanceof Long)
                    || ((Number) value).longValue() < least
                    || ((Number) value).longValue() > most) {
                throw wrong(name, "a whole number from " + least + " to " + most, String.valueOf(value));
            }
            return ((Number) value).longValue();
        }

        private static List<Object> list(@Nullable Object value) {
            if (value instanceof List<?> list) {
                return new ArrayList<>(list);
            }
            return value == null ? List.of() : List.of(value);
        }

        private Map<String, Object> map(String what, @Nullable Object value, List<String> known) throws IOException {
            if (!(value instanceof Map<?, ?> map)) {
                throw wrong(what, "keys and values", String.valueOf(value));
            }
            Map<String, Object> fields = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                String key = String.valueOf(entry.getKey());
                if (!known.contains(key)) {
                    throw wrong(what, "the keys " + String.join(", ", known), "\"" + key + "\"");
                }
                if (entry.getValue() != null) {
                    fields.put(key, entry.getValue());
                }
            }
            return fields;
        }

        private IOException wrong(String where, String expected, String found) {
            return new IOException(file + ": " + where + ": expected " + expected + ", found " + found);
        }
    }
}
