package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate place-recognition}: recall@N. */
@Command(
        name = "place-recognition",
        description = {
            "Recall@N of visual place recognition: the part of the queries with a right place among their first N answers.",
            "",
            "Right is what was taken within 25 m, or few frames away. A query without a right place in the database counts as"
                    + " one that is never answered. Positions are UTM coordinates in names @east@north@..., as Pitts250k,"
                    + " Tokyo 24/7 and others have them, or columns of a file."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluatePlacesCommand extends Subcommand {
    @Option(
            names = "--images",
            paramLabel = "DIR|LIST",
            required = true,
            description = "The images of the database, in the order of indices of a matrix: a folder of names with"
                    + " positions, or a file of rows name,east,north or name,frame.")
    private Path images;

    @Option(
            names = "--queries",
            paramLabel = "DIR|LIST",
            required = true,
            description = "The queries, in the order of columns of a matrix, likewise.")
    private Path queries;

    @Mixin
    private PlaceProtocol.Options places;

    @ArgGroup(multiplicity = "1")
    private RankingOptions rankings;

    @Mixin
    private FigureOutput output;

    @Override
    int execute() throws IOException {
        output.check();
        PlaceProtocol protocol = PlaceProtocol.read(images, queries, places);
        long lost = protocol.withoutPlace();
        if (lost > 0) {
            console()
                    .note(lost + " of " + protocol.queries().size()
                            + " queries have no right place in the database, and count as never answered");
        }
        rankings.judge(console(), protocol, 0, output);
        return Main.DONE;
    }
}
