package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * Where a long training writes how far it has come. If the file is there when the same training starts, it goes on from it,
 * and its result is the same, bit by bit, as if it had never been ended; when it is done the file is deleted. The file is
 * replaced in one step: it holds one state or the next, however the process ends. Immutable; for one training at a time.
 *
 * @param file the file; or a folder that is there, where each training has a file of its own, so that none is another's
 * @param every after how many iterations, or groups of hierarchical k-means, it is written, at least 1; writing takes as
 *     long as writing the centroids and a number for each vector of the sample
 */
public record Checkpoint(Path file, int every) {
    private static final int VERSION = 1;
    private static final String IDENTITY = "training";

    /** Checks the range. */
    public Checkpoint {
        requireNonNull(file, "file");
        if (every < 1) {
            throw new IllegalArgumentException("every must be at least 1, got " + every);
        }
    }

    /** Tells one training from another: all that decides its result. */
    static Fingerprint identity(String kind, KMeans.Options options, Map<String, FloatMatrix> inputs) {
        String parameters = "(clusters=" + options.clusters() + ",iterations=" + options.iterations() + ",seed="
                + options.seed() + ")";
        return Fingerprint.of(ComponentSpec.parse(kind + parameters), ComponentState.ofArrays(new TreeMap<>(inputs)));
    }

    boolean due(int done) {
        return done % every == 0;
    }

    /** What has been saved, if anything. */
    Optional<SectionFile> open(String kind, Fingerprint identity) throws IOException {
        Path place = place(identity);
        if (!Files.exists(place)) {
            return Optional.empty();
        }
        SectionFile saved = SectionFile.open(place, kind, VERSION, VERSION);
        try {
            saved.verify();
            if (!saved.header(IDENTITY).equals(identity.toString())) {
                throw new IllegalArgumentException(
                        place + " is the checkpoint of another training: its settings, seed or"
                                + " sample differ; delete it, or name another file");
            }
            return Optional.of(saved);
        } catch (IOException | RuntimeException refused) {
            saved.close();
            throw refused;
        }
    }

    /** Writes the parts of a state. */
    interface State {
        void write(SectionWriter writer) throws IOException;
    }

    void save(String kind, Fingerprint identity, State state) throws IOException {
        try (SectionWriter writer = SectionWriter.create(place(identity), kind, VERSION)) {
            writer.header(IDENTITY, identity.toString());
            state.write(writer);
            writer.commit();
        }
    }

    void done(Fingerprint identity) throws IOException {
        Files.deleteIfExists(place(identity));
    }

    private Path place(Fingerprint identity) {
        return Files.isDirectory(file) ? file.resolve("training-" + identity.abbreviated() + ".r4j") : file;
    }
}
