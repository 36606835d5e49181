package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.eval.RevisitedEvaluation;
import org.retrieval4j.eval.RevisitedEvaluation.Setting;
import org.retrieval4j.eval.RevisitedTruth;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate roxford} and {@code rparis}: the protocol of Revisited Oxford and Paris. */
@Command(
        name = "roxford",
        aliases = "rparis",
        description = {
            "Mean average precision and mean precision at 1, 5 and 10 of Revisited Oxford or Revisited Paris, in the settings"
                    + " Easy, Medium and Hard.",
            "",
            "Rankings and scores are matrices with a column for each query. Rankings may hold the first images only: a"
                    + " right answer that is not among them is one that is never found. A query without a right answer in a"
                    + " setting does not count there. All as in the authors' script."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateRevisitedCommand extends Subcommand {
    @Option(
            names = "--ground-truth",
            paramLabel = "GND",
            required = true,
            description =
                    "The published gnd_*.pkl, of which nothing is run, or the same as JSON: imlist, qimlist, and gnd"
                            + " with easy, hard and junk of each query.")
    private Path groundTruth;

    @ArgGroup(multiplicity = "1")
    private Answers answers;

    @Option(
            names = "--distractors",
            paramLabel = "N",
            description =
                    "Images of the database that the ground truth does not list, such as the million of R1M; their"
                            + " indices follow the others' (default: as many as a matrix has rows beyond the list).")
    private @Nullable Integer distractors;

    @Mixin
    private FigureOutput output;

    /** One of the two. */
    @SuppressWarnings("NullAway.Init") // picocli injects the fields
    static final class Answers {
        @Option(
                names = "--ranks",
                paramLabel = "R.npy|R.csv",
                description = "Indices of images from 0: row r of a column is the image at rank r; or names, rows"
                        + " query,image,image,... best first.")
        private @Nullable Path ranks;

        @Option(
                names = "--scores",
                paramLabel = "S.npy",
                description = "Scores of the images, higher is better; equal ones rank in the order of images.")
        private @Nullable Path scores;
    }

    @Override
    int execute() throws IOException {
        output.check();
        if (distractors != null && distractors < 0) {
            throw new UsageException("--distractors must be at least 0, got " + distractors);
        }
        RevisitedLists lists = RevisitedLists.read(groundTruth);
        boolean ranked = answers.ranks != null;
        Path file = Objects.requireNonNull(ranked ? answers.ranks : answers.scores);
        int[][] rankings = ranked
                ? RankingFile.read(file, lists.imageNames(groundTruth), lists.queryNames(groundTruth), distractors())
                : RankingFile.scores(
                        file, lists.images().size(), lists.truth().queries().size());
        print(file, lists.truth(), rankings);
        return Main.DONE;
    }

    private int distractors() {
        return distractors == null ? 0 : distractors;
    }

    private void print(Path file, RevisitedTruth listed, int[][] rankings) {
        int longest = Arrays.stream(rankings)
                .mapToInt(ranking -> ranking.length)
                .max()
                .orElse(0);
        int shortest = Arrays.stream(rankings)
                .mapToInt(ranking -> ranking.length)
                .min()
                .orElse(0);
        RevisitedTruth truth =
                listed.withDistractors(distractors == null ? Math.max(0, longest - listed.images()) : distractors);
        Map<String, QueryFigures> figures = new LinkedHashMap<>();
        try {
            for (Setting setting : Setting.values()) {
                figures.put(
                        setting.name().toLowerCase(Locale.ROOT),
                        RevisitedEvaluation.of(truth, setting, rankings).figures());
            }
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
        if (distractors == null && truth.images() > listed.images()) {
            console()
                    .note((truth.images() - listed.images()) + " images behind the " + listed.images()
                            + " of the ground truth count as distractors");
        }
        if (shortest < truth.images()) {
            console()
                    .note("rankings hold the first " + shortest + " of " + truth.images()
                            + " images; right answers behind them count as never found");
        }
        output.print(console(), figures);
    }
}
