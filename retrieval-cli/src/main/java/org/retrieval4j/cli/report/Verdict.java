package org.retrieval4j.cli.report;

/** What ground truth says about a hit. */
public enum Verdict {
    /** Nothing is known. */
    UNKNOWN,
    /** The query itself. */
    QUERY,
    /** A relevant image. */
    RIGHT,
    /** An image that is not relevant. */
    WRONG
}
