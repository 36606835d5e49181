package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.database.FeatureCache;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.Skipped;
import org.retrieval4j.eval.GroundTruth;
import org.retrieval4j.eval.LandmarkLabels;
import org.retrieval4j.eval.NameRows;
import org.retrieval4j.eval.PlaceEvaluation;
import org.retrieval4j.experiment.Dataset;
import org.retrieval4j.learning.PairFinder;
import org.retrieval4j.nd4j.training.Relations;
import org.retrieval4j.nd4j.training.TrainingSet;
import org.retrieval4j.world.Landmarks;

/** Opens what a file of a training names: features, computed once, and what shows the same. */
final class TrainData implements AutoCloseable {
    private static final int SAMPLE = 500;
    private static final int BATCH = 64;

    private final Path cache;
    private final Components components;
    private final ImageReader reader;
    private final BuildContext context;
    private final BuildContext extraction; // a spec from the command line starts at the working directory
    private final Console console;
    private final Workers workers;
    private final Progress progress;
    private final List<FeatureCache> open = new ArrayList<>();

    TrainData(
            Path cache,
            Components components,
            ImageReader reader,
            BuildContext context,
            BuildContext extraction,
            Console console,
            Workers workers,
            Progress progress) {
        this.cache = cache;
        this.components = components;
        this.reader = reader;
        this.context = context;
        this.extraction = extraction;
        this.console = console;
        this.workers = workers;
        this.progress = progress;
    }

    /** Pictures with what is known of them. */
    TrainingSet open(String what, TrainFile.Data data, ComponentSpec extractor) throws IOException {
        List<ImageSource> pictures = new ArrayList<>();
        Map<String, List<String>> truth = new LinkedHashMap<>();
        for (Landmarks.Options options : data.landmarks()) {
            Dataset rendered = RenderedLandmarks.dataset(options, cache, workers, progress);
            pictures.addAll(pictures(rendered.images(), rendered.name() + "/"));
            addTruth(rendered.groundTruth(), rendered.name() + "/", truth);
        }
        if (data.images().isPresent()) {
            pictures.addAll(pictures(data.images().get(), ""));
        }
        if (pictures.isEmpty()) {
            throw new CommandException(
                    what + ": no pictures in " + data.images().orElseThrow());
        }
        FeatureCache features = features(what, pictures, extractor);
        for (Skipped skipped : features.skipped()) {
            console.note(what + ": skipped " + skipped.name() + ": " + skipped.reason());
        }
        if (features.names().isEmpty()) {
            throw new CommandException(what + ": none of " + pictures.size() + " pictures could be read");
        }
        Relations relations =
                switch (data.known()) {
                    case GROUPS -> groups(data, features.names());
                    case POSITIONS -> positions(data, features.names());
                    case GROUND_TRUTH -> {
                        addTruth(data.file().orElseThrow(), "", truth);
                        yield related(features.names(), truth);
                    }
                    case LANDMARKS -> related(features.names(), truth);
                    case PAIRS -> pairs(what, data, features.names(), pictures);
                };
        return new TrainingSet(
                features.names(), LongStream.range(0, features.names().size()).toArray(), features, relations);
    }

    private FeatureCache features(String what, List<ImageSource> pictures, ComponentSpec extractor) throws IOException {
        try (Extractor made = components.create(Extractor.class, extractor, extraction)) {
            BuildContext named =
                    extraction.withProgress((stage, done, total) -> progress.progress(stage + " " + what, done, total));
            FeatureCache features = FeatureCache.open(cache, pictures, made, reader, named);
            open.add(features);
            return features;
        }
    }

    private static List<ImageSource> pictures(Path folder, String prefix) throws IOException {
        List<ImageSource> pictures = new ArrayList<>();
        for (ImageSource picture : ImageSource.folder(folder)) {
            String name = folder.relativize(picture.file()).toString().replace('\\', '/');
            pictures.add(new ImageSource(prefix + name, picture.file()));
        }
        return pictures;
    }

    private static void addTruth(Path file, String prefix, Map<String, List<String>> truth) throws IOException {
        GroundTruth.readCsv(file)
                .relevant()
                .forEach((query, relevant) -> truth.put(
                        prefix + query,
                        relevant.stream().map(name -> prefix + name).toList()));
    }

    private static Relations related(List<String> names, Map<String, List<String>> truth) {
        Names known = new Names(names);
        List<int[]> pairs = new ArrayList<>();
        truth.forEach((query, relevant) -> known.find(query)
                .ifPresent(
                        q -> relevant.forEach(name -> known.find(name).ifPresent(r -> pairs.add(new int[] {q, r})))));
        if (pairs.isEmpty()) {
            throw new CommandException("the ground truth names no two of the " + names.size() + " pictures together");
        }
        return Relations.byPairs(
                names.size(),
                pairs.stream().mapToInt(pair -> pair[0]).toArray(),
                pairs.stream().mapToInt(pair -> pair[1]).toArray());
    }

