package org.retrieval4j.database;

import static org.retrieval4j.database.DatabaseHeader.AGGREGATOR;
import static org.retrieval4j.database.DatabaseHeader.EXTRACTOR;
import static org.retrieval4j.database.DatabaseHeader.INDEX;
import static org.retrieval4j.database.DatabaseHeader.LOCAL;
import static org.retrieval4j.database.DatabaseHeader.MATCHER;
import static org.retrieval4j.database.DatabaseHeader.STAGE;
import static org.retrieval4j.database.DatabaseHeader.VERIFIER;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.SampleRequiredException;
import org.retrieval4j.api.Transform;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.storage.ComponentFile;

/**
 * The components of a database, each in a file of its own and opened when it is first needed, so that nothing native is
 * loaded to list images. A spec of several parts is split: {@code gem | pca-whiten(dimension=128)} is the aggregator
 * {@code gem} and {@code stage-1}, because each part is learned from what stands before it. Thread-safe.
 */
final class Pipelines implements Closeable {
    private static final String FOLDER = "components";
    /** How far a long training has come; not there when all is learned. */
    private static final String LEARNING = "learning";

    private final Path directory;
    private final Components components;
    private final BuildContext context;
    private final Map<String, Component> opened = new LinkedHashMap<>();
    private volatile DatabaseHeader header;
    private volatile boolean learned;

    private Pipelines(
            Path directory, Components components, BuildContext context, DatabaseHeader header, boolean learned) {
        this.directory = directory;
        this.components = components;
        this.context = context;
        this.header = header;
        this.learned = learned;
    }

    /** What one pass over a picture gave. */
    record Raw(Extraction retrieval, Optional<ImageFeatures> local) {}

    /** Makes what can be made without images, saves it, and writes the header at last. */
    static Pipelines create(Path directory, DatabaseOptions options, Components components, BuildContext context)
            throws IOException {
        Map<String, ComponentSpec> specs = split(options, components);
        Map<String, DatabaseHeader.Part> parts = new LinkedHashMap<>();
        specs.forEach((role, spec) -> parts.put(role, new DatabaseHeader.Part(spec, Optional.empty())));
        DatabaseHeader header = new DatabaseHeader(
                parts, options.keep(), options.keep() != Keep.NONE, options.sampleImages(), options.seed());
        Files.createDirectories(directory.resolve(FOLDER));
        Pipelines pipelines = new Pipelines(directory, components, context.withSeed(options.seed()), header, false);
        try {
            pipelines.make(specs);
            pipelines.header.write(directory);
            return pipelines;
        } catch (IOException | RuntimeException | Error e) {
            pipelines.close();
            throw e;
        }
    }

    static Pipelines open(Path directory, Components components, BuildContext context) throws IOException {
        DatabaseHeader header = DatabaseHeader.read(directory);
        Optional<Map<String, DatabaseHeader.Part>> learned = DatabaseHeader.readLearned(directory);
        return new Pipelines(
                directory,
                components,
                context.withSeed(header.seed()),
                learned.map(header::with).orElse(header),
                learned.isPresent());
    }

    DatabaseHeader header() {
        return header;
    }

    /** Identity of what descriptors are made by, if they can be made. */
    Optional<Fingerprint> pipeline() {
        return learned ? header.pipeline() : Optional.empty();
    }

    /** Tells whether descriptors can be made: everything that is learned from the first images exists. */
    boolean isLearned() {
        return learned;
    }

    /** Reads again what was learned, which a writer may have done since; images with descriptors say that it was. */
    void requireLearned() throws IOException {
        if (!learned) {
            header = header.with(DatabaseHeader.readLearned(directory)
                    .orElseThrow(() -> new NoSuchFileException(
                            directory.resolve(DatabaseHeader.LEARNED_FILE).toString(),
                            null,
                            "images have descriptors, but what these were made by is missing")));
            learned = true;
        }
    }

    boolean aggregates() {
        return header.parts().containsKey(AGGREGATOR);
    }

    boolean isVerifiable() {
        return header.verifiable();
    }

    Matcher matcher() throws IOException {
        return get(MATCHER, Matcher.class);
    }

    Verifier verifier() throws IOException {
        return get(VERIFIER, Verifier.class);
    }

    /** Opens all that makes descriptors, so that what is wrong with a component shows before the first picture. */
    void prepare() throws IOException {
        get(EXTRACTOR, Extractor.class);
        if (header.parts().containsKey(LOCAL)) {
            get(LOCAL, Extractor.class);
        }
        if (learned) {
            if (aggregates()) {
                get(AGGREGATOR, Aggregator.class);
            }
            for (String role : header.stages()) {
                get(role, Transform.class);
            }
        }
    }

