package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * Points in the world and the keypoints of posed pictures that observe them. Images and points are numbered from 0; the
 * features themselves are in the image database beside the map, under {@link MapImage#id()}. What grows with the map is
 * mapped from its file, not read.
 *
 * <p>Immutable and thread-safe, until closed.
 */
public final class PointMap implements AutoCloseable {
    private static final String KIND = "point-map";
    private static final int VERSION = 1;

    private final List<MapImage> images;
    private final Map<Long, Integer> byId = new HashMap<>();
    private final DoubleBuffer points;
    /** Of image i, observations from imageFrom[i] to imageFrom[i + 1], by ascending keypoint. */
    private final IntBuffer imageFrom;

    private final IntBuffer keypoints;
    private final IntBuffer observed;
    /** Of point p, images trackImages[trackFrom[p]] to trackImages[trackFrom[p + 1]]. */
    private final IntBuffer trackFrom;

    private final IntBuffer trackImages;
    private final AutoCloseable file;

    private PointMap(
            List<MapImage> images,
            DoubleBuffer points,
            IntBuffer imageFrom,
            IntBuffer keypoints,
            IntBuffer observed,
            IntBuffer trackFrom,
            IntBuffer trackImages,
            AutoCloseable file) {
        this.images = Collections.unmodifiableList(new ArrayList<>(images));
        this.points = points;
        this.imageFrom = imageFrom;
        this.keypoints = keypoints;
        this.observed = observed;
        this.trackFrom = trackFrom;
        this.trackImages = trackImages;
        this.file = file;
        for (int i = 0; i < images.size(); i++) {
            byId.put(images.get(i).id(), i);
        }
    }

    /**
     * A point and who observes it.
     *
     * @param x in the world
     * @param y second coordinate
     * @param z third coordinate
     * @param track image and keypoint of each observation, one after the other
     */
    public record Point(double x, double y, double z, int[] track) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Point that
                    && x == that.x
                    && y == that.y
                    && z == that.z
                    && Arrays.equals(track, that.track);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(track);
        }
    }

    /**
     * A map in memory.
     *
     * @param images the pictures
     * @param points the points, their tracks by places in the list of images
     * @return the map
     * @throws IllegalArgumentException if an image comes twice, a track names an image that is not there, or a keypoint
     *     observes two points
     */
    public static PointMap of(List<MapImage> images, List<Point> points) {
        int n = images.size();
        if (images.stream().mapToLong(MapImage::id).distinct().count() < n
                || images.stream().map(MapImage::name).distinct().count() < n) {
            throw new IllegalArgumentException("a map's images must have different ids and names");
        }
        double[] coordinates = new double[3 * points.size()];
        int[] trackFrom = new int[points.size() + 1];
        List<List<int[]>> seen = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            seen.add(new ArrayList<>());
        }
        for (int p = 0; p < points.size(); p++) {
            Point point = points.get(p);
            coordinates[3 * p] = point.x;
            coordinates[3 * p + 1] = point.y;
            coordinates[3 * p + 2] = point.z;
            trackFrom[p + 1] = trackFrom[p] + point.track.length / 2;
            for (int i = 0; i + 1 < point.track.length; i += 2) {
                if (point.track[i] < 0 || point.track[i] >= n || point.track[i + 1] < 0) {
                    throw new IllegalArgumentException(
                            "point " + p + " must be seen in one of " + n + " images, got " + point.track[i]);
                }
                seen.get(point.track[i]).add(new int[] {point.track[i + 1], p});
            }
        }
        int[] trackImages = new int[trackFrom[points.size()]];
        int[] imageFrom = new int[n + 1];
        int[] keypoints = new int[trackImages.length];
        int[] observed = new int[trackImages.length];
        for (int p = 0; p < points.size(); p++) {
            for (int i = 0; i < points.get(p).track.length / 2; i++) {
                trackImages[trackFrom[p] + i] = points.get(p).track[2 * i];
            }
        }
        for (int i = 0; i < n; i++) {
            List<int[]> own = seen.get(i);
            own.sort((a, b) -> Integer.compare(a[0], b[0]));
            imageFrom[i + 1] = imageFrom[i] + own.size();
            for (int k = 0; k < own.size(); k++) {
                if (k > 0 && own.get(k)[0] == own.get(k - 1)[0]) {
                    throw new IllegalArgumentException("keypoint " + own.get(k)[0] + " of image " + i
                            + " must observe one point, got " + own.get(k - 1)[1] + " and " + own.get(k)[1]);
                }
                keypoints[imageFrom[i] + k] = own.get(k)[0];
                observed[imageFrom[i] + k] = own.get(k)[1];
            }
        }
        return new PointMap(
                images,
                DoubleBuffer.wrap(coordinates),
                IntBuffer.wrap(imageFrom),
                IntBuffer.wrap(keypoints),
                IntBuffer.wrap(observed),
                IntBuffer.wrap(trackFrom),
                IntBuffer.wrap(trackImages),
                () -> {});
    }

    /**
     * Opens a map.
     *
     * @param path its file
     * @return the map, to be closed
     * @throws IOException if it cannot be read or is damaged
     */
    public static PointMap open(Path path) throws IOException {
        SectionFile file = SectionFile.open(requireNonNull(path, "path"), KIND, VERSION, VERSION);
        try {
            List<String> names = lines(file.bytes("names"));
            List<String> cameras = lines(file.bytes("cameras"));
            long[] ids = file.longs("ids");
            double[] poses = file.doubles("poses");
            int n = names.size();
            require(
                    path,
                    cameras.size() == n && ids.length == n && poses.length == 7 * n,
                    n + " of all that images have");
            List<MapImage> images = new ArrayList<>(n);
            for (int i = 0; i < n; i++) {
                images.add(image(path, ids[i], names.get(i), cameras.get(i), poses, 7 * i));
            }
            DoubleBuffer points = file.map("points", Section.Type.DOUBLES).asDoubleBuffer();
            IntBuffer imageFrom = ints(file, "image-from");
            IntBuffer keypoints = ints(file, "keypoints");
            IntBuffer observed = ints(file, "observed");
            IntBuffer trackFrom = ints(file, "track-from");
            IntBuffer trackImages = ints(file, "track-images");
            int observations = observed.capacity();
            int count = points.capacity() / 3;
            require(
                    path,
                    points.capacity() % 3 == 0 && keypoints.capacity() == observations,
                    "coordinates and keypoints");
            require(path, trackImages.capacity() == observations, observations + " images of tracks");
            requireOffsets(path, imageFrom, n, observations);
            requireOffsets(path, trackFrom, count, observations);
            requireBelow(path, observed, count);
            requireBelow(path, trackImages, n);
            return new PointMap(images, points, imageFrom, keypoints, observed, trackFrom, trackImages, file);
        } catch (IOException | RuntimeException failed) {
            file.close();
            throw failed;
        }
    }

    private static List<String> lines(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    }

    private static MapImage image(Path path, long id, String name, String camera, double[] poses, int at)
            throws CorruptFileException {
        try {
            Pose pose = new Pose(
                    poses[at],
                    poses[at + 1],
                    poses[at + 2],
                    poses[at + 3],
                    poses[at + 4],
                    poses[at + 5],
                    poses[at + 6]);
            return new MapImage(id, name, Camera.parse(camera), pose);
        } catch (IllegalArgumentException e) {
            throw new CorruptFileException(path, 0, "an image", String.valueOf(e.getMessage()));
        }
    }

    private static IntBuffer ints(SectionFile file, String name) throws IOException {
        ByteBuffer mapped = file.map(name, Section.Type.INTS);
        return mapped.asIntBuffer();
    }

    private static void require(Path path, boolean holds, String expected) throws CorruptFileException {
        if (!holds) {
            throw new CorruptFileException(path, 0, expected, "others");
        }
    }

    private static void requireOffsets(Path path, IntBuffer offsets, int rows, int last) throws CorruptFileException {
        boolean ascending = offsets.capacity() == rows + 1 && offsets.get(0) == 0 && offsets.get(rows) == last;
        for (int i = 0; ascending && i < rows; i++) {
            ascending = offsets.get(i) <= offsets.get(i + 1);
        }
        require(path, ascending, "ascending offsets to " + last);
    }

    private static void requireBelow(Path path, IntBuffer values, int bound) throws CorruptFileException {
        boolean below = true;
        for (int i = 0; i < values.capacity(); i++) {
            below &= values.get(i) >= 0 && values.get(i) < bound;
        }
        require(path, below, "numbers below " + bound);
    }

    /**
     * Writes the map.
     *
     * @param path the file; one that is there is replaced when the new one is whole
     * @throws IOException if it cannot be written
     */
    public void write(Path path) throws IOException {
        StringBuilder names = new StringBuilder();
        StringBuilder cameras = new StringBuilder();
        long[] ids = new long[images.size()];
        double[] poses = new double[7 * images.size()];
        for (int i = 0; i < images.size(); i++) {
            MapImage image = images.get(i);
            names.append(image.name()).append('\n');
            cameras.append(image.camera()).append('\n');
            ids[i] = image.id();
            Pose p = image.pose();
            double[] values = {p.qw(), p.qx(), p.qy(), p.qz(), p.tx(), p.ty(), p.tz()};
            System.arraycopy(values, 0, poses, 7 * i, 7);
        }
        try (SectionWriter writer = SectionWriter.create(path, KIND, VERSION)) {
            writer.header("images", Integer.toString(images.size()));
            writer.header("points", Integer.toString(size()));
            writer.header("observations", Integer.toString(observed.capacity()));
            writer.bytes("names", names.toString().getBytes(StandardCharsets.UTF_8));
            writer.bytes("cameras", cameras.toString().getBytes(StandardCharsets.UTF_8));
            writer.longs("ids", ids);
            writer.doubles("poses", poses);
            double[] coordinates = new double[points.capacity()];
            points.duplicate().rewind().get(coordinates);
            writer.doubles("points", coordinates);
            writer.ints("image-from", copy(imageFrom));
            writer.ints("keypoints", copy(keypoints));
            writer.ints("observed", copy(observed));
            writer.ints("track-from", copy(trackFrom));
            writer.ints("track-images", copy(trackImages));
            writer.commit();
        }
    }

    private static int[] copy(IntBuffer values) {
        int[] copy = new int[values.capacity()];
        values.duplicate().rewind().get(copy);
        return copy;
    }

    /**
     * The pictures.
     *
     * @return by their number in the map
     */
    public List<MapImage> images() {
        return images;
    }

    /**
     * The number of a picture in the map.
     *
     * @param id in the image database
     * @return its number; -1 if the map does not have it
     */
    public int indexOf(long id) {
        return byId.getOrDefault(id, -1);
    }

    /**
     * Number of points.
     *
     * @return how many there are
     */
    public int size() {
        return points.capacity() / 3;
    }

    /**
     * A coordinate of a point.
     *
     * @param point its number
     * @param axis 0, 1 or 2
     * @return in the world
     */
    public double coordinate(int point, int axis) {
        return points.get(3 * point + axis);
    }

    /**
     * The keypoints of a picture that observe points.
     *
     * @param image its number
     * @return keypoints, ascending
     */
    public int[] keypoints(int image) {
        return range(keypoints, imageFrom, image);
    }

    /**
     * What they observe.
     *
     * @param image its number
     * @return points, in the order of {@link #keypoints(int)}
     */
    public int[] observed(int image) {
        return range(observed, imageFrom, image);
    }

    /**
     * The pictures that observe a point.
     *
     * @param point its number
     * @return numbers of images
     */
    public int[] imagesOf(int point) {
        return range(trackImages, trackFrom, point);
    }

    /**
     * Number of observations.
     *
     * @return of all points together
     */
    public int observations() {
        return observed.capacity();
    }

    private static int[] range(IntBuffer values, IntBuffer from, int row) {
        int[] result = new int[from.get(row + 1) - from.get(row)];
        values.duplicate().position(from.get(row)).get(result);
        return result;
    }

    @Override
    public void close() throws IOException {
        try {
            file.close();
        } catch (IOException | RuntimeException failed) {
            throw failed;
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
