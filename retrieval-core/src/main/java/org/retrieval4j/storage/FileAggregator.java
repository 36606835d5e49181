package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code file(path=A.r4j)}: the aggregator that {@link ComponentFile} saved. What is made <em>is</em> the saved
 * aggregator, with its spec and fingerprint; the path is nowhere in it.
 */
public final class FileAggregator {
    private FileAggregator() {}

    /**
     * Which file.
     *
     * @param path a file written by {@link ComponentFile#save}, absolute or relative to {@link
     *     BuildContext#baseDirectory()}
     */
    public record Options(String path) {
        /** Checks that there is a path object. */
        public Options {
            requireNonNull(path, "path");
        }

        /**
         * No file: a path must be given.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options("");
        }

        /**
         * These options with a file.
         *
         * @param file the file
         * @return the changed options
         */
        public Options withPath(String file) {
            return new Options(file);
        }
    }

    /** Opens saved aggregators. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Aggregator.class, "file", Options.defaults());
        }

        @Override
        public Aggregator create(Options options, BuildContext context) throws IOException {
            return create(options, context, Components.load());
        }

        @Override
        public Aggregator create(Options options, BuildContext context, Components components) throws IOException {
            if (options.path().isEmpty()) {
                throw new IllegalArgumentException("file: path must be given, as in file(path=A.r4j)");
            }
            return ComponentFile.open(Aggregator.class, context.resolve(options.path()), components, context);
        }
    }
}
