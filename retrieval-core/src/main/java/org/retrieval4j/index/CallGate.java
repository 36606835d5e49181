package org.retrieval4j.index;

/** Counts running calls, so that close can wait for them; refuses calls after close. */
final class CallGate {
    private final String what;
    private int running;
    private boolean closed;

    CallGate(String what) {
        this.what = what;
    }

    /** Starts a call, which ends with {@link #exit()}. */
    synchronized void enter() {
        if (closed) {
            throw new IllegalStateException(what + " is closed");
        }
        running++;
    }

    synchronized void exit() {
        running--;
        notifyAll();
    }

    /** Refuses new calls and waits for the running ones; true for the first to close. */
    synchronized boolean close() {
        boolean first = !closed;
        closed = true;
        boolean interrupted = false;
        while (running > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true; // what the running calls use must not go away under them
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return first;
    }
}
