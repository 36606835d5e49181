package org.retrieval4j.world;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.retrieval4j.api.ProgressListener;

/**
 * Pictures for retrieval that is not easy: buildings seen from near and far, from the left and from the right, in other
 * light and with things before them. Windows and bricks repeat, and three buildings each look alike but for what hangs on
 * their fronts: two are asked for, the third is there to mislead. Immutable, thread-safe; the same options give the same
 * files.
 */
public final class Landmarks {
    private static final int ALIKE = 3;
    private static final String IMAGES = "images/";

    private final Options options;
    private final List<Scene> places = new ArrayList<>();
    private final List<View> views = new ArrayList<>();

    /**
     * How many, and how large.
     *
     * @param seed decides everything
     * @param landmarks buildings that are asked for
     * @param views pictures of each of them
     * @param width of every picture in pixels
     * @param height of every picture in pixels
     */
    public record Options(long seed, int landmarks, int views, int width, int height) {
        /** Checks the bounds. */
        public Options {
            if (landmarks < 1 || landmarks > 10_000 || views < 2 || views > 1000) {
                throw new IllegalArgumentException(
                        "landmarks must be 1 to 10000 and views 2 to 1000, got " + landmarks + " and " + views);
            }
            if (width < 32 || height < 32 || width > 4096 || height > 4096) {
                throw new IllegalArgumentException(
                        "width and height must be 32 to 4096, got " + width + " x " + height);
            }
        }

        /**
         * 24 landmarks, 10 views of each, 480 x 360.
         *
         * @param seed decides everything
         * @return the defaults
         */
        public static Options defaults(long seed) {
            return new Options(seed, 24, 10, 480, 360);
        }
    }

    /**
     * Makes the buildings and chooses the views.
     *
     * @param options seed and sizes
     */
    public Landmarks(Options options) {
        this.options = options;
        Random random = new Random(options.seed);
        long walls = 0;
        int asked = 0;
        for (int place = 0; asked < options.landmarks || place % ALIKE != 0; place++) {
            if (place % ALIKE == 0) {
                walls = random.nextLong() >>> 8;
            }
            places.add(Scene.landmark(place, walls, random.nextLong() >>> 8));
            boolean isAsked = place % ALIKE < ALIKE - 1 && asked < options.landmarks;
            int count = isAsked ? options.views : Math.max(1, options.views / 2);
            for (int i = 0; i < count; i++) {
                String name = isAsked
                        ? String.format(Locale.ROOT, "landmark_%04d_%03d.png", asked, i)
                        : String.format(Locale.ROOT, "other_%04d_%03d.png", place, i);
                views.add(view(name, place, random));
            }
            asked += isAsked ? 1 : 0;
        }
    }

    private View view(String name, int place, Random random) {
        Scene scene = places.get(place);
        double angle = Math.toRadians(120 * (random.nextDouble() - 0.5));
        double distance = 6 + 14 * random.nextDouble();
        double targetX = scene.lengthX() * (0.4 + 0.2 * random.nextDouble());
        double x = Math.max(1, Math.min(scene.lengthX() - 1, targetX + distance * Math.sin(angle)));
        double y = Math.max(3, distance * Math.cos(angle));
        double yaw = Math.atan2(-y, targetX - x) + 0.15 * (random.nextDouble() - 0.5);
        double pitch = Math.atan2(3 + 2 * random.nextDouble(), Math.hypot(y, targetX - x)) * 0.8;
        double focal = options.width * (0.75 + 0.5 * random.nextDouble());
        return View.standing(
                name,
                place,
                options.width,
                options.height,
                focal,
                scene.originX() + x,
                scene.originY() + y,
                1.4 + 0.4 * random.nextDouble(),
                yaw,
                pitch,
                0.12 * (random.nextDouble() - 0.5));
    }

    /**
     * All pictures.
     *
     * @return their views, those of one building together
     */
    public List<View> views() {
        return List.copyOf(views);
    }

    /**
     * Takes a picture.
     *
     * @param view one of these views
     * @return picture, depth, labels
     */
    public Rendering render(View view) {
        Random random = new Random(options.seed * 1_000_003 + view.name().hashCode());
        List<Surface> surfaces = places.get(view.place()).at(random.nextLong());
        Renderer.Light light = new Renderer.Light(
                0.55 + 0.9 * random.nextDouble(),
                6.28 * random.nextDouble(),
                0.2 + 0.5 * random.nextDouble(),
                0.8 + 0.4 * random.nextDouble(),
                random.nextLong());
        return Renderer.render(surfaces, view, light);
    }

    /**
     * Writes {@code images/} and {@code relevant.csv}: every picture of a landmark as a query, {@code images/…}, then the
     * landmark's other pictures. The folder is there whole or not at all; the bytes do not depend on the executor.
     *
     * @param directory where: a folder that does not exist, or an empty one
     * @param executor renders the pictures
     * @param progress is told a step a picture
     * @throws FileAlreadyExistsException if there is a file, or a folder that is not empty
     * @throws IOException if a file cannot be written
     */
    public void write(Path directory, Executor executor, ProgressListener progress) throws IOException {
        Writing.whole(directory, folder -> {
            Path images = Files.createDirectories(folder.resolve(IMAGES));
            AtomicInteger done = new AtomicInteger();
            Writing.inParallel(executor, views, (i, view) -> {
                Writing.picture(render(view).image(), images.resolve(view.name()));
                progress.progress("render", done.incrementAndGet(), views.size());
            });
            Files.writeString(folder.resolve("relevant.csv"), relevance());
        });
    }

    private String relevance() {
        Map<Integer, List<View>> ofPlace = new HashMap<>();
        views.forEach(view -> ofPlace.computeIfAbsent(view.place(), place -> new ArrayList<>())
                .add(view));
        StringBuilder text = new StringBuilder();
        for (View query : views) {
            if (query.name().startsWith("landmark")) {
                text.append(IMAGES).append(query.name());
                for (View view : ofPlace.getOrDefault(query.place(), List.of())) {
                    if (!view.name().equals(query.name())) {
                        text.append(',').append(IMAGES).append(view.name());
                    }
                }
                text.append('\n');
            }
        }
        return text.toString();
    }
}
