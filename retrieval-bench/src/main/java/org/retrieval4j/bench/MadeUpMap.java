package org.retrieval4j.bench;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import javax.imageio.ImageIO;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.IndexingOptions;
import org.retrieval4j.database.IndexingReport;
import org.retrieval4j.database.Keep;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.spi.ComponentProvider;

/**
 * A map of made-up pictures taken every half meter along a street, with points on its one side, and a query between two of
 * them. Descriptors are those of the points with noise; the other keypoints show nothing that the map knows. Pictures far from
 * the query keep few features, so that a map of a thousand is made in seconds: nobody looks at them after retrieval.
 */
public final class MadeUpMap {
    static final Camera CAMERA = Camera.parse("PINHOLE 1600 1200 1000 1000 800 600");

    private static final int DIMENSIONS = 128;
    private static final double SPACING = 0.5;

    /** Pictures that observe a point. */
    private static final int TRACK = 5;

    /** Pictures on either side of the query that have all their features, and how many the others have. */
    private static final int NEAR = 40;

    private static final int FEW = 300;

    /** Noise of a value of a descriptor of length 1, and of a keypoint in pixels. */
    private static final double DESCRIPTOR_NOISE = 0.02;

    private static final double KEYPOINT_NOISE = 0.7;

    private final int keypoints;
    private final int queryKeypoints;
    private final List<List<Integer>> observed = new ArrayList<>();
    private final List<double[]> world = new ArrayList<>();

    /**
     * Places the points.
     *
     * @param images pictures of the map
     * @param keypoints of each
     * @param observing keypoints of each that observe points, about
     * @param queryKeypoints those of the query
     */
    MadeUpMap(int images, int keypoints, int observing, int queryKeypoints) {
        this.keypoints = keypoints;
        this.queryKeypoints = queryKeypoints;
        for (int i = 0; i < images; i++) {
            observed.add(new ArrayList<>());
        }
        Random random = new Random(1);
        int[] seenBy = new int[images];
        double[] pixel = new double[2];
        for (int point = 0; point < images * observing / TRACK; point++) {
            double[] x = {
                SPACING * images * random.nextDouble(), 6 * random.nextDouble() - 3, 5 + 10 * random.nextDouble()
            };
            int count = 0;
            for (int i = 0; i < images; i++) {
                if (project(i, x, pixel) && observed.get(i).size() < keypoints) {
                    seenBy[count++] = i;
                }
            }
            if (count < TRACK) {
                continue;
            }
            for (int k = 0; k < TRACK; k++) {
                int at = random.nextInt(count);
                observed.get(seenBy[at]).add(world.size());
                seenBy[at] = seenBy[--count];
            }
            world.add(x);
        }
    }

    private static boolean project(double image, double[] x, double[] pixel) {
        return Math.abs(x[0] - SPACING * image) < x[2]
                && CAMERA.project(x[0] - SPACING * image, x[1], x[2], pixel)
                && pixel[0] >= 0
                && pixel[0] < CAMERA.width()
                && pixel[1] >= 0
                && pixel[1] < CAMERA.height();
    }

    private static Pose pose(double image) {
        return new Pose(1, 0, 0, 0, -SPACING * image, 0, 0);
    }

    private double queryPlace() {
        return observed.size() / 2 + 0.4;
    }

    /** Where the query was taken. */
    Pose queryPose() {
        return pose(queryPlace());
    }

    /** The query, which the database's extractor knows as the picture after the last. */
    Image query() {
        byte[] rgb = new byte[3 * 64];
        for (int i = 0; i < 3; i++) {
            rgb[i] = (byte) (observed.size() >> 16 - 8 * i);
        }
        return new Image(8, 8, rgb, Orientation.UPRIGHT);
    }

    /** Of the query half the keypoints show points of the map, if there are as many. */
    private ImageFeatures queryFeatures() {
        List<Integer> visible = new ArrayList<>();
        double[] pixel = new double[2];
        for (int point = 0; point < world.size(); point++) {
            if (project(queryPlace(), world.get(point), pixel)) {
                visible.add(point);
            }
        }
        Collections.shuffle(visible, new Random(2));
        return features(
                queryPlace(), visible.subList(0, Math.min(queryKeypoints / 2, visible.size())), queryKeypoints, 3);
    }

    private ImageFeatures features(double place, List<Integer> points, int size, long seed) {
        Random random = new Random(seed);
        float[] keys = new float[Keypoints.COLUMNS * size];
        float[] descriptors = new float[DIMENSIONS * size];
        double[] pixel = new double[2];
        for (int i = 0; i < size; i++) {
            boolean known = i < points.size();
            if (known) {
                project(place, world.get(points.get(i)), pixel);
            }
            double x = known ? pixel[0] + KEYPOINT_NOISE * random.nextGaussian() : CAMERA.width() * random.nextDouble();
            double y =
                    known ? pixel[1] + KEYPOINT_NOISE * random.nextGaussian() : CAMERA.height() * random.nextDouble();
            keys[Keypoints.COLUMNS * i] = (float) x;
            keys[Keypoints.COLUMNS * i + 1] = (float) y;
            keys[Keypoints.COLUMNS * i + 2] = 2;
            describe(known ? new Random(points.get(i)) : random, random, descriptors, DIMENSIONS * i);
        }
        return new ImageFeatures(
                CAMERA.width(),
                CAMERA.height(),
                new Keypoints(FloatMatrix.of(size, Keypoints.COLUMNS, keys)),
                FloatMatrix.of(size, DIMENSIONS, descriptors));
    }

