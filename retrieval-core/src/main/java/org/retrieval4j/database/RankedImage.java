package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.OptionalInt;
import org.retrieval4j.api.Verification;

/**
 * One image of a ranked list.
 *
 * @param image the image
 * @param score the retrieval score, larger is better; verification does not change it
 * @param inliers inliers of the verified model; 0 if no model was found, empty if the image was not verified
 * @param verification the proof, if a model was found
 */
public record RankedImage(ImageRecord image, float score, OptionalInt inliers, Optional<Verification> verification) {
    /** Checks that nothing is missing. */
    public RankedImage {
        requireNonNull(image, "image");
        requireNonNull(inliers, "inliers");
        requireNonNull(verification, "verification");
    }
}
