package org.retrieval4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.experiment.Outcome;

/** Outcomes of combinations, each over all data sets. */
final class ExperimentTable {
    private final Map<List<String>, List<Outcome>> rows = new LinkedHashMap<>();

    void add(Outcome outcome) {
        List<Outcome> outcomes = rows.computeIfAbsent(outcome.combination(), key -> new ArrayList<>());
        // a grid may name one combination twice, in other words
        if (outcomes.stream().noneMatch(other -> other.dataset().equals(outcome.dataset()))) {
            outcomes.add(outcome);
        }
    }

    /**
     * A combination.
     *
     * @param outcomes one a data set
     */
    record Row(List<Outcome> outcomes) {
        Outcome first() {
            return outcomes.get(0);
        }

        double mean(java.util.function.ToDoubleFunction<Outcome> value) {
            return outcomes.stream().mapToDouble(value).average().orElse(0);
        }

        /** Standard deviation over the data sets; 0 for one. */
        double spread() {
            double mean = mean(Outcome::map);
            double square = 0;
            for (Outcome outcome : outcomes) {
                square += (outcome.map() - mean) * (outcome.map() - mean);
            }
            return outcomes.size() < 2 ? 0 : Math.sqrt(square / (outcomes.size() - 1));
        }

        double queryMillis() {
            return mean(Outcome::queryMillis);
        }

        String label() {
            return first().label();
        }

        Map<String, Object> json() {
            Outcome first = first();
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("extractor", first.extractor());
            line.put("aggregator", first.aggregator());
            line.put("index", first.index());
            line.put("rerank", first.reranker());
            line.put("verify", first.verify());
            line.put("map", mean(Outcome::map));
            line.put("mapSpread", spread());
            line.put("p@1", mean(Outcome::precisionAt1));
            line.put("extractMs", mean(Outcome::extractMillis));
            line.put("aggregateMs", mean(Outcome::aggregateMillis));
            line.put("buildSeconds", mean(Outcome::buildSeconds));
            line.put("queryMs", queryMillis());
            line.put("bytesPerImage", mean(Outcome::bytesPerImage));
            Map<String, Object> datasets = new LinkedHashMap<>();
            for (Outcome outcome : outcomes) {
                datasets.put(outcome.dataset(), outcome.map());
            }
            line.put("datasets", datasets);
            return line;
        }
    }

    /** Those that did not run on every data set: their means are of other queries. */
    List<Row> incomplete(int datasets) {
        return rows.values().stream()
                .filter(outcomes -> outcomes.size() < datasets)
                .map(Row::new)
                .toList();
    }

    /** The combinations that ran on as many data sets as any other, best first. */
    List<Row> rows() {
        List<Row> sorted = new ArrayList<>();
        int most = rows.values().stream().mapToInt(List::size).max().orElse(0);
        rows.values().stream()
                .filter(outcomes -> outcomes.size() == most)
                .forEach(outcomes -> sorted.add(new Row(outcomes)));
        sorted.sort((a, b) -> Double.compare(b.mean(Outcome::map), a.mean(Outcome::map)));
        return sorted;
    }

    /** Those that no other one beats in quality and time of a query at once, fastest first. */
    static List<Row> frontier(List<Row> rows) {
        List<Row> frontier = new ArrayList<>();
        List<Row> byTime = new ArrayList<>(rows);
        byTime.sort((a, b) -> Double.compare(a.queryMillis(), b.queryMillis()));
        double best = Double.NEGATIVE_INFINITY;
        for (Row row : byTime) {
            if (row.mean(Outcome::map) > best) {
                best = row.mean(Outcome::map);
                frontier.add(row);
            }
        }
        return frontier;
    }

    /** Aligned text, best first. */
    String text() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%16s %6s %10s %9s %9s  %s%n",
                "mAP",
                "p@1",
                "ms/query",
                "build, s",
                "B/image",
                "combination"));
        for (Row row : rows()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%8.4f ±%6.4f %6.3f %10.2f %9.2f %9.0f  %s%n",
                    row.mean(Outcome::map),
                    row.spread(),
                    row.mean(Outcome::precisionAt1),
                    row.queryMillis(),
                    row.mean(Outcome::buildSeconds),
                    row.mean(Outcome::bytesPerImage),
                    row.label()));
        }
        return text.toString().stripTrailing();
    }

    /** Comma-separated values, best first. */
    String csv() {
        StringBuilder text = new StringBuilder();
        for (Row row : rows()) {
            Map<String, Object> line = row.json();
            line.remove("datasets");
            if (text.length() == 0) {
                text.append(String.join(",", line.keySet())).append('\n');
            }
            List<String> fields = new ArrayList<>();
            for (Object value : line.values()) {
                fields.add(value instanceof String field ? '"' + field.replace("\"", "\"\"") + '"' : value.toString());
            }
            text.append(String.join(",", fields)).append('\n');
        }
        return text.toString();
    }
}