    /** One pass over a picture: the retrieval extractor, and the one for verification where it differs. */
    Raw extract(Image image) throws IOException {
        Extraction retrieval = get(EXTRACTOR, Extractor.class).extract(image);
        Optional<ImageFeatures> local = header.parts().containsKey(LOCAL)
                ? get(LOCAL, Extractor.class).extract(image).local()
                : retrieval.local();
        return new Raw(retrieval, local);
    }

    /** The descriptor of an extraction; everything must be learned. */
    GlobalDescriptor describe(Extraction extraction) throws IOException {
        return transform(
                aggregates()
                        ? aggregate(extraction.toAggregate().orElseThrow())
                        : extraction.global().orElseThrow());
    }

    /** As {@link #describe}, of a picture that will be searched for. */
    GlobalDescriptor describeQuery(Extraction extraction) throws IOException {
        return aggregates()
                ? transform(get(AGGREGATOR, Aggregator.class)
                        .aggregateQuery(extraction.toAggregate().orElseThrow()))
                : describe(extraction);
    }

    /** What the aggregator makes of features. */
    GlobalDescriptor aggregate(ImageFeatures features) throws IOException {
        return get(AGGREGATOR, Aggregator.class).aggregate(features);
    }

    /** What the stages make of the aggregator's, or the extractor's, descriptor. */
    GlobalDescriptor transform(GlobalDescriptor base) throws IOException {
        GlobalDescriptor descriptor = base;
        for (String role : header.stages()) {
            descriptor = get(role, Transform.class).apply(descriptor);
        }
        return descriptor;
    }

    /** Gives a sample when it is needed. */
    interface Sample {
        List<ImageFeatures> images() throws IOException;
    }

    /** The aggregator, learned now if it was not before. */
    Aggregator learnAggregator(Sample sample, BuildContext with) throws IOException {
        return isMade(AGGREGATOR)
                ? get(AGGREGATOR, Aggregator.class)
                : learn(
                        AGGREGATOR,
                        Aggregator.class,
                        with.withImages(sample.images()).withCheckpoints(directory.resolve(LEARNING)));
    }

    /** A stage, learned now if it was not before. */
    Transform learnStage(String role, List<GlobalDescriptor> sample, BuildContext with) throws IOException {
        return isMade(role) ? get(role, Transform.class) : learn(role, Transform.class, with.withDescriptors(sample));
    }

    /** Ends learning: all parts exist, and the index was made. */
    void finishLearning(Index index) throws IOException {
        Map<String, DatabaseHeader.Part> parts = new LinkedHashMap<>();
        header.chain().forEach(role -> parts.put(role, header.part(role)));
        parts.put(INDEX, new DatabaseHeader.Part(index.spec(), Optional.of(index.fingerprint())));
        DatabaseHeader.writeLearned(directory, parts);
        header = header.with(parts);
        learned = true;
        DatabaseDirectory.deleteRecursively(directory.resolve(LEARNING));
    }

    /** Refuses a component that is not the one of this database. */
    void requireSame(String role, Component component) {
        DatabaseHeader.Part part = header.part(role);
        if (part.fingerprint().isPresent() && !part.fingerprint().get().equals(component.fingerprint())) {
            throw new FingerprintMismatchException(
                    role, part.spec(), part.fingerprint().get(), component.spec(), component.fingerprint());
        }
    }

    @Override
    public void close() {
        synchronized (opened) {
            opened.values().forEach(Component::close);
            opened.clear();
        }
    }

    private <C extends Component> C get(String role, Class<C> kind) throws IOException {
        synchronized (opened) {
            Component there = opened.get(role);
            if (there != null) {
                return kind.cast(there);
            }
            C component = ComponentFile.open(kind, file(role), components, context);
            try {
                requireSame(role, component);
            } catch (FingerprintMismatchException e) {
                component.close();
                throw e;
            }
            opened.put(role, component);
            return component;
        }
    }

    private boolean isMade(String role) {
        return header.part(role).fingerprint().isPresent();
    }

    private <C extends Component> C learn(String role, Class<C> kind, BuildContext with) throws IOException {
        BuildContext whole = with.withBaseDirectory(context.baseDirectory()).withKernel(context.kernel());
        return keep(role, kind, create(components, kind, header.part(role).spec(), whole));
    }

    /** Saves a component that was just made. */
    private <C extends Component> C keep(String role, Class<C> kind, C component) throws IOException {
        synchronized (opened) {
            opened.put(role, component);
        }
        ComponentFile.save(kind, component, file(role));
        DatabaseHeader.Part part = new DatabaseHeader.Part(component.spec(), Optional.of(component.fingerprint()));
        header = header.with(Map.of(role, part));
        return component;
    }

