package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.eval.PlaceEvaluation;
import org.retrieval4j.eval.PlaceEvaluation.Positions;
import org.retrieval4j.eval.QueryFigures;
import picocli.CommandLine.Option;

/** Visual place recognition: what is right is said by positions or by frames. */
final class PlaceProtocol implements Protocol {
    private final Names images;
    private final Names queries;
    private final int[][] positives;
    private final int cutouts;
    private final List<Integer> counts;

    private PlaceProtocol(Names images, Names queries, int[][] positives, int cutouts, List<Integer> counts) {
        this.images = images;
        this.queries = queries;
        this.positives = positives;
        this.cutouts = cutouts;
        this.counts = counts;
    }

    /** What is right, and what is counted. */
    static final class Options {
        @Option(
                names = "--radius",
                paramLabel = "METERS",
                description = "The largest distance of a right place (default: 25).")
        private @Nullable Double radius;

        @Option(
                names = "--window",
                paramLabel = "FRAMES",
                description = "Frames in place of positions: the largest difference of a right place.")
        private @Nullable Long window;

        @Option(
                names = "--cutouts",
                paramLabel = "C",
                description = "As many consecutive images of the list are one panorama, of which only the first answer"
                        + " counts: 12 for Tokyo 24/7 (default: 1).")
        private int cutouts = 1;

        @Option(
                names = "--at",
                paramLabel = "N,...",
                split = ",",
                description = "Numbers of first answers that are looked at (default: 1,5,10,20).")
        private List<Integer> counts = List.of(1, 5, 10, 20);
    }

    /**
     * Of lists of the images and of the queries: folders or files of names {@code @east@north@…}, or rows {@code
     * name,east,north} of CSV; for frames rows {@code name,frame}, or names in the order of frames from 0.
     */
    static PlaceProtocol read(Path database, Path queries, Options options) throws IOException {
        return of(database, ImageList.read(database), queries, ImageList.read(queries), options);
    }

    /** Of rows of such lists. */
    static PlaceProtocol of(
            Path database, List<ImageList.Row> of, Path queries, List<ImageList.Row> sought, Options options)
            throws IOException {
        Double radius = options.radius;
        Long window = options.window;
        if (radius != null && window != null) {
            throw new UsageException("--radius and --window exclude each other");
        }
        if (radius != null && !(radius >= 0)) {
            throw new UsageException("--radius must be at least 0, got " + radius);
        }
        if (window != null && window < 0) {
            throw new UsageException("--window must be at least 0, got " + window);
        }
        if (options.cutouts < 1) {
            throw new UsageException("--cutouts must be at least 1, got " + options.cutouts);
        }
        if (of.size() % options.cutouts != 0) {
            throw new CommandException("the images must be panoramas of " + options.cutouts
                    + " cutouts each, none missing, got " + of.size() + " images");
        }
        if (options.counts.isEmpty() || options.counts.stream().anyMatch(count -> count < 1)) {
            throw new UsageException("--at must be numbers of at least 1, got " + options.counts);
        }
        int[][] positives = window == null
                ? PlaceEvaluation.within(
                        positions(database, of), positions(queries, sought), radius == null ? 25 : radius)
                : PlaceEvaluation.frames(frames(database, of), frames(queries, sought), window);
        return new PlaceProtocol(
                ImageList.names(database, of),
                ImageList.names(queries, sought),
                positives,
                options.cutouts,
                options.counts);
    }

    static Positions positions(Path list, List<ImageList.Row> rows) throws IOException {
        List<Double> east = new ArrayList<>();
        List<Double> north = new ArrayList<>();
        for (ImageList.Row row : rows) {
            List<String> texts = row.fields();
            if (texts.isEmpty()) {
                String[] parts = row.name().replaceFirst("^.*[/\\\\](?=@)", "").split("@", -1);
                texts = parts.length >= 4 && parts[0].isEmpty()
                        ? Arrays.asList(parts).subList(1, 3)
                        : List.of();
            }
            if (texts.size() < 2) {
                throw ImageList.wrong(
                        list,
                        row,
                        "a position must stand there, as name,east,north or in a name @east@north@..., got \""
                                + row.name() + "\"");
            }
            east.add(number(list, row, texts.get(0)));
            north.add(number(list, row, texts.get(1)));
        }
        return new Positions(east, north);
    }

    private static double number(Path list, ImageList.Row row, String text) throws IOException {
        try {
            double number = Double.parseDouble(text);
            if (Double.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException notOne) {
            throw ImageList.wrong(list, row, "a position must be numbers, got \"" + text + "\"");
        }
        throw ImageList.wrong(list, row, "a position must be finite, got \"" + text + "\"");
    }

    private static long[] frames(Path list, List<ImageList.Row> rows) throws IOException {
        long[] frames = IntStream.range(0, rows.size()).asLongStream().toArray();
        for (int i = 0; i < frames.length; i++) {
            ImageList.Row row = rows.get(i);
            if (!row.fields().isEmpty()) {
                try {
                    frames[i] = Integer.parseInt(row.fields().get(0));
                } catch (NumberFormatException notOne) {
                    throw ImageList.wrong(
                            list,
                            row,
                            "a frame must be a whole number, got \""
                                    + row.fields().get(0) + "\"");
                }
            }
        }
        return frames;
    }

    /** How many queries have no right place. */
    long withoutPlace() {
        return Arrays.stream(positives).filter(found -> found.length == 0).count();
    }

    @Override
    public Names images() {
        return images;
    }

    @Override
    public Names queries() {
        return queries;
    }

    @Override
    public int least() {
        return counts.stream().mapToInt(count -> count).max().orElse(1);
    }

    @Override
    public int answers() {
        return counts.stream().mapToInt(count -> count).max().orElse(1) * cutouts;
    }

    @Override
    public String lacks(int[] ranking, int others) {
        int most = counts.stream().mapToInt(count -> count).max().orElse(1);
        int found = PlaceEvaluation.panoramas(ranking, cutouts).length;
        return found >= most || ranking.length >= images.size() + others
                ? ""
                : "a ranking must have " + most + (cutouts > 1 ? " panoramas" : " images") + " for recall@" + most
                        + ", got " + found;
    }

    @Override
    public Map<String, QueryFigures> judge(int others, int[][] rankings) {
        return Map.of(
                FigureOutput.ONLY,
                PlaceEvaluation.recall(images.size() + others, positives, rankings, cutouts, counts));
    }
}
