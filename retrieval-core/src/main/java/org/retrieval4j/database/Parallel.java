package org.retrieval4j.database;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A loop whose steps run on the caller's executor and in the calling thread. The caller does every step that nobody else
 * has begun, so that a pool which is busy, or which the caller itself belongs to, can only make it slower.
 */
final class Parallel {
    private Parallel() {}

    /** One step of a loop. */
    interface Step {
        void run(int index) throws IOException;
    }

    /**
     * Runs steps 0 to count − 1 in any order and returns when all have ended.
     *
     * @throws CancellationException if the calling thread is interrupted; steps that had not begun are left out
     */
    static void forEach(Executor executor, int count, Step step) throws IOException {
        Loop loop = new Loop(count, step);
        int helpers = Math.min(count, Runtime.getRuntime().availableProcessors()) - 1;
        try {
            for (int i = 0; i < helpers; i++) {
                executor.execute(loop);
            }
        } catch (RejectedExecutionException e) {
            loop.run(); // a pool that takes no more work is no reason to fail
        }
        loop.finish();
    }

    private static final class Loop implements Runnable {
        private final int count;
        private final Step step;
        private final AtomicInteger next = new AtomicInteger();
        private final CountDownLatch left;
        private final Thread caller = Thread.currentThread();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Loop(int count, Step step) {
            this.count = count;
            this.step = step;
            this.left = new CountDownLatch(count);
        }

        @Override
        public void run() {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                try {
                    if (caller.isInterrupted()) {
                        failure.compareAndSet(null, new CancellationException("interrupted"));
                    }
                    if (failure.get() == null) {
                        step.run(i);
                    }
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                } finally {
                    left.countDown();
                }
            }
        }

        void finish() throws IOException {
            run();
            boolean interrupted = false;
            while (true) {
                try {
                    left.await();
                    break;
                } catch (InterruptedException e) {
                    // steps that have begun end soon; they use what the caller may close afterwards
                    interrupted = true;
                    failure.compareAndSet(null, new CancellationException("interrupted"));
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            Throwable thrown = failure.get();
            if (thrown instanceof Error error) {
                throw error;
            } else if (thrown instanceof IOException exception) {
                throw exception;
            } else if (thrown instanceof RuntimeException exception) {
                throw exception;
            }
        }
    }
}
