package org.retrieval4j.rerank;

import java.io.IOException;
import java.util.OptionalInt;
import org.retrieval4j.api.ImageFeatures;

/**
 * What verification found for pairs of a query and an image, kept so that a pair is verified once: for trials of several
 * stages and descriptors on the same pictures, where the proof of a pair is the same each time. Asked and told by one
 * thread at a time.
 */
public interface Proofs {
    /**
     * What is known of a pair.
     *
     * @param query local features of the query, the object that it is searched with
     * @param image the image's id
     * @return inliers of the accepted model, 0 where none was accepted; empty if the pair was not verified yet
     */
    OptionalInt inliers(ImageFeatures query, long image);

    /**
     * Keeps what was found.
     *
     * @param query as above
     * @param images ids, each once
     * @param inliers one an image
     * @param millis how long all of them took together
     * @throws IOException if they cannot be kept
     */
    void put(ImageFeatures query, long[] images, int[] inliers, double millis) throws IOException;
}
