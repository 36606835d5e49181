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
    DEGENERATE
}
