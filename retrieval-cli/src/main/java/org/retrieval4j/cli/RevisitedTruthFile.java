package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.eval.RevisitedTruth;
import org.retrieval4j.localization.text.JsonFile;
import org.retrieval4j.localization.text.JsonValue;

/**
 * Ground truth of Revisited Oxford or Paris: {@code imlist}, the names of the database's images, and {@code gnd}, of each
 * query the indices {@code easy}, {@code hard} and {@code junk} into it.
 */
final class RevisitedTruthFile {
    private RevisitedTruthFile() {}

    /** Reads the file; its other members are passed over. */
    static RevisitedTruth read(Path file) throws IOException {
        try (JsonFile json = new JsonFile(file)) {
            JsonValue all = json.value();
            json.end();
            int images = all.member("imlist").elements().size();
            List<RevisitedTruth.Labels> queries = new ArrayList<>();
            for (JsonValue query : all.member("gnd").elements()) {
                queries.add(new RevisitedTruth.Labels(
                        indices(query, "easy"), indices(query, "hard"), indices(query, "junk")));
            }
            return new RevisitedTruth(images, queries);
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
    }

    private static List<Integer> indices(JsonValue query, String name) throws IOException {
        List<Integer> indices = new ArrayList<>();
        for (JsonValue index : query.member(name).elements()) {
            indices.add((int) index.integer(0, Integer.MAX_VALUE));
        }
        return indices;
    }
}
