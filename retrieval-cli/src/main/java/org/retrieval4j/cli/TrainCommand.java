package org.retrieval4j.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.cli.report.TrainingChart;
import org.retrieval4j.cli.report.WholeFile;
import org.retrieval4j.nd4j.training.Head;
import org.retrieval4j.nd4j.training.Layers;
import org.retrieval4j.nd4j.training.Loss;
import org.retrieval4j.nd4j.training.Network;
import org.retrieval4j.nd4j.training.Optimizer;
import org.retrieval4j.nd4j.training.SameDiffHead;
import org.retrieval4j.nd4j.training.Schedule;
import org.retrieval4j.nd4j.training.Trainer;
import org.retrieval4j.nd4j.training.TrainingSet;
import org.retrieval4j.storage.ComponentFile;
import org.retrieval4j.storage.NpzFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval train}: learns an aggregator from pictures. */
@Command(
        name = "train",
        description = {
            "Train an aggregator on photographs of your own: NetVLAD and its family, GeM, attention, whitening.",
            "",
            "The file is YAML: training (images and one of groups, positions, ground-truth, pairs; or landmarks, which"
                    + " are rendered), validation (the same, or fraction), test and compare, extractor, head, loss,"
                    + " optimizer, schedule, epochs, batch, negatives and more. A run that was ended goes on from its"
                    + " checkpoint. Written are head.r4j, which is an aggregator by the name file(path=head.r4j),"
                    + " head.npz, untrained.r4j, log.csv, curve.png and results.json."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class TrainCommand extends Subcommand {
    @Option(names = "--config", paramLabel = "FILE.yaml", required = true, description = "What is trained, and how.")
    private Path file;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Where results go (default: the file's name without its ending).")
    private Path output;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Where features of pictures are kept (default: cache in the output folder).")
    private Path cache;

    @Option(
            names = "--extractor",
            paramLabel = "SPEC",
            description = "In place of the file's, such as one that says where the weights of a network lie.")
    private @Nullable String extractor;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Override
    int execute() throws IOException {
        Components components = Components.load();
        TrainFile wanted = TrainFile.read(file, components);
        ComponentSpec features = extractor == null
                ? wanted.extractor()
                : PipelineOptions.spec(components, "--extractor", Extractor.class, extractor);
        String name = String.valueOf(file.getFileName()).replaceFirst("\\.[^.]+$", "");
        Path folder = output == null ? Path.of(name) : output;
        Path kept = cache == null ? folder.resolve("cache") : cache;
        Files.createDirectories(folder);
        Files.createDirectories(kept);
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                Progress progress = console().progress()) {
            Path base = file.toAbsolutePath().getParent();
            BuildContext context = BuildContext.defaults()
                    .withExecutor(workers.executor())
                    .withProgress(progress)
                    .withSeed(wanted.options().seed())
                    .withBaseDirectory(base == null ? Path.of("") : base);
            try (TrainData data = new TrainData(
                    kept,
                    components,
                    reading.reader(),
                    context,
                    extractor == null ? context : context.withBaseDirectory(Path.of("")),
                    console(),
                    workers,
                    progress)) {
                return train(wanted, features, name, folder, components, context, data, progress);
            }
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
    }

    private int train(
            TrainFile wanted,
            ComponentSpec features,
            String name,
            Path folder,
            Components components,
            BuildContext context,
            TrainData data,
            Progress progress)
            throws IOException {
        TrainingSet all = data.open("training", wanted.training(), features);
        TrainingSet training = all;
        TrainingSet validation;
        if (wanted.validation().isPresent()) {
            validation = data.open("validation", wanted.validation().get(), features);
        } else {
            int[][] parts =
                    all.relations().split(wanted.fraction(), wanted.options().seed());
            training = all.among(parts[0]);
            validation = all.among(parts[1]);
        }
        List<ImageFeatures> sample = sample(training, wanted.sample());
        Layers layers = Layers.load(Thread.currentThread().getContextClassLoader());
        Head head;
        try (Aggregator start = components.create(Aggregator.class, wanted.head(), context.withImages(sample))) {
            head = Head.of(start, layers);
            ComponentFile.save(Aggregator.class, start, folder.resolve("untrained.r4j"));
        }
        List<Trainer.Epoch> epochs = new ArrayList<>();
        Trainer.Result result;
        try (Loss loss = components.create(Loss.class, wanted.loss(), context);
                Optimizer optimizer = components.create(Optimizer.class, wanted.optimizer(), context);
                Schedule schedule = components.create(Schedule.class, wanted.schedule(), context)) {
            Network network = wanted.samediff() ? SameDiffHead.of(head.layers()) : head;
            Trainer.Setup setup = new Trainer.Setup(
                    head, network, training, validation, loss, optimizer, schedule, wanted.rates(), wanted.decays());
            Trainer trainer = new Trainer(
                    setup, wanted.options(), context.withCheckpoints(folder.resolve("checkpoint.r4j")), epoch -> {
                        epochs.add(epoch);
                        progress.note(line(epoch));
                    });
            result = quietly(trainer::train);
        }
        progress.close();
        try (Aggregator trained = head.aggregator(components, context)) {
            ComponentFile.save(Aggregator.class, trained, folder.resolve("head.r4j"));
            NpzFile.write(folder.resolve("head.npz"), arrays(trained));
        }
        WholeFile.text(folder.resolve("log.csv"), log(epochs));
        WholeFile.png(
                folder.resolve("curve.png"),
                new TrainingChart(
                                name,
                                points(epochs),
                                result.best(),
                                wanted.options().monitor())
                        .png());
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("best", result.best());
        result.diverged().ifPresent(why -> results.put("diverged", why));
        results.put("epochs", epochs.stream().map(TrainCommand::json).toList());
        results.put("head", folder.resolve("head.r4j").toString());
        results.put("training", training.size());
        results.put("validation", validation.size());
        Optional<TrainComparison> comparison = Optional.empty();
        if (wanted.test().isPresent()) {
            TrainingSet test = data.open("test", wanted.test().get(), features);
            comparison = Optional.of(compare(wanted, folder, components, context, sample, test));
            results.put("test", comparison.get().json());
        }
        WholeFile.text(folder.resolve("results.json"), Json.text(results) + "\n");
        if (json) {
            console().print(Json.text(results));
        } else {
            Trainer.Epoch best = epochs.get(result.best());
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "Epoch %d is best: %s %.4f, %.4f before training",
                            best.number(),
                            wanted.options().monitor(),
                            best.figures().getOrDefault(wanted.options().monitor(), 0.0),
                            epochs.get(0)
                                    .figures()
                                    .getOrDefault(wanted.options().monitor(), 0.0)));
            comparison.ifPresent(table -> console().print(table.text()));
            console()
                    .print("Use --aggregator \"file(path=" + folder.resolve("head.r4j") + ")\"; look at "
                            + folder.resolve("curve.png"));
        }
        if (result.diverged().isPresent()) {
            throw new CommandException(result.diverged().get());
        }
        return Main.DONE;
    }

    private interface Training {
        Trainer.Result run() throws IOException;
    }

    /** ND4J writes a line to standard output for each operation that it differentiates, where the result belongs. */
    private static Trainer.Result quietly(Training training) throws IOException {
        PrintStream before = System.out;
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            System.setOut(nowhere);
            return training.run();
        } finally {
            System.setOut(before);
        }
    }

    private TrainComparison compare(
            TrainFile wanted,
            Path folder,
            Components components,
            BuildContext context,
            List<ImageFeatures> sample,
            TrainingSet test)
            throws IOException {
        TrainComparison comparison = new TrainComparison(test, wanted.options().seed(), context);
        for (String file : List.of("head", "untrained")) {
            try (Aggregator aggregator =
                    ComponentFile.open(Aggregator.class, folder.resolve(file + ".r4j"), components, context)) {
                comparison.add(file.equals("head") ? "trained" : file, aggregator);
            }
        }
        for (ComponentSpec spec : wanted.compare()) {
            try (Aggregator aggregator = components.create(Aggregator.class, spec, context.withImages(sample))) {
                comparison.add(spec.toString(), aggregator);
            }
        }
        return comparison;
    }

    /** Features of pictures spread evenly over the set. */
    private static List<ImageFeatures> sample(TrainingSet set, int most) throws IOException {
        List<ImageFeatures> sample = new ArrayList<>();
        int count = Math.min(most, set.size());
        for (int i = 0; i < count; i++) {
            sample.add(set.features((int) ((long) i * set.size() / count)));
        }
        return sample;
    }

    /** Arrays by the names of their components; by their own where there is one component. */
    private static Map<String, FloatMatrix> arrays(Aggregator trained) {
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        List<ComponentSpec.Part> parts = trained.spec().parts();
        for (int i = 0; i < parts.size(); i++) {
            ComponentState state =
                    parts.size() == 1 ? trained.state() : trained.state().part(i + "/");
            String prefix = parts.size() == 1 ? "" : i + "-" + parts.get(i).name() + ".";
            state.arrays().forEach((key, array) -> arrays.put(prefix + key.replace('/', '.'), array));
        }
        return arrays;
    }

    private static String line(Trainer.Epoch epoch) {
        StringBuilder text = new StringBuilder(
                epoch.number() == 0
                        ? "before training"
                        : String.format(Locale.ROOT, "epoch %d: loss %.5f", epoch.number(), epoch.loss()));
        epoch.figures().forEach((figure, value) -> text.append(String.format(Locale.ROOT, ", %s %.4f", figure, value)));
        return text.append(", ").append(Progress.duration(epoch.seconds())).toString();
    }

    private static Map<String, Object> json(Trainer.Epoch epoch) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("epoch", epoch.number());
        if (epoch.number() > 0) {
            row.put("loss", epoch.loss());
            row.put("rate", epoch.rate());
        }
        row.putAll(epoch.figures());
        row.put("seconds", epoch.seconds());
        return row;
    }

    private static String log(List<Trainer.Epoch> epochs) {
        StringBuilder csv = new StringBuilder("epoch,loss,rate");
        epochs.get(0).figures().keySet().forEach(figure -> csv.append(',').append(figure));
        csv.append(",seconds\n");
        for (Trainer.Epoch epoch : epochs) {
            csv.append(epoch.number());
            csv.append(epoch.number() == 0 ? ",," : "," + epoch.loss() + "," + epoch.rate());
            epoch.figures().values().forEach(value -> csv.append(',').append(value));
            csv.append(String.format(Locale.ROOT, ",%.3f%n", epoch.seconds()));
        }
        return csv.toString();
    }

    private static List<TrainingChart.Point> points(List<Trainer.Epoch> epochs) {
        return epochs.stream()
                .map(epoch -> new TrainingChart.Point(epoch.number(), epoch.loss(), epoch.figures()))
                .toList();
    }
}
