/**
 * Pairing of local features. {@link org.retrieval4j.matching.MutualNearestNeighborMatcher} is the brute-force matcher
 * with cross-check and ratio test; a verifier takes its pairs, best first.
 */
@NullMarked
package org.retrieval4j.matching;

import org.jspecify.annotations.NullMarked;
