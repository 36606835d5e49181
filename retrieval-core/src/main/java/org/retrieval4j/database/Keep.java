package org.retrieval4j.database;

/** How a database keeps local features for verification. */
public enum Keep {
    /** Not at all: images are ranked, but cannot be verified. Smallest. */
    NONE,
    /** Descriptors in 8 bit, keypoints in fixed point: a quarter of the size, ranking and inliers nearly unchanged. */
    COMPACT,
    /** As extracted, bit by bit. */
    FLOAT
}
