package org.retrieval4j.examples;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.retrieval4j.api.*;
import org.retrieval4j.database.*;
import org.retrieval4j.eval.QueryFigures;
import org.retrieval4j.nd4j.training.*;
import org.retrieval4j.storage.*;

/**
 * Distills teachers into a small student, as HF-Net was made: one frozen feature map, and three heads on it that learn to say
 * what a global descriptor, local descriptors and a detector say. {@code DistillHead images=DIR output=DIR student=SPEC
 * teacher=SPEC [aggregator=SPEC head=SPEC optimizer=SPEC schedule=SPEC epochs=N batch=N every=N seed=N]}; the specs are an
 * extractor with a map, one with local features, what aggregates these, and the student's head of the same dimension.
 *
 * <p>Pictures whose names differ in their last digits alone are one group; each n-th group is held out. Pictures called
 * NAME_1, NAME_2, … show the same thing, which retrieval shall find. The global head is saved as {@code student.r4j}, which
 * is the aggregator {@code file(path=student.r4j)} behind the student's extractor, the others as {@code local.npz}.
 */
public final class DistillHead {
    private static final Map<String, String> DEFAULTS = Map.of(
            "aggregator", "vlad(clusters=64) | pca(dimension=32) | l2",
            "head", "netvlad(clusters=16) | fully-connected(dimension=32)",
            "optimizer", "adam(rate=0.003)",
            "schedule", "cosine",
            "epochs", "100",
            "batch", "16",
            "every", "3",
            "seed", "1");

    private final Map<String, String> settings;
    private final PrintStream out;
    private final Components components = Components.load();
    private final BuildContext context;
    private final List<String> names = new ArrayList<>();
    private final List<ImageFeatures> maps = new ArrayList<>();
    private final List<ImageFeatures> locals = new ArrayList<>();
    private final List<Integer> training = new ArrayList<>();
    private final List<Integer> heldOut = new ArrayList<>();

    private DistillHead(Map<String, String> settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
        this.context = BuildContext.defaults().withSeed(Long.parseLong(setting("seed")));
    }

    /** Figures of held-out pictures, by name. */
    record Results(Map<String, Double> before, Map<String, Double> after, Map<String, Double> teacher) {}

    public static void main(String[] arguments) throws IOException {
        run(System.out, arguments);
    }

