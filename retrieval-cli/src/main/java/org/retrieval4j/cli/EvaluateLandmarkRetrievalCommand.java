package org.retrieval4j.cli;

import java.io.IOException;
import java.util.Map;
import org.retrieval4j.eval.LandmarkRetrieval;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code retrieval evaluate gldv2-retrieval}: the mAP@100 of Google Landmarks v2. */
@Command(
        name = "gldv2-retrieval",
        description = {
            "Mean average precision of the first 100 as in the Google Landmarks v2 retrieval challenge: all, public, private part.",
            "",
            "Rows of the submission are id,image image ... with the best first. A query that is missing counts 0, an ignored one not at all."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateLandmarkRetrievalCommand extends Subcommand {
    @Mixin
    private LandmarkFiles files;

    @Mixin
    private FigureOutput figures;

    @Override
    int execute() throws IOException {
        figures.check();
        figures.print(
                console(), Map.of(FigureOutput.ONLY, LandmarkRetrieval.evaluate(files.solution, files.submission)));
        return Main.DONE;
    }
}
