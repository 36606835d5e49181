package org.retrieval4j.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The two files of a challenge of Google Landmarks v2. */
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class LandmarkFiles {
    @Option(
            names = "--solution",
            paramLabel = "S.csv",
            required = true,
            description = "The official solution: a header, then rows id,truth,Usage.")
    Path solution;

    @Option(
            names = "--submission",
            paramLabel = "P.csv",
            required = true,
            description = "What is judged: a header, then rows id,prediction.")
    Path submission;
}
