package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;

/**
 * A picture of a map.
 *
 * @param id of the picture and its features in the image database beside the map
 * @param name without line breaks
 * @param camera its camera
 * @param pose where it was taken
 */
public record MapImage(long id, String name, Camera camera, Pose pose) {
    /** Checks the name. */
    public MapImage {
        requireNonNull(camera, "camera");
        requireNonNull(pose, "pose");
        if (name.isEmpty() || name.chars().anyMatch(c -> c == '\n' || c == '\r')) {
            throw new IllegalArgumentException(
                    "an image's name must have characters and no line breaks, got \"" + name + "\"");
        }
    }
}
