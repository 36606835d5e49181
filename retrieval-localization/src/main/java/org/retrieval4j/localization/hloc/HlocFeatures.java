package org.retrieval4j.localization.hloc;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;

/**
 * Local features of hloc, {@code features.h5}: a group an image, named as the image, with {@code keypoints} (n x 2),
 * {@code descriptors} (d x n), {@code image_size} (width, height), and where the extractor gives them {@code scores},
 * {@code scales} and {@code oris} (n each). {@code io.jhdf:jhdf}, an optional dependency, must be on the class path.
 *
 * <p>hloc's pixels have the center of the first one at (0, 0); 0.5 is added. It stores halves unless told otherwise: a
 * coordinate above 1,024 is then exact to half a pixel only, above 2,048 to one.
 *
 * <p>As with {@link org.retrieval4j.localization.colmap.ColmapDatabase}, these features are for programs that match or
 * triangulate by themselves: a map's features come from an extractor that can give a query's too.
 *
 * <p>For one thread.
 */
public final class HlocFeatures implements AutoCloseable {
    private final HdfGroups groups;

    private HlocFeatures(HdfGroups groups) {
        this.groups = groups;
    }

    /**
     * Opens a file.
     *
     * @param file of HDF5
     * @return to be closed by the caller
     * @throws IOException if jhdf is not there, or the file cannot be read or is not of HDF5
     */
    public static HlocFeatures open(Path file) throws IOException {
        return new HlocFeatures(Jhdf.open(file));
    }

    /**
     * The images that have features.
     *
     * @return their names, with "/" as hloc has them, in the order of the file
     * @throws IOException if the file is corrupt
     */
    public List<String> names() throws IOException {
        return groups.with("keypoints");
    }

    /**
     * An image's features.
     *
     * @param name of the image, relative to the folder of images
     * @return n keypoints in our pixels (diameter: twice the scale, 0 without; orientation 0 without; score 0 without) and
     *     n x d descriptors; empty if the image is not there
     * @throws IOException if the arrays are missing, do not belong together, or are not finite
     */
    public Optional<ImageFeatures> features(String name) throws IOException {
        if (name.isEmpty() || !groups.has(name)) {
            return Optional.empty();
        }
        HdfGroups.Values keypoints = required(name + "/keypoints", 2);
        HdfGroups.Values descriptors = required(name + "/descriptors", 2);
        HdfGroups.Values size = required(name + "/image_size", 1);
        int n = keypoints.rows();
        if (keypoints.columns() != 2 && n > 0) {
            throw groups.wrong(name + "/keypoints must have 2 columns, got " + keypoints.columns());
        }
        if (descriptors.columns() != n) {
            throw groups.wrong(name + "/descriptors must have a column for each of " + n + " keypoints, got "
                    + descriptors.columns());
        }
        if (size.rows() != 2) {
            throw groups.wrong(name + "/image_size must be width and height, got " + size.rows() + " numbers");
        }
        HdfGroups.Values scores = optional(name + "/scores", n);
        HdfGroups.Values scales = optional(name + "/scales", n);
        HdfGroups.Values angles = optional(name + "/oris", n);
        float[] places = new float[Keypoints.COLUMNS * n];
        for (int i = 0; i < n; i++) {
            places[Keypoints.COLUMNS * i] = (float) (keypoints.array()[2 * i] + 0.5);
            places[Keypoints.COLUMNS * i + 1] = (float) (keypoints.array()[2 * i + 1] + 0.5);
            places[Keypoints.COLUMNS * i + 2] = scales == null ? 0 : (float) (2 * scales.array()[i]);
            places[Keypoints.COLUMNS * i + 3] = angles == null ? 0 : Keypoints.direction(angles.array()[i]);
            places[Keypoints.COLUMNS * i + 4] = scores == null ? 0 : (float) scores.array()[i];
        }
        int d = descriptors.rows();
        float[] rows = new float[n * d];
        for (int j = 0; j < d; j++) {
            for (int i = 0; i < n; i++) {
                rows[i * d + j] = (float) descriptors.array()[j * n + i];
            }
        }
        try {
            return Optional.of(new ImageFeatures(
                    (int) size.array()[0],
                    (int) size.array()[1],
                    Orientation.UPRIGHT,
                    new Keypoints(FloatMatrix.of(n, Keypoints.COLUMNS, places)),
                    FloatMatrix.of(n, d, rows),
                    Optional.empty()));
        } catch (IllegalArgumentException e) {
            throw new IOException(groups.wrong(name).getMessage() + ": " + e.getMessage(), e);
        }
    }

    private HdfGroups.Values required(String path, int dimensions) throws IOException {
        return groups.values(path, dimensions).orElseThrow(() -> groups.wrong("there is no " + path));
    }

    private HdfGroups.@Nullable Values optional(String path, int n) throws IOException {
        HdfGroups.Values values = groups.values(path, 1).orElse(null);
        if (values != null && values.rows() != n) {
            throw groups.wrong(path + " must have a number for each of " + n + " keypoints, got " + values.rows());
        }
        return values;
    }

    @Override
    public void close() {
        groups.close();
    }
}
