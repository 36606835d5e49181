package org.retrieval4j.nd4j.training;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.learning.ParallelChunks;

/**
 * Trains a head on the features of pictures: epoch after epoch of tuples of a query, positives, and hard negatives, found
 * with descriptors of all pictures that are refreshed now and then; judged after each by pictures of other places. The
 * head of the best epoch is what remains. The numbers depend on data, settings and seed alone: not on threads, and not on
 * whether the training was ended in the middle and went on from its checkpoint.
 *
 * <p>For one training; for one thread, which shares its work with the context's executor.
 */
public final class Trainer {
    private static final int DESCRIBED = 8; // pictures in a pass
    private static final long SAVE_NANOS = 30_000_000_000L;

    /** A mean loss that is as many times the first epoch's means that training does not lead anywhere any more. */
    private static final double DIVERGED = 1000;

    private final Setup setup;
    private final Options options;
    private final BuildContext context;
    private final Listener listener;
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();
    private final Loss.Objective objective;
    private final Optimizer.Steps steps;
    private final Miner miner;
    private final int[] queries;
    private final double[] first; // the descriptors of the pictures before training
    private final int columns;
    private long savedAt = System.nanoTime();
    private long saveNanos = SAVE_NANOS;

    /**
     * What is trained, on what, and how.
     *
     * @param head what is trained; has its last values after training
     * @param network computes it; the head itself, or the same in another way
     * @param training what it learns from
     * @param validation what judges it
     * @param loss what it makes smaller
     * @param optimizer how its parameters follow their gradients
     * @param schedule how the rate changes
     * @param rates factors on the learning rate by names of parameters, in place of their own
     * @param decays whether weight decay shrinks parameters, by their names, in place of what they say themselves
     */
    public record Setup(
            Head head,
            Network network,
            TrainingSet training,
            TrainingSet validation,
            Loss loss,
            Optimizer optimizer,
            Schedule schedule,
            Map<String, Double> rates,
            Map<String, Boolean> decays) {
        /** Copies the maps. */
        public Setup {
            requireNonNull(head, "head");
            requireNonNull(network, "network");
            requireNonNull(training, "training");
            requireNonNull(validation, "validation");
            requireNonNull(loss, "loss");
            requireNonNull(optimizer, "optimizer");
            requireNonNull(schedule, "schedule");
            rates = Map.copyOf(rates);
            decays = Map.copyOf(decays);
        }
    }

    /**
     * Settings.
     *
     * @param epochs how many at most, at least 1
     * @param batch tuples in an iteration, at least 1
     * @param positives in a tuple, at least 1
     * @param negatives in a tuple, at least 1
     * @param nearest whether the positives that look most like the query are taken, or random ones
     * @param pool random negatives that the hardest ones are found among
     * @param refresh after how many queries all pictures are described again, at least 1
     * @param queries in an epoch at most, at least 1
     * @param patience how many epochs without a better figure end the training, at least 1
     * @param monitor the figure: {@code recall@1}, {@code recall@5}, {@code recall@10} or {@code mAP}
     * @param seed of all that is random
     */
    public record Options(
            int epochs,
            int batch,
            int positives,
            int negatives,
            boolean nearest,
            int pool,
            int refresh,
            int queries,
            int patience,
            String monitor,
            long seed) {
        private static final List<String> FIGURES = List.of("recall@1", "recall@5", "recall@10", "mAP");

        /** Checks the ranges. */
        public Options {
            least("epochs", epochs);
            least("batch", batch);
            least("refresh", refresh);
            least("queries", queries);
            least("patience", patience);
            new Miner.Options(positives, negatives, pool, nearest);
            if (!FIGURES.contains(monitor)) {
                throw new IllegalArgumentException("monitor must be one of " + FIGURES + ", got \"" + monitor + "\"");
            }
        }

        private static void least(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1, got " + value);
            }
        }

