package org.retrieval4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.localization.text.JsonFile;
import org.retrieval4j.localization.text.JsonValue;

/**
 * Compares two runs of JMH ({@code -rf json -rff FILE}): for each benchmark with its parameters, how many times as fast
 * the second run was, and the interval that JMH's 99.9 % intervals of both leave for that ratio. An interval that holds 1
 * tells of no difference.
 *
 * <pre>{@code
 * java -cp retrieval-bench/target/benchmarks.jar org.retrieval4j.bench.Compare baseline.json result.json
 * }</pre>
 */
public final class Compare {
    private Compare() {}

    /**
     * Prints the table.
     *
     * @param arguments the two files
     * @throws IOException if one cannot be read
     */
    @SuppressWarnings("SystemOut") // a program
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: Compare BASELINE.json RESULT.json, as JMH's -rf json writes them");
            System.exit(2);
        }
        System.out.print(table(read(Path.of(arguments[0])), read(Path.of(arguments[1]))));
    }

    /** A mean, and how far it may be off; NaN if it was measured once. */
    record Score(double mean, double error, boolean time, String unit) {
        /** How many times as fast the other is: the estimate, the least and the most. */
        double[] ratio(Score other) {
            Score over = time ? this : other;
            Score under = time ? other : this;
            double most = under.mean - under.error > 0
                    ? (over.mean + over.error) / (under.mean - under.error)
                    : Double.POSITIVE_INFINITY;
            return new double[] {
                over.mean / under.mean, Math.max(0, over.mean - over.error) / (under.mean + under.error), most
            };
        }
    }

    static Map<String, Score> read(Path file) throws IOException {
        Map<String, Score> scores = new LinkedHashMap<>();
        try (JsonFile json = new JsonFile(file)) {
            json.elements(() -> {
                JsonValue run = json.value();
                JsonValue metric = run.member("primaryMetric");
                scores.put(
                        key(run),
                        new Score(
                                number(metric.member("score")),
                                number(metric.member("scoreError")),
                                !run.member("mode").text().equals("thrpt"),
                                metric.member("scoreUnit").text()));
            });
            json.end();
        }
        return scores;
    }

    /** Class, method and parameters. */
    private static String key(JsonValue run) throws IOException {
        String name = run.member("benchmark").text();
        StringBuilder key = new StringBuilder(name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1));
        Optional<JsonValue> parameters = run.optional("params");
        if (parameters.isPresent()) {
            for (Map.Entry<String, JsonValue> each :
                    new TreeMap<>(parameters.get().members()).entrySet()) {
                key.append(' ')
                        .append(each.getKey())
                        .append('=')
                        .append(each.getValue().text());
            }
        }
        return key.toString();
    }

    /** JMH writes what is not finite as text. */
    private static double number(JsonValue value) throws IOException {
        return value.isText() ? value.made(() -> Double.parseDouble(value.text())) : value.number();
    }

    static String table(Map<String, Score> baseline, Map<String, Score> result) {
        List<String> lines = new ArrayList<>();
        lines.add("| benchmark | baseline | result | ratio | interval | |");
        lines.add("|---|---|---|---|---|---|");
        result.forEach((name, score) -> {
            Score before = baseline.get(name);
            if (before != null && before.unit.equals(score.unit) && before.time == score.time) {
                double[] ratio = before.ratio(score);
                String verdict = ratio[1] > 1 ? "faster" : ratio[2] < 1 ? "slower" : "";
                lines.add(String.format(
                        Locale.ROOT,
                        "| %s | %s | %s | %.2f | %.2f–%.2f | %s |",
                        name,
                        text(before),
                        text(score),
                        ratio[0],
                        ratio[1],
                        ratio[2],
                        verdict));
            } else {
                lines.add("| " + name + " | – | " + text(score) + " | | | new |");
            }
        });
        baseline.forEach((name, score) -> {
            if (!result.containsKey(name)) {
                lines.add("| " + name + " | " + text(score) + " | – | | | gone |");
            }
        });
        return String.join("\n", lines) + "\n";
    }

    private static String text(Score score) {
        return String.format(Locale.ROOT, "%.4g ± %.2g %s", score.mean, score.error, score.unit);
    }
}
