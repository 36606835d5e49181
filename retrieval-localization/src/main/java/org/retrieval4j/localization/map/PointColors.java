package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;

/**
 * Gives points without a color the mean of what the pictures show where they observe them, between pixels linearly, as COLMAP
 * does. Points that have a color keep it.
 *
 * <p>Thread-safe: static. The same on any number of threads.
 */
public final class PointColors {
    /** Black that is known: 0 stands for no color. */
    private static final int BLACK = 1;

    private PointColors() {}

    /** Where pictures are found again. Called from several threads at once. */
    @FunctionalInterface
    public interface Pictures {
        /**
         * Reads a picture.
         *
         * @param image of the map
         * @return its pixels as stored; empty if it is not there, and then does not count
         * @throws IOException if it is there and cannot be read
         */
        Optional<Image> read(MapImage image) throws IOException;
    }

    /**
     * Colors a map.
     *
     * @param map the points
     * @param features of its pictures
     * @param pictures the pixels; only those that observe a point without color are read
     * @param executor runs the pictures
     * @return the same map with colors, in memory
     * @throws IOException if features or pictures cannot be read, or are not the map's
     */
    public static PointMap color(PointMap map, FeatureSource features, Pictures pictures, Executor executor)
            throws IOException {
        requireNonNull(pictures, "pictures");
        FeatureSource checked = map.checked(features);
        List<byte[]> samples =
                OrderedTasks.run(map.images().size(), image -> sample(map, image, checked, pictures), executor);
        int[] sums = new int[3 * map.size()];
        int[] counts = new int[map.size()];
        for (int i = 0; i < samples.size(); i++) {
            byte[] colors = samples.get(i);
            int[] observed = map.observed(i);
            for (int k = 0; k < colors.length / 3; k++) {
                int point = observed[k];
                counts[point]++;
                for (int c = 0; c < 3; c++) {
                    sums[3 * point + c] += colors[3 * k + c] & 0xFF;
                }
            }
        }
        return map.withColors(point -> map.rgb(point) != 0 || counts[point] == 0
                ? map.rgb(point)
                : Math.max(BLACK, mean(sums, counts[point], 3 * point)));
    }

    private static int mean(int[] sums, int count, int at) {
        int rgb = 0;
        for (int c = 0; c < 3; c++) {
            rgb = rgb << 8 | (sums[at + c] + count / 2) / count;
        }
        return rgb;
    }

    /** Three bytes for each observation of a picture; none where the picture is not there or not needed. */
    private static byte[] sample(PointMap map, int image, FeatureSource features, Pictures pictures)
            throws IOException {
        int[] observed = map.observed(image);
        boolean needed = false;
        for (int point : observed) {
            needed |= map.rgb(point) == 0;
        }
        Optional<Image> found = needed ? pictures.read(map.images().get(image)) : Optional.empty();
        if (found.isEmpty()) {
            return new byte[0];
        }
        Image picture = found.get();
        MapImage posed = map.images().get(image);
        ImageFeatures own = features.features(posed.id())
                .orElseThrow(() -> new IOException("there are no features of " + posed.name()));
        if (picture.width() != own.width() || picture.height() != own.height()) {
            throw new IOException(posed.name() + " must be of " + own.width() + " x " + own.height() + " pixels, got "
                    + picture.width() + " x " + picture.height());
        }
        FloatMatrix places = own.keypoints().values();
        int[] keypoints = map.keypoints(image);
        byte[] colors = new byte[3 * keypoints.length];
        for (int k = 0; k < keypoints.length; k++) {
            between(picture, places.get(keypoints[k], 0), places.get(keypoints[k], 1), colors, 3 * k);
        }
        return colors;
    }

    /** Interpolates between the four nearest pixels, whose centers are at halves. */
    private static void between(Image picture, double x, double y, byte[] target, int at) {
        double u = Math.min(Math.max(x - 0.5, 0), picture.width() - 1);
        double v = Math.min(Math.max(y - 0.5, 0), picture.height() - 1);
        int left = (int) u;
        int top = (int) v;
        int right = Math.min(left + 1, picture.width() - 1);
        int bottom = Math.min(top + 1, picture.height() - 1);
        byte[] rgb = picture.rgb();
        for (int c = 0; c < 3; c++) {
            double upper = mix(rgb, picture.width() * top + left, picture.width() * top + right, u - left, c);
            double lower = mix(rgb, picture.width() * bottom + left, picture.width() * bottom + right, u - left, c);
            target[at + c] = (byte) Math.round(upper + (v - top) * (lower - upper));
        }
    }

    private static double mix(byte[] rgb, int left, int right, double part, int c) {
        int a = rgb[3 * left + c] & 0xFF;
        int b = rgb[3 * right + c] & 0xFF;
        return a + part * (b - a);
    }
}
