/**
 * Robust geometry on plain doubles, from the inside out: a minimal solver ({@link
 * org.retrieval4j.localization.geometry.HomographySolver}) turns a few matches into a model, a {@link
 * org.retrieval4j.localization.geometry.ModelEstimator} adds errors and refinement, {@link
 * org.retrieval4j.localization.geometry.Ransac} searches the model that most data agree with, and a pair verifier
 * ({@link org.retrieval4j.localization.geometry.HomographyVerifier} and its siblings) does that for the matches of two
 * pictures and decides whether the result is a proof.
 *
 * <p>Minimal solvers: homography (4), fundamental matrix (7, 8), essential matrix (5), absolute pose from three points (P3P), from
 * three points of several cameras, from four with the focal length (P4Pf), and from two with known gravity; the last is for
 * your own use, no estimator takes it.
 */
@NullMarked
package org.retrieval4j.localization.geometry;

import org.jspecify.annotations.NullMarked;
