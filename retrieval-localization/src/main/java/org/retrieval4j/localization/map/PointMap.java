package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.io.IOException;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.MergePolicy;
import org.retrieval4j.storage.SegmentStore;
import org.retrieval4j.storage.Snapshot;

/**
 * Points in the world and the keypoints of posed pictures that observe them. Images and points are numbered from 0 by
 * ascending id; the features themselves are in the image database beside the map, under {@link MapImage#id()}.
 *
 * <p>On disk a map is a folder of segments, as an index is: {@link #write} writes what differs from what the folder
 * holds, in one step; who has the map open keeps what was there. What grows with the map is mapped from its file where
 * the map is one segment; several are joined in memory when the map is opened.
 *
 * <p>Immutable and thread-safe, until closed.
 */
public final class PointMap implements Closeable {
    /** Of a point without id of its own: {@link #of} gives it the next free one. */
    public static final long NONE = -1;

    /** Merges run in the writing thread: a map's segments are few. */
    private static final MergePolicy POLICY = MergePolicy.defaults();

    private final MapSegment data;
    private final Map<Long, Integer> byId = new HashMap<>();
    private final @Nullable SegmentStore<MapSegment> store;
    private final @Nullable Snapshot<MapSegment> snapshot;

    private PointMap(
            MapSegment data, @Nullable SegmentStore<MapSegment> store, @Nullable Snapshot<MapSegment> snapshot) {
        this.data = data;
        this.store = store;
        this.snapshot = snapshot;
        for (int i = 0; i < data.size(); i++) {
            byId.put(data.id(i), i);
        }
    }

    /**
     * A point and who observes it.
     *
     * @param id stays when images come and go; {@link PointMap#NONE}: the next free one
     * @param x in the world
     * @param y second coordinate
     * @param z third coordinate
     * @param rgb color, red in bits 16 to 23, green, and blue in the lowest; 0 if it is not known
     * @param error mean distance in pixels of its projections from the keypoints that observe it; −1 if it is not known
     * @param track image and keypoint of each observation, one after the other
     */
    public record Point(long id, double x, double y, double z, int rgb, double error, int[] track) {
        /** Checks that the track is of pairs. */
        public Point {
            if (track.length % 2 != 0) {
                throw new IllegalArgumentException("a track must be of pairs, got " + track.length + " numbers");
            }
            if (!Double.isFinite(x + y + z)) {
                throw new IllegalArgumentException("a point must be finite, got " + x + " " + y + " " + z);
            }
        }

        /**
         * A point without id, color and error.
         *
         * @param x in the world
         * @param y second coordinate
         * @param z third coordinate
         * @param track image and keypoint of each observation, one after the other
         */
        public Point(double x, double y, double z, int[] track) {
            this(NONE, x, y, z, 0, -1, track);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Point that
                    && id == that.id
                    && x == that.x
                    && y == that.y
                    && z == that.z
                    && rgb == that.rgb
                    && error == that.error
                    && Arrays.equals(track, that.track);
        }

        @Override
        public int hashCode() {
            return 31 * Long.hashCode(id) + Arrays.hashCode(track);
        }
    }

