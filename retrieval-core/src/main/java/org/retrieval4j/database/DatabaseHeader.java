package org.retrieval4j.database;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * What a database is made of. {@code database.r4j} is written when it is created, and makes a directory a database;
 * {@code learned.r4j} is written when everything that is learned from the first images exists. Neither changes
 * afterwards.
 *
 * @param parts the components by role
 * @param keep how local features are kept
 * @param verifiable whether there are local features to verify with
 * @param sampleImages how many images the rest is learned from
 * @param seed of every random choice
 */
record DatabaseHeader(Map<String, Part> parts, Keep keep, boolean verifiable, int sampleImages, long seed) {
    static final String FILE = "database.r4j";
    static final String LEARNED_FILE = "learned.r4j";
    static final String EXTRACTOR = "extractor";
    static final String AGGREGATOR = "aggregator";
    static final String STAGE = "stage-";
    static final String LOCAL = "local";
    static final String MATCHER = "matcher";
    static final String VERIFIER = "verifier";
    static final String INDEX = "index";

    private static final String KIND = "image-database";
    private static final String LEARNED_KIND = "image-database-learned";
    private static final int VERSION = 1;
    private static final String SPEC = "spec.";
    private static final String FINGERPRINT = "fingerprint.";

    DatabaseHeader {
        parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    }

    /**
     * One component.
     *
     * @param spec its spec, the component's own if it exists
     * @param fingerprint its identity if it exists
     */
    record Part(ComponentSpec spec, Optional<Fingerprint> fingerprint) {}

    /** A component that must be there. */
    Part part(String role) {
        Part part = parts.get(role);
        if (part == null) {
            throw new IllegalStateException("the database has no " + role);
        }
        return part;
    }

    /** The roles between the extractor and the index, in the order of the work. */
    List<String> chain() {
        List<String> roles = stages();
        if (parts.containsKey(AGGREGATOR)) {
            roles.add(0, AGGREGATOR);
        }
        return roles;
    }

    /** The roles between the aggregator, or the extractor, and the index. */
    List<String> stages() {
        List<String> roles = new ArrayList<>();
        for (int i = 1; parts.containsKey(STAGE + i); i++) {
            roles.add(STAGE + i);
        }
        return roles;
    }

    /** The options, their specs those of the components as far as these exist. */
    DatabaseOptions options() {
        DatabaseOptions options = DatabaseOptions.defaults()
                .withExtractor(part(EXTRACTOR).spec())
                .withAggregator(Optional.empty())
                .withLocal(Optional.ofNullable(parts.get(LOCAL)).map(Part::spec))
                .withIndex(part(INDEX).spec())
                .withMatcher(part(MATCHER).spec())
                .withVerifier(part(VERIFIER).spec())
                .withKeep(keep)
                .withSampleImages(sampleImages)
                .withSeed(seed);
        List<String> chain = chain();
        if (chain.isEmpty()) {
            return options;
        }
        List<ComponentSpec.Part> specs = new ArrayList<>();
        chain.forEach(role -> specs.addAll(part(role).spec().parts()));
        if (chain.get(0).equals(AGGREGATOR)) {
            return options.withAggregator(Optional.of(new ComponentSpec(specs)));
        }
        specs.addAll(0, part(EXTRACTOR).spec().parts());
        return options.withExtractor(new ComponentSpec(specs));
    }

    /** Identity of what descriptors are made by; empty until everything is learned. */
    Optional<Fingerprint> pipeline() {
        Fingerprint.Builder builder = Fingerprint.builder();
        List<String> roles = new ArrayList<>(List.of(EXTRACTOR));
        roles.addAll(chain());
        for (String role : roles) {
            Optional<Fingerprint> fingerprint = part(role).fingerprint();
            if (fingerprint.isEmpty()) {
                return Optional.empty();
            }
            builder.add(fingerprint.get().hex());
        }
        return Optional.of(builder.build());
    }

    /** With some parts in the place of others. */
    DatabaseHeader with(Map<String, Part> others) {
        Map<String, Part> all = new LinkedHashMap<>(parts);
        all.putAll(others);
        return new DatabaseHeader(all, keep, verifiable, sampleImages, seed);
    }

    void write(Path directory) throws IOException {
        try (SectionWriter writer = SectionWriter.create(directory.resolve(FILE), KIND, VERSION)) {
            writer.header("keep", keep.name().toLowerCase(Locale.ROOT));
            writer.header("verifiable", Boolean.toString(verifiable));
            writer.header("sample-images", Integer.toString(sampleImages));
            writer.header("seed", Long.toString(seed));
            put(writer, parts);
            writer.commit();
        }
    }

    static DatabaseHeader read(Path directory) throws IOException {
        Path path = directory.resolve(FILE);
        try (SectionFile file = SectionFile.open(path, KIND, VERSION, VERSION)) {
            Keep keep;
            try {
                keep = Keep.valueOf(file.header("keep").toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw caused(new CorruptFileException(path, 0, "none, compact or float", file.header("keep")), e);
            }
            DatabaseHeader header = new DatabaseHeader(
                    parts(file),
                    keep,
                    file.header("verifiable").equals("true"),
                    (int) file.headerLong("sample-images", 1, Integer.MAX_VALUE),
                    file.headerLong("seed", Long.MIN_VALUE, Long.MAX_VALUE));
            for (String role : List.of(EXTRACTOR, INDEX, MATCHER, VERIFIER)) {
                if (!header.parts.containsKey(role)) {
                    throw new CorruptFileException(path, 0, "a spec of the " + role, "none");
                }
            }
            return header;
        }
    }

    /** Writes parts that were learned; from then on the database is complete. */
    static void writeLearned(Path directory, Map<String, Part> parts) throws IOException {
        try (SectionWriter writer = SectionWriter.create(directory.resolve(LEARNED_FILE), LEARNED_KIND, VERSION)) {
            put(writer, parts);
            writer.commit();
        }
    }

    /** Parts that were learned, if they were. */
    static Optional<Map<String, Part>> readLearned(Path directory) throws IOException {
        Path path = directory.resolve(LEARNED_FILE);
        if (!java.nio.file.Files.exists(path)) {
            return Optional.empty();
        }
        try (SectionFile file = SectionFile.open(path, LEARNED_KIND, VERSION, VERSION)) {
            return Optional.of(parts(file));
        }
    }

    private static void put(SectionWriter writer, Map<String, Part> parts) {
        parts.forEach((role, part) -> {
            writer.header(SPEC + role, part.spec().toString());
            part.fingerprint().ifPresent(fingerprint -> writer.header(FINGERPRINT + role, fingerprint.hex()));
        });
    }

    private static Map<String, Part> parts(SectionFile file) throws IOException {
        Map<String, Part> parts = new LinkedHashMap<>();
        for (Map.Entry<String, String> field : file.header().entrySet()) {
            if (field.getKey().startsWith(SPEC)) {
                String role = field.getKey().substring(SPEC.length());
                Optional<String> fingerprint = Optional.ofNullable(file.header().get(FINGERPRINT + role));
                try {
                    parts.put(role, new Part(ComponentSpec.parse(field.getValue()), fingerprint.map(Fingerprint::new)));
                } catch (IllegalArgumentException e) {
                    throw caused(
                            new CorruptFileException(
                                    file.path(), 0, "spec and fingerprint of the " + role, field.getValue()),
                            e);
                }
            }
        }
        return parts;
    }

    private static CorruptFileException caused(CorruptFileException exception, Throwable cause) {
        exception.initCause(cause);
        return exception;
    }
}
