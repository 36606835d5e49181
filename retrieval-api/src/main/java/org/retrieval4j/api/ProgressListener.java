package org.retrieval4j.api;

/** Is told how long work gets on. May be called from several threads; should return quickly. */
@FunctionalInterface
public interface ProgressListener {
    /** Listens to nothing. */
    ProgressListener NONE = (stage, done, total) -> {};

    /**
     * A step was done.
     *
     * @param stage what is being done, in words: {@code "extract"}, {@code "k-means"}
     * @param done steps done in this stage
     * @param total steps in all, or −1 if not known
     */
    void progress(String stage, long done, long total);
}
