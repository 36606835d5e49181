package org.retrieval4j.world;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferUShort;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.retrieval4j.api.ProgressListener;

/**
 * A whole world: a street and rooms, two of which look alike but for their posters; pictures of a map with even light,
 * queries between them with other light and moved things, and queries taken elsewhere, half of them in rooms that look
 * like rooms of the map. Immutable, thread-safe; the same options give the same files.
 */
public final class World {
    private static final int ROOMS = 3;
    private static final double RELEVANT_OVERLAP = 0.3;
    private static final double TELLING_SHARE = 0.04;
    private static final int TRIALS = 200;
    private static final int OVERLAP_STEP = 16;
    private static final double DEPTH_UNIT = 0.001;

    private final Options options;
    private final List<Scene> places = new ArrayList<>();
    private final List<View> map = new ArrayList<>();
    private final List<View> queries = new ArrayList<>();
    private final List<View> elsewhere = new ArrayList<>();

    /**
     * How large the world is.
     *
     * @param seed decides everything
     * @param images pictures of the map
     * @param queries pictures taken in the places of the map
     * @param elsewhere pictures taken in other places
     * @param width of every picture in pixels
     * @param height of every picture in pixels
     */
    public record Options(long seed, int images, int queries, int elsewhere, int width, int height) {
        /** Checks the bounds. */
        public Options {
            if (images < 1 || queries < 0 || elsewhere < 0) {
                throw new IllegalArgumentException("images must be at least 1, queries and elsewhere at least 0, got "
                        + images + ", " + queries + ", " + elsewhere);
            }
            if (width < 32 || height < 32 || width > 4096 || height > 4096) {
                throw new IllegalArgumentException(
                        "width and height must be 32 to 4096, got " + width + " x " + height);
            }
        }

        /**
         * 80 map pictures, 40 queries, 20 elsewhere, 640 x 480.
         *
         * @param seed decides everything
         * @return the defaults
         */
        public static Options defaults(long seed) {
            return new Options(seed, 80, 40, 20, 640, 480);
        }
    }

    /**
     * Makes the places and chooses the views; pictures are rendered when asked for.
     *
     * @param options seed and size
     */
    public World(Options options) {
        this.options = options;
        Random random = new Random(options.seed);
        long walls = random.nextLong() >>> 8;
        places.add(Scene.street(0, random.nextLong() >>> 8));
        for (int i = 0; i < ROOMS; i++) {
            places.add(Scene.room(1 + i, i < 2 ? walls : random.nextLong() >>> 8, random.nextLong() >>> 8));
        }
        int mapped = places.size();
        places.add(Scene.room(mapped, walls, random.nextLong() >>> 8)); // looks like rooms 1 and 2
        places.add(Scene.room(mapped + 1, random.nextLong() >>> 8, random.nextLong() >>> 8));
        for (int i = 0; i < options.images; i++) {
            map.add(mapView(i, options.images, mapped));
        }
        for (int i = 0; i < options.queries; i++) {
            queries.add(tellingView(String.format(Locale.ROOT, "query_%04d.png", i), i % mapped, random));
        }
        for (int i = 0; i < options.elsewhere; i++) {
            elsewhere.add(tellingView(String.format(Locale.ROOT, "elsewhere_%04d.png", i), mapped + i % 2, random));
        }
    }

    /**
     * The pictures of the map.
     *
     * @return their views
     */
    public List<View> map() {
        return List.copyOf(map);
    }

    /**
     * Pictures taken in the places of the map.
     *
     * @return their views
     */
    public List<View> queries() {
        return List.copyOf(queries);
    }

    /**
     * Pictures taken in other places, those of even number in rooms that look like rooms of the map.
     *
     * @return their views
     */
    public List<View> elsewhere() {
        return List.copyOf(elsewhere);
    }

