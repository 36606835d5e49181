package org.retrieval4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.retrieval4j.eval.NameRows;
import org.retrieval4j.eval.TrapezoidEvaluation;
import org.retrieval4j.localization.text.JsonFile;
import org.retrieval4j.localization.text.JsonValue;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;

/**
 * Rankings that somebody made: a matrix of NumPy, ranks x queries, of indices of images from 0; rows {@code
 * query,image,image,…} of CSV, best first; or JSON {@code {"query": ["image", …], …}}. The content tells which.
 */
final class RankingFile {
    private final Path file;
    private final Names images;
    private final Names queries;
    private final int distractors;
    private final Length length;
    private final Map<String, Integer> others = new HashMap<>();
    private final int[][] rankings;

    private RankingFile(Path file, Names images, Names queries, int distractors, Length length) {
        this.length = length;
        this.file = file;
        this.images = images;
        this.queries = queries;
        this.distractors = distractors;
        this.rankings = new int[queries.size()][];
    }

    /**
     * Rankings.
     *
     * @param lists for each query indices of images, best first
     * @param others how many images beyond the list there may be among them
     */
    record Rankings(int[][] lists, int others) {}

    /** Says what a ranking has too little of; nothing if it is long enough. */
    interface Length {
        String lacks(int[] ranking, int others);
    }

    /**
     * Reads rankings of all queries.
     *
     * @param distractors how many images that no list names may be among the answers; their indices follow the others'
     * @param length judges the length of each ranking
     * @throws IOException if a query is missing, unknown or repeated, or an image unknown or repeated; rows of text are
     *     told with their line
     */
    static Rankings read(Path file, Names images, Names queries, int distractors, Length length) throws IOException {
        int first = firstByte(file);
        if (first == 0x93) {
            return matrix(file, images.size(), queries.size());
        }
        RankingFile text = new RankingFile(file, images, queries, distractors, length);
        if (first == '{') {
            text.readJson();
        } else {
            text.readCsv();
        }
        for (int query = 0; query < text.rankings.length; query++) {
            if (text.rankings[query] == null) {
                throw new IOException(file + ": there is no ranking of query \""
                        + queries.list().get(query) + "\"");
            }
        }
        return new Rankings(text.rankings, text.others.size());
    }

    static boolean isMatrix(Path file) throws IOException {
        return firstByte(file) == 0x93;
    }

    static boolean isJson(Path file) throws IOException {
        return firstByte(file) == '{';
    }

    static int firstByte(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.read();
        }
    }

    private static Rankings matrix(Path file, int images, int queries) throws IOException {
        NpyArray array = NpyFile.read(file);
        require(file, array, queries);
        int[] values;
        try {
            values = array.toInts();
        } catch (IllegalArgumentException refused) {
            throw new IOException(file + ": " + refused.getMessage(), refused);
        }
        int[][] rankings = new int[queries][values.length / queries];
        for (int i = 0; i < values.length; i++) {
            rankings[i % queries][i / queries] = values[i];
        }
        return new Rankings(rankings, Math.max(0, values.length / queries - images));
    }

    /** Reads scores, images x queries, and sorts them; there must be one of each image. */
    static Rankings scores(Path file, int images, int queries) throws IOException {
        NpyArray array = NpyFile.read(file);
        require(file, array, queries);
        if (array.shape()[0] < images) {
            throw new IOException(
                    file + ": there must be scores of all " + images + " images, got " + array.shape()[0]);
        }
        double[] values = array.toDoubles();
        int[][] rankings = new int[queries][];
        double[] scores = new double[array.shape()[0]];
        for (int query = 0; query < queries; query++) {
            for (int image = 0; image < scores.length; image++) {
                scores[image] = values[image * queries + query];
            }
            try {
                rankings[query] = TrapezoidEvaluation.ranking(scores);
            } catch (IllegalArgumentException refused) {
                throw new IOException(file + ": query " + query + ": " + refused.getMessage(), refused);
            }
        }
        return new Rankings(rankings, scores.length - images);
    }

    private static void require(Path file, NpyArray array, int queries) throws IOException {
        if (array.dimensions() != 2 || array.shape()[1] != queries || array.shape()[0] == 0) {
            throw new IOException(file + ": the array must have shape [images, " + queries
                    + "] (a column for each query of the ground truth), got " + Arrays.toString(array.shape())
                    + (array.dimensions() == 2 && array.shape()[0] == queries ? ": transpose it" : ""));
        }
    }

    private void readCsv() throws IOException {
        boolean[] begun = {false};
        NameRows.read(file, (line, fields) -> {
            boolean first = !begun[0];
            begun[0] = true;
            String name = fields.get(0);
            if (first
                    && Set.of("query", "id", "name").contains(name)
                    && queries.exact(name).isEmpty()) {
                return; // a header
            }
            // a comma at the end is no image
            int end = fields.size() > 1 && fields.get(fields.size() - 1).isEmpty() ? fields.size() - 1 : fields.size();
            String wrong = take(name, fields.subList(1, end));
            if (!wrong.isEmpty()) {
                throw NameRows.wrong(file, line, wrong);
            }
        });
    }

    private void readJson() throws IOException {
        try (JsonFile json = new JsonFile(file)) {
            json.members(name -> {
                JsonValue list = json.value();
                List<String> ranked = new ArrayList<>();
                for (JsonValue image : list.elements()) {
                    ranked.add(image.text());
                }
                list.made(
                        () -> { // which tells the line
                            String wrong = take(name, ranked);
                            if (!wrong.isEmpty()) {
                                throw new IllegalArgumentException(wrong);
                            }
                            return name;
                        });
            });
            json.end();
        }
    }

    /** What is wrong with a ranking; nothing if it is empty. */
    private String take(String name, List<String> ranked) {
        OptionalInt query = queries.find(name);
        if (query.isEmpty()) {
            return "\"" + name + "\" is no query of the ground truth";
        }
        if (rankings[query.getAsInt()] != null) {
            return "a second ranking of query \"" + name + "\"";
        }
        int[] ranking = new int[ranked.size()];
        Map<Integer, String> seen = new HashMap<>();
        for (int rank = 0; rank < ranking.length; rank++) {
            String image = ranked.get(rank);
            OptionalInt place = images.find(image);
            if (place.isEmpty()) {
                Integer other = others.get(image);
                if (other == null && others.size() == distractors) {
                    return "image \"" + image + "\" of query \"" + name + "\" is not among the " + images.size()
                            + " images"
                            + (distractors == 0 ? "" : " and " + distractors + " distractors");
                }
                place = OptionalInt.of(other == null ? added(image) : other);
            }
            if (seen.putIfAbsent(place.getAsInt(), image) != null) {
                return "image \"" + image + "\" stands twice in the ranking of query \"" + name + "\"";
            }
            ranking[rank] = place.getAsInt();
        }
        rankings[query.getAsInt()] = ranking;
        return length.lacks(ranking, others.size());
    }

    private int added(String image) {
        int place = images.size() + others.size();
        others.put(image, place);
        return place;
    }
}
