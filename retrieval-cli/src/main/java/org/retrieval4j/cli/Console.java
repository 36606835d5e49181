package org.retrieval4j.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Standard output and standard error of one run of a command. */
final class Console {
    private final PrintStream out;
    private final PrintStream err;
    private final boolean terminal;
    private boolean verbose;

    Console(PrintStream out, PrintStream err, boolean terminal) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
    }

    /** Tells whether standard error is a terminal; System.console() only knows about input and output. */
    static boolean errorIsTerminal() {
        Path descriptor = Path.of("/proc/self/fd/2");
        if (Files.isSymbolicLink(descriptor)) {
            try {
                String target = Files.readSymbolicLink(descriptor).toString();
                return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
            } catch (IOException unreadable) {
                return false;
            }
        }
        return System.console() != null;
    }

    void setVerbose(boolean on) {
        verbose = on;
    }

    /** A line on standard output. */
    void print(String line) {
        out.print(line);
        out.print('\n');
        if (out.checkError()) {
            // the reader has gone (retrieval list | head): nobody is left to tell
            throw new CommandException("standard output was closed");
        }
    }

    /** The one line on standard error that an error gets. */
    void error(String message) {
        err.print("retrieval: " + message + "\n");
        err.flush();
    }

    /** A line on standard error beside the result: what was skipped, how far it is. */
    void note(String line) {
        err.print(line + "\n");
        err.flush();
    }

    /** Reports what ended a command. */
    int failed(Throwable cause) {
        if (cause instanceof UsageException) {
            error(Failures.message(cause));
            return Main.USAGE;
        }
        error(Failures.message(cause));
        if (verbose) {
            cause.printStackTrace(err);
            err.flush();
        }
        return Main.FAILED;
    }

    Progress progress() {
        return new Progress(err, terminal, System::nanoTime);
    }

    PrintWriter outWriter() {
        return new PrintWriter(out, true, StandardCharsets.UTF_8);
    }

    PrintWriter errWriter() {
        return new PrintWriter(err, true, StandardCharsets.UTF_8);
    }

    void flush() {
        out.flush();
        err.flush();
    }
}
