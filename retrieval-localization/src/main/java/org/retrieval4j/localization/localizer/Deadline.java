package org.retrieval4j.localization.localizer;

import java.time.Duration;

/**
 * When an answer is due. A localizer looks at it between steps of some tens of milliseconds: after it, nothing new is begun,
 * and what was found is answered.
 *
 * @param limited whether there is one
 * @param nanoTime when, by {@link System#nanoTime()}
 */
public record Deadline(boolean limited, long nanoTime) {
    /** Take all the time that is needed. */
    public static final Deadline NONE = new Deadline(false, 0);

    /**
     * A deadline from now on.
     *
     * @param time how long, above 0
     * @return the deadline
     * @throws IllegalArgumentException if the time is not positive
     */
    public static Deadline in(Duration time) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException("a deadline must be in the future, got " + time);
        }
        return new Deadline(true, System.nanoTime() + time.toNanos());
    }

    /**
     * Whether it has passed.
     *
     * @return true if so
     */
    public boolean isOver() {
        return limited && System.nanoTime() - nanoTime >= 0;
    }
}
