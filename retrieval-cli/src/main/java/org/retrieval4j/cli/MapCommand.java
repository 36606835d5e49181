package org.retrieval4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** {@code retrieval map}: maps of points for localization. */
@Command(
        name = "map",
        description = "Make a map from photographs with known poses, and look at it.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {MapBuildCommand.class, MapInfoCommand.class})
final class MapCommand extends Subcommand {
    @Override
    int execute() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
