package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.eval.UkbenchEvaluation;
import org.retrieval4j.storage.NpyFile;

/** UKBench: images in the order of their numbers. */
final class UkbenchProtocol implements Protocol {
    private final Names images;

    private UkbenchProtocol(Names images) {
        this.images = images;
    }

    /** Of all images: a folder, or a list. */
    static UkbenchProtocol read(Path list) throws IOException {
        return of(list, ImageList.read(list));
    }

    /** Of the queries of rankings, which are all images. */
    static UkbenchProtocol ofQueries(Path rankings) throws IOException {
        List<ImageList.Row> rows = new ArrayList<>();
        if (RankingFile.isMatrix(rankings)) {
            int[] shape = NpyFile.read(rankings).shape();
            if (shape.length != 2) {
                throw new IOException(rankings + ": the array must have two dimensions, ranks x queries");
            }
            for (int image = 0; image < shape[1]; image++) {
                rows.add(new ImageList.Row(0, Integer.toString(image), List.of()));
            }
        } else if (RankingFile.isJson(rankings)) {
            throw new UsageException("rankings in JSON need --images: they may leave images out");
        } else {
            for (ImageList.Row row : ImageList.read(rankings)) {
                rows.add(new ImageList.Row(row.line(), row.name(), List.of()));
            }
        }
        return of(rankings, rows);
    }

    /** Of rows of a list. */
    static UkbenchProtocol of(Path list, List<ImageList.Row> all) throws IOException {
        TreeMap<Long, ImageList.Row> rows = new TreeMap<>();
        for (ImageList.Row row : all) {
            ImageList.Row other = rows.putIfAbsent(ImageList.number(list, row), row);
            if (other != null) {
                throw ImageList.wrong(list, row, "\"" + row.name() + "\" has the number of \"" + other.name() + "\"");
            }
        }
        for (Map.Entry<Long, ImageList.Row> row : rows.entrySet()) {
            long first = row.getKey() / UkbenchEvaluation.GROUP * UkbenchEvaluation.GROUP;
            for (long number = first; number < first + UkbenchEvaluation.GROUP; number++) {
                if (!rows.containsKey(number)) {
                    throw ImageList.wrong(
                            list,
                            row.getValue(),
                            "the four images of an object must be there, but beside \""
                                    + row.getValue().name() + "\" there is no number " + number);
                }
            }
        }
        List<String> names = rows.values().stream().map(ImageList.Row::name).toList();
        return new UkbenchProtocol(new Names(names));
    }

    @Override
    public Names images() {
        return images;
    }

    @Override
    public Names queries() {
        return images;
    }

    @Override
    public int answers() {
        return UkbenchEvaluation.GROUP;
    }

    @Override
    public String lacks(int[] ranking, int others) {
        return ranking.length >= UkbenchEvaluation.GROUP
                ? ""
                : "a ranking must have at least " + UkbenchEvaluation.GROUP + " images, got " + ranking.length;
    }

    @Override
    public Map<String, QueryFigures> judge(int others, int[][] rankings) {
        return Map.of(FigureOutput.ONLY, UkbenchEvaluation.of(others, rankings));
    }
}
