package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Path;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/** Poses from the forms in which data sets store them. */
final class Poses {
    private Poses() {}

    /** Rotation from world to camera, and where the camera stands: t = −R c. */
    static Pose ofCenter(double qw, double qx, double qy, double qz, double cx, double cy, double cz) {
        return ofCenter(new Pose(qw, qx, qy, qz, 0, 0, 0), cx, cy, cz);
    }

    static Pose ofCenter(Pose rotation, double cx, double cy, double cz) {
        double[] r = rotation.rotation();
        return new Pose(
                rotation.qw(),
                rotation.qx(),
                rotation.qy(),
                rotation.qz(),
                -(r[0] * cx + r[1] * cy + r[2] * cz),
                -(r[3] * cx + r[4] * cy + r[5] * cz),
                -(r[6] * cx + r[7] * cy + r[8] * cz));
    }

    /** A matrix [R c; 0 0 0 1] from camera to world, row after row, as the pose from world to camera. */
    static Pose ofCameraToWorld(double[] m) {
        return Pose.ofRotation(new double[] {m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10]}, m[3], m[7], m[11])
                .inverse();
    }

    /** Reads a 4 x 4 matrix from camera to world out of a file that holds nothing else. */
    static Pose readCameraToWorld(Path file) throws IOException {
        double[] m = new double[16];
        try (TextFile text = new TextFile(file, TextFile.SPACES_AND_COMMAS)) {
            for (int row = 0; row < 4; row++) {
                System.arraycopy(text.numbers(text.need("4 numbers", 4), 0, 4), 0, m, 4 * row, 4);
            }
            return text.made(() -> ofCameraToWorld(m));
        }
    }
}
