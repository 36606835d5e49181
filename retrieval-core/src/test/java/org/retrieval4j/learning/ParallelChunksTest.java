package org.retrieval4j.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;

class ParallelChunksTest {
    private final BuildContext context = BuildContext.defaults();

    private static void assertEachOnce(BuildContext context, int count, int chunk) {
        AtomicIntegerArray done = new AtomicIntegerArray(count);
        ParallelChunks.run(context, count, chunk, (from, to) -> {
            assertThat(to - from).isBetween(1, chunk);
            assertThat(from % chunk).isZero();
            for (int i = from; i < to; i++) {
                done.incrementAndGet(i);
            }
        });
        for (int i = 0; i < count; i++) {
            assertThat(done.get(i)).isEqualTo(1);
        }
    }

    @Test
    void doesEveryChunkOnce() {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int count : new int[] {0, 1, 9, 10, 11, 1000}) {
                assertEachOnce(context, count, 10);
                assertEachOnce(context.withExecutor(threads), count, 10);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void worksAloneIfTheExecutorRefuses() {
        assertEachOnce(
                context.withExecutor(task -> {
                    throw new RejectedExecutionException("full");
                }),
                100,
                7);
    }

    @Test
    void endsIfTheExecutorNeverStartsItsTasks() {
        assertEachOnce(context.withExecutor(task -> {}), 100, 7);
    }

    @Test
    void endsIfItRunsInsideItsOwnExecutor() throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            Future<?> outer = one.submit(() -> assertEachOnce(context.withExecutor(one), 100, 7));
            outer.get();
        } finally {
            one.shutdown();
        }
    }

    @Test
    void throwsWhatAChunkThrew() {
        assertThatIllegalStateException()
                .isThrownBy(() -> ParallelChunks.run(context, 10, 1, (from, to) -> {
                    if (from == 3) {
                        throw new IllegalStateException("three");
                    }
                }))
                .withMessage("three");
    }

    @Test
    void stopsWhenInterrupted() {
        int[] done = new int[1];
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> ParallelChunks.run(context, 10, 1, (from, to) -> {
                    done[0]++;
                    Thread.currentThread().interrupt();
                }));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(done[0]).isEqualTo(1);
    }
}
