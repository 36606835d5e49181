package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OrderedTasksTest {
    @Test
    void resultsComeInTheOrderOfTheTasks() throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            assertThat(OrderedTasks.run(5, i -> i * i, threads)).isEqualTo(List.of(0, 1, 4, 9, 16));
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void afterAFailureNoTaskRunsAndNoneIsBegun() {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        CountDownLatch secondRuns = new CountDownLatch(1);
        CountDownLatch firstFails = new CountDownLatch(1);
        AtomicInteger begun = new AtomicInteger();
        AtomicBoolean ended = new AtomicBoolean();
        OrderedTasks.Task<Integer> task = number -> {
            begun.incrementAndGet();
            try {
                if (number == 0) {
                    secondRuns.await();
                    firstFails.countDown();
                    throw new IOException("cannot be read");
                }
                secondRuns.countDown();
                firstFails.await();
                Thread.sleep(100); // gives an early return the time to show
                ended.set(true);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return number;
        };
        try {
            assertThatThrownBy(() -> OrderedTasks.run(50, task, threads))
                    .isInstanceOf(IOException.class)
                    .hasMessage("cannot be read");
            assertThat(ended).isTrue();
            assertThat(begun).hasValue(2);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void otherFailuresComeAsTheyAre() {
        assertThatThrownBy(() -> OrderedTasks.run(
                        3,
                        number -> {
                            throw new IllegalArgumentException("task " + number);
                        },
                        Runnable::run))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("task 0");
        Executor closed = task -> {
            throw new RejectedExecutionException("closed");
        };
        assertThatThrownBy(() -> OrderedTasks.run(3, number -> number, closed))
                .isInstanceOf(RejectedExecutionException.class);
    }
}
