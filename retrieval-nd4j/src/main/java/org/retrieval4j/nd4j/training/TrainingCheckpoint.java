package org.retrieval4j.nd4j.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * How far a training is, in a file: whoever goes on from it gets the same numbers as a training that was never ended. The
 * file is replaced in one step.
 */
final class TrainingCheckpoint {
    private static final String KIND = "training";
    private static final int VERSION = 1;
    private static final String SETTING = "setting.";
    private static final String VALUES = "values/";
    private static final String BEST = "best/";
    private static final String MEMORY = "memory/";

    private TrainingCheckpoint() {}

    /** What changes while a training runs. */
    static final class State {
        /** Epochs that ended, the untrained head's first. */
        final List<Trainer.Epoch> epochs = new ArrayList<>();

        /** Queries of the present epoch that are done. */
        int position;

        /** Sum of the losses of the present epoch, and number of tuples. */
        double loss;

        long tuples;

        /** Time that the present epoch took so far. */
        double seconds;

        /** Values of parameters after the best epoch. */
        final Map<String, double[]> best = new LinkedHashMap<>();

        /** Number of the best epoch. */
        int bestEpoch;
    }

    static void save(
            Path file,
            Map<String, String> settings,
            State state,
            Map<String, Parameter> parameters,
            Optimizer.Steps steps,
            Miner miner)
            throws IOException {
        try (SectionWriter writer = SectionWriter.create(file, KIND, VERSION)) {
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                writer.header(SETTING + setting.getKey(), setting.getValue());
            }
            writer.header("position", Integer.toString(state.position));
            writer.header("best.epoch", Integer.toString(state.bestEpoch));
            List<String> figures = state.epochs.isEmpty()
                    ? List.of()
                    : List.copyOf(state.epochs.get(0).figures().keySet());
            writer.header("figures", String.join(" ", figures));
            writer.doubles("loss", new double[] {state.loss, state.tuples, state.seconds});
            double[] rows = new double[state.epochs.size() * (3 + figures.size())];
            int to = 0;
            for (Trainer.Epoch epoch : state.epochs) {
                rows[to++] = epoch.loss();
                rows[to++] = epoch.rate();
                rows[to++] = epoch.seconds();
                for (String figure : figures) {
                    rows[to++] = epoch.figures().getOrDefault(figure, Double.NaN);
                }
            }
            writer.doubles("epochs", rows);
            for (Map.Entry<String, Parameter> parameter : parameters.entrySet()) {
                writer.doubles(VALUES + parameter.getKey(), parameter.getValue().values());
            }
            for (Map.Entry<String, double[]> values : state.best.entrySet()) {
                writer.doubles(BEST + values.getKey(), values.getValue());
            }
            for (Map.Entry<String, double[]> values : steps.memory().entrySet()) {
                writer.doubles(MEMORY + values.getKey(), values.getValue());
            }
            int[][] hard = miner.hard();
            int size = hard.length;
            for (int[] one : hard) {
                size += one.length;
            }
            int[] flat = new int[size];
            int at = 0;
            for (int[] one : hard) {
                flat[at++] = one.length;
                System.arraycopy(one, 0, flat, at, one.length);
                at += one.length;
            }
            writer.ints("hard", flat);
            writer.commit();
        }
    }

    /** What was saved; null if there is no file. */
    static @Nullable State open(
            Path file,
            Map<String, String> settings,
            Map<String, Parameter> parameters,
            Optimizer.Steps steps,
            Miner miner)
            throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        try (SectionFile saved = SectionFile.open(file, KIND, VERSION, VERSION)) {
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                String before = saved.header(SETTING + setting.getKey());
                if (!before.equals(setting.getValue())) {
                    throw new IllegalArgumentException(file + " is the checkpoint of another training: its "
                            + setting.getKey() + " is " + before + ", and not " + setting.getValue()
                            + "; delete it, or choose another output folder");
                }
            }
            saved.verify();
            State state = new State();
            state.position = (int) saved.headerLong("position", 0, Integer.MAX_VALUE);
            double[] sums = exactly(saved, "loss", 3);
            state.loss = sums[0];
            state.tuples = (long) sums[1];
            state.seconds = sums[2];
            String names = saved.header("figures");
            List<String> figures = names.isEmpty() ? List.of() : List.of(names.split(" "));
            double[] rows = saved.doubles("epochs");
            int width = 3 + figures.size();
            if (rows.length % width != 0) {
                throw new CorruptFileException(file, 0, "rows of " + width + " numbers", rows.length + " numbers");
            }
            for (int at = 0; at < rows.length; at += width) {
                Map<String, Double> values = new LinkedHashMap<>();
                for (int f = 0; f < figures.size(); f++) {
                    values.put(figures.get(f), rows[at + 3 + f]);
                }
                state.epochs.add(new Trainer.Epoch(at / width, rows[at], rows[at + 1], values, rows[at + 2]));
            }
            state.bestEpoch = (int) saved.headerLong("best.epoch", 0, Math.max(0, state.epochs.size() - 1));
            for (Map.Entry<String, Parameter> parameter : parameters.entrySet()) {
                double[] values = parameter.getValue().values();
                System.arraycopy(
                        exactly(saved, VALUES + parameter.getKey(), values.length), 0, values, 0, values.length);
                state.best.put(parameter.getKey(), exactly(saved, BEST + parameter.getKey(), values.length));
            }
            Map<String, double[]> memory = new TreeMap<>();
            for (Section section : saved.sections()) {
                if (section.name().startsWith(MEMORY)) {
                    memory.put(section.name().substring(MEMORY.length()), saved.doubles(section.name()));
                }
            }
            steps.restore(memory);
            int[] flat = saved.ints("hard");
            int[][] hard = miner.hard();
            int at = 0;
            for (int i = 0; i < hard.length; i++) {
                int length = at < flat.length ? flat[at++] : -1;
                if (length < 0 || length > flat.length - at) {
                    throw new CorruptFileException(file, 0, "hard negatives of " + hard.length + " pictures", "" + i);
                }
                hard[i] = java.util.Arrays.copyOfRange(flat, at, at + length);
                for (int picture : hard[i]) {
                    if (picture < 0 || picture >= hard.length) {
                        throw new CorruptFileException(
                                file, 0, "pictures 0 to " + (hard.length - 1), Integer.toString(picture));
                    }
                }
                at += length;
            }
            return state;
        }
    }

    private static double[] exactly(SectionFile saved, String name, int size) throws IOException {
        if (saved.find(name).isPresent() && saved.find(name).get().size() != size) {
            throw new IllegalArgumentException(saved.path() + " is the checkpoint of another head: " + name + " has "
                    + saved.find(name).get().size() + " values, and not " + size);
        }
        return saved.doubles(name);
    }
}
