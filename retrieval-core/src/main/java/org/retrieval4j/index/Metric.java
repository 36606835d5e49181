package org.retrieval4j.index;

/** How alike two vectors are. A larger score is more similar. */
public enum Metric {
    /** Cosine of the angle, x·y / (|x| |y|); a zero vector has score 0 with everything. */
    COSINE,
    /** Inner product x·y. */
    IP,
    /** Negative squared distance, −|x − y|². */
    L2
}
