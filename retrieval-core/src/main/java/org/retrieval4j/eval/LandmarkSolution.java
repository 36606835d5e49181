package org.retrieval4j.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The queries of a solution of Google Landmarks v2, rows {@code id,truth,Usage} below a header, and the way through a
 * submission, rows {@code id,prediction} below a header.
 *
 * @param <T> the right answers of one query
 */
final class LandmarkSolution<T> {
    /** Which part of the test set a query is in. */
    enum Usage {
        PUBLIC("Public"),
        PRIVATE("Private"),
        IGNORED("Ignored");

        private final String text;

        Usage(String text) {
            this.text = text;
        }
    }

    /** Takes the right answers from field 1. */
    @FunctionalInterface
    interface TruthReader<T> {
        T read(CsvRows row) throws IOException;
    }

    /** Takes the prediction from field 1, which is not empty. */
    @FunctionalInterface
    interface PredictionReader<T> {
        void read(String id, Usage usage, T truth, CsvRows row) throws IOException;
    }

    private static final class Query<T> {
        private final Usage usage;
        private final T truth;
        private boolean answered;

        Query(Usage usage, T truth) {
            this.usage = usage;
            this.truth = truth;
        }
    }

    private final Map<String, Query<T>> queries = new HashMap<>();
    private final int[] positives = new int[Usage.values().length];
    private final int[] sizes = new int[Usage.values().length];

    private LandmarkSolution() {}

    /**
     * Reads a solution.
     *
     * @param truths reads the right answers of a query that is not ignored
     * @param none the right answers of ignored queries and of others that are not to be counted
     */
    static <T> LandmarkSolution<T> read(Path file, TruthReader<T> truths, T none) throws IOException {
        LandmarkSolution<T> solution = new LandmarkSolution<>();
        try (CsvRows rows = new CsvRows(file)) {
            if (rows.next() && rows.fields() == 3 && usage(rows.text(2)).isPresent()) {
                throw rows.wrong("a header id,…,Usage is missing");
            }
            while (rows.next()) {
                if (rows.fields() != 3) {
                    throw rows.wrong("a row must be id,truth,Usage, got " + rows.fields() + " fields");
                }
                String id = rows.text(0);
                String text = rows.text(2);
                Usage usage = usage(text)
                        .orElseThrow(
                                () -> rows.wrong("Usage must be Public, Private or Ignored, got \"" + text + "\""));
                T truth = usage == Usage.IGNORED ? none : truths.read(rows);
                if (solution.queries.putIfAbsent(id, new Query<>(usage, truth)) != null) {
                    throw rows.wrong("a second row for test image \"" + id + "\"");
                }
                solution.sizes[usage.ordinal()]++;
                if (truth != none) {
                    solution.positives[usage.ordinal()]++;
                }
            }
        }
        if (solution.count(Usage.PUBLIC) + solution.count(Usage.PRIVATE) == 0) {
            throw new IOException(file + ": no test image that counts has a right answer");
        }
        return solution;
    }

    /** The queries of a part, without those whose right answers are none. */
    int count(Usage usage) {
        return positives[usage.ordinal()];
    }

    /** All queries of a part. */
    int size(Usage usage) {
        return sizes[usage.ordinal()];
    }

    /** Reads a submission in the order of its rows; ignored queries and empty predictions are left out. */
    void predictions(Path file, PredictionReader<T> reader) throws IOException {
        try (CsvRows rows = new CsvRows(file)) {
            if (rows.next() && queries.containsKey(rows.text(0))) {
                throw rows.wrong("a header is missing, got test image \"" + rows.text(0) + "\"");
            }
            while (rows.next()) {
                if (rows.fields() != 2) {
                    throw rows.wrong("a row must be id,prediction, got " + rows.fields() + " fields");
                }
                String id = rows.text(0);
                Query<T> query = queries.get(id);
                if (query == null) {
                    throw rows.wrong("test image \"" + id + "\" is not in the solution");
                }
                if (query.usage == Usage.IGNORED) {
                    continue;
                }
                if (query.answered) {
                    throw rows.wrong("a second row for test image \"" + id + "\"");
                }
                query.answered = true;
                if (rows.end(1) > rows.start(1)) {
                    reader.read(id, query.usage, query.truth, rows);
                }
            }
        }
    }

    private static Optional<Usage> usage(String text) {
        return Arrays.stream(Usage.values())
                .filter(usage -> usage.text.equals(text))
                .findFirst();
    }
}