    private static Relations groups(TrainFile.Data data, List<String> names) throws IOException {
        long[] groups = new long[names.size()];
        java.util.Arrays.fill(groups, -1);
        if (data.file().isEmpty()) {
            TreeMap<String, Long> folders = new TreeMap<>();
            for (int i = 0; i < groups.length; i++) {
                int slash = names.get(i).lastIndexOf('/');
                if (slash >= 0) {
                    groups[i] =
                            folders.computeIfAbsent(names.get(i).substring(0, slash), name -> (long) folders.size());
                }
            }
            return Relations.byGroup(groups);
        }
        Path file = data.file().get();
        Names known = new Names(names);
        if (isLandmarks(file)) {
            Map<String, Integer> ids = new HashMap<>();
            for (int i = 0; i < groups.length; i++) {
                ids.put(Names.bare(names.get(i)), i);
            }
            LandmarkLabels.read(file, ids::containsKey)
                    .forEach((id, landmark) -> groups[java.util.Objects.requireNonNull(ids.get(id))] = landmark);
        } else {
            Map<String, Long> numbers = new LinkedHashMap<>();
            for (ImageList.Row row : ImageList.read(file)) {
                if (row.fields().size() != 1) {
                    throw ImageList.wrong(
                            file,
                            row,
                            "name,group must stand there, got "
                                    + (1 + row.fields().size()) + " fields");
                }
                String group = row.fields().get(0);
                known.find(row.name())
                        .ifPresent(i -> groups[i] = numbers.computeIfAbsent(group, name -> (long) numbers.size()));
            }
        }
        return Relations.byGroup(groups);
    }

    /** Google's files have a header with landmark_id. */
    private static boolean isLandmarks(Path file) throws IOException {
        boolean[] found = {false};
        NameRows.read(file, (line, fields) -> found[0] |= line == 1 && fields.contains("landmark_id"));
        return found[0];
    }

    private static Relations positions(TrainFile.Data data, List<String> names) throws IOException {
        Path file = data.file().orElseThrow();
        List<ImageList.Row> rows = ImageList.read(file);
        PlaceEvaluation.Positions all = PlaceProtocol.positions(file, rows);
        Names listed = ImageList.names(file, rows);
        List<Double> east = new ArrayList<>();
        List<Double> north = new ArrayList<>();
        for (String name : names) {
            int row = listed.find(name).orElseThrow(() -> new CommandException(file + " has no position of " + name));
            east.add(all.east().get(row));
            north.add(all.north().get(row));
        }
        return Relations.byPosition(new PlaceEvaluation.Positions(east, north), data.positive(), data.negative());
    }

    /** Pairs that verification finds. */
    private Relations pairs(String what, TrainFile.Data data, List<String> names, List<ImageSource> pictures)
            throws IOException {
        FeatureCache local = features(what + " pairs", pictures, data.pairsExtractor());
        if (!local.names().equals(names)) {
            throw new CommandException(what + ": " + data.pairsExtractor() + " could read "
                    + local.names().size() + " pictures, and the extractor " + names.size());
        }
        List<ImageFeatures> sample = new ArrayList<>();
        int step = Math.max(1, names.size() / SAMPLE);
        for (int i = 0; i < names.size(); i += step) {
            sample.add(local.features(i).orElseThrow());
        }
        List<GlobalDescriptor> descriptors = new ArrayList<>();
        try (Aggregator aggregator =
                components.create(Aggregator.class, data.pairsAggregator(), context.withImages(sample))) {
            for (int from = 0; from < names.size(); from += BATCH) {
                List<ImageFeatures> group = new ArrayList<>();
                for (int i = from; i < Math.min(names.size(), from + BATCH); i++) {
                    group.add(local.features(i).orElseThrow());
                }
                descriptors.addAll(aggregator.aggregateAll(group));
            }
        }
        try (PairFinder finder = components.create(PairFinder.class, data.pairs(), context)) {
            PairFinder.Pairs found =
                    finder.find(context.withDescriptors(descriptors).withFeatures(local));
            if (found.queries().length == 0) {
                throw new CommandException(what + ": none of " + names.size() + " pictures are a pair by "
                        + finder.spec() + "; there is nothing to learn from");
            }
            return Relations.byPairs(names.size(), found.queries(), found.positives());
        }
    }

    @Override
    public void close() throws IOException {
        for (FeatureCache features : open) {
            features.close();
        }
    }
}
