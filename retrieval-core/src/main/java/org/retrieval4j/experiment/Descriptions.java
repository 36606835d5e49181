package org.retrieval4j.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.database.DescriptorFile;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.IndexingOptions;
import org.retrieval4j.database.IndexingReport;
import org.retrieval4j.database.Keep;
import org.retrieval4j.storage.ComponentFile;

/** The stages before ranked lists: features of a data set by an extractor, and descriptors by an aggregator. */
final class Descriptions {
    private static final int BATCH = 256;
    /** Values of features that an aggregator learns from: 128 MiB. */
    private static final long SAMPLE_VALUES = 1L << 25;

    private static final ComponentSpec CHEAPEST = ComponentSpec.parse("spoc");

    private final ExperimentCache cache;
    private final Components components;
    private final ImageReader reader;
    private final BuildContext context;

    Descriptions(ExperimentCache cache, Components components, ImageReader reader, BuildContext context) {
        this.cache = cache;
        this.components = components;
        this.reader = reader;
        this.context = context;
    }

    /** Computes descriptors, or opens what is there of them. */
    Described describe(
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
        String canonical = components.canonical(Extractor.class, extractor).toString();
        ComponentSpec wanted = aggregator
                .map(spec -> components.canonical(Aggregator.class, spec))
                .orElse(null);
        // local features are kept once for all aggregators; of maps, which are large, the descriptors only
        String stored = extractorKey;
        if (local) {
            stored =
                    ExperimentCache.key(extractorKey, "local"); // an extractor may give a vector of its own beside them
        } else if (wanted != null) {
            stored = ExperimentCache.key(extractorKey, ExperimentCache.identity(wanted, context));
        }
        Optional<ComponentSpec> kept = local ? Optional.of(CHEAPEST) : aggregator;
        ImageDatabase database = features(pictures, extractor, kept, stored, seed);
        try {
            // what could not be read may be read the next time
            String key = ExperimentCache.key(
                    stored, database.images().stream().map(ImageRecord::name).toList());
            double extractMillis = cache.costs("features", stored).getOrDefault("millis", 0.0);
            if (wanted == null || !local) {
                List<GlobalDescriptor> descriptors = new ArrayList<>();
                for (ImageRecord image : database.images()) {
                    descriptors.add(database.descriptor(image.id()).orElseThrow());
                }
                String name = wanted == null ? "" : wanted.toString();
                return new Described(database, key, key, canonical, name, descriptors, null, extractMillis, 0);
            }
            return aggregated(database, key, canonical, wanted, extractMillis, seed);
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
        Map<String, Double> costs = cache.costs("features", key);
        if (!costs.isEmpty() && costs.getOrDefault("skipped", 0.0) == 0) {
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
        try (ImageDatabase database = ImageDatabase.exists(folder)
                ? ImageDatabase.open(folder, components, context)
                : ImageDatabase.create(folder, options, components, context)) {
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
            double millis = report.indexed() == 0
                    ? costs.getOrDefault("millis", 0.0)
                    : 1000 * report.seconds() / report.indexed();
            // skipped pictures are tried again, by a run that may have other limits
            cache.done("features", key, Map.of("millis", millis, "skipped", (double)
                    report.skipped().size()));
        }
        return ImageDatabase.openForReading(folder, components, context);
    }

    private Described aggregated(
            ImageDatabase database,
            String features,
            String extractor,
            ComponentSpec spec,
            double extractMillis,
            long seed)
            throws IOException {
        String key = ExperimentCache.key(features, ExperimentCache.identity(spec, context), seed);
        Path learned = cache.path("aggregator", key, ".r4j");
        Aggregator aggregator;
        if (Files.exists(learned)) {
            aggregator = ComponentFile.open(Aggregator.class, learned, components, context);
        } else {
            Path checkpoints = cache.path("learning", key, "");
            BuildContext learning =
                    context.withSeed(seed).withImages(sample(database)).withCheckpoints(checkpoints);
            aggregator = components.create(Aggregator.class, spec, learning);
            ComponentFile.save(Aggregator.class, aggregator, learned);
            Files.deleteIfExists(checkpoints);
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
                    features,
                    key,
                    extractor,
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
}
