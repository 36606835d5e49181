package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.eval.RevisitedEvaluation;
import org.retrieval4j.eval.RevisitedEvaluation.Setting;
import org.retrieval4j.eval.RevisitedTruth;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate roxford} and {@code rparis}: the protocol of Revisited Oxford and Paris. */
@Command(
        name = "roxford",
        aliases = "rparis",
        description = {
            "Mean average precision and mean precision at 1, 5 and 10 of Revisited Oxford or Revisited Paris, in the settings"
                    + " Easy, Medium and Hard.",
            "",
            "Rankings and scores have a row for each image of the database and a column for each query, in the ground truth's"
                    + " order."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateRevisitedCommand extends Subcommand {
    @Option(
            names = "--ground-truth",
            paramLabel = "GND",
            required = true,
            description = "The published lists as JSON: imlist, and gnd with easy, hard and junk of each query.")
    private Path groundTruth;

    @ArgGroup(multiplicity = "1")
    private Answers answers;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /** One of the two. */
    @SuppressWarnings("NullAway.Init") // picocli injects the fields
    static final class Answers {
        @Option(
                names = "--ranks",
                paramLabel = "R.npy",
                description = "Indices of images from 0: row r of a column is the image at rank r.")
        private @Nullable Path ranks;

        @Option(
                names = "--scores",
                paramLabel = "S.npy",
                description = "Scores of the images, higher is better; equal ones rank in the order of images.")
        private @Nullable Path scores;
    }

    @Override
    int execute() throws IOException {
        RevisitedTruth truth = RevisitedTruthFile.read(groundTruth);
        Map<Setting, RevisitedEvaluation> evaluations = new LinkedHashMap<>();
        boolean ranked = answers.ranks != null;
        Path file = Objects.requireNonNull(ranked ? answers.ranks : answers.scores);
        try {
            int[][] rankings = ranked ? ranks(file, truth) : scores(file, truth);
            for (Setting setting : Setting.values()) {
                evaluations.put(setting, RevisitedEvaluation.of(truth, setting, rankings));
            }
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
        print(evaluations);
        return Main.DONE;
    }

    private static int[][] ranks(Path file, RevisitedTruth truth) throws IOException {
        NpyArray array = NpyFile.read(file);
        check(array, truth);
        int[] values = array.toInts();
        int[][] rankings = new int[truth.queries().size()][truth.images()];
        for (int i = 0; i < values.length; i++) {
            rankings[i % rankings.length][i / rankings.length] = values[i];
        }
        return rankings;
    }

    private static int[][] scores(Path file, RevisitedTruth truth) throws IOException {
        NpyArray array = NpyFile.read(file);
        check(array, truth);
        double[] values = array.toDoubles();
        int[][] rankings = new int[truth.queries().size()][];
        double[] scores = new double[truth.images()];
        for (int query = 0; query < rankings.length; query++) {
            for (int image = 0; image < scores.length; image++) {
                scores[image] = values[image * rankings.length + query];
            }
            try {
                rankings[query] = RevisitedEvaluation.ranking(scores);
            } catch (IllegalArgumentException refused) {
                throw new IllegalArgumentException("query " + query + ": " + refused.getMessage(), refused);
            }
        }
        return rankings;
    }

    private static void check(NpyArray array, RevisitedTruth truth) {
        int[] wanted = {truth.images(), truth.queries().size()};
        if (!Arrays.equals(array.shape(), wanted)) {
            throw new IllegalArgumentException("the array must have shape " + Arrays.toString(wanted)
                    + " (images x queries of the ground truth), got " + Arrays.toString(array.shape()));
        }
    }

    private void print(Map<Setting, RevisitedEvaluation> evaluations) {
        Map<String, Object> line = new LinkedHashMap<>();
        evaluations.forEach((setting, evaluation) -> {
            String name = setting.name().toLowerCase(Locale.ROOT);
            Map<String, @Nullable Object> figures = new LinkedHashMap<>();
            figures.put("map", finite(evaluation.map()));
            for (int i = 0; i < RevisitedEvaluation.CUTOFFS.size(); i++) {
                figures.put(
                        "mp@" + RevisitedEvaluation.CUTOFFS.get(i),
                        finite(evaluation.meanPrecision().get(i)));
            }
            line.put(name, figures);
            if (!json) {
                console()
                        .print(String.format(
                                Locale.ROOT,
                                "%s: mAP %.4f, mP@1 %.4f, mP@5 %.4f, mP@10 %.4f (%d queries)",
                                name,
                                evaluation.map(),
                                evaluation.meanPrecision().get(0),
                                evaluation.meanPrecision().get(1),
                                evaluation.meanPrecision().get(2),
                                evaluation.queries()));
            }
        });
        if (json) {
            console().print(Json.text(line));
        }
    }

    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
