package org.retrieval4j.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** What all commands share: help, the stack trace on demand, the console. */
@Command(
        mixinStandardHelpOptions = false,
        sortOptions = false,
        usageHelpAutoWidth = true,
        showDefaultValues = false,
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%n")
@SuppressWarnings("NullAway.Init") // picocli injects the fields
abstract class Subcommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @ParentCommand
    private Object parent;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            order = 1000,
            description = "Show this help.")
    private boolean help;

    @Option(names = "--verbose", order = 999, description = "Show the stack trace of an error.")
    private boolean verbose;

    Console console() {
        Object up = parent;
        while (up instanceof Subcommand command) {
            up = command.parent;
        }
        return ((RetrievalCommand) up).console;
    }

    @Override
    public final Integer call() throws Exception {
        console().setVerbose(verbose);
        return execute();
    }

    /** Does the work; an exception is what the user is told on one line. */
    abstract int execute() throws Exception;
}
