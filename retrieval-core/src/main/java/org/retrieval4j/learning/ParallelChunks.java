package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;

/**
 * Runs a loop in chunks on the caller's threads. The chunks depend on the loop alone, never on the number of threads:
 * who keeps one partial result a chunk and combines them in order gets the same bits from one thread and from many.
 *
 * <p>The calling thread works too, and waits only for chunks that have been started. So a loop ends even if the
 * executor is busy, has one thread only, is the calling thread itself, or refuses work.
 */
public final class ParallelChunks {
    private ParallelChunks() {}

    /** What is done with a part of the loop. */
    @FunctionalInterface
    public interface Task {
        /**
         * Does a part.
         *
         * @param from first index
         * @param to index after the last
         */
        void run(int from, int to);
    }

    /**
     * Runs a loop.
     *
     * @param context its executor runs the chunks
     * @param count length of the loop; 0 does nothing
     * @param chunk indices in a chunk, the last one may be shorter; at least 1
     * @param task called once for every chunk, from several threads at once
     * @throws CancellationException if a thread that worked on it was interrupted; the rest was not done
     */
    public static void run(BuildContext context, int count, int chunk, Task task) {
        if (chunk < 1) {
            throw new IllegalArgumentException("chunk must be at least 1, got " + chunk);
        }
        Loop loop = new Loop(count, chunk, requireNonNull(task, "task"));
        int helpers = Math.min(loop.chunks, Runtime.getRuntime().availableProcessors()) - 1;
        Executor executor = context.executor();
        for (int i = 0; i < helpers; i++) {
            try {
                executor.execute(loop::drain);
            } catch (RejectedExecutionException refused) {
                break; // a pool that is full or shut down: the calling thread does the work
            }
        }
        loop.drain();
        loop.await();
    }

    private static final class Loop {
        private final int count;
        private final int chunk;
        private final int chunks;
        private final Task task;
        private int next;
        private int running;
        private @Nullable Throwable failure;

        Loop(int count, int chunk, Task task) {
            this.count = count;
            this.chunk = chunk;
            this.chunks = (int) (((long) count + chunk - 1) / chunk);
            this.task = task;
        }

        void drain() {
            for (int i = take(); i >= 0; i = take()) {
                Throwable thrown = null;
                try {
                    task.run(i * chunk, (int) Math.min(count, (long) (i + 1) * chunk));
                } catch (RuntimeException | Error e) {
                    thrown = e;
                }
                finished(thrown);
            }
        }

        private synchronized int take() {
            if (failure == null && next < chunks && Thread.currentThread().isInterrupted()) {
                failure = new CancellationException("interrupted");
            }
            if (failure != null || next == chunks) {
                return -1;
            }
            running++;
            return next++;
        }

        private synchronized void finished(@Nullable Throwable thrown) {
            running--;
            if (failure == null) {
                failure = thrown;
            }
            notifyAll();
        }

        synchronized void await() {
            boolean interrupted = false;
            while (running > 0) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true; // the running chunks write into the caller's arrays: wait for them all the same
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (failure instanceof Error error) {
                throw error;
            } else if (failure instanceof RuntimeException exception) {
                throw exception;
            }
        }
    }
}