    /**
     * Takes a picture. Queries have other light than the map, and things stand elsewhere.
     *
     * @param view one of this world's views
     * @return picture, depth, labels
     */
    public Rendering render(View view) {
        boolean ofMap = isOfMap(view.name());
        Random random = moment(view.name());
        List<Surface> surfaces = places.get(view.place()).at(ofMap ? options.seed : random.nextLong());
        Renderer.Light light = ofMap
                ? new Renderer.Light(1, 0.7, 0.3, 1, random.nextLong())
                : new Renderer.Light(
                        0.6 + 0.8 * random.nextDouble(),
                        6.28 * random.nextDouble(),
                        0.2 + 0.4 * random.nextDouble(),
                        0.85 + 0.3 * random.nextDouble(),
                        random.nextLong());
        return Renderer.render(surfaces, view, light);
    }

    private static boolean isOfMap(String name) {
        return name.startsWith("map");
    }

    private Random moment(String name) {
        return new Random(options.seed * 1_000_003 + name.hashCode());
    }

    /**
     * The size of the place where a view stands, by which errors of position are judged: the diagonal of its ground.
     *
     * @param view one of this world's views
     * @return meters
     */
    public double size(View view) {
        Scene place = places.get(view.place());
        return Math.hypot(place.lengthX(), place.lengthY());
    }

    /**
     * How much of one picture another one shows, by exact depth.
     *
     * @param from the first view
     * @param fromDepth its depth
     * @param to the second view
     * @param toDepth its depth
     * @return share of the first picture's sampled pixels that the second sees, 0 to 1
     */
    public static double overlap(View from, float[] fromDepth, View to, float[] toDepth) {
        return overlap(samples(from, fromDepth), to, toDepth);
    }

    /** Points x, y, z of the world that a picture shows, one every {@link #OVERLAP_STEP} pixels. */
    private static double[] samples(View from, float[] depth) {
        double[] points = new double[3 * (from.width() / OVERLAP_STEP + 1) * (from.height() / OVERLAP_STEP + 1)];
        int n = 0;
        double[] r = from.rotation();
        double[] c = from.center();
        for (int y = OVERLAP_STEP / 2; y < from.height(); y += OVERLAP_STEP) {
            for (int x = OVERLAP_STEP / 2; x < from.width(); x += OVERLAP_STEP) {
                double d = depth[y * from.width() + x];
                if (d == 0) {
                    continue;
                }
                double cx = d * (x + 0.5 - from.width() / 2.0) / from.focal();
                double cy = d * (y + 0.5 - from.height() / 2.0) / from.focal();
                points[n++] = r[0] * cx + r[3] * cy + r[6] * d + c[0];
                points[n++] = r[1] * cx + r[4] * cy + r[7] * d + c[1];
                points[n++] = r[2] * cx + r[5] * cy + r[8] * d + c[2];
            }
        }
        return Arrays.copyOf(points, n);
    }

    private static double overlap(double[] points, View to, float[] toDepth) {
        int seen = 0;
        for (int i = 0; i < points.length; i += 3) {
            double[] p = to.project(points[i], points[i + 1], points[i + 2]);
            if (p[2] > 0 && p[0] >= 0 && p[0] < to.width() && p[1] >= 0 && p[1] < to.height()) {
                double there = toDepth[(int) p[1] * to.width() + (int) p[0]];
                if (Math.abs(there - p[2]) < 0.02 * p[2]) {
                    seen++;
                }
            }
        }
        return points.length == 0 ? 0 : 3.0 * seen / points.length;
    }

    /**
     * Writes everything: {@code images/}, {@code depths/} (16-bit PNG in millimeters, 0 is nothing), {@code labels/}
     * (8-bit PNG and {@code labels.txt}), {@code poses.txt} and {@code cameras.txt} of the map, {@code queries.txt} and
     * {@code truth.txt}, {@code elsewhere.txt}, {@code depths.txt}, {@code relevant.csv} (a query, then the map's
     * pictures that show at least 30 % of it). Poses are {@code name qw qx qy qz tx ty tz}, world to camera, in meters;
     * cameras {@code name PINHOLE width height fx fy cx cy}.
     *
     * <p>The folder is there whole or not at all: everything is written into a folder beside it, which is renamed at the
     * end. The bytes do not depend on the executor.
     *
     * @param directory where: a folder that does not exist, or an empty one
     * @param executor renders the pictures
     * @param progress is told a step a picture
     * @throws FileAlreadyExistsException if there is a file, or a folder that is not empty
     * @throws IOException if a file cannot be written
     */
    public void write(Path directory, Executor executor, ProgressListener progress) throws IOException {
        Writing.whole(directory, partial -> writeFiles(partial, executor, progress));
    }