    /**
     * A map in memory.
     *
     * @param images the pictures, by ascending id
     * @param points the points, their tracks by places in the list of images
     * @return the map
     * @throws IllegalArgumentException if ids of images do not ascend, a name or the id of a point comes twice, a track
     *     names an image that is not there, or a keypoint observes two points
     */
    public static PointMap of(List<MapImage> images, List<Point> points) {
        int n = images.size();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < n; i++) {
            if (i > 0 && images.get(i).id() <= images.get(i - 1).id()
                    || !names.add(images.get(i).name())) {
                throw new IllegalArgumentException("a map's images must have ascending ids and different names, got "
                        + images.get(i).id() + " " + images.get(i).name() + " as image " + i);
            }
        }
        List<Point> sorted = numbered(points);
        int[] imageFrom = new int[n + 1];
        for (int p = 0; p < sorted.size(); p++) {
            int[] track = sorted.get(p).track;
            for (int i = 0; i < track.length; i += 2) {
                if (track[i] < 0 || track[i] >= n || track[i + 1] < 0) {
                    throw new IllegalArgumentException(
                            "point " + p + " must be seen in one of " + n + " images, got " + track[i]);
                }
                imageFrom[track[i] + 1]++;
            }
        }
        for (int i = 0; i < n; i++) {
            imageFrom[i + 1] += imageFrom[i];
        }
        long[] seen = new long[imageFrom[n]]; // keypoint in the upper half, place of the point in the lower
        int[] next = Arrays.copyOf(imageFrom, n);
        long[] ids = new long[sorted.size()];
        double[] coordinates = new double[3 * sorted.size()];
        byte[] colors = new byte[3 * sorted.size()];
        double[] errors = new double[sorted.size()];
        for (int p = 0; p < sorted.size(); p++) {
            Point point = sorted.get(p);
            ids[p] = point.id;
            coordinates[3 * p] = point.x;
            coordinates[3 * p + 1] = point.y;
            coordinates[3 * p + 2] = point.z;
            for (int c = 0; c < 3; c++) {
                colors[3 * p + c] = (byte) (point.rgb >> 16 - 8 * c);
            }
            errors[p] = point.error;
            for (int i = 0; i < point.track.length; i += 2) {
                seen[next[point.track[i]]++] = (long) point.track[i + 1] << 32 | p;
            }
        }
        int[] keypoints = new int[seen.length];
        int[] observed = new int[seen.length];
        for (int i = 0; i < n; i++) {
            Arrays.sort(seen, imageFrom[i], imageFrom[i + 1]);
            for (int k = imageFrom[i]; k < imageFrom[i + 1]; k++) {
                keypoints[k] = (int) (seen[k] >> 32);
                observed[k] = (int) seen[k];
                if (k > imageFrom[i] && keypoints[k] == keypoints[k - 1]) {
                    throw new IllegalArgumentException("keypoint " + keypoints[k] + " of image " + i
                            + " must observe one point, got " + observed[k - 1] + " and " + observed[k]);
                }
            }
        }
        return new PointMap(
                MapSegment.of(images, imageFrom, keypoints, observed, ids, coordinates, colors, errors), null, null);
    }

    /** By ascending id; those without get the ids after the largest, in their order. */
    private static List<Point> numbered(List<Point> points) {
        long free = 1;
        for (Point point : points) {
            free = Math.max(free, point.id + 1);
        }
        List<Point> numbered = new ArrayList<>(points.size());
        for (Point point : points) {
            numbered.add(
                    point.id != NONE
                            ? point
                            : new Point(free++, point.x, point.y, point.z, point.rgb, point.error, point.track));
        }
        numbered.sort((a, b) -> Long.compare(a.id, b.id));
        for (int p = 1; p < numbered.size(); p++) {
            if (numbered.get(p).id == numbered.get(p - 1).id) {
                throw new IllegalArgumentException(
                        "a map's points must have different ids, got " + numbered.get(p).id + " twice");
            }
        }
        return numbered;
    }

    /**
     * Tells whether a folder holds a map.
     *
     * @param folder any path
     * @return true if a map was written there
     */
    public static boolean exists(Path folder) {
        return Files.isRegularFile(folder.resolve("manifest.r4j"));
    }

    /**
     * Opens a map as it is now.
     *
     * @param folder where it was written
     * @return the map, to be closed
     * @throws NoSuchFileException if there is none
     * @throws IOException if it cannot be read or is damaged
     */
    public static PointMap open(Path folder) throws IOException {
        requireNonNull(folder, "folder");
        if (!exists(folder)) {
            throw new NoSuchFileException(folder.toString());
        }
        SegmentStore<MapSegment> store = SegmentStore.open(folder, MapSegment.FORMAT, POLICY, Runnable::run);
        Snapshot<MapSegment> snapshot = store.snapshot();
        try {
            return new PointMap(whole(snapshot), store, snapshot);
        } catch (RuntimeException failed) {
            snapshot.close();
            store.close();
            throw failed;
        }
    }

    private static MapSegment whole(Snapshot<MapSegment> snapshot) {
        List<LiveSegment<MapSegment>> parts = snapshot.segments();
        return parts.size() == 1 && parts.get(0).isWhole() ? parts.get(0).segment() : MapSegment.join(parts);
    }

    /**
     * Makes a folder hold this map. Images that differ from those of the folder's map, and what they observe, are written;
     * the change is made in one step: at any kill the folder holds the map that it had or this one. Maps that are open
     * stay what they are.
     *
     * @param folder made if it is not there
     * @throws org.retrieval4j.storage.DirectoryLockedException if somebody else is writing there
     * @throws IOException if it cannot be written
     */
    public void write(Path folder) throws IOException {
        try (SegmentStore<MapSegment> target = SegmentStore.open(folder, MapSegment.FORMAT, POLICY, Runnable::run)) {
            // takes the lock: what is compared below is what there is when the change is made
            target.update(new long[0], Optional.empty());
            long[] removed;
            int[] changed;
            try (Snapshot<MapSegment> before = target.snapshot()) {
                PointMap old = new PointMap(whole(before), null, null);
                removed = old.byId.keySet().stream()
                        .filter(id -> !byId.containsKey(id))
                        .mapToLong(id -> id)
                        .sorted()
                        .toArray();
                changed = changedFrom(old);
            }
            target.update(removed, changed.length == 0 ? Optional.empty() : Optional.of(part(changed)));
            target.commit(Map.of());
        }
    }

    /**
     * Merges the segments of a folder's map into one without what was removed: it is mapped when it is opened next, and keeps
     * little on the heap. One step, as {@link #write} is; maps that are open stay what they are.
     *
     * @param folder where a map was written
     * @throws NoSuchFileException if there is none
     * @throws org.retrieval4j.storage.DirectoryLockedException if somebody else is writing there
     * @throws IOException if it cannot be read or written
     */
    public static void compact(Path folder) throws IOException {
        if (!exists(folder)) {
            throw new NoSuchFileException(folder.toString());
        }
        try (SegmentStore<MapSegment> target = SegmentStore.open(folder, MapSegment.FORMAT, POLICY, Runnable::run)) {
            target.compact(target.header());
        }
    }

    private MapSegment part(int[] rows) {
        return rows.length == data.size() ? data.withModel(data.model()) : data.rows(rows);
    }

    /** Images that another map does not have, or not so; all if the files of the model differ. */
    private int[] changedFrom(PointMap old) {
        if (!sameModel(old)) {
            return IntStream.range(0, data.size()).toArray();
        }
        int[] changed = new int[data.size()];
        int n = 0;
        for (int i = 0; i < data.size(); i++) {
            int before = old.indexOf(data.id(i));
            if (before < 0 || !sameImage(i, old, before)) {
                changed[n++] = i;
            }
        }
        return Arrays.copyOf(changed, n);
    }

    private boolean sameModel(PointMap old) {
        return model().keySet().equals(old.model().keySet())
                && model().entrySet().stream()
                        .allMatch(file ->
                                Arrays.equals(file.getValue(), old.model().get(file.getKey())));
    }

    private boolean sameImage(int image, PointMap old, int before) {
        int from = data.imageFrom().get(image);
        int count = data.imageFrom().get(image + 1) - from;
        int oldFrom = old.data.imageFrom().get(before);
        if (!data.images().get(image).equals(old.data.images().get(before))
                || count != old.data.imageFrom().get(before + 1) - oldFrom) {
            return false;
        }
        for (int k = 0; k < count; k++) {
            if (data.keypoints().get(from + k) != old.data.keypoints().get(oldFrom + k)
                    || !samePoint(
                            data.observed().get(from + k),
                            old,
                            old.data.observed().get(oldFrom + k))) {
                return false;
            }
        }
        return true;
    }

    private boolean samePoint(int point, PointMap old, int before) {
        return pointId(point) == old.pointId(before)
                && coordinate(point, 0) == old.coordinate(before, 0)
                && coordinate(point, 1) == old.coordinate(before, 1)
                && coordinate(point, 2) == old.coordinate(before, 2)
                && rgb(point) == old.rgb(before)
                && error(point) == old.error(before);
    }

    /**
     * This map without some images. Points that they observe go with them where fewer than two others do.
     *
     * @param ids of images; those that the map does not have are ignored
     * @return the rest, in memory
     */
    public PointMap without(Collection<Long> ids) {
        Set<Long> gone = new HashSet<>(ids);
        int[] places = new int[data.size()];
        List<MapImage> left = new ArrayList<>();
        for (int i = 0; i < places.length; i++) {
            places[i] = gone.contains(data.id(i)) ? -1 : left.size();
            if (places[i] >= 0) {
                left.add(data.images().get(i));
            }
        }
        List<Point> points = new ArrayList<>();
        for (int p = 0; p < size(); p++) {
            Point point = point(p);
            int[] track = new int[point.track.length];
            int n = 0;
            for (int i = 0; i < track.length; i += 2) {
                if (places[point.track[i]] >= 0) {
                    track[n++] = places[point.track[i]];
                    track[n++] = point.track[i + 1];
                }
            }
            boolean whole = n == track.length;
            if (n >= 4 || whole && n > 0) {
                points.add(new Point(
                        point.id, point.x, point.y, point.z, point.rgb, point.error, Arrays.copyOf(track, n)));
            }
        }
        return of(left, points);
    }

    /** The same map with files of a model that go with these images and no others. */
    PointMap withModel(Map<String, byte[]> files) {
        return new PointMap(data.withModel(Map.copyOf(files)), null, null);
    }

    /** Files of the model that the map came from, by name; none once images came, went or were moved. */
    Map<String, byte[]> model() {
        return data.model();
    }

    /** The same map with other colors, in memory or on the same mapped files. */
    PointMap withColors(IntUnaryOperator rgb) {
        byte[] colors = new byte[3 * size()];
        for (int p = 0; p < size(); p++) {
            int color = rgb.applyAsInt(p);
            for (int c = 0; c < 3; c++) {
                colors[3 * p + c] = (byte) (color >> 16 - 8 * c);
            }
        }
        return new PointMap(data.withColors(colors), null, null);
    }

    /**
     * Checks every byte of the files against its checksum; a map in memory has none.
     *
     * @throws org.retrieval4j.storage.CorruptFileException if a file is damaged
     * @throws IOException if a file cannot be read
     */
    public void verify() throws IOException {
        if (store != null) {
            store.verify();
        }
    }

    /**
     * The pictures.
     *
     * @return by their number in the map
     */
    public List<MapImage> images() {
        return data.images();
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
        return data.pointIds().capacity();
    }

    /**
     * A point.
     *
     * @param point its number
     * @return all that the map knows of it, its track by ascending image
     */
    public Point point(int point) {
        int from = data.trackFrom().get(point);
        int[] track = new int[2 * (data.trackFrom().get(point + 1) - from)];
        for (int i = 0; i < track.length / 2; i++) {
            track[2 * i] = data.trackImages().get(from + i);
            track[2 * i + 1] = data.trackKeypoints().get(from + i);
        }
        return new Point(
                pointId(point),
                coordinate(point, 0),
                coordinate(point, 1),
                coordinate(point, 2),
                rgb(point),
                error(point),
                track);
    }

    /**
     * What a point is called, whatever images come and go.
     *
     * @param point its number
     * @return its id
     */
    public long pointId(int point) {
        return data.pointIds().get(point);
    }

    /**
     * A coordinate of a point.
     *
     * @param point its number
     * @param axis 0, 1 or 2
     * @return in the world
     */
    public double coordinate(int point, int axis) {
        return data.points().get(3 * point + axis);
    }

    /**
     * The color of a point.
     *
     * @param point its number
     * @return red in bits 16 to 23, green, and blue in the lowest; 0 if it is not known
     */
    public int rgb(int point) {
        int rgb = 0;
        for (int c = 0; c < 3; c++) {
            rgb = rgb << 8 | data.colors().get(3 * point + c) & 0xFF;
        }
        return rgb;
    }

    /**
     * How far a point is from where it is seen.
     *
     * @param point its number
     * @return mean reprojection error in pixels; −1 if it is not known
     */
    public double error(int point) {
        return data.errors().get(point);
    }

    /**
     * The keypoints of a picture that observe points.
     *
     * @param image its number
     * @return keypoints, ascending
     */
    public int[] keypoints(int image) {
        return range(data.keypoints(), data.imageFrom(), image);
    }

    /**
     * What they observe.
     *
     * @param image its number
     * @return points, in the order of {@link #keypoints(int)}
     */
    public int[] observed(int image) {
        return range(data.observed(), data.imageFrom(), image);
    }

    /**
     * The pictures that observe a point.
     *
     * @param point its number
     * @return numbers of images, ascending
     */
    public int[] imagesOf(int point) {
        return range(data.trackImages(), data.trackFrom(), point);
    }

    /**
     * Number of observations.
     *
     * @return of all points together
     */
    public int observations() {
        return data.observed().capacity();
    }

    private static int[] range(IntBuffer values, IntBuffer from, int row) {
        int[] result = new int[from.get(row + 1) - from.get(row)];
        values.get(from.get(row), result);
        return result;
    }

    /**
     * The features of this map's pictures, each checked when it is read: they must be of the size of the picture's camera
     * and have all keypoints that the map names. Others are passed through.
     *
     * @param source the image database beside the map
     * @return the same features; an {@link IOException} that tells what differs where they are not those that the map was
     *     made of
     */
    public FeatureSource checked(FeatureSource source) {
        requireNonNull(source, "source");
        return new FeatureSource() {
            @Override
            public Optional<ImageFeatures> features(long id) throws IOException {
                Optional<ImageFeatures> features = source.features(id);
                int image = indexOf(id);
                if (features.isPresent() && image >= 0) {
                    requireFeatures(image, features.get());
                }
                return features;
            }

            @Override
            public Optional<GlobalDescriptor> descriptor(long id) throws IOException {
                return source.descriptor(id);
            }
        };
    }

    private void requireFeatures(int image, ImageFeatures features) throws IOException {
        MapImage posed = images().get(image);
        Camera camera = posed.camera();
        int end = data.imageFrom().get(image + 1);
        int last = end == data.imageFrom().get(image) ? -1 : data.keypoints().get(end - 1);
        int keypoints = features.keypoints().values().rows();
        if (features.width() != camera.width() || features.height() != camera.height() || last >= keypoints) {
            throw new IOException("the image database is not the map's: features of " + posed.name() + " must be of "
                    + camera.width() + " x " + camera.height() + " pixels and more than " + last + " keypoints, got "
                    + features.width() + " x " + features.height() + " and " + keypoints);
        }
    }

    @Override
    public void close() throws IOException {
        if (snapshot != null) {
            snapshot.close();
        }
        if (store != null) {
            store.close();
        }
    }
}
