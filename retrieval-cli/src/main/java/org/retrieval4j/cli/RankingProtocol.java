package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.retrieval4j.eval.GroundTruth;
import org.retrieval4j.eval.NameRows;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.eval.RankingMetrics;

/** A ground truth of one's own, rows {@code query,relevant,relevant,…}: each query is left out of its own ranking. */
final class RankingProtocol implements Protocol {
    private final Names images;
    private final Names queries;
    private final List<Set<Integer>> relevant;

    private RankingProtocol(Names images, Names queries, List<Set<Integer>> relevant) {
        this.images = images;
        this.queries = queries;
        this.relevant = relevant;
    }

    /** Of a file about these images. */
    static RankingProtocol read(Path file, Names images) throws IOException {
        GroundTruth.readCsv(file); // tells repeated queries
        List<String> queries = new ArrayList<>();
        List<Set<Integer>> relevant = new ArrayList<>();
        NameRows.read(file, (line, fields) -> {
            Set<Integer> right = new HashSet<>();
            for (String name : fields.subList(1, fields.size())) {
                OptionalInt place = images.find(name);
                if (!name.isEmpty() && place.isEmpty()) {
                    throw NameRows.wrong(file, line, "\"" + name + "\" is not in the database");
                }
                place.ifPresent(right::add);
            }
            images.exact(fields.get(0)).ifPresent(right::remove);
            if (right.isEmpty()) {
                throw NameRows.wrong(file, line, "no relevant image beside the query");
            }
            queries.add(fields.get(0));
            relevant.add(right);
        });
        if (queries.isEmpty()) {
            throw new CommandException(file + " has no rows");
        }
        return new RankingProtocol(images, new Names(queries), relevant);
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
        double[] map = new double[rankings.length];
        double[] first = new double[rankings.length];
        for (int query = 0; query < map.length; query++) {
            List<Integer> ranked = new ArrayList<>();
            OptionalInt itself = images.exact(queries.list().get(query));
            for (int image : rankings[query]) {
                if (itself.isEmpty() || itself.getAsInt() != image) {
                    ranked.add(image);
                }
            }
            map[query] = RankingMetrics.averagePrecision(ranked, relevant.get(query));
            first[query] = RankingMetrics.precisionAt(ranked, relevant.get(query), 1);
        }
        Map<String, double[]> figures = new LinkedHashMap<>();
        figures.put("map", map);
        figures.put("p@1", first);
        return Map.of(FigureOutput.ONLY, new QueryFigures(figures));
    }
}
