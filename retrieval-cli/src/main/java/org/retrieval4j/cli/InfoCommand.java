package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.database.DatabaseInfo;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.localization.colmap.ColmapDatabase;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval info}: what a database is made of, ours or COLMAP's. */
@Command(
        name = "info",
        description = "Show what a database is made of and how large it is; of COLMAP's database.db, what it holds.")
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class InfoCommand extends Subcommand {
    @Option(
            names = "--database",
            paramLabel = "DIR",
            required = true,
            description = "The database's folder, or a database.db of COLMAP.")
    private Path database;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        if (Files.isRegularFile(database) && ColmapDatabase.isDatabase(database)) {
            colmap();
            return Main.DONE;
        }
        try (ImageDatabase opened = Databases.openForReading(
                database, Components.load(), BuildContext.defaults().withKernel(KernelCatalog.LIGHT))) {
            DatabaseInfo info = opened.info();
            String keep = info.keep().name().toLowerCase(Locale.ROOT);
            if (json) {
                console().print(Json.text(object(info, keep)));
                return Main.DONE;
            }
            row("images", info.images() + (info.pending() > 0 ? " (" + info.pending() + " not searchable yet)" : ""));
            for (DatabaseInfo.ComponentInfo component : info.components()) {
                String identity =
                        component.fingerprint().map(Fingerprint::abbreviated).orElse("not learned yet");
                row(component.role(), component.spec() + "  [" + identity + "]");
            }
            row("features", keep);
            row("segments", Integer.toString(info.segments()));
            long total =
                    info.bytes().values().stream().mapToLong(Long::longValue).sum();
            List<String> parts = new ArrayList<>();
            info.bytes().forEach((kind, bytes) -> parts.add(kind + " " + size(bytes)));
            row("on disk", size(total) + (parts.isEmpty() ? "" : " (" + String.join(", ", parts) + ")"));
        }
        return Main.DONE;
    }

    private void colmap() throws IOException {
        Map<String, Object> counts = new LinkedHashMap<>();
        try (ColmapDatabase opened = ColmapDatabase.open(database)) {
            long keypoints = 0;
            long descriptors = 0;
            for (int image : opened.images().keySet()) {
                keypoints += opened.keypoints(image).map(Keypoints::size).orElse(0);
                descriptors += opened.descriptors(image).map(FloatMatrix::rows).orElse(0);
            }
            long matches = 0;
            for (ColmapDatabase.Pair pair : opened.matched()) {
                matches += opened.matches(pair).size();
            }
            long inliers = 0;
            for (ColmapDatabase.Pair pair : opened.verified()) {
                inliers += opened.geometry(pair)
                        .map(geometry -> geometry.inliers().size())
                        .orElse(0);
            }
            counts.put("cameras", opened.cameras().size());
            counts.put("images", opened.images().size());
            counts.put("keypoints", keypoints);
            counts.put("descriptors", descriptors);
            counts.put("matchedPairs", opened.matched().size());
            counts.put("matches", matches);
            counts.put("verifiedPairs", opened.verified().size());
            counts.put("inliers", inliers);
        }
        if (json) {
            console().print(Json.text(counts));
        } else {
            counts.forEach((name, count) ->
                    console().print(String.format(Locale.ROOT, "%-13s  %d", name, ((Number) count).longValue())));
        }
    }

    private void row(String name, String value) {
        console().print(String.format(Locale.ROOT, "%-10s  %s", name, value));
    }

    private static Map<String, Object> object(DatabaseInfo info, String keep) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("images", info.images());
        object.put("pending", info.pending());
        List<Object> components = new ArrayList<>();
        for (DatabaseInfo.ComponentInfo component : info.components()) {
            Map<String, @Nullable Object> entry = new LinkedHashMap<>();
            entry.put("role", component.role());
            entry.put("spec", component.spec().toString());
            entry.put(
                    "fingerprint", component.fingerprint().map(Fingerprint::hex).orElse(null));
            components.add(entry);
        }
        object.put("components", components);
        object.put("keep", keep);
        object.put("segments", info.segments());
        object.put("bytes", info.bytes());
        return object;
    }

    /** Bytes as people say them. */
    static String size(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        } else if (bytes < 1_000_000) {
            return String.format(Locale.ROOT, "%.1f kB", bytes / 1e3);
        } else if (bytes < 1_000_000_000) {
            return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
        }
        return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }
}