        /**
         * NetVLAD's: batches of 4 queries with 10 negatives each, hardest of 1,000, refreshed after 1,000 queries, 30
         * epochs, judged by recall@5.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(30, 4, 1, 10, true, 1000, 1000, Integer.MAX_VALUE, 10, "recall@5", 42);
        }
    }

    /**
     * What an epoch brought.
     *
     * @param number from 1; 0 is the head before training
     * @param loss mean over its tuples; NaN before training
     * @param rate factor of the schedule on the learning rate
     * @param figures of the validation set, by name
     * @param seconds that it took, with validation
     */
    public record Epoch(int number, double loss, double rate, Map<String, Double> figures, double seconds) {
        /** Copies the figures. */
        public Epoch {
            figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
        }
    }

    /** Is told of each epoch when it ends; after a restart of those that had ended, too. */
    @FunctionalInterface
    public interface Listener {
        /**
         * An epoch ended.
         *
         * @param epoch what it brought
         */
        void epoch(Epoch epoch);
    }

    /**
     * What a training brought.
     *
     * @param epochs all of them, the head before training first
     * @param best number of the one whose head remains
     * @param diverged why the training ended before its time; empty if nothing went wrong
     */
    public record Result(List<Epoch> epochs, int best, Optional<String> diverged) {
        /** Copies the list. */
        public Result {
            epochs = List.copyOf(epochs);
            requireNonNull(diverged, "diverged");
        }
    }

    /**
     * Prepares a training; describes all pictures once.
     *
     * @param setup what and how
     * @param options settings
     * @param context threads, progress; {@link BuildContext#checkpoints()} is the file of the checkpoint
     * @param listener is told of epochs
     * @throws IOException if features cannot be read
     * @throws IllegalArgumentException if no picture has both a positive and a negative, the loss needs labels that there
     *     are not, or a setting names a parameter that there is not
     */
    public Trainer(Setup setup, Options options, BuildContext context, Listener listener) throws IOException {
        this.setup = setup;
        this.options = options;
        this.context = context;
        this.listener = listener;
        Relations relations = setup.training.relations();
        this.queries = relations.queries();
        if (queries.length == 0) {
            throw new IllegalArgumentException("none of the " + relations.size()
                    + " pictures to learn from has both a picture that shows the same and one that does not:"
                    + " there is no valid tuple");
        }
        if (setup.validation.relations().queries().length == 0) {
            throw new IllegalArgumentException("none of the " + setup.validation.size()
                    + " pictures for validation has both a picture that shows the same and one that does not");
        }
        this.miner = new Miner(
                relations,
                new Miner.Options(options.positives, options.negatives, options.pool, options.nearest),
                options.seed);
        double[][] width = new double[1][];
        this.columns = describe(setup.network, setup.training, context, width);
        this.first = width[0];
        this.objective = setup.loss.over(columns, relations.classes(), options.seed);
        parameters.putAll(setup.head.named());
        for (Parameter own : objective.parameters()) {
            parameters.put("loss." + own.name(), own);
        }
        requireKnown(setup.rates.keySet());
        requireKnown(setup.decays.keySet());
        List<Optimizer.Learned> learned = new ArrayList<>();
        parameters.forEach((name, parameter) -> learned.add(new Optimizer.Learned(
                name,
                parameter,
                setup.rates.getOrDefault(name, parameter.rate()),
                setup.decays.getOrDefault(name, parameter.decays()))));
        this.steps = setup.optimizer.over(learned);
    }

    /** Saves at every refresh, for tests. */
    void saveOften() {
        saveNanos = 0;
    }

    private void requireKnown(Iterable<String> names) {
        for (String name : names) {
            if (!parameters.containsKey(name)) {
                throw new IllegalArgumentException(
                        "there is no parameter \"" + name + "\"; there are: " + String.join(", ", parameters.keySet()));
            }
        }
    }

