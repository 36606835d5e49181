package org.retrieval4j.cli;

import picocli.CommandLine.Option;

/** {@code --threads}. */
final class ThreadOptions {
    @Option(names = "--threads", paramLabel = "N", description = "Threads (default: one a processor).")
    private int threads = Runtime.getRuntime().availableProcessors();

    Workers start() {
        if (threads < 1) {
            throw new UsageException("--threads must be at least 1, got " + threads);
        }
        return new Workers(threads);
    }
}
