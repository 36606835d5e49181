package org.retrieval4j.localization.localizer;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.localization.camera.Camera;

/**
 * What is asked.
 *
 * @param features local features of the photograph, in stored pixels
 * @param camera its camera
 * @param ranked pictures retrieved for it by their id, best first; those that the map does not have are passed over
 * @param descriptor what it was retrieved by, where a localizer compares descriptors
 * @param deadline when an answer is due
 */
public record Query(
        ImageFeatures features,
        Camera camera,
        List<Hit> ranked,
        Optional<GlobalDescriptor> descriptor,
        Deadline deadline) {
    /** Checks that features and camera are of one picture. */
    public Query {
        ranked = List.copyOf(ranked);
        requireNonNull(descriptor, "descriptor");
        requireNonNull(deadline, "deadline");
        if (features.width() != camera.width() || features.height() != camera.height()) {
            throw new IllegalArgumentException("camera must be of the picture's size " + features.width() + " x "
                    + features.height() + ", got " + camera.width() + " x " + camera.height());
        }
    }

    /**
     * A query without descriptor and deadline.
     *
     * @param features its features
     * @param camera its camera
     * @param ranked retrieved pictures
     */
    public Query(ImageFeatures features, Camera camera, List<Hit> ranked) {
        this(features, camera, ranked, Optional.empty(), Deadline.NONE);
    }
}
