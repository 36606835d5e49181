package org.retrieval4j.api;

import java.util.Optional;

/** Checks matches by geometry. The same input and spec give the same bits, on any number of threads. */
public interface Verifier extends Component {
    /**
     * Looks for a geometric model that many matches agree with.
     *
     * @param query local features of the query
     * @param candidate local features of the candidate
     * @param matches pairs of both, best first
     * @return the model and its inliers; empty if none is accepted
     */
    Optional<Verification> verify(ImageFeatures query, ImageFeatures candidate, Matches matches);
}
