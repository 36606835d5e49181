package org.retrieval4j.cli;

import java.io.IOException;
import java.util.Map;
import org.retrieval4j.eval.LandmarkRecognition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code retrieval evaluate gldv2-recognition}: the GAP of Google Landmarks v2. */
@Command(
        name = "gldv2-recognition",
        description = {
            "Global average precision as in the Google Landmarks v2 recognition challenge: all, public, private part.",
            "",
            "Rows of the submission are id,landmark score or, for no prediction, id and a comma. Ignored images do not count."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateLandmarkRecognitionCommand extends Subcommand {
    @Mixin
    private LandmarkFiles files;

    @Mixin
    private FigureOutput figures;

    @Override
    int execute() throws IOException {
        figures.check();
        figures.print(
                console(), Map.of(FigureOutput.ONLY, LandmarkRecognition.evaluate(files.solution, files.submission)));
        return Main.DONE;
    }
}
