package org.retrieval4j.api;

/** A native library, driver or accelerator failed or is not there. */
public class BackendException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * A failure without a cause of its own.
     *
     * @param message what failed and what can be done
     */
    public BackendException(String message) {
        super(message);
    }

    /**
     * A failure with its cause.
     *
     * @param message what failed and what can be done
     * @param cause what the back-end said
     */
    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
