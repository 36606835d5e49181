package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;
import org.retrieval4j.storage.Segment;
import org.retrieval4j.storage.SegmentFormat;

/**
 * A part of a map: rows are pictures by ascending id, each with the keypoints that observe points; and all the points that
 * they observe, by ascending id. A point that pictures of several segments observe is in each of these, the same. Of what
 * grows with the map, only the pictures themselves are on the heap where the segment is a file.
 *
 * @param images by ascending id
 * @param imageFrom observations of image i are imageFrom[i] to imageFrom[i + 1], by ascending keypoint
 * @param keypoints of each observation
 * @param observed place of the point of each observation
 * @param pointIds ascending
 * @param points three coordinates each
 * @param colors red, green and blue of each
 * @param errors mean reprojection error of each
 * @param trackFrom observations of point p are trackFrom[p] to trackFrom[p + 1], by ascending image
 * @param trackImages row of each observation's image
 * @param trackKeypoints keypoint of each observation
 * @param model files of the model that the map came from which it keeps as they are, by name; none in a part of it
 * @param file what is mapped, if anything
 */
record MapSegment(
        List<MapImage> images,
        IntBuffer imageFrom,
        IntBuffer keypoints,
        IntBuffer observed,
        LongBuffer pointIds,
        DoubleBuffer points,
        ByteBuffer colors,
        DoubleBuffer errors,
        IntBuffer trackFrom,
        IntBuffer trackImages,
        IntBuffer trackKeypoints,
        Map<String, byte[]> model,
        @Nullable SectionFile file)
        implements Segment {
    private static final String KIND = "point-map";
    private static final int VERSION = 1;
    private static final String MODEL = "model/";

    /** How segments are written, opened and merged. */
    static final SegmentFormat<MapSegment> FORMAT = new SegmentFormat<>() {
        @Override
        public String kind() {
            return KIND;
        }

        @Override
        public MapSegment join(List<LiveSegment<MapSegment>> parts) {
            return MapSegment.join(parts);
        }

        @Override
        public void write(List<LiveSegment<MapSegment>> parts, Path target) throws IOException {
            LiveSegment<MapSegment> first = parts.get(0);
            (parts.size() == 1 && first.isWhole() ? first.segment() : MapSegment.join(parts)).write(target);
        }

        @Override
        public MapSegment open(Path target) throws IOException {
            return MapSegment.read(target);
        }
    };

    /**
     * A segment in memory.
     *
     * @param images by ascending id
     * @param imageFrom see above; keypoints and points alike
     * @param keypoints of each observation
     * @param observed place of the point of each observation
     * @param pointIds ascending
     * @param points coordinates
     * @param colors of points
     * @param errors of points
     */
    static MapSegment of(
            List<MapImage> images,
            int[] imageFrom,
            int[] keypoints,
            int[] observed,
            long[] pointIds,
            double[] points,
            byte[] colors,
            double[] errors) {
        int[] trackFrom = new int[pointIds.length + 1];
        for (int point : observed) {
            trackFrom[point + 1]++;
        }
        for (int p = 0; p < pointIds.length; p++) {
            trackFrom[p + 1] += trackFrom[p];
        }
        int[] next = Arrays.copyOf(trackFrom, pointIds.length);
        int[] trackImages = new int[observed.length];
        int[] trackKeypoints = new int[observed.length];
        for (int i = 0; i < images.size(); i++) {
            for (int k = imageFrom[i]; k < imageFrom[i + 1]; k++) {
                int at = next[observed[k]]++;
                trackImages[at] = i;
                trackKeypoints[at] = keypoints[k];
            }
        }
        return new MapSegment(
                List.copyOf(images),
                IntBuffer.wrap(imageFrom),
                IntBuffer.wrap(keypoints),
                IntBuffer.wrap(observed),
                LongBuffer.wrap(pointIds),
                DoubleBuffer.wrap(points),
                ByteBuffer.wrap(colors),
                DoubleBuffer.wrap(errors),
                IntBuffer.wrap(trackFrom),
                IntBuffer.wrap(trackImages),
                IntBuffer.wrap(trackKeypoints),
                Map.of(),
                null);
    }

    MapSegment withColors(byte[] rgb) {
        return with(ByteBuffer.wrap(rgb), model);
    }

    MapSegment withModel(Map<String, byte[]> files) {
        return with(colors, files);
    }

    /** Mapped buffers outlive their file, which stays this segment's. */
    private MapSegment with(ByteBuffer otherColors, Map<String, byte[]> otherModel) {
        return new MapSegment(
                images,
                imageFrom,
                keypoints,
                observed,
                pointIds,
                points,
                otherColors,
                errors,
                trackFrom,
                trackImages,
                trackKeypoints,
                otherModel,
                null);
    }

    /** Some rows, ascending, with the points that they observe. */
    MapSegment rows(int[] rows) {
        Join taken = new Join(List.of(this), rows.length);
        for (int row : rows) {
            taken.add(0, row);
        }
        return taken.segment();
    }

    static MapSegment join(List<LiveSegment<MapSegment>> parts) {
        int size = 0;
        for (LiveSegment<MapSegment> part : parts) {
            size += part.liveCount();
        }
        Join taken = new Join(parts.stream().map(LiveSegment::segment).toList(), size);
        try {
            LiveSegment.forEachLive(parts, taken::add);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible); // rows are in memory or mapped
        }
        return taken.segment();
    }

    /** Rows of one or more segments on their way into one. */
    private static final class Join {
        private final List<MapSegment> parts;
        private final int[] part;
        private final int[] row;
        /** Of each part, which points its rows observe. */
        private final List<BitSet> seen = new ArrayList<>();

        private int size;
        private int observations;

        Join(List<MapSegment> parts, int rows) {
            this.parts = parts;
            part = new int[rows];
            row = new int[rows];
            parts.forEach(each -> seen.add(new BitSet(each.pointIds.capacity())));
        }

        void add(int from, int at) {
            MapSegment segment = parts.get(from);
            part[size] = from;
            row[size++] = at;
            int end = segment.imageFrom.get(at + 1);
            for (int k = segment.imageFrom.get(at); k < end; k++) {
                seen.get(from).set(segment.observed.get(k));
            }
            observations += end - segment.imageFrom.get(at);
        }

        MapSegment segment() {
            int[][] places = new int[parts.size()][]; // of each part, where its points go
            int most = 0;
            for (int p = 0; p < places.length; p++) {
                places[p] = new int[parts.get(p).pointIds.capacity()];
                most += seen.get(p).cardinality();
            }
            long[] ids = places(places, new long[most]);
            double[] points = new double[3 * ids.length];
            byte[] colors = new byte[3 * ids.length];
            double[] errors = new double[ids.length];
            for (int p = 0; p < places.length; p++) {
                MapSegment segment = parts.get(p);
                BitSet own = seen.get(p);
                for (int old = own.nextSetBit(0); old >= 0; old = own.nextSetBit(old + 1)) {
                    int to = places[p][old];
                    segment.points.get(3 * old, points, 3 * to, 3);
                    segment.colors.get(3 * old, colors, 3 * to, 3);
                    errors[to] = segment.errors.get(old);
                }
            }
            List<MapImage> images = new ArrayList<>(size);
            int[] imageFrom = new int[size + 1];
            int[] keypoints = new int[observations];
            int[] observed = new int[observations];
            int at = 0;
            for (int i = 0; i < size; i++) {
                MapSegment segment = parts.get(part[i]);
                images.add(segment.images.get(row[i]));
                int end = segment.imageFrom.get(row[i] + 1);
                for (int k = segment.imageFrom.get(row[i]); k < end; k++, at++) {
                    keypoints[at] = segment.keypoints.get(k);
                    observed[at] = places[part[i]][segment.observed.get(k)];
                }
                imageFrom[i + 1] = at;
            }
            return of(images, imageFrom, keypoints, observed, ids, points, colors, errors);
        }

        /** Merges the ids of all parts, which ascend in each; O(parts) a point, parts are few. */
        private long[] places(int[][] places, long[] ids) {
            int[] next = new int[places.length];
            long[] id = new long[places.length];
            for (int p = 0; p < next.length; p++) {
                next[p] = seen.get(p).nextSetBit(0);
                id[p] = next[p] < 0 ? Long.MAX_VALUE : parts.get(p).pointIds.get(next[p]);
            }
            int n = 0;
            while (true) {
                int least = -1;
                for (int p = 0; p < next.length; p++) {
                    if (next[p] >= 0 && (least < 0 || id[p] < id[least])) {
                        least = p;
                    }
                }
                if (least < 0) {
                    return n == ids.length ? ids : Arrays.copyOf(ids, n);
                }
                if (n == 0 || ids[n - 1] != id[least]) {
                    ids[n++] = id[least];
                }
                places[least][next[least]] = n - 1;
                next[least] = seen.get(least).nextSetBit(next[least] + 1);
                id[least] = next[least] < 0
                        ? Long.MAX_VALUE
                        : parts.get(least).pointIds.get(next[least]);
            }
        }
    }

    private void write(Path target) throws IOException {
        Map<String, Integer> cameras = new LinkedHashMap<>();
        StringBuilder names = new StringBuilder();
        long[] ids = new long[images.size()];
        int[] numbers = new int[images.size()];
        int[] imageCameras = new int[images.size()];
        double[] poses = new double[7 * images.size()];
        for (int i = 0; i < images.size(); i++) {
            MapImage image = images.get(i);
            ids[i] = image.id();
            names.append(image.name()).append('\n');
            numbers[i] = image.number();
            String camera = image.cameraNumber() + " " + image.camera() + "\n";
            imageCameras[i] = cameras.merge(camera, cameras.size(), (known, fresh) -> known);
            Pose p = image.pose();
            double[] values = {p.qw(), p.qx(), p.qy(), p.qz(), p.tx(), p.ty(), p.tz()};
            System.arraycopy(values, 0, poses, 7 * i, 7);
        }
        try (SectionWriter writer = SectionWriter.create(target, KIND, VERSION)) {
            writer.header("images", Integer.toString(images.size()));
            writer.header("points", Integer.toString(pointIds.capacity()));
            writer.header("observations", Integer.toString(observed.capacity()));
            writer.longs("ids", ids);
            writer.bytes("names", names.toString().getBytes(StandardCharsets.UTF_8));
            writer.ints("numbers", numbers);
            writer.bytes("cameras", String.join("", cameras.keySet()).getBytes(StandardCharsets.UTF_8));
            writer.ints("image-cameras", imageCameras);
            writer.doubles("poses", poses);
            long[] pointNumbers = new long[pointIds.capacity()];
            pointIds.get(0, pointNumbers);
            writer.longs("point-ids", pointNumbers);
            writer.doubles("points", copy(points));
            byte[] rgb = new byte[colors.capacity()];
            colors.get(0, rgb);
            writer.bytes("colors", rgb);
            writer.doubles("errors", copy(errors));
            writer.ints("image-from", copy(imageFrom));
            writer.ints("keypoints", copy(keypoints));
            writer.ints("observed", copy(observed));
            writer.ints("track-from", copy(trackFrom));
            writer.ints("track-images", copy(trackImages));
            writer.ints("track-keypoints", copy(trackKeypoints));
            for (String name : new TreeSet<>(model.keySet())) {
                writer.bytes(MODEL + name, requireNonNull(model.get(name), "file"));
            }
            writer.commit();
        }
    }

    private static double[] copy(DoubleBuffer values) {
        double[] copy = new double[values.capacity()];
        values.get(0, copy);
        return copy;
    }

    private static int[] copy(IntBuffer values) {
        int[] copy = new int[values.capacity()];
        values.get(0, copy);
        return copy;
    }

    private static MapSegment read(Path path) throws IOException {
        SectionFile file = SectionFile.open(path, KIND, VERSION, VERSION);
        try {
            List<MapImage> images = readImages(path, file);
            int n = images.size();
            IntBuffer observed = ints(file, "observed");
            LongBuffer pointIds = file.map("point-ids", Section.Type.LONGS).asLongBuffer();
            int observations = observed.capacity();
            int m = pointIds.capacity();
            MapSegment segment = new MapSegment(
                    images,
                    ints(file, "image-from"),
                    ints(file, "keypoints"),
                    observed,
                    pointIds,
                    file.map("points", Section.Type.DOUBLES).asDoubleBuffer(),
                    file.map("colors", Section.Type.BYTES),
                    file.map("errors", Section.Type.DOUBLES).asDoubleBuffer(),
                    ints(file, "track-from"),
                    ints(file, "track-images"),
                    ints(file, "track-keypoints"),
                    readModel(file),
                    file);
            require(path, segment.points.capacity() == 3L * m, "3 coordinates for each of " + m + " points");
            require(path, segment.colors.capacity() == 3L * m, "a color for each of " + m + " points");
            require(path, segment.errors.capacity() == m, "an error for each of " + m + " points");
            require(path, segment.keypoints.capacity() == observations, observations + " keypoints");
            require(path, segment.trackImages.capacity() == observations, observations + " images of tracks");
            require(path, segment.trackKeypoints.capacity() == observations, observations + " keypoints of tracks");
            requireOffsets(path, segment.imageFrom, n, observations);
            requireOffsets(path, segment.trackFrom, m, observations);
            requireTracks(path, segment);
            for (int i = 0; i < 3 * m; i++) {
                require(path, Double.isFinite(segment.points.get(i)), "finite coordinates");
            }
            for (int p = 1; p < m; p++) {
                require(path, pointIds.get(p - 1) < pointIds.get(p), "ascending ids of points");
            }
            return segment;
        } catch (IOException | RuntimeException failed) {
            file.close();
            throw failed;
        }
    }

    private static Map<String, byte[]> readModel(SectionFile file) throws IOException {
        Map<String, byte[]> model = new LinkedHashMap<>();
        for (Section section : file.sections()) {
            if (section.name().startsWith(MODEL)) {
                model.put(section.name().substring(MODEL.length()), file.bytes(section.name()));
            }
        }
        return model;
    }

    private static List<MapImage> readImages(Path path, SectionFile file) throws IOException {
        long[] ids = file.longs("ids");
        List<String> names = lines(file.bytes("names"));
        int[] numbers = file.ints("numbers");
        List<String> cameraLines = lines(file.bytes("cameras"));
        int[] imageCameras = file.ints("image-cameras");
        double[] poses = file.doubles("poses");
        int n = ids.length;
        require(
                path,
                names.size() == n && numbers.length == n && imageCameras.length == n && poses.length == 7L * n,
                "name, number, camera and pose of each of " + n + " images");
        List<MapImage> images = new ArrayList<>(n);
        try {
            List<Camera> cameras = new ArrayList<>();
            List<Integer> cameraNumbers = new ArrayList<>();
            for (String line : cameraLines) {
                String[] parts = line.split(" ", 2);
                cameraNumbers.add(Integer.parseInt(parts[0]));
                cameras.add(Camera.parse(parts.length > 1 ? parts[1] : ""));
            }
            for (int i = 0; i < n; i++) {
                require(path, i == 0 || ids[i - 1] < ids[i], "ascending ids of images");
                int camera = imageCameras[i];
                require(path, camera >= 0 && camera < cameras.size(), "one of " + cameras.size() + " cameras");
                double[] p = Arrays.copyOfRange(poses, 7 * i, 7 * i + 7);
                images.add(new MapImage(
                        ids[i],
                        names.get(i),
                        cameras.get(camera),
                        new Pose(p[0], p[1], p[2], p[3], p[4], p[5], p[6]),
                        numbers[i],
                        cameraNumbers.get(camera)));
            }
        } catch (IllegalArgumentException e) {
            throw new CorruptFileException(path, 0, "images and cameras", String.valueOf(e.getMessage()));
        }
        return List.copyOf(images);
    }

    private static List<String> lines(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    }

    private static IntBuffer ints(SectionFile file, String name) throws IOException {
        return file.map(name, Section.Type.INTS).asIntBuffer();
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

    /** What the images observe and the tracks of the points must be the same observations; one pass over both. */
    private static void requireTracks(Path path, MapSegment segment) throws CorruptFileException {
        int points = segment.pointIds.capacity();
        int observations = segment.observed.capacity();
        int[] next = copy(segment.trackFrom);
        for (int i = 0; i < segment.images.size(); i++) {
            int before = -1;
            int end = segment.imageFrom.get(i + 1);
            for (int k = segment.imageFrom.get(i); k < end; k++) {
                int keypoint = segment.keypoints.get(k);
                require(path, keypoint > before, "ascending keypoints of each image");
                before = keypoint;
                int point = segment.observed.get(k);
                require(path, point >= 0 && point < points, "observations of points that are there");
                int at = next[point]++;
                require(
                        path,
                        at < observations
                                && segment.trackImages.get(at) == i
                                && segment.trackKeypoints.get(at) == keypoint,
                        "tracks of what the images observe");
            }
        }
        for (int p = 0; p < points; p++) {
            require(path, next[p] == segment.trackFrom.get(p + 1), "tracks of what the images observe");
        }
    }

    @Override
    public int size() {
        return images.size();
    }

    @Override
    public long id(int row) {
        return images.get(row).id();
    }

    @Override
    public long heapBytes() {
        return 200L * images.size() + (file != null ? 0 : 20L * observed.capacity() + 48L * pointIds.capacity());
    }

    @Override
    public void close() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