    /**
     * Trains, from the checkpoint on if there is one. The head has the values of the best epoch afterwards.
     *
     * @return what came out
     * @throws IOException if features cannot be read, or the checkpoint cannot be read or written
     * @throws IllegalArgumentException if the checkpoint is of another training
     */
    public Result train() throws IOException {
        Map<String, String> settings = settings();
        Optional<Path> file = context.checkpoints();
        TrainingCheckpoint.State state =
                file.isPresent() ? TrainingCheckpoint.open(file.get(), settings, parameters, steps, miner) : null;
        if (state == null) {
            state = new TrainingCheckpoint.State();
            long start = System.nanoTime();
            Map<String, Double> figures = judge();
            keepBest(state);
            state.epochs.add(new Epoch(0, Double.NaN, 0, figures, (System.nanoTime() - start) / 1e9));
        } else {
            requireSameRates(state);
        }
        state.epochs.forEach(listener::epoch);
        int perEpoch = Math.min(options.queries, queries.length);
        Optional<String> failure = Optional.empty();
        while (state.epochs.size() <= options.epochs
                && state.epochs.size() - 1 - state.bestEpoch < options.patience
                && failure.isEmpty()) {
            failure = epoch(state, perEpoch, settings);
        }
        restore(state.best);
        return new Result(state.epochs, state.bestEpoch, failure);
    }

    /** Another number of epochs must not have changed the rates of those that are done. */
    private void requireSameRates(TrainingCheckpoint.State state) {
        for (Epoch epoch : state.epochs) {
            if (epoch.number() > 0 && setup.schedule.factor(epoch.number() - 1, options.epochs) != epoch.rate()) {
                throw new IllegalArgumentException(context.checkpoints().orElseThrow()
                        + " is the checkpoint of another training: with epochs=" + options.epochs
                        + " the rate of epoch "
                        + epoch.number() + " would have been another one");
            }
        }
    }

    private Optional<String> epoch(TrainingCheckpoint.State state, int perEpoch, Map<String, String> settings)
            throws IOException {
        int epoch = state.epochs.size() - 1;
        double factor = setup.schedule.factor(epoch, options.epochs);
        int[] order = order(epoch);
        long start = System.nanoTime();
        double before = state.seconds;
        while (state.position < perEpoch) {
            context.checkInterrupted();
            if (state.position % options.refresh == 0) {
                state.seconds = before + (System.nanoTime() - start) / 1e9;
                refresh(state);
                if (System.nanoTime() - savedAt >= saveNanos) {
                    save(state, settings);
                }
            }
            int end = Math.min(
                    perEpoch,
                    Math.min(state.position + options.batch, (state.position / options.refresh + 1) * options.refresh));
            List<Miner.Picked> picked = new ArrayList<>();
            for (; state.position < end; state.position++) {
                Miner.Picked one = miner.pick(order[state.position], epoch);
                if (one != null) {
                    picked.add(one);
                }
            }
            if (!picked.isEmpty()) {
                double loss = iterate(picked, factor);
                state.loss += loss;
                state.tuples += picked.size();
                double usual = state.epochs.size() > 1 ? state.epochs.get(1).loss() : Double.POSITIVE_INFINITY;
                if (!(loss / picked.size() <= DIVERGED * usual) || !isFinite()) {
                    return Optional.of(
                            "the loss diverged (" + loss / picked.size() + " a tuple) in epoch " + (epoch + 1)
                                    + " after " + state.position + " queries; the head of epoch " + state.bestEpoch
                                    + " is kept; try a smaller rate");
                }
            }
            context.progress()
                    .progress("train", (long) epoch * perEpoch + state.position, (long) options.epochs * perEpoch);
        }
        if (state.tuples == 0) {
            throw new IllegalArgumentException("no query of epoch " + (epoch + 1) + " has a negative in its pool of "
                    + options.pool + ": there is no valid tuple");
        }
        Map<String, Double> figures = judge();
        double seconds = before + (System.nanoTime() - start) / 1e9;
        Epoch ended = new Epoch(epoch + 1, state.loss / state.tuples, factor, figures, seconds);
        double best = state.epochs.get(state.bestEpoch).figures().getOrDefault(options.monitor, 0.0);
        state.epochs.add(ended);
        if (figures.getOrDefault(options.monitor, 0.0) > best) {
            state.bestEpoch = ended.number();
            keepBest(state);
        }
        state.position = 0;
        state.loss = 0;
        state.tuples = 0;
        state.seconds = 0;
        save(state, settings);
        listener.epoch(ended);
        return Optional.empty();
    }

