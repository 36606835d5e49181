package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/**
 * The pictures of the first model in a file of VisualSFM (NVM_V3). It stores the rotation from world to camera and the
 * camera's <em>position</em> c; the translation is t = −R c. Camera axes are COLMAP's. Points are not read.
 */
public final class NvmFile {
    private static final int MOST = 10_000_000;

    private NvmFile() {}

    /**
     * A picture.
     *
     * @param name as in the file
     * @param focalLength in pixels
     * @param pose world to camera
     * @param radial VisualSFM's term, by which a measured point is undistorted; the benchmark's lists of intrinsics are
     *     what counts where there are any
     */
    public record Entry(String name, double focalLength, Pose pose, double radial) {}

    /**
     * Reads the pictures.
     *
     * @param file in UTF-8
     * @return in the order of the file
     * @throws IOException if the file cannot be read or is not of this form; the message tells the line
     */
    public static List<Entry> read(Path file) throws IOException {
        try (TextFile text = new TextFile(file, TextFile.SPACES_AND_COMMAS)) {
            String[] header = text.need("NVM_V3");
            if (!header[0].equals("NVM_V3")) {
                throw text.wrong("NVM_V3", "\"" + header[0] + "\"");
            }
            int count = text.count(text.need("the number of cameras", 1)[0], MOST);
            List<Entry> entries = new ArrayList<>();
            Set<String> names = new LinkedHashSet<>();
            for (int i = 0; i < count; i++) {
                String[] fields = text.need("\"name f qw qx qy qz cx cy cz radial 0\"", 11);
                if (!names.add(fields[0])) {
                    throw text.wrong("each name once", "\"" + fields[0] + "\" again");
                }
                double[] v = text.numbers(fields, 1, 9);
                entries.add(text.made(() ->
                        new Entry(fields[0], v[0], Poses.ofCenter(v[1], v[2], v[3], v[4], v[5], v[6], v[7]), v[8])));
            }
            return entries;
        }
    }
}
