package org.retrieval4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

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
        try {
            return scores(JsonReader.read(Files.readString(file)));
        } catch (IllegalArgumentException | ClassCastException wrong) {
            throw new IOException(file + " is no result of JMH in JSON: " + wrong.getMessage(), wrong);
        }
    }

    private static Map<String, Score> scores(Object json) {
        Map<String, Score> scores = new LinkedHashMap<>();
        for (Object entry : (List<?>) json) {
            Map<?, ?> run = (Map<?, ?>) entry;
            Map<?, ?> metric = (Map<?, ?>) part(run, "primaryMetric");
            String name = (String) part(run, "benchmark");
            StringBuilder key = new StringBuilder(
                    name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1)); // class and method
            if (run.get("params") instanceof Map<?, ?> params) {
                new TreeMap<Object, Object>(params)
                        .forEach((k, v) -> key.append(' ').append(k).append('=').append(v));
            }
            scores.put(
                    key.toString(),
                    new Score(
                            number(part(metric, "score")),
                            number(part(metric, "scoreError")),
                            !"thrpt".equals(run.get("mode")),
                            (String) part(metric, "scoreUnit")));
        }
        return scores;
    }

    private static Object part(Map<?, ?> object, String key) {
        Object value = object.get(key);
        if (value == null) {
            throw new IllegalArgumentException("\"" + key + "\" is missing");
        }
        return value;
    }

    private static double number(Object json) {
        return json instanceof Double number ? number : Double.parseDouble((String) json); // "NaN" is a string
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
