package org.retrieval4j.cli;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.JoinedDatabases;
import org.retrieval4j.rerank.FusedGallery;
import org.retrieval4j.rerank.Fusion;
import picocli.CommandLine.Option;

/** The databases that are searched, and how their ranked lists become one where there are several. */
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class FusionOptions {
    @Option(
            names = "--database",
            paramLabel = "DIR",
            required = true,
            description =
                    "The database's folder. Given several times, the databases must hold the same pictures under the"
                            + " same names; their ranked lists are fused, and the first one verifies.")
    private List<Path> databases;

    @Option(
            names = "--fusion",
            paramLabel = "SPEC",
            description = "How lists of several databases become one: reciprocal-rank (default),"
                    + " score-sum(normalization=min-max|z-score), query-adaptive.")
    private @Nullable String fusion;

    @Option(
            names = "--weights",
            paramLabel = "W,W,...",
            split = ",",
            description = "Weight of each database's list (default: 1 each).")
    private double @Nullable [] weights;

    /** The first database, which names and verifies. */
    Path first() {
        return databases.get(0);
    }

    boolean isFused() {
        return databases.size() > 1;
    }

    /** Before any work begins. */
    void check(Components components) {
        if (!isFused() && (fusion != null || weights != null)) {
            throw new UsageException((fusion != null ? "--fusion" : "--weights")
                    + " takes several databases: --database A --database B");
        }
        if (databases.stream().distinct().count() < databases.size()) {
            throw new UsageException("--database names one folder twice");
        }
        if (weights != null && weights.length != databases.size()) {
            throw new UsageException(
                    "--weights must be one a database, got " + weights.length + " for " + databases.size());
        }
        PipelineOptions.spec(components, "--fusion", Fusion.class, text());
    }

    private String text() {
        return fusion == null ? "reciprocal-rank" : fusion;
    }

    Opened open(Components components, BuildContext context) throws IOException {
        Opened opened = new Opened(new LinkedHashMap<>(), components.create(Fusion.class, text()));
        try {
            for (Path database : databases) {
                opened.all.put(database.toString(), Databases.openForReading(database, components, context));
            }
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    /** Opened databases. */
    final class Opened implements Closeable {
        private final Map<String, ImageDatabase> all;
        private final Fusion how;

        private Opened(Map<String, ImageDatabase> all, Fusion how) {
            this.all = all;
            this.how = how;
        }

        List<ImageDatabase> databases() {
            return List.copyOf(all.values());
        }

        ImageDatabase first() {
            return databases().get(0);
        }

        /** What is searched: the database, or all of them as one. */
        Gallery gallery() throws IOException {
            if (!isFused()) {
                return first().gallery();
            }
            try {
                List<Gallery> galleries = JoinedDatabases.galleries(all);
                List<FusedGallery.Member> members = new ArrayList<>();
                for (String name : all.keySet()) {
                    double weight = weights == null ? 1 : weights[members.size()];
                    members.add(new FusedGallery.Member(name, galleries.get(members.size()), weight));
                }
                return new FusedGallery(members, how);
            } catch (IllegalArgumentException refused) {
                throw new CommandException(refused.getMessage() + "", refused);
            }
        }

        @Override
        public void close() throws IOException {
            how.close();
            for (ImageDatabase database : all.values()) {
                database.close();
            }
        }
    }
}