    private Path file(String role) {
        return directory.resolve(FOLDER).resolve(role + ".r4j");
    }

    private void make(Map<String, ComponentSpec> specs) throws IOException {
        Extractor extractor = make(EXTRACTOR, Extractor.class, specs);
        Extractor local = specs.containsKey(LOCAL) ? make(LOCAL, Extractor.class, specs) : extractor;
        Set<String> outputs = extractor.outputs();
        if (specs.containsKey(LOCAL) && !local.outputs().contains(Extraction.LOCAL)) {
            throw new IllegalArgumentException("the extractor for verification, " + local.spec()
                    + ", must give local features; its outputs: " + local.outputs());
        }
        if (aggregates()) {
            if (!outputs.contains(Extraction.MAP) && !outputs.contains(Extraction.LOCAL)) {
                throw new IllegalArgumentException("the extractor " + extractor.spec()
                        + " gives nothing that an aggregator takes; its outputs: " + outputs);
            }
        } else if (!outputs.contains(Extraction.GLOBAL)) {
            throw new IllegalArgumentException("the extractor " + extractor.spec()
                    + " gives no global vector, so an aggregator must be named; its outputs: " + outputs);
        }
        boolean verifiable = header.keep() != Keep.NONE && local.outputs().contains(Extraction.LOCAL);
        header = new DatabaseHeader(header.parts(), header.keep(), verifiable, header.sampleImages(), header.seed());
        if (verifiable) {
            make(MATCHER, Matcher.class, specs);
            make(VERIFIER, Verifier.class, specs);
        }
        for (String role : header.chain()) {
            Class<? extends Component> kind = role.equals(AGGREGATOR) ? Aggregator.class : Transform.class;
            makeUnlessLearned(role, kind, specs);
        }
    }

    private <C extends Component> C make(String role, Class<C> kind, Map<String, ComponentSpec> specs)
            throws IOException {
        ComponentSpec spec = specs.get(role);
        if (spec == null) {
            throw new IllegalStateException("no spec of the " + role);
        }
        return keep(role, kind, create(components, kind, spec, context));
    }

    /**
     * Makes a part now if it needs no sample: then given arrays are copied before the images come, and a mistake in the
     * spec shows at once.
     */
    private <C extends Component> void makeUnlessLearned(String role, Class<C> kind, Map<String, ComponentSpec> specs)
            throws IOException {
        try {
            make(role, kind, specs);
        } catch (SampleRequiredException waits) {
            // learned when the first images are there
        }
    }

    /** Makes a component; what goes wrong with files is thrown as such. */
    static <C extends Component> C create(
            Components components, Class<C> kind, ComponentSpec spec, BuildContext context) throws IOException {
        try {
            return components.create(kind, spec, context);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** The specs by role, each checked. */
    private static Map<String, ComponentSpec> split(DatabaseOptions options, Components components) {
        Map<String, ComponentSpec> specs = new LinkedHashMap<>();
        List<ComponentSpec.Part> extractor = options.extractor().parts();
        specs.put(EXTRACTOR, ComponentSpec.of(extractor.get(0)));
        List<ComponentSpec.Part> stages = extractor.subList(1, extractor.size());
        components.canonical(Extractor.class, options.extractor());
        if (options.aggregator().isPresent()) {
            ComponentSpec aggregator = options.aggregator().get();
            if (!stages.isEmpty()) {
                throw new IllegalArgumentException(
                        "stages stand after the aggregator where there is one, got extractor " + options.extractor()
                                + " and aggregator " + aggregator);
            }
            components.canonical(Aggregator.class, aggregator);
            specs.put(AGGREGATOR, ComponentSpec.of(aggregator.first()));
            stages = aggregator.parts().subList(1, aggregator.parts().size());
        }
        for (int i = 0; i < stages.size(); i++) {
            specs.put(STAGE + (i + 1), ComponentSpec.of(stages.get(i)));
        }
        if (options.local().isPresent()) {
            components.canonical(Extractor.class, options.local().get());
            specs.put(LOCAL, options.local().get());
        }
        components.canonical(Index.class, options.index());
        if (options.index().parts().size() > 1) {
            throw new IllegalArgumentException("the index of a database must have one part, got \"" + options.index()
                    + "\"; stages of re-ranking are named when it is searched");
        }
        specs.put(INDEX, options.index());
        specs.put(MATCHER, options.matcher());
        specs.put(VERIFIER, options.verifier());
        return specs;
    }
}
