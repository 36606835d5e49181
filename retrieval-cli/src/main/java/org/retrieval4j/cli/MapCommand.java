package org.retrieval4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** {@code retrieval map}: maps of points for localization. */
@Command(
        name = "map",
        description = "Make, change and look at maps of photographs with known poses.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            MapBuildCommand.class,
            MapImportCommand.class,
            MapExportCommand.class,
            MapInfoCommand.class,
            MapAddCommand.class,
            MapRemoveCommand.class,
            MapCompactCommand.class
        })
final class MapCommand extends Subcommand {
    @Override
    int execute() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
