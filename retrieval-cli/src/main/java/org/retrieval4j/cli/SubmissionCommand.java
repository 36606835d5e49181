package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseFile;
import org.retrieval4j.localization.pose.SubmissionFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval submission}: poses as visuallocalization.net takes them. */
@Command(
        name = "submission",
        description = {
            "Write localized poses as visuallocalization.net takes them.",
            "",
            "Of every name that part stays which the benchmark wants, and the file is called as it wants:"
                    + " Aachen_eval_METHOD.txt."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class SubmissionCommand extends Subcommand {
    @Option(
            names = "--benchmark",
            paramLabel = "NAME",
            required = true,
            description = "aachen, robotcar, cmu or inloc.")
    private String benchmark;

    @Option(names = "--method", paramLabel = "NAME", required = true, description = "What the table will call it.")
    private String method;

    @Option(names = "--poses", paramLabel = "poses.txt", required = true, description = "The output of localize.")
    private Path poses;

    @Option(names = "--output", paramLabel = "DIR", description = "The folder of the file (default: this one).")
    private Path output = Path.of("");

    @Override
    int execute() throws IOException {
        SubmissionFormat format = EvaluatePoseCommand.format(benchmark);
        try {
            format.fileName(method);
        } catch (IllegalArgumentException refused) {
            throw new UsageException("--method: " + refused.getMessage(), refused);
        }
        Map<String, Pose> localized = PoseFile.read(poses);
        Files.createDirectories(output);
        try {
            console().print(format.write(output, method, localized).toString());
        } catch (IllegalArgumentException refused) {
            throw new CommandException(poses + ": " + refused.getMessage(), refused);
        }
        return Main.DONE;
    }
}
