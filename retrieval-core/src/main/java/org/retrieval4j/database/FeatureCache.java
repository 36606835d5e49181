package org.retrieval4j.database;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * What an extractor gives an aggregator of many pictures (a feature map, where there is one), computed once and kept in a
 * folder bit by bit: for whoever goes over them time and again, as training does. A run that was killed goes on where it
 * was. Features are read when they are asked for, so that their number is bounded by the disk alone; the first ones stay on
 * the heap, in a quarter of it at most. Thread-safe.
 */
public final class FeatureCache implements FeatureSource, AutoCloseable {
    private static final String KIND = "extracted-features";
    private static final int VERSION = 1;
    private static final int PICTURES = 64; // in a file
    private static final int KEY = 20;

    private final List<Place> places;
    private final List<String> names;
    private final List<Skipped> skipped;
    private final List<SectionFile> files;
    private final Map<Long, ImageFeatures> held = new ConcurrentHashMap<>();
    private final AtomicLong room = new AtomicLong(Runtime.getRuntime().maxMemory() / 4);

    private record Place(SectionFile file, Section section) {}

    private FeatureCache(List<Place> places, List<String> names, List<Skipped> skipped, List<SectionFile> files) {
        this.places = List.copyOf(places);
        this.names = List.copyOf(names);
        this.skipped = List.copyOf(skipped);
        this.files = files;
    }

    /**
     * Computes features that are not there yet, and opens them.
     *
     * @param folder where they are kept, made if need be; several extractors and sets of pictures may share it
     * @param pictures the pictures
     * @param extractor gives their features; not kept
     * @param reader reads the pictures; one that fails is skipped, and tried again the next time
     * @param context threads and progress; may be interrupted
     * @return the features
     * @throws IOException if the folder cannot be written
     * @throws IllegalArgumentException if the extractor gives no features to aggregate
     */
    public static FeatureCache open(
            Path folder, List<ImageSource> pictures, Extractor extractor, ImageReader reader, BuildContext context)
            throws IOException {
        Files.createDirectories(folder);
        List<Place> places = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Skipped> skipped = new ArrayList<>();
        List<SectionFile> files = new ArrayList<>();
        try {
            for (int from = 0; from < pictures.size(); from += PICTURES) {
                List<ImageSource> group = pictures.subList(from, Math.min(pictures.size(), from + PICTURES));
                Path file = folder.resolve("features-" + key(group, extractor) + ".r4j");
                Group missing = new Group(file, group, from, pictures.size());
                missing.compute(extractor, reader, context);
                skipped.addAll(missing.skipped());
                SectionFile opened = SectionFile.open(file, KIND, VERSION, VERSION);
                files.add(opened);
                for (int i = 0; i < group.size(); i++) {
                    Optional<Section> section = opened.find(Integer.toString(i));
                    if (section.isPresent()) {
                        places.add(new Place(opened, section.get()));
                        names.add(group.get(i).name());
                    }
                }
            }
            return new FeatureCache(places, names, skipped, files);
        } catch (IOException | RuntimeException | Error e) {
            for (SectionFile file : files) {
                file.close();
            }
            throw e;
        }
    }

    /** Pictures whose features are in one file. */
    private static final class Group {
        private final Path file;
        private final List<ImageSource> pictures;
        private final int before;
        private final int total;
        private final byte[] @Nullable [] features;
        private final @Nullable Skipped[] refused;

        Group(Path file, List<ImageSource> pictures, int before, int total) {
            this.file = file;
            this.pictures = pictures;
            this.before = before;
            this.total = total;
            this.features = new byte[pictures.size()][];
            this.refused = new Skipped[pictures.size()];
        }

        /** Computes what the file lacks, and writes it if there is more than there was. */
        void compute(Extractor extractor, ImageReader reader, BuildContext context) throws IOException {
            boolean exists = Files.exists(file);
            if (exists) {
                try (SectionFile kept = SectionFile.open(file, KIND, VERSION, VERSION)) {
                    boolean whole = kept.sections().size() == pictures.size();
                    for (int i = 0; i < features.length && !whole; i++) {
                        if (kept.find(Integer.toString(i)).isPresent()) {
                            features[i] = kept.bytes(Integer.toString(i));
                        }
                    }
                    if (whole) {
                        context.progress().progress("extract", before + pictures.size(), total);
                        return;
                    }
                }
            }
            int[] missing = IntStream.range(0, features.length)
                    .filter(i -> features[i] == null)
                    .toArray();
            AtomicInteger done = new AtomicInteger(before + features.length - missing.length);
            Parallel.forEach(context.executor(), missing.length, m -> {
                int i = missing[m];
                ImageSource picture = pictures.get(i);
                try {
                    Extraction extraction = extractor.extract(reader.read(picture.bytes(reader)));
                    ImageFeatures found = extraction
                            .toAggregate()
                            .orElseThrow(() -> new IllegalArgumentException(extractor.spec()
                                    + " gives no features to aggregate; its outputs: " + extractor.outputs()));
                    features[i] = FeatureCodec.encode(found, Keep.FLOAT);
                } catch (IOException unreadable) {
                    refused[i] = Skipped.because(picture.name(), unreadable);
                }
                context.progress().progress("extract", done.incrementAndGet(), total);
            });
            if (!exists || skipped().size() < missing.length) {
                try (SectionWriter writer = SectionWriter.create(file, KIND, VERSION)) {
                    for (int i = 0; i < features.length; i++) {
                        byte[] bytes = features[i];
                        if (bytes != null) {
                            writer.bytes(Integer.toString(i), bytes);
                        }
                    }
                    writer.commit();
                }
            }
        }

        List<Skipped> skipped() {
            List<Skipped> some = new ArrayList<>();
            for (Skipped one : refused) {
                if (one != null) {
                    some.add(one);
                }
            }
            return some;
        }
    }

    private static String key(List<ImageSource> group, Extractor extractor) throws IOException {
        Fingerprint.Builder key =
                Fingerprint.builder().add(extractor.fingerprint().hex());
        for (ImageSource picture : group) {
            key.add(picture.name())
                    .add(picture.offset() + "+" + picture.length())
                    .add(Long.toString(Files.size(picture.file())))
                    .add(Files.getLastModifiedTime(picture.file()).toString());
        }
        return key.build().hex().substring(0, KEY);
    }

    /**
     * The pictures that could be read, in order; a picture's number here is its id.
     *
     * @return their names
     */
    public List<String> names() {
        return names;
    }

    /**
     * The pictures that could not be read.
     *
     * @return names and reasons
     */
    public List<Skipped> skipped() {
        return skipped;
    }

    @Override
    public Optional<ImageFeatures> features(long id) throws IOException {
        if (id < 0 || id >= places.size()) {
            return Optional.empty();
        }
        ImageFeatures known = held.get(id);
        if (known != null) {
            return Optional.of(known);
        }
        Place place = places.get((int) id);
        Section section = place.section;
        byte[] bytes = place.file.bytes(section.name());
        try {
            ImageFeatures features = FeatureCodec.decode(ByteBuffer.wrap(bytes));
            if (room.get() > 0 && held.putIfAbsent(id, features) == null) {
                room.addAndGet(-bytes.length);
            }
            return Optional.of(features);
        } catch (IllegalArgumentException damaged) {
            CorruptFileException corrupt = new CorruptFileException(
                    place.file.path(), section.offset(), "features", damaged.getMessage() + "");
            corrupt.initCause(damaged);
            throw corrupt;
        }
    }

    /** Closes the files. */
    @Override
    public void close() throws IOException {
        for (SectionFile file : files) {
            file.close();
        }
    }
}
