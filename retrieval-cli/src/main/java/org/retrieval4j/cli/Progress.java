package org.retrieval4j.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.retrieval4j.api.ProgressListener;

/**
 * Shows how far long work is: on a terminal a bar with rate and time left, redrawn in place; elsewhere a line at the end
 * of a stage that took seconds, and one every half minute. Thread-safe.
 */
final class Progress implements ProgressListener, AutoCloseable {
    private static final int BAR = 24;
    private static final long REDRAW_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 30_000_000_000L;
    private static final long WORTH_A_LINE_NANOS = 2_000_000_000L;

    private final PrintStream err;
    private final boolean terminal;
    private final LongSupplier clock;

    private String stage = "";
    private long done;
    private long total;
    private long startedAt;
    private long startedDone;
    private long shownAt;
    private long lastCall;
    private int drawn;

    Progress(PrintStream err, boolean terminal, LongSupplier clock) {
        this.err = err;
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public synchronized void progress(String name, long steps, long all) {
        long now = clock.getAsLong();
        if (!name.equals(stage)) {
            endStage();
            stage = name;
            done = steps;
            total = all;
            startedAt = now;
            startedDone = steps <= 1 ? 0 : steps;
            shownAt = now;
            lastCall = now;
            if (terminal) {
                draw(now);
            }
            return;
        }
        done = Math.max(done, steps); // several threads report; the bar never goes back
        total = all;
        lastCall = now;
        if (terminal ? now - shownAt >= REDRAW_NANOS || done == total : now - shownAt >= LINE_NANOS) {
            shownAt = now;
            if (terminal) {
                draw(now);
            } else {
                line(now);
            }
        }
    }

    /** A line of its own, above the bar. */
    synchronized void note(String text) {
        clear();
        err.print(text + "\n");
        if (terminal && !stage.isEmpty()) {
            draw(clock.getAsLong());
        }
        err.flush();
    }

    /** Ends the last stage. */
    @Override
    public synchronized void close() {
        endStage();
    }

    private void endStage() {
        if (stage.isEmpty()) {
            return;
        }
        if (terminal) {
            draw(lastCall);
            err.print("\n");
            drawn = 0;
        } else if (lastCall - startedAt >= WORTH_A_LINE_NANOS) {
            line(lastCall);
        }
        err.flush();
        stage = "";
    }

    private void line(long now) {
        err.print(stage + " " + done + (total > 0 ? " of " + total : "") + rate(now) + "\n");
        err.flush();
    }

    private void draw(long now) {
        StringBuilder bar = new StringBuilder(String.format(Locale.ROOT, "%-10s ", stage));
        if (total > 0) {
            int filled = (int) (BAR * Math.min(done, total) / total);
            bar.append("█".repeat(filled)).append("░".repeat(BAR - filled));
            bar.append(' ').append(done).append('/').append(total);
        } else {
            bar.append(done);
        }
        bar.append(rate(now));
        clear();
        err.print(bar);
        drawn = bar.length();
        err.flush();
    }

    private void clear() {
        if (drawn > 0) {
            err.print("\r" + " ".repeat(drawn) + "\r");
            drawn = 0;
        }
    }

    private String rate(long now) {
        double seconds = (now - startedAt) / 1e9;
        long steps = done - startedDone;
        if (steps <= 0 || seconds < 0.2) {
            return "";
        }
        double rate = steps / seconds;
        String text = String.format(Locale.ROOT, rate < 10 ? ", %.1f/s" : ", %.0f/s", rate);
        return total > done ? text + ", " + duration((total - done) / rate) + " left" : text + ", " + duration(seconds);
    }

    /** Seconds as people say them: {@code 0.4 s}, {@code 12 s}, {@code 3:05 min}, {@code 2:10 h}. */
    static String duration(double seconds) {
        if (seconds < 9.95) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        } else if (whole < 3600) {
            return String.format(Locale.ROOT, "%d:%02d min", whole / 60, whole % 60);
        }
        return String.format(Locale.ROOT, "%d:%02d h", whole / 3600, whole / 60 % 60);
    }
}