    private void writeFiles(Path directory, Executor executor, ProgressListener progress) throws IOException {
        for (String folder : List.of("images", "depths", "labels")) {
            Files.createDirectories(directory.resolve(folder));
        }
        AtomicInteger done = new AtomicInteger();
        int all = map.size() + queries.size() + elsewhere.size();
        Painter painter = view -> {
            Rendering rendering = render(view);
            Writing.picture(rendering.image(), directory.resolve("images").resolve(view.name()));
            writeDepth(view, rendering.depth(), directory.resolve("depths").resolve(view.name()));
            writeLabels(view, rendering.labels(), directory.resolve("labels").resolve(view.name()));
            progress.progress("render", done.incrementAndGet(), all);
            return rendering;
        };
        // of the queries a few points are kept, of the map's pictures nothing: the depths of a large world fill
        // gigabytes
        double[][] points = new double[queries.size()][];
        Writing.inParallel(
                executor,
                queries,
                (q, view) -> points[q] = samples(view, painter.paint(view).depth()));
        boolean[][] relevant = new boolean[queries.size()][map.size()];
        Writing.inParallel(executor, map, (m, view) -> {
            float[] depth = painter.paint(view).depth();
            for (int q = 0; q < points.length; q++) {
                relevant[q][m] =
                        queries.get(q).place() == view.place() && overlap(points[q], view, depth) >= RELEVANT_OVERLAP;
            }
        });
        Writing.inParallel(executor, elsewhere, (e, view) -> painter.paint(view));

        StringBuilder relevance = new StringBuilder();
        for (int q = 0; q < queries.size(); q++) {
            relevance.append(queries.get(q).name());
            for (int m = 0; m < map.size(); m++) {
                if (relevant[q][m]) {
                    relevance.append(',').append(map.get(m).name());
                }
            }
            relevance.append('\n');
        }
        StringBuilder depthList = new StringBuilder();
        for (List<View> views : List.of(map, queries, elsewhere)) {
            for (View view : views) {
                depthList
                        .append(view.name())
                        .append(" depths/")
                        .append(view.name())
                        .append('\n');
            }
        }
        StringBuilder labels = new StringBuilder("# id name dynamic\n");
        for (Label label : Label.values()) {
            labels.append(label.ordinal()).append(' ').append(label.name().toLowerCase(Locale.ROOT));
            labels.append(' ').append(label.dynamic() ? 1 : 0).append('\n');
        }
        Files.writeString(directory.resolve("labels").resolve("labels.txt"), labels);
        Files.writeString(directory.resolve("depths.txt"), depthList);
        Files.writeString(directory.resolve("relevant.csv"), relevance);
        Files.writeString(directory.resolve("poses.txt"), poses(map));
        Files.writeString(directory.resolve("cameras.txt"), cameras(map));
        Files.writeString(directory.resolve("queries.txt"), cameras(queries));
        Files.writeString(directory.resolve("truth.txt"), poses(queries));
        Files.writeString(directory.resolve("elsewhere.txt"), cameras(elsewhere));
    }

    private interface Painter {
        Rendering paint(View view) throws IOException;
    }

    private View mapView(int index, int count, int mapped) {
        int place = index % mapped;
        int step = index / mapped;
        int steps = (count - place + mapped - 1) / mapped;
        Scene scene = places.get(place);
        String name = String.format(Locale.ROOT, "map_%04d.png", index);
        double along = (step + 0.5) / steps;
        if (place == 0) { // to and fro along the street, looking at one side and then at the other
            boolean back = along >= 0.5;
            double x = scene.lengthX() * (0.1 + 0.8 * (back ? 2 - 2 * along : 2 * along));
            double yaw = (back ? -1 : 1) * Math.PI / 2 + 0.35 * ((step % 3) - 1);
            return view(name, place, x, scene.lengthY() * (back ? 0.6 : 0.4), 1.6, yaw, 0.1, 0);
        }
        double turn = 2 * Math.PI * along; // round the room, looking across it
        double x = scene.lengthX() * (0.5 - 0.25 * Math.cos(turn));
        double y = scene.lengthY() * (0.5 - 0.25 * Math.sin(turn));
        return view(name, place, x, y, 1.5, turn, 0, 0);
    }

