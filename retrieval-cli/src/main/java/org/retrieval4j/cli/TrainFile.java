package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.learning.PairFinder;
import org.retrieval4j.nd4j.training.Loss;
import org.retrieval4j.nd4j.training.Optimizer;
import org.retrieval4j.nd4j.training.Schedule;
import org.retrieval4j.nd4j.training.Trainer;
import org.retrieval4j.world.Landmarks;

/**
 * What a file of a training says.
 *
 * <pre>
 * training:
 *   images: photos
 *   groups: folders            # or a CSV file name,group; or Google Landmarks' train_clean.csv
 * validation: {fraction: 0.2}  # or pictures of its own, as under training
 * extractor: onnx(manifest=mobilenet.yaml)
 * head: netvlad(clusters=32)
 * loss: weak-ranking(margin=0.1)
 * optimizer: adam(rate=0.001)
 * epochs: 20
 * </pre>
 */
record TrainFile(
        Data training,
        Optional<Data> validation,
        double fraction,
        Optional<Data> test,
        ComponentSpec extractor,
        ComponentSpec head,
        ComponentSpec loss,
        ComponentSpec optimizer,
        ComponentSpec schedule,
        Map<String, Double> rates,
        Map<String, Boolean> decays,
        List<ComponentSpec> compare,
        boolean samediff,
        int sample,
        Trainer.Options options) {

    private static final List<String> DATA = List.of(
            "images",
            "groups",
            "positions",
            "positive",
            "negative",
            "ground-truth",
            "pairs",
            "pairs-extractor",
            "pairs-aggregator",
            "landmarks");

    /** How pictures are known to show the same. */
    enum Known {
        GROUPS,
        POSITIONS,
        GROUND_TRUTH,
        PAIRS,
        LANDMARKS
    }

    /**
     * Pictures and what is known of them.
     *
     * @param images the folder
     * @param known in which way
     * @param file the file of groups, positions or ground truth; empty for groups that are folders
     * @param positive the largest distance of a positive in meters
     * @param negative the least distance of a negative in meters
     * @param pairs finds pairs
     * @param pairsExtractor gives the local features for that
     * @param pairsAggregator gives the descriptors for that
     * @param landmarks what is rendered
     */
    record Data(
            Optional<Path> images,
            Known known,
            Optional<Path> file,
            double positive,
            double negative,
            ComponentSpec pairs,
            ComponentSpec pairsExtractor,
            ComponentSpec pairsAggregator,
            List<Landmarks.Options> landmarks) {}

    static TrainFile read(Path file, Components components) throws IOException {
        return new Reader(YamlFields.read(file, components)).read();
    }

    private static final class Reader {
        private final YamlFields yaml;

        Reader(YamlFields yaml) {
            this.yaml = yaml;
        }

        TrainFile read() throws IOException {
            Map<String, Object> top = yaml.top(List.of(
                    "training",
                    "validation",
                    "test",
                    "extractor",
                    "head",
                    "loss",
                    "optimizer",
                    "schedule",
                    "rates",
                    "decays",
                    "compare",
                    "engine",
                    "sample",
                    "epochs",
                    "batch",
                    "positives",
                    "positive",
                    "negatives",
                    "pool",
                    "refresh",
                    "queries",
                    "patience",
                    "monitor",
                    "seed"));
            if (!top.containsKey("training")) {
                throw yaml.wrong("the file", "the key training, the pictures to learn from", "none");
            }
            Data training = data("training", top.get("training"));
            Optional<Data> validation = Optional.empty();
            double fraction = 0.2;
            if (top.get("validation") instanceof Map<?, ?> map && map.containsKey("fraction")) {
                Map<String, Object> fields = yaml.map("validation", map, List.of("fraction"));
                fraction = yaml.decimal("fraction", fields.getOrDefault("fraction", 0.2), 0.001, 0.999);
            } else if (top.containsKey("validation")) {
                validation = Optional.of(data("validation", top.get("validation")));
            }
            Optional<Data> test =
                    top.containsKey("test") ? Optional.of(data("test", top.get("test"))) : Optional.empty();
            List<ComponentSpec> compare = new ArrayList<>();
            for (Object value : YamlFields.list(top.get("compare"))) {
                compare.add(yaml.spec("compare", Aggregator.class, String.valueOf(value)));
            }
            String engine = top.containsKey("engine") ? yaml.text(top, "engine") : "cpu";
            if (!engine.equals("cpu") && !engine.equals("samediff")) {
                throw yaml.wrong("engine", "cpu or samediff", "\"" + engine + "\"");
            }
            return new TrainFile(
                    training,
                    validation,
                    fraction,
                    test,
                    yaml.single(top, "extractor", Extractor.class, ComponentSpec.parse("sift")),
                    yaml.single(top, "head", Aggregator.class, ComponentSpec.parse("netvlad")),
                    yaml.single(top, "loss", Loss.class, ComponentSpec.parse("weak-ranking")),
                    yaml.single(top, "optimizer", Optimizer.class, ComponentSpec.parse("adam")),
                    yaml.single(top, "schedule", Schedule.class, ComponentSpec.parse("steps")),
                    rates(top.get("rates")),
                    decays(top.get("decays")),
                    compare,
                    engine.equals("samediff"),
                    whole(top, "sample", 500),
                    options(top));
        }

        private Trainer.Options options(Map<String, Object> top) throws IOException {
            Trainer.Options defaults = Trainer.Options.defaults();
            String positive = top.containsKey("positive") ? yaml.text(top, "positive") : "nearest";
            if (!positive.equals("nearest") && !positive.equals("random")) {
                throw yaml.wrong("positive", "nearest or random", "\"" + positive + "\"");
            }
            try {
                return new Trainer.Options(
                        whole(top, "epochs", defaults.epochs()),
                        whole(top, "batch", defaults.batch()),
                        whole(top, "positives", defaults.positives()),
                        whole(top, "negatives", defaults.negatives()),
                        positive.equals("nearest"),
                        whole(top, "pool", defaults.pool()),
                        whole(top, "refresh", defaults.refresh()),
                        whole(top, "queries", defaults.queries()),
                        whole(top, "patience", defaults.patience()),
                        top.containsKey("monitor") ? yaml.text(top, "monitor") : defaults.monitor(),
                        yaml.number("seed", top.getOrDefault("seed", defaults.seed()), Long.MIN_VALUE, Long.MAX_VALUE));
            } catch (IllegalArgumentException refused) {
                throw yaml.refused("the settings", refused);
            }
        }

        private int whole(Map<String, Object> fields, String name, int otherwise) throws IOException {
            return (int) yaml.number(name, fields.getOrDefault(name, otherwise), 1, Integer.MAX_VALUE);
        }

        private Map<String, Double> rates(@Nullable Object value) throws IOException {
            Map<String, Double> rates = new LinkedHashMap<>();
            for (Map.Entry<String, Object> entry : anyKeys("rates", value).entrySet()) {
                rates.put(entry.getKey(), yaml.decimal("rates: " + entry.getKey(), entry.getValue(), 0, 1e12));
            }
            return rates;
        }

        private Map<String, Boolean> decays(@Nullable Object value) throws IOException {
            Map<String, Boolean> decays = new LinkedHashMap<>();
            for (Map.Entry<String, Object> entry : anyKeys("decays", value).entrySet()) {
                if (!(entry.getValue() instanceof Boolean decays1)) {
                    throw yaml.wrong("decays: " + entry.getKey(), "true or false", String.valueOf(entry.getValue()));
                }
                decays.put(entry.getKey(), decays1);
            }
            return decays;
        }

        /** Names of parameters, which the trainer knows and checks. */
        private Map<String, Object> anyKeys(String what, @Nullable Object value) throws IOException {
            if (value == null) {
                return Map.of();
            }
            List<String> keys = new ArrayList<>();
            if (value instanceof Map<?, ?> map) {
                map.keySet().forEach(key -> keys.add(String.valueOf(key)));
            }
            return yaml.map(what, value, keys);
        }

        private Data data(String what, @Nullable Object value) throws IOException {
            Map<String, Object> fields = yaml.map(what, value, DATA);
            List<Known> ways = new ArrayList<>();
            for (Known known : Known.values()) {
                if (fields.containsKey(key(known))) {
                    ways.add(known);
                }
            }
            if (ways.size() != 1) {
                throw yaml.wrong(
                        what,
                        "one of groups, positions, ground-truth, pairs, and landmarks, which tell what shows the same",
                        ways.isEmpty() ? "none" : ways.size() + " of them");
            }
            Known known = ways.get(0);
            if (fields.containsKey("images") == (known == Known.LANDMARKS)) {
                throw yaml.wrong(
                        what, "either images or landmarks", fields.keySet().toString());
            }
            Optional<Path> file = Optional.empty();
            if (known == Known.GROUPS || known == Known.POSITIONS || known == Known.GROUND_TRUTH) {
                String text = yaml.text(fields, key(known));
                file = known == Known.GROUPS && text.equals("folders")
                        ? Optional.empty()
                        : Optional.of(yaml.resolve(text));
            }
            return new Data(
                    fields.containsKey("images")
                            ? Optional.of(yaml.resolve(yaml.text(fields, "images")))
                            : Optional.empty(),
                    known,
                    file,
                    yaml.decimal("positive", fields.getOrDefault("positive", 10), 0, 1e9),
                    yaml.decimal("negative", fields.getOrDefault("negative", 25), 0, 1e9),
                    yaml.single(fields, "pairs", PairFinder.class, ComponentSpec.parse("verified")),
                    yaml.single(fields, "pairs-extractor", Extractor.class, ComponentSpec.parse("sift")),
                    yaml.single(fields, "pairs-aggregator", Aggregator.class, ComponentSpec.parse("vlad(clusters=64)")),
                    known == Known.LANDMARKS
                            ? RenderedLandmarks.options(yaml, fields.getOrDefault("landmarks", ""))
                            : List.of());
        }

        private static String key(Known known) {
            return known.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }
}