    private void refresh(TrainingCheckpoint.State state) throws IOException {
        if (state.epochs.size() == 1 && state.position == 0) {
            miner.refresh(first, columns);
            return;
        }
        double[][] vectors = new double[1][];
        miner.refresh(vectors[0] = described(setup.network, setup.training, context), columns);
    }

    /** The queries of an epoch, in an order that seed and epoch decide. */
    private int[] order(int epoch) {
        int[] order = queries.clone();
        SplittableRandom random = new SplittableRandom(options.seed + 0x632be59bd9b4e019L * (epoch + 1));
        for (int i = order.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[other];
            order[other] = swapped;
        }
        return order;
    }

    /** One step; returns the loss. */
    private double iterate(List<Miner.Picked> picked, double factor) throws IOException {
        Map<Integer, Integer> rows = new LinkedHashMap<>();
        List<Tuple> tuples = new ArrayList<>();
        for (Miner.Picked one : picked) {
            tuples.add(new Tuple(row(rows, one.query()), rows(rows, one.positives()), rows(rows, one.negatives())));
        }
        int[] pictures = rows.keySet().stream().mapToInt(i -> i).toArray();
        int[] labels =
                Arrays.stream(pictures).map(setup.training.relations()::label).toArray();
        int parts = Math.min(setup.network.parts(), pictures.length);
        Layer.Pass[] passes = new Layer.Pass[parts];
        double[] vectors = new double[pictures.length * columns];
        run(context, parts, 1, part -> {
            int from = pictures.length * part / parts;
            int to = pictures.length * (part + 1) / parts;
            passes[part] = setup.network.forward(rows(setup.training, Arrays.copyOfRange(pictures, from, to)));
            System.arraycopy(passes[part].output().values(), 0, vectors, from * columns, (to - from) * columns);
        });
        List<Parameter> all = List.copyOf(parameters.values());
        Gradients sum = new Gradients(all);
        double[] gradient = new double[vectors.length];
        double loss = objective.of(vectors, columns, tuples, labels, gradient, sum);
        if (!Double.isFinite(loss)) {
            return loss;
        }
        Gradients[] gradients = new Gradients[parts];
        run(context, parts, 1, part -> {
            int from = pictures.length * part / parts;
            int to = pictures.length * (part + 1) / parts;
            gradients[part] = new Gradients(all);
            passes[part].backward(Arrays.copyOfRange(gradient, from * columns, to * columns), gradients[part], false);
        });
        for (Gradients one : gradients) {
            sum.add(one); // in order, so that the sum does not depend on threads
        }
        steps.step(sum, factor);
        return loss;
    }

    private static int row(Map<Integer, Integer> rows, int picture) {
        return rows.computeIfAbsent(picture, added -> rows.size());
    }

    private static int[] rows(Map<Integer, Integer> rows, int[] pictures) {
        return Arrays.stream(pictures).map(picture -> row(rows, picture)).toArray();
    }

    private boolean isFinite() {
        for (Parameter parameter : parameters.values()) {
            for (double value : parameter.values()) {
                if (!Double.isFinite(value)) {
                    return false;
                }
            }
        }
        return true;
    }

    private Map<String, Double> judge() throws IOException {
        QueryFigures figures = RankingFigures.of(
                described(setup.network, setup.validation, context), columns, setup.validation.relations());
        Map<String, Double> means = new LinkedHashMap<>();
        for (String name : figures.names()) {
            means.put(name, figures.value(name));
        }
        return means;
    }

    private void keepBest(TrainingCheckpoint.State state) {
        parameters.forEach(
                (name, parameter) -> state.best.put(name, parameter.values().clone()));
    }

    private void restore(Map<String, double[]> values) {
        parameters.forEach((name, parameter) -> {
            double[] kept = requireNonNull(values.get(name));
            System.arraycopy(kept, 0, parameter.values(), 0, kept.length);
        });
    }

