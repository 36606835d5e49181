package org.retrieval4j.database;

import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs tasks on an executor, a bounded number of them ahead, and gives their results in the order of submission. For
 * one thread. After {@link #close()} no task is running any more.
 *
 * @param <R> what a task gives
 */
final class OrderedTasks<R> implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 500;

    private final Executor executor;
    private final int window;
    private final ArrayDeque<Running<R>> running = new ArrayDeque<>();

    OrderedTasks(Executor executor, int window) {
        this.executor = executor;
        this.window = window;
    }

    /** Tells whether {@link #take()} must be called before the next {@link #submit}. */
    boolean isFull() {
        return running.size() >= window;
    }

    boolean isEmpty() {
        return running.isEmpty();
    }

    /** Tells whether {@link #take()} would return at once. */
    boolean isNextDone() {
        return !running.isEmpty() && running.peekFirst().isDone();
    }

    void submit(Callable<R> task) {
        Running<R> future = new Running<>(task);
        executor.execute(future);
        running.addLast(future);
    }

    /**
     * The result of the earliest task that was not taken yet; waits for it.
     *
     * @throws InterruptedException if this thread is interrupted while it waits
     */
    R take() throws InterruptedException {
        try {
            R result = get(running.element());
            running.removeFirst();
            return result;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            } else if (e.getCause() instanceof RuntimeException exception) {
                throw exception;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Waits, and does the work itself if nobody begins it: this thread may be the pool's only one. */
    private static <R> R get(Running<R> task) throws InterruptedException, ExecutionException {
        while (true) {
            try {
                return task.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                task.run(); // does nothing if it runs elsewhere
            }
        }
    }

    /** Cancels what has not started and waits for what has. */
    @Override
    public void close() {
        running.forEach(Running::cancelUnlessStarted);
        boolean interrupted = false;
        for (Running<R> task : running) {
            while (true) {
                try {
                    task.get();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true; // a task ends by itself soon; nothing may run on after this method
                } catch (ExecutionException | CancellationException e) {
                    break; // the caller has its own reason to end
                }
            }
        }
        running.clear();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** FutureTask counts a cancelled task as done while it still runs; this one is cancelled only before it starts. */
    private static final class Running<R> extends FutureTask<R> {
        private final StartFlag flag;

        Running(Callable<R> task) {
            this(task, new StartFlag());
        }

        private Running(Callable<R> task, StartFlag flag) {
            super(() -> {
                if (!flag.start()) {
                    throw new CancellationException("not started");
                }
                return task.call();
            });
            this.flag = flag;
        }

        void cancelUnlessStarted() {
            if (flag.start()) {
                cancel(false);
            }
        }
    }

    /** Goes to whoever asks first: the task or its cancellation. */
    private static final class StartFlag {
        private boolean taken;

        synchronized boolean start() {
            boolean first = !taken;
            taken = true;
            return first;
        }
    }
}
