package org.retrieval4j.api;

/** A component must learn and was given nothing to learn from. Whoever gets it may try again with a sample. */
public class SampleRequiredException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /**
     * Tells what must learn.
     *
     * @param message what must learn, and which arrays would do instead of a sample
     */
    public SampleRequiredException(String message) {
        super(message);
    }
}