    private void save(TrainingCheckpoint.State state, Map<String, String> settings) throws IOException {
        if (context.checkpoints().isPresent()) {
            TrainingCheckpoint.save(context.checkpoints().get(), settings, state, parameters, steps, miner);
            savedAt = System.nanoTime();
        }
    }

    /** All that decides the numbers, but how many epochs there are. */
    private Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        List<String> layers = new ArrayList<>();
        for (Layer layer : setup.head.layers()) {
            layers.add(layer.spec().toString());
        }
        settings.put("head", String.join(" | ", layers));
        settings.put("loss", setup.loss.spec().toString());
        settings.put("optimizer", setup.optimizer.spec().toString());
        settings.put("schedule", setup.schedule.spec().toString());
        settings.put("parts", Integer.toString(setup.network.parts()));
        settings.put("batch", Integer.toString(options.batch));
        settings.put("positives", (options.nearest ? "nearest " : "random ") + options.positives);
        settings.put("negatives", options.negatives + " of " + options.pool);
        settings.put("refresh", Integer.toString(options.refresh));
        settings.put("queries", Integer.toString(options.queries));
        settings.put("monitor", options.monitor);
        settings.put("seed", Long.toString(options.seed));
        settings.put("rates", new java.util.TreeMap<>(setup.rates).toString());
        settings.put("decays", new java.util.TreeMap<>(setup.decays).toString());
        settings.put("pictures", identity(setup.training));
        settings.put("validation", identity(setup.validation));
        settings.put("start", start());
        return settings;
    }

    private static String identity(TrainingSet set) {
        return set.size() + " " + set.relations().fingerprint().abbreviated();
    }

    /** The descriptors before training tell features and starting values. */
    private String start() {
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(Math.multiplyExact(first.length, Double.BYTES));
        bytes.asDoubleBuffer().put(first);
        return org.retrieval4j.api.Fingerprint.ofBytes(bytes.array()).abbreviated();
    }

    /**
     * The descriptors of all pictures of a set.
     *
     * @param network computes them
     * @param set the pictures
     * @param context threads; may be interrupted
     * @return one a picture, row-major
     * @throws IOException if features cannot be read
     */
    public static double[] described(Network network, TrainingSet set, BuildContext context) throws IOException {
        double[][] vectors = new double[1][];
        describe(network, set, context, vectors);
        return vectors[0];
    }

    private static int describe(Network network, TrainingSet set, BuildContext context, double[][] vectors)
            throws IOException {
        int n = set.size();
        int some = Math.min(n, DESCRIBED);
        Rows begin = network.forward(rows(set, range(0, some))).output();
        int columns = begin.columns();
        double[] all = new double[Math.multiplyExact(n, columns)];
        System.arraycopy(begin.values(), 0, all, 0, some * columns);
        int chunks = (n - some + DESCRIBED - 1) / DESCRIBED;
        run(context, chunks, 1, chunk -> {
            int from = some + chunk * DESCRIBED;
            int to = Math.min(n, from + DESCRIBED);
            double[] values =
                    network.forward(rows(set, range(from, to))).output().values();
            System.arraycopy(values, 0, all, from * columns, values.length);
        });
        vectors[0] = all;
        return columns;
    }

    private static int[] range(int from, int to) {
        return java.util.stream.IntStream.range(from, to).toArray();
    }

    private static Rows rows(TrainingSet set, int[] pictures) throws IOException {
        List<ImageFeatures> features = new ArrayList<>();
        for (int picture : pictures) {
            features.add(set.features(picture));
        }
        return Rows.of(features);
    }

    private interface Step {
        void run(int index) throws IOException;
    }

    private static void run(BuildContext context, int count, int chunk, Step step) throws IOException {
        try {
            ParallelChunks.run(context, count, chunk, (from, to) -> {
                for (int i = from; i < to; i++) {
                    try {
                        step.run(i);
                    } catch (IOException unreadable) {
                        throw new UncheckedIOException(unreadable);
                    }
                }
            });
        } catch (UncheckedIOException unreadable) {
            throw unreadable.getCause();
        }
    }
}
