package org.retrieval4j.cli;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads of one command. */
final class Workers implements AutoCloseable {
    private final ExecutorService executor;
    private final int threads;

    Workers(int threads) {
        this.threads = threads;
        AtomicInteger number = new AtomicInteger();
        executor = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "retrieval-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    ExecutorService executor() {
        return executor;
    }

    int threads() {
        return threads;
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
