package org.retrieval4j.localization.pose;

import java.util.List;
import org.retrieval4j.localization.camera.Camera;

/**
 * Cameras that are fixed to each other. Immutable and thread-safe.
 *
 * @param cameras at least one
 * @param camerasFromRig for each, the pose by which points of the rig's frame become points of the camera's
 */
public record Rig(List<Camera> cameras, List<Pose> camerasFromRig) {
    /** Checks that every camera has its pose. */
    public Rig {
        cameras = List.copyOf(cameras);
        camerasFromRig = List.copyOf(camerasFromRig);
        if (cameras.isEmpty() || cameras.size() != camerasFromRig.size()) {
            throw new IllegalArgumentException("a rig must have at least one camera and a pose for each, got "
                    + cameras.size() + " cameras and " + camerasFromRig.size() + " poses");
        }
    }
}
