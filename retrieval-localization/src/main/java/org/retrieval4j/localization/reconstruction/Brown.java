package org.retrieval4j.localization.reconstruction;

import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;

/** Three radial and two tangential terms, as openMVG and OpenSfM have them. */
final class Brown {
    private Brown() {}

    /** OPENCV, or FULL_OPENCV where there is a third radial term. */
    static Camera camera(
            int width,
            int height,
            double fx,
            double fy,
            double cx,
            double cy,
            double k1,
            double k2,
            double k3,
            double p1,
            double p2) {
        return k3 == 0
                ? new Camera(CameraModel.OPENCV, width, height, fx, fy, cx, cy, k1, k2, p1, p2)
                : new Camera(CameraModel.FULL_OPENCV, width, height, fx, fy, cx, cy, k1, k2, p1, p2, k3, 0, 0, 0);
    }
}
