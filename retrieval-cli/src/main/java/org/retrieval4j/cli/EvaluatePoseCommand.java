package org.retrieval4j.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.cli.report.PoseCurves;
import org.retrieval4j.cli.report.PosePage;
import org.retrieval4j.cli.report.WholeFile;
import org.retrieval4j.localization.pose.ConditionFile;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseErrors;
import org.retrieval4j.localization.pose.PoseEvaluation;
import org.retrieval4j.localization.pose.PoseEvaluation.Threshold;
import org.retrieval4j.localization.pose.PoseFile;
import org.retrieval4j.localization.pose.SubmissionFormat;
import org.retrieval4j.localization.pose.ThresholdPreset;
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
                    + " ${DEFAULT-VALUE}), or a preset: default, aachen-night-2018, indoor, seven-scenes.")
    private List<String> thresholds;

    @Option(
            names = "--conditions",
            paramLabel = "C.txt",
            description = "Lines \"name condition\" of all queries: each condition is judged by itself too.")
    private @Nullable Path conditions;

    @Option(
            names = "--names",
            paramLabel = "BENCHMARK",
            description =
                    "Names are those of a submission to aachen, robotcar, cmu or inloc: of every path in the files only"
                            + " what it keeps counts.")
    private @Nullable String names;

    @Option(
            names = "--curves",
            paramLabel = "FILE.html|FILE.png",
            description =
                    "Draw which share of the queries has an error below each threshold, as a page with the figures or as"
                            + " a picture.")
    private @Nullable Path curves;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        List<Threshold> bounds = bounds();
        Optional<SubmissionFormat> format = Optional.ofNullable(names).map(EvaluatePoseCommand::format);
        Map<String, Pose> right = named(format, PoseFile.read(truth), truth);
        if (right.isEmpty()) {
            throw new CommandException(truth + " has no poses");
        }
        Map<String, Pose> found = named(format, PoseFile.read(estimates), estimates);
        PoseEvaluation evaluation = PoseEvaluation.of(right, found, bounds);
        Map<String, PoseEvaluation> parts = new LinkedHashMap<>();
        Map<String, PoseErrors> lines = new LinkedHashMap<>();
        if (conditions == null) {
            lines.put("all", PoseErrors.of(right, found));
        } else {
            Path file = conditions;
            Map<String, String> known = named(format, ConditionFile.read(file), file);
            parts = told(file, () -> PoseEvaluation.byCondition(right, found, bounds, known));
            PoseEvaluation.truthByCondition(right, known)
                    .forEach((name, part) -> lines.put(name, PoseErrors.of(part, found)));
        }
        if (curves != null) {
            Map<String, PoseEvaluation> rows = new LinkedHashMap<>();
            rows.put("all", evaluation);
            rows.putAll(parts);
            draw(curves, lines, bounds, rows);
        }
        if (json) {
            Map<String, @Nullable Object> line = fields(evaluation);
            if (conditions != null) {
                Map<String, Object> each = new LinkedHashMap<>();
                parts.forEach((name, part) -> each.put(name, fields(part)));
                line.put("conditions", each);
            }
            console().print(Json.text(line));
        } else {
            print(evaluation, bounds, "");
            parts.forEach((name, part) -> print(part, bounds, Failures.oneLine(name) + ": "));
            long others = found.keySet().stream()
                    .filter(name -> !right.containsKey(name))
                    .count();
            if (others > 0) {
                console().print(others + " estimates of other names left out");
            }
        }
        return Main.DONE;
    }

    private List<Threshold> bounds() {
        List<Threshold> bounds = new ArrayList<>();
        for (String text : thresholds) {
            ThresholdPreset.of(text)
                    .ifPresentOrElse(preset -> bounds.addAll(preset.thresholds()), () -> bounds.add(threshold(text)));
        }
        return bounds;
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
        throw new UsageException("--thresholds must be positive numbers as 0.25/2 or one of "
                + Arrays.stream(ThresholdPreset.values()).map(Object::toString).collect(Collectors.joining(", "))
                + ", got \"" + text + "\"");
    }

    /** A benchmark of {@code --names} or {@code --benchmark}. */
    static SubmissionFormat format(String text) {
        return SubmissionFormat.of(text)
                .orElseThrow(() -> new UsageException("the benchmark must be one of "
                        + Arrays.stream(SubmissionFormat.values())
                                .map(format -> format.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))
                        + ", got \"" + text + "\""));
    }

    private static <V> Map<String, V> named(Optional<SubmissionFormat> format, Map<String, V> byPath, Path file) {
        return format.isEmpty() ? byPath : told(file, () -> format.get().named(byPath));
    }

    private static <T> T told(Path file, Supplier<T> work) {
        try {
            return work.get();
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
    }

    private static Map<String, @Nullable Object> fields(PoseEvaluation evaluation) {
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

    private static void draw(
            Path file, Map<String, PoseErrors> series, List<Threshold> bounds, Map<String, PoseEvaluation> rows)
            throws IOException {
        String title = "Errors of camera poses";
        BufferedImage picture = PoseCurves.draw(title, series);
        if (file.toString().toLowerCase(Locale.ROOT).endsWith(".html")) {
            PosePage.write(file, title, picture, bounds, rows);
        } else {
            WholeFile.png(file, picture);
        }
    }

    private void print(PoseEvaluation evaluation, List<Threshold> bounds, String prefix) {
        console()
                .print(String.format(
                        Locale.ROOT,
                        "%s%d of %d queries localized",
                        prefix,
                        evaluation.localized(),
                        evaluation.queries()));
        console()
                .print(String.format(
                        Locale.ROOT,
                        "%smedian %.4g and %.4g degrees, worst %.4g and %.4g degrees",
                        prefix,
                        evaluation.medianPosition(),
                        evaluation.medianRotationDegrees(),
                        evaluation.maxPosition(),
                        evaluation.maxRotationDegrees()));
        for (int i = 0; i < bounds.size(); i++) {
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "%swithin %s/%s: %.1f %%",
                            prefix,
                            bounds.get(i).position(),
                            bounds.get(i).degrees(),
                            100 * evaluation.recall().get(i)));
        }
    }
}
