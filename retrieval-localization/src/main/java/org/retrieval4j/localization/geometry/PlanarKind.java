package org.retrieval4j.localization.geometry;

/** Maps from the plane to the plane, by degrees of freedom. */
enum PlanarKind {
    SIMILARITY,
    AFFINE,
    HOMOGRAPHY
}
