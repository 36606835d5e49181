package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/** Runs tasks that may fail to read on an executor; results come in the order of the tasks. */
final class OrderedTasks {
    private OrderedTasks() {}

    /** One of the tasks. */
    interface Task<T> {
        T run(int number) throws IOException;
    }

    /**
     * Runs all.
     *
     * @param count how many there are
     * @param task is given their numbers
     * @param executor runs them
     * @throws IOException what the first failed task threw
     */
    static <T> List<T> run(int count, Task<T> task, Executor executor) throws IOException {
        List<CompletableFuture<T>> running = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int number = i;
            running.add(CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return task.run(number);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    executor));
        }
        List<T> results = new ArrayList<>(count);
        try {
            running.forEach(each -> results.add(each.join()));
        } catch (CompletionException failed) {
            running.forEach(each -> each.cancel(false));
            if (failed.getCause() instanceof UncheckedIOException unreadable) {
                throw requireNonNull(unreadable.getCause(), "cause");
            }
            throw failed;
        }
        return results;
    }
}