    static Results run(PrintStream out, String... arguments) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>(DEFAULTS);
        for (String argument : arguments) {
            String name = argument.replaceFirst("=.*", "");
            if (!DEFAULTS.containsKey(name)
                    && !List.of("images", "output", "student", "teacher").contains(name)) {
                throw new IllegalArgumentException("there is no setting \"" + name + "\"");
            }
            settings.put(name, argument.substring(Math.min(argument.length(), name.length() + 1)));
        }
        DistillHead distillation = new DistillHead(settings, out);
        distillation.look();
        return distillation.learn();
    }

    private String setting(String name) {
        return requireNonNull(settings.get(name), () -> name + "=… must be given");
    }

    private int number(String name) {
        return Integer.parseInt(setting(name));
    }

    /** Extracts what student and teacher see, once for all runs, and splits the pictures. */
    private void look() throws IOException {
        List<ImageSource> pictures = ImageSource.folder(Path.of(setting("images")));
        ImageReader reader = ImageReader.load(ImageLimits.defaults());
        Path cache = Path.of(setting("output")).resolve("cache");
        for (String of : List.of("student", "teacher")) {
            try (Extractor extractor = components.create(Extractor.class, setting(of), context);
                    FeatureCache cached = FeatureCache.open(cache, pictures, extractor, reader, context)) {
                if (of.equals("student")) {
                    names.addAll(cached.names());
                } else if (!names.equals(cached.names())) {
                    throw new IOException("student and teacher could not read the same pictures");
                }
                for (int i = 0; i < names.size(); i++) {
                    (of.equals("student") ? maps : locals)
                            .add(cached.features(i).orElseThrow());
                }
            }
        }
        List<String> groups = names.stream().map(DistillHead::group).toList();
        List<String> sorted = List.copyOf(new TreeSet<>(groups));
        for (int i = 0; i < names.size(); i++) {
            int number = sorted.indexOf(groups.get(i));
            (number % number("every") == number("every") - 1 ? heldOut : training).add(i);
        }
        if (training.isEmpty() || heldOut.isEmpty()) {
            throw new IOException("there must be more than one group of pictures, got " + sorted);
        }
        out.println(training.size() + " pictures to learn from, " + heldOut.size() + " held out");
    }

    private static String group(String name) {
        return name.replaceFirst("\\d*\\.[^.]*$", "");
    }

    private Results learn() throws IOException {
        List<ImageFeatures> seen = training.stream().map(maps::get).toList();
        List<ImageFeatures> taught = training.stream().map(locals::get).toList();
        double[] teacherVectors;
        List<DistillTarget> targets = new ArrayList<>();
        try (Aggregator teacher =
                components.create(Aggregator.class, setting("aggregator"), context.withImages(taught))) {
            List<float[]> vectors = vectors(teacher, locals);
            teacherVectors = joined(vectors);
            double usual = DistillTarget.usualScore(taught);
            for (int i = 0; i < maps.size(); i++) {
                targets.add(DistillTarget.of(vectors.get(i), locals.get(i), maps.get(i), usual));
            }
        }
        DistillStudent student;
        try (Aggregator start = components.create(Aggregator.class, setting("head"), context.withImages(seen))) {
            Head head = Head.of(start, Layers.load(DistillHead.class.getClassLoader()));
            student = new DistillStudent(head, seen, locals.get(0).descriptors().columns(), components, context);
        }
        Map<String, Double> before = judge(student, targets);
        train(student, targets);
        Map<String, Double> after = judge(student, targets);
        Map<String, Double> teacher = retrieval(teacherVectors);
        Map<String, Double> constant = named(DistillStudent.constant(
                training.stream().map(targets::get).toList(),
                heldOut.stream().map(targets::get).toList()));
        Map<String, Double> seenAgain = named(student.losses(
                training.stream().map(maps::get).toList(),
                training.stream().map(targets::get).toList()));
        out.println("held-out pictures           before    after constant  teacher  the others, after");
        before.forEach((figure, value) -> out.printf(
                Locale.ROOT,
                "%-25s %8.4f %8.4f %8s %8s %8s%n",
                figure,
                value,
                after.get(figure),
                shown(constant, figure),
                shown(teacher, figure),
                shown(seenAgain, figure)));
        save(student);
        return new Results(before, after, teacher);
    }

    private static String shown(Map<String, Double> figures, String name) {
        Double value = figures.get(name);
        return value == null ? "" : String.format(Locale.ROOT, "%.4f", value);
    }

    private void train(DistillStudent student, List<DistillTarget> targets) throws IOException {
        List<Parameter> parameters = student.parameters();
        List<Optimizer.Learned> learned = IntStream.range(0, parameters.size())
                .mapToObj(i -> new Optimizer.Learned(
                        i + "-" + parameters.get(i).name(),
                        parameters.get(i),
                        parameters.get(i).rate(),
                        parameters.get(i).decays()))
                .toList();
        int epochs = number("epochs");
        int batch = number("batch");
        List<Integer> order = new ArrayList<>(training);
        Random random = new Random(number("seed"));
        try (Optimizer optimizer = components.create(Optimizer.class, setting("optimizer"));
                Schedule schedule = components.create(Schedule.class, setting("schedule"))) {
            Optimizer.Steps steps = optimizer.over(learned);
            for (int epoch = 0; epoch < epochs; epoch++) {
                Collections.shuffle(order, random);
                double sum = 0;
                for (int from = 0; from < order.size(); from += batch) {
                    List<Integer> some = order.subList(from, Math.min(order.size(), from + batch));
                    Gradients gradients = new Gradients(parameters);
                    double loss = student.loss(
                            some.stream().map(maps::get).toList(),
                            some.stream().map(targets::get).toList(),
                            gradients);
                    if (!Double.isFinite(loss)) {
                        throw new IOException("the loss diverged in epoch " + (epoch + 1) + "; try a smaller rate");
                    }
                    steps.step(gradients, schedule.factor(epoch, epochs));
                    sum += loss * some.size();
                }
                if ((epoch + 1) % 10 == 0 || epoch + 1 == epochs) {
                    double[] uncertainties =
                            parameters.get(parameters.size() - 1).values();
                    out.printf(
                            Locale.ROOT,
                            "epoch %d of %d: loss %.4f, w %.2f %.2f %.2f%n",
                            epoch + 1,
                            epochs,
                            sum / order.size(),
                            uncertainties[0],
                            uncertainties[1],
                            uncertainties[2]);
                }
            }
        }
    }

    /** All figures of the held-out pictures. */
    private Map<String, Double> judge(DistillStudent student, List<DistillTarget> targets) throws IOException {
        Map<String, Double> figures = named(student.losses(
                heldOut.stream().map(maps::get).toList(),
                heldOut.stream().map(targets::get).toList()));
        int right = 0;
        int count = 0;
        for (int picture : heldOut) {
            double[][] wanted = targets.get(picture).descriptors();
            Rows found = student.describe(maps.get(picture));
            for (int cell = 0; cell < wanted.length; cell++) {
                if (wanted[cell].length > 0) {
                    right += nearest(found, cell, wanted) == cell ? 1 : 0;
                    count++;
                }
            }
        }
        figures.put("cells that find their own", (double) right / Math.max(1, count));
        try (Aggregator aggregator = student.global().aggregator(components, context)) {
            figures.putAll(retrieval(joined(vectors(aggregator, maps))));
        }
        return figures;
    }

    private static Map<String, Double> named(double[] losses) {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (int i = 0; i < losses.length; i++) {
            figures.put(DistillStudent.LOSSES.get(i) + " loss", losses[i]);
        }
        return figures;
    }

    /** The cell whose target is most similar to what the student says of one. */
    private static int nearest(Rows found, int cell, double[][] wanted) {
        int best = -1;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < wanted.length; i++) {
            double sum = 0;
            for (int j = 0; j < wanted[i].length; j++) {
                sum += wanted[i][j] * found.values()[cell * found.columns() + j];
            }
            if (wanted[i].length > 0 && sum > most) {
                most = sum;
                best = i;
            }
        }
        return best;
    }

    /** How well held-out pictures find their like among all. */
    private Map<String, Double> retrieval(double[] vectors) {
        List<String> groups = names.stream().map(DistillHead::group).toList();
        long[] things = groups.stream()
                .mapToLong(group -> group.endsWith("_") ? groups.indexOf(group) : -1)
                .toArray();
        QueryFigures figures = RankingFigures.of(vectors, vectors.length / names.size(), Relations.byGroup(things));
        Map<String, Double> means = new LinkedHashMap<>();
        for (String figure : List.of("recall@1", "mAP")) {
            double[] each = figures.values(figure);
            heldOut.stream()
                    .mapToDouble(i -> each[i])
                    .filter(Double::isFinite)
                    .average()
                    .ifPresent(mean -> means.put(figure, mean));
        }
        return means;
    }

    private static List<float[]> vectors(Aggregator aggregator, List<ImageFeatures> pictures) {
        return aggregator.aggregateAll(pictures).stream()
                .map(vector -> ((GlobalDescriptor.Dense) vector).values())
                .toList();
    }

    private static double[] joined(List<float[]> vectors) {
        return vectors.stream()
                .flatMapToDouble(vector -> IntStream.range(0, vector.length).mapToDouble(i -> vector[i]))
                .toArray();
    }

    private void save(DistillStudent student) throws IOException {
        Path output = Files.createDirectories(Path.of(setting("output")));
        try (Aggregator aggregator = student.global().aggregator(components, context)) {
            ComponentFile.save(Aggregator.class, aggregator, output.resolve("student.r4j"));
        }
        NpzFile.write(output.resolve("local.npz"), student.local());
        out.println("--aggregator \"file(path=" + output.resolve("student.r4j") + ")\" is the student");
    }
}
