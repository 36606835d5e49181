package org.retrieval4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** {@code retrieval evaluate}: figures of merit. */
@Command(
        name = "evaluate",
        description = "Measure quality against ground truth.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            EvaluateRunCommand.class,
            EvaluateRankingCommand.class,
            EvaluatePoseCommand.class,
            EvaluateRevisitedCommand.class,
            EvaluateOxfordCommand.class,
            EvaluateHolidaysCommand.class,
            EvaluateUkbenchCommand.class,
            EvaluatePlacesCommand.class,
            EvaluateLandmarkRetrievalCommand.class,
            EvaluateLandmarkRecognitionCommand.class
        })
final class EvaluateCommand extends Subcommand {
    @Override
    int execute() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
