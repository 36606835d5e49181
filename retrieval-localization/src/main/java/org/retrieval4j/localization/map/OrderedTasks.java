package org.retrieval4j.localization.map;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Runs tasks that may fail to read on an executor; results come in the order of the tasks. */
final class OrderedTasks {
    private OrderedTasks() {}

    /** One of the tasks. */
    interface Task<T> {
        T run(int number) throws IOException;
    }

    /**
     * Runs all. When one fails, those not yet begun are left out; in any case no task runs any more when this returns.
     *
     * @param count how many there are
     * @param task is given their numbers
     * @param executor runs them
     * @throws IOException what the first task to fail threw
     */
    static <T> List<T> run(int count, Task<T> task, Executor executor) throws IOException {
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        List<CompletableFuture<Optional<T>>> running = new ArrayList<>(count);
        for (int i = 0; i < count && failure.get() == null; i++) {
            int number = i;
            try {
                running.add(CompletableFuture.supplyAsync(() -> attempt(number, task, failure), executor));
            } catch (RejectedExecutionException refused) {
                failure.compareAndSet(null, refused);
            }
        }
        List<T> results = new ArrayList<>(count);
        for (CompletableFuture<Optional<T>> each : running) {
            each.join().ifPresent(results::add);
        }
        Throwable failed = failure.get();
        if (failed instanceof IOException unreadable) {
            throw unreadable;
        } else if (failed instanceof RuntimeException refused) {
            throw refused;
        } else if (failed instanceof Error error) {
            throw error;
        }
        return results;
    }

    /** The task's result; empty once a task has failed. */
    private static <T> Optional<T> attempt(int number, Task<T> task, AtomicReference<@Nullable Throwable> failure) {
        if (failure.get() != null) {
            return Optional.empty();
        }
        try {
            return Optional.of(task.run(number));
        } catch (IOException | RuntimeException | Error failed) {
            failure.compareAndSet(null, failed);
            return Optional.empty();
        }
    }
}
