package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    static ExperimentFile read(Path file, Components components) throws IOException {
        return new Reader(file, components).read();
    }

    private static final class Reader {
        private final Path file;
        private final YamlFields yaml;

        Reader(Path file, Components components) throws IOException {
            this.file = file;
            this.yaml = YamlFields.read(file, components);
        }

        ExperimentFile read() throws IOException {
            Map<String, Object> top = yaml.top(List.of(
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
            for (Object entry : YamlFields.list(top.get("datasets"))) {
                dataset(entry, datasets, landmarks);
            }
            if (datasets.isEmpty() && landmarks.isEmpty()) {
                throw yaml.wrong("datasets", "at least one data set", "none");
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
            for (Object first : top.containsKey("verify") ? YamlFields.list(top.get("verify")) : List.of(0)) {
                verify.add((int) yaml.number("verify", first, 0, 1_000_000));
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
                    for (Object entry : YamlFields.list(top.get("fusion"))) {
                        fusions(entry, first, fusions);
                    }
                }
                Grid grid = new Grid(
                        extractors,
                        aggregators,
                        indexes,
                        specs(top, "rerank", Reranker.class, NONE),
                        verify,
                        yaml.single(top, "matcher", Matcher.class, defaults.matcher()),
                        yaml.single(top, "verifier", Verifier.class, defaults.verifier()),
                        (int) yaml.number("depth", top.getOrDefault("depth", 1000), 1, 1_000_000),
                        yaml.number("seed", top.getOrDefault("seed", 42), Long.MIN_VALUE, Long.MAX_VALUE),
                        fusions);
                return new ExperimentFile(datasets, landmarks, grid);
            } catch (IllegalArgumentException refused) {
                throw new IOException(file + ": " + refused.getMessage(), refused);
            }
        }

        /** Every fusion of an entry: each way of fusing, with each that stands behind it. */
        private void fusions(Object entry, Grid.Point first, List<Grid.Fused> fusions) throws IOException {
            Map<String, Object> fields = yaml.map("fusion", entry, List.of("by", "of", "weights", "rerank", "verify"));
            List<Grid.Point> of = new ArrayList<>();
            for (Object member : YamlFields.list(fields.get("of"))) {
                of.add(point(member, first));
            }
            List<Double> weights = new ArrayList<>();
            for (Object weight : YamlFields.list(fields.get("weights"))) {
                if (!(weight instanceof Number value)) {
                    throw yaml.wrong("weights", "numbers", String.valueOf(weight));
                }
                weights.add(value.doubleValue());
            }
            if (!fields.containsKey("weights")) {
                of.forEach(point -> weights.add(1.0));
            }
            for (Optional<ComponentSpec> by : specs(fields, "by", Fusion.class, "reciprocal-rank")) {
                ComponentSpec how = by.orElseThrow(() -> new CommandException(file + ": by cannot be none"));
                for (Optional<ComponentSpec> reranker : specs(fields, "rerank", Reranker.class, NONE)) {
                    for (Object verify :
                            fields.containsKey("verify") ? YamlFields.list(fields.get("verify")) : List.of(0)) {
                        fusions.add(new Grid.Fused(
                                how, of, weights, reranker, (int) yaml.number("verify", verify, 0, 1_000_000)));
                    }
                }
            }
        }

        private Grid.Point point(Object entry, Grid.Point first) throws IOException {
            Map<String, Object> fields =
                    yaml.map("of", entry, List.of("extractor", "aggregator", "index", "rerank", "verify"));
            ComponentSpec index = yaml.single(fields, "index", Index.class, first.index());
            if (index.parts().size() > 1) {
                throw yaml.wrong("index", "one part; stages stand in rerank", "\"" + index + "\"");
            }
            return new Grid.Point(
                    yaml.single(fields, "extractor", Extractor.class, first.extractor()),
                    optional(fields, "aggregator", Aggregator.class, first.aggregator()),
                    index,
                    optional(fields, "rerank", Reranker.class, first.reranker()),
                    (int) yaml.number("verify", fields.getOrDefault("verify", 0), 0, 1_000_000));
        }

        private <C extends Component> Optional<ComponentSpec> optional(
                Map<String, Object> fields, String name, Class<C> kind, Optional<ComponentSpec> otherwise)
                throws IOException {
            if (!fields.containsKey(name)) {
                return otherwise;
            }
            String text = yaml.text(fields, name);
            return text.equals(NONE) ? Optional.empty() : Optional.of(yaml.spec(name, kind, text));
        }

        private void dataset(Object entry, List<Dataset> datasets, List<Landmarks.Options> landmarks)
                throws IOException {
            Map<String, Object> fields =
                    yaml.map("a data set", entry, List.of("name", "images", "ground-truth", "landmarks"));
            if (fields.containsKey("landmarks")) {
                if (fields.size() > 1) {
                    throw yaml.wrong("datasets", "landmarks alone", "also " + fields.keySet());
                }
                landmarks.addAll(RenderedLandmarks.options(yaml, fields.get("landmarks")));
                return;
            }
            Path images = yaml.resolve(yaml.text(fields, "images"));
            Path truth = yaml.resolve(yaml.text(fields, "ground-truth"));
            String name = fields.containsKey("name") ? yaml.text(fields, "name") : String.valueOf(images.getFileName());
            if (name.isBlank()) {
                throw yaml.wrong("name", "text", "none");
            }
            datasets.add(new Dataset(name, images, truth));
        }

        private <C extends Component> List<Optional<ComponentSpec>> specs(
                Map<String, Object> top, String name, Class<C> kind, String otherwise) throws IOException {
            List<Optional<ComponentSpec>> specs = new ArrayList<>();
            for (Object value : top.containsKey(name) ? YamlFields.list(top.get(name)) : List.of(otherwise)) {
                if (!(value instanceof String text)) {
                    throw yaml.wrong(name, "a spec", String.valueOf(value));
                }
                specs.add(text.equals(NONE) ? Optional.empty() : Optional.of(yaml.spec(name, kind, text)));
            }
            return specs;
        }
    }
}