    /**
     * A view from which its place can be told from those that look alike: in a room, posters fill 4 % of the picture or more,
     * behind the things that stand about. What shows walls alone is in two rooms at once, and no one could say in which.
     */
    private View tellingView(String name, int place, Random random) {
        List<Surface> surfaces = places.get(place).at(moment(name).nextLong());
        View view = freeView(name, place, random);
        double share = Renderer.share(surfaces, view, Label.POSTER);
        for (int trial = 0; place != 0 && share < TELLING_SHARE && trial < TRIALS; trial++) {
            View next = freeView(name, place, random);
            double better = Renderer.share(surfaces, next, Label.POSTER);
            if (better > share) { // in a picture of odd shape, the best of all trials
                view = next;
                share = better;
            }
        }
        return view;
    }

    private View freeView(String name, int place, Random random) {
        Scene scene = places.get(place);
        double x;
        double y;
        double yaw;
        if (place == 0) {
            boolean back = random.nextBoolean();
            x = scene.lengthX() * (0.15 + 0.7 * random.nextDouble());
            y = scene.lengthY() * (0.35 + 0.3 * random.nextDouble());
            yaw = (back ? -1 : 1) * Math.PI / 2 + 0.5 * (random.nextDouble() - 0.5);
        } else {
            yaw = 2 * Math.PI * random.nextDouble();
            x = scene.lengthX() * (0.5 - 0.2 * Math.cos(yaw) + 0.1 * (random.nextDouble() - 0.5));
            y = scene.lengthY() * (0.5 - 0.2 * Math.sin(yaw) + 0.1 * (random.nextDouble() - 0.5));
        }
        double height = 1.4 + 0.3 * random.nextDouble();
        double pitch = 0.12 * (random.nextDouble() - 0.3);
        return view(name, place, x, y, height, yaw, pitch, 0.1 * (random.nextDouble() - 0.5));
    }

    private View view(String name, int place, double x, double y, double z, double yaw, double pitch, double roll) {
        Scene scene = places.get(place);
        double focal = 0.8 * options.width;
        return View.standing(
                name,
                place,
                options.width,
                options.height,
                focal,
                scene.originX() + x,
                scene.originY() + y,
                z,
                yaw,
                pitch,
                roll);
    }

    private static String poses(List<View> views) {
        StringBuilder text = new StringBuilder();
        for (View view : views) {
            text.append(view.name());
            for (double value : view.quaternion()) {
                text.append(' ').append(value);
            }
            for (double value : view.translation()) {
                text.append(' ').append(value);
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String cameras(List<View> views) {
        StringBuilder text = new StringBuilder();
        for (View view : views) {
            text.append(view.name()).append(" PINHOLE ");
            text.append(view.width()).append(' ').append(view.height()).append(' ');
            text.append(view.focal()).append(' ').append(view.focal()).append(' ');
            text.append(view.width() / 2.0)
                    .append(' ')
                    .append(view.height() / 2.0)
                    .append('\n');
        }
        return text.toString();
    }

    private static void writeDepth(View view, float[] depth, Path file) throws IOException {
        BufferedImage picture = new BufferedImage(view.width(), view.height(), BufferedImage.TYPE_USHORT_GRAY);
        short[] values = ((DataBufferUShort) picture.getRaster().getDataBuffer()).getData();
        for (int i = 0; i < values.length; i++) {
            long millimeters = Math.round(depth[i] / DEPTH_UNIT);
            values[i] = (short) (millimeters < 65_535 ? millimeters : 0);
        }
        Writing.png(picture, file);
    }

    private static void writeLabels(View view, byte[] labels, Path file) throws IOException {
        BufferedImage picture = new BufferedImage(view.width(), view.height(), BufferedImage.TYPE_BYTE_GRAY);
        System.arraycopy(labels, 0, ((DataBufferByte) picture.getRaster().getDataBuffer()).getData(), 0, labels.length);
        Writing.png(picture, file);
    }
}
