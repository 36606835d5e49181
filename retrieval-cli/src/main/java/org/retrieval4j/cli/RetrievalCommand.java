package org.retrieval4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program without a command. */
@Command(
        name = "retrieval",
        description = "Finds the photographs that show the same place or object, and proves it by geometry.",
        synopsisSubcommandLabel = "COMMAND",
        versionProvider = Version.class,
        subcommands = {
            DemoCommand.class,
            IndexCommand.class,
            SearchCommand.class,
            ListCommand.class,
            RemoveCommand.class,
            CompactCommand.class,
            InfoCommand.class,
            AggregateCommand.class,
            EvaluateCommand.class,
            KnnCommand.class,
            PnpCommand.class,
            MapCommand.class,
            LocalizeCommand.class,
            DatasetCommand.class,
            SubmissionCommand.class,
            LandmarkSubmissionCommand.class,
            WorldCommand.class,
            LandmarksCommand.class,
            ExperimentCommand.class,
            TrainCommand.class,
            BenchCommand.class,
            DoctorCommand.class
        },
        footer = {
            "",
            "retrieval COMMAND --help tells more. Exit code: 0 the command did its work, 1 it could not, 2 wrong usage."
        })
final class RetrievalCommand implements Runnable {
    final Console console;

    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version.")
    private boolean version;

    @SuppressWarnings("NullAway.Init") // picocli injects spec
    RetrievalCommand(Console console) {
        this.console = console;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
