package org.retrieval4j.extraction;

/** What becomes of the vectors of several views of one picture. */
public enum Combine {
    /** One vector: the mean of the views' vectors, each scaled to length 1 before, and the mean after. */
    MEAN,
    /**
     * All of them, each of length 1: {@link org.retrieval4j.api.GlobalDescriptor.Regions}. Two pictures are then as
     * similar as their most similar pair of views.
     */
    REGIONS
}
