package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.eval.RevisitedEvaluation;
import org.retrieval4j.eval.RevisitedEvaluation.Setting;
import org.retrieval4j.eval.RevisitedTruth;

/** Revisited Oxford or Paris. */
final class RevisitedProtocol implements Protocol {
    private final RevisitedLists lists;
    private final Names images;
    private final Names queries;

    private RevisitedProtocol(RevisitedLists lists, Names images, Names queries) {
        this.lists = lists;
        this.images = images;
        this.queries = queries;
    }

    /** Of the published lists; queries without names are called by their places from 0. */
    static RevisitedProtocol read(Path file) throws IOException {
        RevisitedLists lists = RevisitedLists.read(file);
        int count = lists.truth().queries().size();
        List<String> queries = lists.queries().size() == count
                ? lists.queries()
                : IntStream.range(0, count).mapToObj(Integer::toString).toList();
        return new RevisitedProtocol(lists, names(file, "imlist", lists.images()), names(file, "qimlist", queries));
    }

    private static Names names(Path file, String member, List<String> names) {
        try {
            return new Names(names);
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + member + ": " + refused.getMessage(), refused);
        }
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
    public Optional<List<Double>> box(int query) {
        return lists.boxes().get(query);
    }

    @Override
    public boolean excludes(String image) {
        return queries.find(image).isPresent();
    }

    @Override
    public Map<String, QueryFigures> judge(int others, int[][] rankings) {
        RevisitedTruth truth = lists.truth().withDistractors(others);
        Map<String, QueryFigures> figures = new LinkedHashMap<>();
        for (Setting setting : Setting.values()) {
            figures.put(
                    setting.name().toLowerCase(Locale.ROOT),
                    RevisitedEvaluation.of(truth, setting, rankings).figures());
        }
        return figures;
    }
}
