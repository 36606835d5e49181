package org.retrieval4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** {@code retrieval bench}: speed on data of one's own. */
@Command(
        name = "bench",
        description = "Measure speed on data of your own.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {BenchKnnCommand.class})
final class BenchCommand extends Subcommand {
    @Override
    int execute() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
