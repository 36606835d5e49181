package org.retrieval4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleFunction;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.eval.Figures;
import org.retrieval4j.eval.Figures.Interval;
import picocli.CommandLine.Option;

/** How figures of merit are told: as a table, JSON, CSV or LaTeX, with intervals of confidence if wanted. */
final class FigureOutput {
    /** The name of figures that are the only ones. */
    static final String ONLY = "";

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--csv", description = "Print CSV with a header.")
    private boolean csv;

    @Option(names = "--latex", description = "Print a table for LaTeX (with the package booktabs), in percent.")
    private boolean latex;

    @Option(
            names = "--bootstrap",
            paramLabel = "N",
            description = "Add intervals of confidence of 95 percent, from N draws of the queries with replacement.")
    private int bootstrap;

    @Option(names = "--seed", paramLabel = "S", description = "Seed of these draws (default: 1).")
    private long seed = 1;

    void check() {
        if ((json ? 1 : 0) + (csv ? 1 : 0) + (latex ? 1 : 0) > 1) {
            throw new UsageException("--json, --csv and --latex exclude each other");
        }
        if (bootstrap < 0 || bootstrap > 1_000_000) {
            throw new UsageException("--bootstrap must be 0 to 1000000, got " + bootstrap);
        }
    }

    /** Prints figures, those of a setting below its name. */
    void print(Console console, Map<String, ? extends Figures> settings) {
        if (json) {
            Figures only = settings.get(ONLY);
            Map<String, Object> all = new LinkedHashMap<>();
            settings.forEach((setting, figures) -> all.put(setting, object(figures)));
            console.print(Json.text(only == null ? all : object(only)));
        } else if (csv) {
            for (List<String> row : cells(settings, FigureOutput::exact, true)) {
                console.print(String.join(",", row));
            }
        } else if (latex) {
            // tables have parts of a hundred, but the score of UKBench counts to 4
            boolean counts = settings.values().stream()
                    .allMatch(figures -> figures.names().stream().allMatch("ns"::equals));
            latex(cells(settings, value -> rounded((counts ? 1 : 100) * value, 2, "--"), false))
                    .forEach(console::print);
        } else {
            table(cells(settings, value -> rounded(value, 4, "-"), false)).forEach(console::print);
        }
    }

    private Map<String, @Nullable Object> object(Figures figures) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        Map<String, @Nullable Object> intervals = new LinkedHashMap<>();
        for (String name : figures.names()) {
            double mean = figures.value(name);
            line.put(name, Double.isNaN(mean) ? null : mean);
            if (bootstrap > 0) {
                Interval interval = figures.interval(name, bootstrap, seed);
                intervals.put(name, Double.isNaN(mean) ? null : List.of(interval.low(), interval.high()));
            }
        }
        if (bootstrap > 0) {
            line.put("interval", intervals);
        }
        return line;
    }

    /** A header, and a row for each setting. */
    private List<List<String>> cells(
            Map<String, ? extends Figures> settings, DoubleFunction<String> number, boolean ownColumns) {
        List<List<String>> rows = new ArrayList<>();
        settings.forEach((setting, figures) -> {
            List<String> header = new ArrayList<>();
            List<String> row = new ArrayList<>();
            if (!setting.equals(ONLY)) {
                header.add("setting");
                row.add(setting);
            }
            header.add("queries");
            row.add(Integer.toString(figures.counted()));
            for (String name : figures.names()) {
                header.add(ownColumns ? name : label(name));
                String mean = number.apply(figures.value(name));
                if (bootstrap == 0) {
                    row.add(mean);
                    continue;
                }
                Interval interval = figures.interval(name, bootstrap, seed);
                String low = number.apply(interval.low());
                String high = number.apply(interval.high());
                if (ownColumns) {
                    header.addAll(List.of(name + " low", name + " high"));
                    row.addAll(List.of(mean, low, high));
                } else {
                    row.add(mean + " [" + low + ", " + high + "]");
                }
            }
            if (rows.isEmpty()) {
                rows.add(header);
            }
            rows.add(row);
        });
        return rows;
    }

    /** As papers write it. */
    private static String label(String name) {
        return name.equals("ns")
                ? "N-S"
                : name.replace("map", "mAP").replace("gap", "GAP").replace("mp@", "mP@");
    }

    private static String exact(double value) {
        return Double.isNaN(value) ? "" : Double.toString(value);
    }

    private static String rounded(double value, int digits, String none) {
        return Double.isNaN(value) ? none : String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static List<String> table(List<List<String>> rows) {
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                int column = i;
                int width = rows.stream()
                        .mapToInt(any -> any.get(column).length())
                        .max()
                        .orElse(0);
                line.append(i == 0 ? "" : "  ")
                        .append(" ".repeat(width - row.get(i).length()))
                        .append(row.get(i));
            }
            lines.add(line.toString());
        }
        return lines;
    }

    private static List<String> latex(List<List<String>> rows) {
        List<String> lines = new ArrayList<>();
        lines.add("\\begin{tabular}{" + "r".repeat(rows.get(0).size()) + "}");
        lines.add("\\toprule");
        for (int i = 0; i < rows.size(); i++) {
            lines.add(String.join(" & ", rows.get(i)) + " \\\\");
            if (i == 0) {
                lines.add("\\midrule");
            }
        }
        lines.add("\\bottomrule");
        lines.add("\\end{tabular}");
        return lines;
    }
}
