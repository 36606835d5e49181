package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.eval.NameRows;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.eval.TrapezoidEvaluation;

/**
 * Oxford5k or Paris6k by their published files: of each query {@code NAME_query.txt} with an image and a box, and {@code
 * NAME_good.txt}, {@code NAME_ok.txt} and {@code NAME_junk.txt} with an image a line. Good and ok images are right, junk is
 * ignored; the query's own image is among the right ones. A query may be called by its name or that of its image.
 */
final class OxfordProtocol implements Protocol {
    private static final String QUERY = "_query.txt";

    private final Names images;
    private final boolean all;
    private final Names queries;
    private final List<String> pictures;
    private final List<List<Double>> boxes;
    private final List<TrapezoidEvaluation.Labels> labels;

    private OxfordProtocol(
            Names images,
            boolean all,
            List<String> names,
            List<String> pictures,
            List<List<Double>> boxes,
            List<TrapezoidEvaluation.Labels> labels) {
        this.images = images;
        this.all = all;
        this.queries = new Names(names, pictures);
        this.pictures = pictures;
        this.boxes = boxes;
        this.labels = labels;
    }

    /**
     * Of a folder with these files.
     *
     * @param list all images of the data set; null if only the right and the ignored ones are known
     */
    static OxfordProtocol read(Path folder, @Nullable Path list) throws IOException {
        List<String> names;
        try (Stream<Path> files = Files.list(folder)) {
            names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(QUERY))
                    .map(name -> name.substring(0, name.length() - QUERY.length()))
                    .sorted()
                    .toList();
        }
        if (names.isEmpty()) {
            throw new CommandException("no file *" + QUERY + " in " + folder);
        }
        Names images = list == null ? new Names(mentioned(folder, names)) : ImageList.names(list, ImageList.read(list));
        List<String> pictures = new ArrayList<>();
        List<List<Double>> boxes = new ArrayList<>();
        List<TrapezoidEvaluation.Labels> labels = new ArrayList<>();
        for (String name : names) {
            readQuery(folder.resolve(name + QUERY), pictures, boxes);
            List<Integer> relevant = new ArrayList<>();
            Set<Integer> seen = new LinkedHashSet<>();
            places(folder.resolve(name + "_good.txt"), images, seen, relevant);
            places(folder.resolve(name + "_ok.txt"), images, seen, relevant);
            List<Integer> ignored = new ArrayList<>();
            places(folder.resolve(name + "_junk.txt"), images, seen, ignored);
            labels.add(new TrapezoidEvaluation.Labels(relevant, ignored));
        }
        return new OxfordProtocol(images, list != null, names, pictures, boxes, labels);
    }

    private static List<String> mentioned(Path folder, List<String> queries) throws IOException {
        Set<String> images = new LinkedHashSet<>();
        for (String query : queries) {
            for (String kind : List.of("_good.txt", "_ok.txt", "_junk.txt")) {
                for (String line : lines(folder.resolve(query + kind))) {
                    if (!line.isBlank()) {
                        images.add(line.strip());
                    }
                }
            }
        }
        return List.copyOf(images);
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(file, StandardCharsets.UTF_8);
    }

    /** An image, which in Oxford5k has a prefix that its file has not, and a box. */
    private static void readQuery(Path file, List<String> pictures, List<List<Double>> boxes) throws IOException {
        List<String> lines = lines(file);
        String[] words = lines.isEmpty() ? new String[0] : lines.get(0).strip().split("\\s+");
        List<Double> box = new ArrayList<>();
        try {
            for (int i = 1; i < words.length; i++) {
                box.add(Double.parseDouble(words[i]));
            }
        } catch (NumberFormatException notOne) {
            box.clear();
        }
        if (box.size() != 4 || box.stream().anyMatch(side -> !Double.isFinite(side))) {
            throw NameRows.wrong(file, 1, "an image and the four sides of a box must stand there");
        }
        pictures.add(words[0].replaceFirst("^oxc1_", ""));
        boxes.add(box);
    }

    private static void places(Path file, Names images, Set<Integer> seen, List<Integer> places) throws IOException {
        int number = 0;
        for (String line : lines(file)) {
            number++;
            String name = line.strip();
            if (name.isEmpty()) {
                continue;
            }
            OptionalInt place = images.find(name);
            if (place.isEmpty()) {
                throw NameRows.wrong(file, number, "image \"" + name + "\" is not in the list of images");
            }
            if (!seen.add(place.getAsInt())) {
                throw NameRows.wrong(file, number, "image \"" + name + "\" stands twice among the answers of a query");
            }
            places.add(place.getAsInt());
        }
    }

    @Override
    public Names images() {
        return images;
    }

    @Override
    public boolean listsAllImages() {
        return all;
    }

    @Override
    public Names queries() {
        return queries;
    }

    @Override
    public String picture(int query) {
        return pictures.get(query);
    }

    @Override
    public Optional<List<Double>> box(int query) {
        return Optional.of(boxes.get(query));
    }

    @Override
    public Map<String, QueryFigures> judge(int others, int[][] rankings) {
        QueryFigures figures = TrapezoidEvaluation.of(images.size() + others, labels, rankings);
        return Map.of(FigureOutput.ONLY, figures.only("map"));
    }
}
