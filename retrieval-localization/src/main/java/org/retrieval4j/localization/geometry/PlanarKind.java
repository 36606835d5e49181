package org.retrieval4j.localization.geometry;

/** Maps from the plane to the plane, by degrees of freedom. */
enum PlanarKind {
    SIMILARITY(2),
    AFFINE(3),
    HOMOGRAPHY(4);

    private final int sampleSize;

    PlanarKind(int sampleSize) {
        this.sampleSize = sampleSize;
    }

    /** Point pairs that determine a map. */
    int sampleSize() {
        return sampleSize;
    }
}
