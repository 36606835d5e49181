package org.retrieval4j.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.eval.LandmarkScore;
import picocli.CommandLine.Option;

/** The two files of a challenge of Google Landmarks v2, and how its score is told. */
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class LandmarkFiles {
    @Option(
            names = "--solution",
            paramLabel = "S.csv",
            required = true,
            description = "The official solution: a header, then rows id,truth,Usage.")
    Path solution;

    @Option(
            names = "--submission",
            paramLabel = "P.csv",
            required = true,
            description = "What is judged: a header, then rows id,prediction.")
    Path submission;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    String text(String metric, LandmarkScore score) {
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put(metric, score.all());
            line.put("public", orNull(score.publicPart()));
            line.put("private", orNull(score.privatePart()));
            return Json.text(line);
        }
        return String.format(
                Locale.ROOT,
                "%s %.4f, public %.4f, private %.4f",
                metric,
                score.all(),
                score.publicPart(),
                score.privatePart());
    }

    private static @Nullable Double orNull(double part) {
        return Double.isNaN(part) ? null : part;
    }
}
