package org.retrieval4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.retrieval4j.eval.HolidaysEvaluation;
import org.retrieval4j.eval.NameRows;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.eval.TrapezoidEvaluation;

/** INRIA Holidays: images in the order of their numbers. */
final class HolidaysProtocol implements Protocol {
    private final List<Long> numbers;
    private final Names images;
    private final Names queries;

    private HolidaysProtocol(List<Long> numbers, Names images, Names queries) {
        this.numbers = numbers;
        this.images = images;
        this.queries = queries;
    }

    /** Of all images: a folder, or a list as the authors' holidays_images.dat. */
    static HolidaysProtocol read(Path list) throws IOException {
        return of(list, ImageList.read(list));
    }

    /** Of rows of a list. */
    static HolidaysProtocol of(Path list, List<ImageList.Row> all) throws IOException {
        TreeMap<Long, ImageList.Row> rows = new TreeMap<>();
        for (ImageList.Row row : all) {
            long number = ImageList.number(list, row);
            ImageList.Row other = rows.putIfAbsent(number, row);
            if (other != null) {
                throw ImageList.wrong(list, row, "\"" + row.name() + "\" has the number of \"" + other.name() + "\"");
            }
        }
        for (Map.Entry<Long, ImageList.Row> row : rows.entrySet()) {
            if (!rows.containsKey(row.getKey() / 100 * 100)) {
                throw ImageList.wrong(
                        list,
                        row.getValue(),
                        "the query of \"" + row.getValue().name() + "\" is missing, " + row.getKey() / 100 * 100);
            }
        }
        List<Long> numbers = List.copyOf(rows.keySet());
        List<String> names = rows.values().stream().map(ImageList.Row::name).toList();
        List<String> queries =
                HolidaysEvaluation.queries(numbers).stream().map(names::get).toList();
        return new HolidaysProtocol(numbers, new Names(names), new Names(queries));
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
    public Map<String, QueryFigures> judge(int others, int[][] rankings) {
        return Map.of(FigureOutput.ONLY, HolidaysEvaluation.of(numbers, others, rankings));
    }

    /** Whether a file has the authors' form: a query and pairs of rank and image, with white space between. */
    static boolean isResultFile(Path file) throws IOException {
        if (RankingFile.isMatrix(file)) {
            return false;
        }
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            String line = reader.readLine();
            if (line == null || line.indexOf(',') >= 0 || line.strip().startsWith("{")) {
                return false;
            }
            String[] words = line.strip().split("\\s+", 4);
            return words.length == 1 ? !words[0].isEmpty() : words.length > 2 && words[1].matches("[0-9]{1,9}");
        }
    }

    /**
     * Judges a file of the authors' form. Ranks count from 0, and may be told for some images only; the query may be among
     * them, and is taken out.
     */
    QueryFigures judgeResultFile(Path file) throws IOException {
        List<TrapezoidEvaluation.Labels> labels = HolidaysEvaluation.labels(numbers);
        int[][] ranks = new int[labels.size()][];
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                String[] words = line.strip().split("\\s+");
                if (words[0].isEmpty()) {
                    continue;
                }
                OptionalInt query = queries.find(words[0]);
                if (query.isEmpty()) {
                    throw NameRows.wrong(file, number, "\"" + words[0] + "\" is no query");
                }
                if (ranks[query.getAsInt()] != null) {
                    throw NameRows.wrong(file, number, "a second ranking of query \"" + words[0] + "\"");
                }
                ranks[query.getAsInt()] = found(file, number, words, labels.get(query.getAsInt()));
            }
        }
        for (int query = 0; query < ranks.length; query++) {
            if (ranks[query] == null) {
                throw new IOException(file + ": there is no ranking of query \""
                        + queries.list().get(query) + "\"");
            }
        }
        return HolidaysEvaluation.ofRanks(numbers, ranks);
    }

    private int[] found(Path file, int line, String[] words, TrapezoidEvaluation.Labels labels) throws IOException {
        if (words.length % 2 == 0) {
            throw NameRows.wrong(
                    file, line, "a query and pairs of rank and image must stand there, got " + words.length + " words");
        }
        TreeMap<Integer, Integer> byRank = new TreeMap<>();
        Set<Integer> seen = new HashSet<>();
        for (int i = 1; i < words.length; i += 2) {
            int rank;
            try {
                rank = Integer.parseInt(words[i]);
            } catch (NumberFormatException notOne) {
                rank = -1;
            }
            if (rank < 0) {
                throw NameRows.wrong(file, line, "a rank must be a whole number from 0, got \"" + words[i] + "\"");
            }
            OptionalInt image = images.find(words[i + 1]);
            if (image.isEmpty()) {
                throw NameRows.wrong(
                        file, line, "image \"" + words[i + 1] + "\" is not among the " + images.size() + " images");
            }
            if (!seen.add(image.getAsInt())) {
                throw NameRows.wrong(file, line, "image \"" + words[i + 1] + "\" stands twice");
            }
            if (byRank.putIfAbsent(rank, image.getAsInt()) != null) {
                throw NameRows.wrong(file, line, "rank " + rank + " stands twice");
            }
        }
        List<Integer> ranks = new ArrayList<>();
        int before = 0;
        for (Map.Entry<Integer, Integer> place : byRank.entrySet()) {
            if (labels.ignored().contains(place.getValue())) {
                before = 1;
            } else if (labels.relevant().contains(place.getValue())) {
                ranks.add(place.getKey() - before);
            }
        }
        return ranks.stream().mapToInt(rank -> rank).toArray();
    }
}
