package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long SECOND = 1_000_000_000L;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final AtomicLong now = new AtomicLong();

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private Progress progress(boolean terminal) {
        return new Progress(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal, now::get);
    }

    @Test
    void saysOneLineALongStageWhereThereIsNoTerminal() {
        try (Progress progress = progress(false)) {
            for (int i = 0; i <= 20; i++) {
                progress.progress("extract", i, 20);
                now.addAndGet(SECOND / 10);
            }
            progress.progress("k-means", 1, 3);
        }
        assertThat(text()).isEqualTo("extract 20 of 20, 10/s, 2.0 s\n");
    }

    @Test
    void saysALineNowAndThenDuringALongStage() {
        try (Progress progress = progress(false)) {
            progress.progress("extract", 0, 1000);
            now.addAndGet(31 * SECOND);
            progress.progress("extract", 62, 1000);
        }
        assertThat(text()).startsWith("extract 62 of 1000, 2.0/s, 7:49 min left\n");
    }

    @Test
    void drawsABarWithRateAndTimeLeftOnATerminal() {
        try (Progress progress = progress(true)) {
            progress.progress("extract", 0, 100);
            now.addAndGet(5 * SECOND);
            progress.progress("extract", 50, 100);
            assertThat(text()).contains("\r").endsWith("████████████░░░░░░░░░░░░ 50/100, 10/s, 5.0 s left");
        }
        assertThat(text()).endsWith("\n");
    }

    @Test
    void neverGoesBackWhenThreadsReportOutOfOrder() {
        try (Progress progress = progress(true)) {
            progress.progress("extract", 3, 10);
            now.addAndGet(SECOND);
            progress.progress("extract", 2, 10);
        }
        assertThat(text()).contains("3/10").doesNotContain("2/10");
    }
}
