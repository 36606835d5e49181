package org.retrieval4j.localization.pose;

/** What became of a query. Only {@link #LOCALIZED} comes with a pose. */
public enum Status {
    /** A pose was found that chance does not explain. */
    LOCALIZED,
    /** No pictures of the map were found for the query. */
    NOTHING_RETRIEVED,
    /** There are fewer different correspondences than a pose and its check need. */
    TOO_FEW_CORRESPONDENCES,
    /** No pose has enough correspondences that agree with it. */
    NO_CONSENSUS,
    /** Correspondences agree, but do not determine the pose: they are all near a line, too far away, or fit two poses. */
    DEGENERATE,
    /** A pose fits, but much of what the query must show at it is not there: a place that looks like it in part. */
    CONTRADICTED,
    /** The deadline passed before a pose was found. */
    OUT_OF_TIME
}
