package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate oxford5k} and {@code paris6k}: the protocol of Oxford5k and Paris6k. */
@Command(
        name = "oxford5k",
        aliases = "paris6k",
        description = {
            "Mean average precision (by trapezoids) of Oxford5k or Paris6k, as in the authors' compute_ap.",
            "",
            "Good and ok images are right, junk is taken out of a ranking before ranks are counted; the query's own image"
                    + " stays, as one of the right ones. A query is called by its name (all_souls_1) or that of its image;"
                    + " columns of a matrix follow the names."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateOxfordCommand extends Subcommand {
    @Option(
            names = "--ground-truth",
            paramLabel = "DIR",
            required = true,
            description = "The published folder of *_query.txt, *_good.txt, *_ok.txt and *_junk.txt.")
    private Path groundTruth;

    @Option(
            names = "--images",
            paramLabel = "DIR|LIST",
            description =
                    "All images, in the order of indices of a matrix: their folder, or a file with a name a line.")
    private @Nullable Path images;

    @ArgGroup(multiplicity = "1")
    private RankingOptions rankings;

    @Option(
            names = "--distractors",
            paramLabel = "N",
            description = "Images of the database that the list does not have.")
    private @Nullable Integer distractors;

    @Mixin
    private FigureOutput output;

    @Override
    int execute() throws IOException {
        output.check();
        rankings.judge(console(), OxfordProtocol.read(groundTruth, images), distractors, output);
        return Main.DONE;
    }
}
