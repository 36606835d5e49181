package org.retrieval4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/**
 * The program {@code retrieval}. Exit codes: 0 the command did its work, 1 it could not, 2 wrong usage.
 *
 * <p>This class and the commands load no engine; an engine is loaded by the component that needs it.
 */
public final class Main {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    private Main() {}

    /**
     * Runs a command and ends the JVM with its exit code.
     *
     * @param arguments what stands behind {@code retrieval}
     */
    public static void main(String[] arguments) {
        // JSON is UTF-8 whatever the locale says
        PrintStream out = utf8(FileDescriptor.out);
        PrintStream err = utf8(FileDescriptor.err);
        int code = run(new Console(out, err, Console.errorIsTerminal()), arguments);
        out.flush();
        err.flush();
        System.exit(code);
    }

    /**
     * Runs a command inside this JVM.
     *
     * @param out standard output
     * @param err standard error
     * @param arguments what stands behind {@code retrieval}
     * @return the exit code
     */
    public static int run(PrintStream out, PrintStream err, String... arguments) {
        return run(new Console(out, err, false), arguments);
    }

    /** Runs a command on a console that is there already. */
    static int run(Console console, String... arguments) {
        CommandLine line = new CommandLine(new RetrievalCommand(console));
        line.setOut(console.outWriter());
        line.setErr(console.errWriter());
        line.setExecutionExceptionHandler((exception, command, parsed) -> console.failed(exception));
        line.setParameterExceptionHandler((exception, given) -> {
            String name = exception.getCommandLine().getCommandSpec().qualifiedName();
            console.error(Failures.oneLine(exception.getMessage()) + " (see " + name + " --help)");
            return USAGE;
        });
        try {
            return line.execute(arguments);
        } finally {
            console.flush();
        }
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }
}
