package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEvaluation;
import org.retrieval4j.localization.pose.PoseEvaluation.Threshold;
import org.retrieval4j.localization.pose.PoseFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate pose}: errors of estimated poses, and recall at thresholds. */
@Command(
        name = "pose",
        description = {
            "Errors of position and rotation of estimated camera poses, and the part of all queries below thresholds.",
            "",
            "Both files have lines \"name qw qx qy qz tx ty tz\", world to camera. A query without an estimate counts with"
                    + " an infinite position error and 180 degrees."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluatePoseCommand extends Subcommand {
    @Option(names = "--truth", paramLabel = "T.txt", required = true, description = "The true poses of all queries.")
    private Path truth;

    @Option(names = "--estimates", paramLabel = "E.txt", required = true, description = "Poses of localized queries.")
    private Path estimates;

    @Option(
            names = "--thresholds",
            paramLabel = "P/D,...",
            split = ",",
            defaultValue = "0.25/2,0.5/5,5/10",
            description = "Bounds of position (in units of the world) and degrees, both strict (default:"
                    + " ${DEFAULT-VALUE}).")
    private List<String> thresholds;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        List<Threshold> bounds = new ArrayList<>();
        for (String text : thresholds) {
            bounds.add(threshold(text));
        }
        Map<String, Pose> right = PoseFile.read(truth);
        if (right.isEmpty()) {
            throw new CommandException(truth + " has no poses");
        }
        Map<String, Pose> found = PoseFile.read(estimates);
        PoseEvaluation evaluation = PoseEvaluation.of(right, found, bounds);
        if (json) {
            console().print(Json.text(fields(evaluation)));
        } else {
            print(
                    evaluation,
                    found.keySet().stream()
                            .filter(name -> !right.containsKey(name))
                            .count());
        }
        return Main.DONE;
    }

    private static Threshold threshold(String text) {
        String[] parts = text.strip().split("/", -1);
        try {
            if (parts.length == 2) {
                return new Threshold(Double.parseDouble(parts[0]), Double.parseDouble(parts[1]));
            }
        } catch (IllegalArgumentException e) {
            // told below, a number that is none alike
        }
        throw new UsageException("--thresholds must be positive numbers as 0.25/2, got \"" + text + "\"");
    }

    private static Map<String, Object> fields(PoseEvaluation evaluation) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("queries", evaluation.queries());
        line.put("localized", evaluation.localized());
        line.put("medianPosition", finite(evaluation.medianPosition()));
        line.put("medianRotationDegrees", evaluation.medianRotationDegrees());
        line.put("maxPosition", finite(evaluation.maxPosition()));
        line.put("maxRotationDegrees", evaluation.maxRotationDegrees());
        line.put("recall", evaluation.recall());
        return line;
    }

    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private void print(PoseEvaluation evaluation, long others) {
        console()
                .print(String.format(
                        Locale.ROOT,
                        "%d of %d queries localized%s",
                        evaluation.localized(),
                        evaluation.queries(),
                        others == 0 ? "" : "; " + others + " estimates of other names left out"));
        console()
                .print(String.format(
                        Locale.ROOT,
                        "median %.4g and %.4g degrees, worst %.4g and %.4g degrees",
                        evaluation.medianPosition(),
                        evaluation.medianRotationDegrees(),
                        evaluation.maxPosition(),
                        evaluation.maxRotationDegrees()));
        for (int i = 0; i < thresholds.size(); i++) {
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "within %s: %.1f %%",
                            thresholds.get(i).strip(),
                            100 * evaluation.recall().get(i)));
        }
    }
}
