package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/**
 * The pictures of a model of Bundler ({@code .out} with {@code .list.txt}). Bundler stores R and t, world to camera, of
 * cameras that look along −z with y upwards; points are not read.
 */
public final class BundlerFile {
    private static final int MOST = 10_000_000;

    private BundlerFile() {}

    /** What happens to the world when the camera's axes are turned into COLMAP's. */
    public enum World {
        /**
         * y and z of the world change their sign too: how the visual localization benchmark's Bundler files and its NVM
         * files belong together.
         */
        TURNED,
        /** The world stays: COLMAP's own export to Bundler. */
        KEPT
    }

    /**
     * Reads poses.
     *
     * @param out the model
     * @param list names of the pictures, one a line, in the order of the model
     * @param world whether the world's axes are turned with the camera's
     * @return world to camera, by name; pictures that the model has not placed (focal length 0) are left out
     * @throws IOException if a file cannot be read or is not of this form, or they do not belong together; the message tells
     *     the line
     */
    public static Map<String, Pose> read(Path out, Path list, World world) throws IOException {
        List<String> names = new ArrayList<>();
        try (TextFile text = new TextFile(list, TextFile.SPACES_AND_COMMAS)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                names.add(fields[0]);
            }
        }
        Map<String, Pose> poses = new LinkedHashMap<>();
        try (TextFile text = new TextFile(out, TextFile.SPACES_AND_COMMAS)) {
            int count = text.count(text.need("\"cameras points\"", 2)[0], MOST);
            if (count != names.size()) {
                throw text.wrong("as many cameras as " + list + " has names, " + names.size(), String.valueOf(count));
            }
            for (String name : names) {
                double focal = text.numbers(text.need("\"f k1 k2\"", 3), 0, 3)[0];
                double[] r = new double[9];
                for (int row = 0; row < 3; row++) {
                    System.arraycopy(text.numbers(text.need("a row of R", 3), 0, 3), 0, r, 3 * row, 3);
                }
                double[] t = text.numbers(text.need("t", 3), 0, 3);
                if (focal == 0) {
                    continue;
                }
                Pose pose = text.made(() -> turned(r, t, world));
                if (poses.put(name, pose) != null) {
                    throw text.wrong("each name once", "\"" + name + "\" again");
                }
            }
        }
        return poses;
    }

    /** With D = diag(1, −1, −1): R becomes D R, or D R D where the world is turned too, and t becomes D t. */
    private static Pose turned(double[] r, double[] t, World world) {
        double[] turned = new double[9];
        for (int row = 0; row < 3; row++) {
            for (int column = 0; column < 3; column++) {
                boolean minus = row > 0 != (world == World.TURNED && column > 0);
                turned[3 * row + column] = minus ? -r[3 * row + column] : r[3 * row + column];
            }
        }
        return Pose.ofRotation(turned, t[0], -t[1], -t[2]);
    }
}
