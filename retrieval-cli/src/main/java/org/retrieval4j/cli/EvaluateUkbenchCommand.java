package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate ukbench}: the protocol of UKBench. */
@Command(
        name = "ukbench",
        description = {
            "N-S score of UKBench: how many of the four images of its object a query finds among its first four answers,"
                    + " itself included, in the mean over all images.",
            "",
            "Images 4n to 4n + 3 show one object. Indices of a matrix follow the numbers at the end of names."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateUkbenchCommand extends Subcommand {
    @Option(
            names = "--images",
            paramLabel = "DIR|LIST",
            description =
                    "All images: their folder, or a file with a name a line (default: the queries of the rankings).")
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
        UkbenchProtocol protocol =
                images == null ? UkbenchProtocol.ofQueries(rankings.file()) : UkbenchProtocol.read(images);
        rankings.judge(console(), protocol, distractors, output);
        return Main.DONE;
    }
}
