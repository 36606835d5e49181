package org.retrieval4j.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.eval.Figures;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.nd4j.training.RankingFigures;
import org.retrieval4j.nd4j.training.TrainingSet;

/** Aggregators on pictures that nobody has learned from, the first beside each other one, query by query. */
final class TrainComparison {
    private static final int BATCH = 64;
    private static final int DRAWS = 10_000;
    private static final List<String> FIGURES = List.of("recall@1", "mAP");

    private final TrainingSet test;
    private final long seed;
    private final BuildContext context;
    private final List<Row> rows = new ArrayList<>();

    private record Row(String name, int columns, QueryFigures figures) {}

    TrainComparison(TrainingSet test, long seed, BuildContext context) {
        this.test = test;
        this.seed = seed;
        this.context = context;
    }

    void add(String name, Aggregator aggregator) throws IOException {
        List<double[]> vectors = new ArrayList<>();
        for (int from = 0; from < test.size(); from += BATCH) {
            List<ImageFeatures> group = new ArrayList<>();
            for (int i = from; i < Math.min(test.size(), from + BATCH); i++) {
                group.add(test.features(i));
            }
            for (GlobalDescriptor descriptor : aggregator.aggregateAll(group)) {
                if (!(descriptor instanceof GlobalDescriptor.Dense dense)) {
                    throw new CommandException(name + " gives no dense vector, which a comparison needs");
                }
                float[] values = dense.values();
                double[] wide = new double[values.length];
                for (int j = 0; j < values.length; j++) {
                    wide[j] = values[j];
                }
                vectors.add(wide);
            }
            context.progress().progress("test", Math.min(test.size(), from + BATCH), test.size());
        }
        int columns = vectors.get(0).length;
        double[] all = new double[Math.multiplyExact(columns, vectors.size())];
        for (int i = 0; i < vectors.size(); i++) {
            System.arraycopy(vectors.get(i), 0, all, i * columns, columns);
        }
        rows.add(new Row(name, columns, RankingFigures.of(all, columns, test.relations())));
    }

    /** How much better the first is than a row, query by query. */
    private QueryFigures gain(Row row) {
        Map<String, double[]> gains = new LinkedHashMap<>();
        for (String figure : FIGURES) {
            double[] first = rows.get(0).figures.values(figure);
            double[] other = row.figures.values(figure);
            for (int i = 0; i < first.length; i++) {
                first[i] -= other[i];
            }
            gains.put(figure, first);
        }
        return new QueryFigures(gains);
    }

    List<Object> json() {
        List<Object> list = new ArrayList<>();
        for (Row row : rows) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("name", row.name);
            line.put("dimension", row.columns);
            line.put("queries", row.figures.counted());
            for (String figure : row.figures.names()) {
                line.put(figure, row.figures.value(figure));
            }
            if (row != rows.get(0)) {
                QueryFigures gain = gain(row);
                for (String figure : FIGURES) {
                    Figures.Interval interval = gain.interval(figure, DRAWS, seed);
                    line.put("gain " + figure, List.of(interval.low(), gain.value(figure), interval.high()));
                }
            }
            list.add(line);
        }
        return list;
    }

    String text() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%n%d pictures, %d queries; gain: how much better the trained head is, with its 95%% interval%n",
                test.size(),
                rows.get(0).figures.counted()));
        text.append(String.format(
                Locale.ROOT,
                "%8s %8s %8s %6s  %-26s %-26s %s%n",
                "recall@1",
                "recall@5",
                "mAP",
                "values",
                "gain in recall@1",
                "gain in mAP",
                "aggregator"));
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "%8.4f %8.4f %8.4f %6d",
                    row.figures.value("recall@1"),
                    row.figures.value("recall@5"),
                    row.figures.value("mAP"),
                    row.columns));
            QueryFigures gain = gain(row);
            for (String figure : FIGURES) {
                Figures.Interval interval = gain.interval(figure, DRAWS, seed);
                text.append(String.format(
                        Locale.ROOT,
                        "  %-25s",
                        row == rows.get(0)
                                ? ""
                                : String.format(
                                        Locale.ROOT,
                                        "%+.4f (%+.4f, %+.4f)",
                                        gain.value(figure),
                                        interval.low(),
                                        interval.high())));
            }
            text.append("  ").append(row.name).append('\n');
        }
        return text.toString();
    }
}
