package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
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
    private RankingOptions rankings;

    @Option(
            names = "--distractors",
            paramLabel = "N",
            description =
                    "Images of the database that the ground truth does not list, such as the million of R1M; their"
                            + " indices follow the others' (default: as many as a matrix has rows beyond the list).")
    private @Nullable Integer distractors;

    @Mixin
    private FigureOutput output;

    @Override
    int execute() throws IOException {
        output.check();
        rankings.judge(console(), RevisitedProtocol.read(groundTruth), distractors, output);
        return Main.DONE;
    }
}
