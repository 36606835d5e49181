package org.retrieval4j.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.database.Keep;
import org.retrieval4j.kernel.KernelCatalog;
import picocli.CommandLine.Option;

/** What a new database is made of. */
final class PipelineOptions {
    @Option(names = "--extractor", paramLabel = "SPEC", description = "Features for retrieval (default: sift).")
    private @Nullable String extractor;

    @Option(
            names = "--aggregator",
            paramLabel = "SPEC",
            description = "From features to one vector (default: vlad(clusters=64,normalization=intra); none where the"
                    + " extractor gives a global vector).")
    private @Nullable String aggregator;

    @Option(
            names = "--local",
            paramLabel = "SPEC",
            description = "Features for verification, where they are not the extractor's.")
    private @Nullable String local;

    @Option(names = "--index", paramLabel = "SPEC", description = "What ranks (default: flat).")
    private @Nullable String index;

    @Option(
            names = "--matcher",
            paramLabel = "SPEC",
            description = "What pairs features (default: mutual-nearest-neighbor).")
    private @Nullable String matcher;

    @Option(
            names = "--verifier",
            paramLabel = "SPEC",
            description = "What checks pairs: homography (default), affine, similarity, fundamental.")
    private @Nullable String verifier;

    @Option(
            names = "--keep",
            paramLabel = "none|compact|float",
            description = "How features are kept for verification (default: compact, 8 bit).")
    private @Nullable String keep;

    @Option(
            names = "--sample",
            paramLabel = "N",
            description = "Images of the first run that the aggregator is learned from (default: 1000).")
    private @Nullable Integer sample;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of every random choice (default: 42).")
    private @Nullable Long seed;

    /** The options of a new database. */
    DatabaseOptions options(Components components) {
        DatabaseOptions options = DatabaseOptions.defaults();
        if (extractor != null) {
            options = options.withExtractor(spec(components, "--extractor", Extractor.class, extractor));
            if (aggregator == null && givesVector(components, options.extractor())) {
                options = options.withAggregator(Optional.empty());
            }
        }
        if (aggregator != null) {
            options =
                    options.withAggregator(Optional.of(spec(components, "--aggregator", Aggregator.class, aggregator)));
        }
        if (local != null) {
            options = options.withLocal(Optional.of(spec(components, "--local", Extractor.class, local)));
        }
        if (index != null) {
            options = options.withIndex(spec(components, "--index", Index.class, index));
        }
        if (matcher != null) {
            options = options.withMatcher(spec(components, "--matcher", Matcher.class, matcher));
        }
        if (verifier != null) {
            options = options.withVerifier(spec(components, "--verifier", Verifier.class, verifier));
        }
        if (keep != null) {
            options = options.withKeep(keep());
        }
        try {
            options = sample == null ? options : options.withSampleImages(sample);
        } catch (IllegalArgumentException refused) {
            throw new UsageException("--sample: " + refused.getMessage(), refused);
        }
        return seed == null ? options : options.withSeed(seed);
    }

    /** An existing database keeps its specs: an option that says something else is an error. */
    void requireAgreement(Path database, DatabaseOptions has, Components components) {
        agree(database, components, "--extractor", Extractor.class, extractor, Optional.of(has.extractor()));
        agree(database, components, "--aggregator", Aggregator.class, aggregator, has.aggregator());
        agree(database, components, "--local", Extractor.class, local, has.local());
        agree(database, components, "--index", Index.class, index, Optional.of(has.index()));
        agree(database, components, "--matcher", Matcher.class, matcher, Optional.of(has.matcher()));
        agree(database, components, "--verifier", Verifier.class, verifier, Optional.of(has.verifier()));
        if (keep != null && keep() != has.keep()) {
            throw contradiction(database, "--keep", has.keep().name().toLowerCase(Locale.ROOT), keep);
        }
        if (sample != null && sample != has.sampleImages()) {
            throw contradiction(database, "--sample", has.sampleImages(), sample);
        }
        if (seed != null && seed != has.seed()) {
            throw contradiction(database, "--seed", has.seed(), seed);
        }
    }

    private static void agree(
            Path database,
            Components components,
            String option,
            Class<? extends Component> kind,
            @Nullable String given,
            Optional<ComponentSpec> has) {
        if (given == null) {
            return;
        }
        ComponentSpec wanted = components.canonical(kind, spec(components, option, kind, given));
        if (has.isEmpty()) {
            throw contradiction(database, option, "none", wanted);
        }
        ComponentSpec there = has.get();
        if (namesFiles(there)) {
            // its files stand in the spec by their hash; only the component itself can tell those of the option
            wanted = made(components, kind, wanted);
        } else {
            there = components.canonical(kind, there);
        }
        if (!wanted.equals(there)) {
            throw contradiction(database, option, there, wanted);
        }
    }

    private static <C extends Component> ComponentSpec made(Components components, Class<C> kind, ComponentSpec spec) {
        try (C component = components.create(kind, spec, BuildContext.defaults().withKernel(KernelCatalog.LIGHT))) {
            return component.spec();
        } catch (IllegalArgumentException needsSample) {
            return spec; // it names no files, so it is not the one that was made from files
        }
    }

    private static CommandException contradiction(Path database, String option, Object has, Object given) {
        return new CommandException(
                option + " contradicts " + database + ", which was made with " + has + "; given: " + given);
    }

    private static boolean namesFiles(ComponentSpec spec) {
        for (ComponentSpec.Part part : spec.parts()) {
            for (String value : part.parameters().values()) {
                if (value.contains("sha256:")) { // its own, or that of a component in it
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean givesVector(Components components, ComponentSpec spec) {
        try (Extractor made =
                components.create(Extractor.class, spec, BuildContext.defaults().withKernel(KernelCatalog.LIGHT))) {
            return made.outputs().contains(Extraction.GLOBAL);
        }
    }

    private Keep keep() {
        for (Keep mode : Keep.values()) {
            if (mode.name().equalsIgnoreCase(keep)) {
                return mode;
            }
        }
        throw new UsageException("--keep must be none, compact or float, got \"" + keep + "\"");
    }

    /** Reads a spec, and checks names and parameters before any work begins. */
    static ComponentSpec spec(Components components, String option, Class<? extends Component> kind, String text) {
        try {
            ComponentSpec spec = ComponentSpec.parse(text);
            components.canonical(kind, spec);
            return spec;
        } catch (IllegalArgumentException refused) {
            throw new UsageException(option + ": " + refused.getMessage(), refused);
        }
    }
}