    private static void describe(Random identity, Random noise, float[] to, int at) {
        double squared = 0;
        for (int i = 0; i < DIMENSIONS; i++) {
            double value = Math.abs(identity.nextGaussian());
            to[at + i] = (float) value;
            squared += value * value;
        }
        for (int i = 0; i < DIMENSIONS; i++) {
            to[at + i] = (float) Math.max(0, to[at + i] / Math.sqrt(squared) + DESCRIPTOR_NOISE * noise.nextGaussian());
        }
    }

    /** The points, with the pictures as a database numbers them. */
    PointMap points(ImageDatabase database) {
        List<MapImage> images = new ArrayList<>();
        List<List<Integer>> tracks = new ArrayList<>();
        for (int point = 0; point < world.size(); point++) {
            tracks.add(new ArrayList<>());
        }
        for (ImageRecord record : database.images()) {
            int image = Integer.parseInt(record.name());
            for (int k = 0; k < observed.get(image).size(); k++) {
                tracks.get(observed.get(image).get(k)).addAll(List.of(images.size(), k));
            }
            images.add(new MapImage(record.id(), record.name(), CAMERA, pose(image)));
        }
        List<PointMap.Point> points = new ArrayList<>();
        for (int point = 0; point < world.size(); point++) {
            double[] x = world.get(point);
            points.add(new PointMap.Point(
                    x[0],
                    x[1],
                    x[2],
                    tracks.get(point).stream().mapToInt(Integer::intValue).toArray()));
        }
        return PointMap.of(images, points);
    }

    /**
     * Puts the pictures' features into a new database, as {@code retrieval map build} does.
     *
     * @throws IOException if the folder cannot be written
     */
    ImageDatabase database(Path folder, ComponentSpec matcher, BuildContext context) throws IOException {
        List<ImageSource> sources = new ArrayList<>();
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        for (int i = 0; i < observed.size(); i++) {
            BufferedImage picture = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
            picture.setRGB(0, 0, i);
            Path file = pictures.resolve(i + ".png");
            ImageIO.write(picture, "png", file.toFile());
            sources.add(new ImageSource(String.format(Locale.ROOT, "%06d", i), file));
        }
        List<ComponentProvider<?, ?>> providers =
                new ArrayList<>(Components.load().providers());
        providers.add(new MadeUpFeatures());
        DatabaseOptions options = DatabaseOptions.defaults()
                .withExtractor(ComponentSpec.parse(MadeUpFeatures.NAME))
                .withMatcher(matcher)
                .withKeep(Keep.FLOAT)
                .withSampleImages(50);
        ImageDatabase database =
                ImageDatabase.create(folder.resolve("database"), options, Components.of(providers), context);
        IndexingReport report =
                database.addAll(sources, ImageReader.load(ImageLimits.defaults()), IndexingOptions.defaults());
        if (!report.skipped().isEmpty()) {
            throw new IOException(report.skipped().get(0).toString());
        }
        return database;
    }

    /** Of the extractor: there are none. */
    public record Options() {}

    /** Features of the picture whose number its first pixel tells. */
    private final class MadeUpFeatures extends ComponentProvider<Extractor, Options> {
        static final String NAME = "made-up";

        MadeUpFeatures() {
            super(Extractor.class, NAME, new Options());
        }

        @Override
        public Extractor create(Options options, BuildContext context) {
            return new Extractor() {
                @Override
                public Set<String> outputs() {
                    return Set.of(Extraction.LOCAL);
                }

                @Override
                public List<Extraction> extractAll(List<Image> images) {
                    return images.stream().map(image -> of(image.rgb())).toList();
                }

                @Override
                public ComponentSpec spec() {
                    return ComponentSpec.parse(NAME);
                }
            };
        }

        private Extraction of(byte[] rgb) {
            int image = (rgb[0] & 0xFF) << 16 | (rgb[1] & 0xFF) << 8 | rgb[2] & 0xFF;
            if (image == observed.size()) {
                return Extraction.ofLocal(queryFeatures());
            }
            boolean near = Math.abs(image - queryPlace()) < NEAR;
            List<Integer> points = observed.get(image);
            int size = near ? keypoints : Math.min(FEW, keypoints);
            return Extraction.ofLocal(
                    features(image, points.subList(0, Math.min(size, points.size())), size, 1000 + image));
        }
    }
}
