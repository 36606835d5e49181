package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate holidays}: the protocol of INRIA Holidays. */
@Command(
        name = "holidays",
        description = {
            "Mean average precision (by trapezoids) of INRIA Holidays, as in the authors' script.",
            "",
            "Images whose numbers have the same hundreds show one scene; the one that ends with 00 is the query, and is taken"
                    + " out of its own ranking. Indices of a matrix follow the numbers. Rankings may also have the authors'"
                    + " form: lines \"query rank image rank image ...\", ranks from 0."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateHolidaysCommand extends Subcommand {
    @Option(
            names = "--images",
            paramLabel = "DIR|LIST",
            required = true,
            description = "All images: their folder, or a file with a name a line.")
    private Path images;

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
        HolidaysProtocol protocol = HolidaysProtocol.read(images);
        if (rankings.areRanks() && HolidaysProtocol.isResultFile(rankings.file())) {
            output.print(console(), Map.of(FigureOutput.ONLY, protocol.judgeResultFile(rankings.file())));
        } else {
            rankings.judge(console(), protocol, distractors, output);
        }
        return Main.DONE;
    }
}
