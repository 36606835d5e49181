package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConcurrencyToolsTest {
    private final ExecutorService threads = Executors.newFixedThreadPool(4);

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void tasksGiveTheirResultsInOrder() throws InterruptedException {
        List<Integer> results = new ArrayList<>();
        try (OrderedTasks<Integer> tasks = new OrderedTasks<>(threads, 5)) {
            for (int i = 0; i < 100; i++) {
                int number = i;
                if (tasks.isFull()) {
                    results.add(tasks.take());
                }
                tasks.submit(() -> {
                    Thread.sleep(number % 3);
                    return number;
                });
            }
            while (!tasks.isEmpty()) {
                results.add(tasks.take());
            }
        }
        assertThat(results).hasSize(100).isSorted();
    }

    @Test
    void noTaskRunsAfterTheirEnd() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger started = new AtomicInteger();
        CountDownLatch begun = new CountDownLatch(4);
        OrderedTasks<Integer> tasks = new OrderedTasks<>(threads, 50);
        for (int i = 0; i < 50; i++) {
            tasks.submit(() -> {
                started.incrementAndGet();
                running.incrementAndGet();
                begun.countDown();
                Thread.sleep(20);
                return running.decrementAndGet();
            });
        }
        begun.await();
        tasks.close();
        assertThat(running).hasValue(0);
        int count = started.get();
        assertThat(count).isBetween(4, 49);
        threads.submit(() -> {}).get(); // what was queued has passed
        assertThat(started).hasValue(count);
    }

    @Test
    void aTaskThatFailsFailsWhereItIsTaken() throws InterruptedException {
        try (OrderedTasks<Integer> tasks = new OrderedTasks<>(threads, 5)) {
            tasks.submit(() -> 1);
            tasks.submit(() -> {
                throw new IllegalStateException("no");
            });
            assertThat(tasks.take()).isEqualTo(1);
            assertThatThrownBy(tasks::take)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no");
        }
    }

    @Test
    void tasksEndInsideThePoolTheyRunOn() throws Exception {
        ExecutorService single = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> outer = single.submit(() -> {
                try (OrderedTasks<Integer> tasks = new OrderedTasks<>(single, 2)) {
                    tasks.submit(() -> 7);
                    return tasks.take();
                }
            });
            assertThat(outer.get()).isEqualTo(7);
        } finally {
            single.shutdownNow();
        }
    }

    @Test
    void aLoopDoesEachStepOnce() throws IOException {
        AtomicIntegerArray done = new AtomicIntegerArray(1000);
        Parallel.forEach(threads, 1000, done::incrementAndGet);
        for (int i = 0; i < 1000; i++) {
            assertThat(done.get(i)).isEqualTo(1);
        }
        Parallel.forEach(threads, 0, done::incrementAndGet);
    }

    @Test
    void aLoopEndsInsideThePoolItRunsOn() throws Exception {
        ExecutorService single = Executors.newSingleThreadExecutor();
        try {
            AtomicInteger done = new AtomicInteger();
            Future<?> outer = single.submit(() -> {
                Parallel.forEach(single, 100, i -> done.incrementAndGet());
                return null;
            });
            outer.get();
            assertThat(done).hasValue(100);
        } finally {
            single.shutdownNow();
        }
    }

    @Test
    void aLoopRunsOnAPoolThatTakesNothingMore() throws IOException {
        threads.shutdown();
        AtomicInteger done = new AtomicInteger();
        Parallel.forEach(threads, 10, i -> done.incrementAndGet());
        assertThat(done).hasValue(10);
    }

    @Test
    void aLoopTellsTheFirstFailure() {
        assertThatThrownBy(() -> Parallel.forEach(threads, 100, i -> {
                    if (i >= 50) {
                        throw new IOException("step");
                    }
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("step");
    }

    @Test
    void aLoopEndsWhenItsCallerIsInterrupted() {
        AtomicInteger done = new AtomicInteger();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Parallel.forEach(Runnable::run, 100, i -> done.incrementAndGet()))
                .isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(done.get()).isLessThan(100);
    }

    @Test
    void theBudgetBoundsWhatIsHeldAtOnce() throws Exception {
        MemoryBudget budget = new MemoryBudget(100_000);
        AtomicLong held = new AtomicLong();
        AtomicLong most = new AtomicLong();
        AtomicInteger grown = new AtomicInteger();
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int size = 1_000 * (1 + i % 40);
            all.add(threads.submit(() -> {
                MemoryBudget.Lease lease = budget.acquire(size / 10);
                held.addAndGet(size / 10);
                if (lease.tryGrow(size)) {
                    held.addAndGet(size - size / 10);
                    grown.incrementAndGet();
                } else {
                    held.addAndGet(-size / 10);
                    lease.close();
                    lease = budget.acquire(size);
                    held.addAndGet(size);
                }
                most.accumulateAndGet(held.get(), Math::max);
                held.addAndGet(-size);
                lease.close();
                return null;
            }));
        }
        for (Future<?> future : all) {
            future.get();
        }
        assertThat(most.get()).isPositive().isLessThanOrEqualTo(100_000);
        assertThat(grown.get()).isPositive();
    }

    @Test
    void whatExceedsTheBudgetIsHeldAlone() throws Exception {
        MemoryBudget budget = new MemoryBudget(10_000);
        try (MemoryBudget.Lease all = budget.acquire(50_000)) {
            assertThat(all.tryGrow(60_000)).isTrue();
            Future<?> other = threads.submit(() -> {
                budget.acquire(1).close();
                return null;
            });
            assertThat(other.isDone()).isFalse();
            all.close();
            other.get();
        }
        budget.acquire(10_000).close();
    }
}
