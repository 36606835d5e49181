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
 * @param number of the picture in the model that it came from, or {@link #NONE}
 * @param cameraNumber of its camera in the model that it came from, or {@link #NONE}
 */
public record MapImage(long id, String name, Camera camera, Pose pose, int number, int cameraNumber) {
    /** The picture did not come from a model with numbers; it is COLMAP's number that stands for none. */
    public static final int NONE = -1;

    /** Checks the name. */
    public MapImage {
        requireNonNull(camera, "camera");
        requireNonNull(pose, "pose");
        if (name.isEmpty() || name.chars().anyMatch(c -> c == '\n' || c == '\r')) {
            throw new IllegalArgumentException(
                    "an image's name must have characters and no line breaks, got \"" + name + "\"");
        }
    }

    /**
     * A picture without numbers.
     *
     * @param id of the picture and its features in the image database beside the map
     * @param name without line breaks
     * @param camera its camera
     * @param pose where it was taken
     */
    public MapImage(long id, String name, Camera camera, Pose pose) {
        this(id, name, camera, pose, NONE, NONE);
    }

    MapImage withPose(Pose other) {
        return new MapImage(id, name, camera, other, number, cameraNumber);
    }
}
