package org.retrieval4j.database;

import java.util.concurrent.Semaphore;

/**
 * Bounds the bytes of pictures that are in memory at once. Whoever holds bytes must not wait for more: give them back
 * first, so that no two wait for each other.
 */
final class MemoryBudget {
    // permits count kibibytes, so that an int holds terabytes
    private static final int UNIT = 1024;

    private final int total;
    private final Semaphore free;

    MemoryBudget(long bytes) {
        total = (int) Math.min(Integer.MAX_VALUE, Math.max(1, bytes / UNIT));
        free = new Semaphore(total, true); // fair: a large picture is not passed by small ones for ever
    }

    /** Takes bytes, waiting until they are free; more than the whole budget takes the whole budget. */
    Lease acquire(long bytes) throws InterruptedException {
        int units = units(bytes);
        free.acquire(units);
        return new Lease(units);
    }

    private int units(long bytes) {
        return (int) Math.min(total, Math.max(1, (bytes + UNIT - 1) / UNIT));
    }

    /** Bytes that are held, by one thread. */
    final class Lease implements AutoCloseable {
        private int units;

        private Lease(int units) {
            this.units = units;
        }

        /** Takes what is missing to {@code bytes} if it is free now; what is held stays held in any case. */
        boolean tryGrow(long bytes) {
            int missing = units(bytes) - units;
            if (missing > 0 && !free.tryAcquire(missing)) {
                return false;
            }
            units += Math.max(0, missing);
            return true;
        }

        @Override
        public void close() {
            free.release(units);
            units = 0;
        }
    }
}
