package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.RankedImage;
import org.retrieval4j.eval.LandmarkLabels;
import org.retrieval4j.eval.LandmarkRetrieval;
import org.retrieval4j.eval.LandmarkVote;
import org.retrieval4j.rerank.Reranking;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retrieval landmark-submission}: answers to the challenges of Google Landmarks v2. */
@Command(
        name = "landmark-submission",
        description = {
            "Answer the test images of Google Landmarks v2 as its challenges take it.",
            "",
            "retrieval: the first 100 images of the database. recognition: the landmark with the largest sum of similarities"
                    + " among the nearest training images of the database, or nothing where that is below a threshold. An"
                    + " image is called by its file's name without folders and ending. Rows are added as they are found;"
                    + " after an interruption the same command goes on where it stopped. A picture that cannot be read"
                    + " gets an empty answer."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class LandmarkSubmissionCommand extends Subcommand {
    @Option(
            names = "--task",
            paramLabel = "retrieval|recognition",
            required = true,
            converter = DecodingOptions.Lower.class,
            description = "Which challenge.")
    private String task;

    @Option(
            names = "--database",
            paramLabel = "DIR",
            required = true,
            description = "The folder of a database of the index images or of the training images.")
    private Path database;

    @Parameters(
            arity = "1..*",
            paramLabel = "QUERY",
            description = "Test images: files, folders of them (as 0/1/2/0123456789abcdef.jpg), or .tar of them.")
    private List<String> arguments;

    @Option(
            names = "--labels",
            paramLabel = "train.csv",
            description = "recognition: the landmark of each training image: train.csv or train_clean.csv.")
    private @Nullable Path labels;

    @Option(
            names = "--neighbors",
            paramLabel = "K",
            description = "recognition: how many nearest have a say (default: 5).")
    private int neighbors = 5;

    @Option(
            names = "--threshold",
            paramLabel = "T",
            description = "recognition: the least sum of similarities that is an answer (default: 0).")
    private double threshold;

    @Option(
            names = "--verify",
            paramLabel = "N",
            description = "Check the first N by geometry, and put those with a proof first (default: 0).")
    private int verify;

    @Option(
            names = "--output",
            paramLabel = "P.csv",
            required = true,
            description = "The submission; P.csv.settings beside it says how it was made.")
    private Path output;

    @Mixin
    private RerankOptions rerank;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Override
    int execute() throws IOException {
        boolean recognition = check();
        LandmarkVote vote = new LandmarkVote(neighbors, threshold);
        Components components = Components.load();
        List<Searcher.Query> queries = queries();
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                ImageDatabase opened = Databases.openForReading(
                        database, components, BuildContext.defaults().withExecutor(workers.executor()));
                Progress progress = console().progress();
                Reranking stages = rerank.open(components, opened, workers, progress)) {
            if (recognition && opened.options().index().toString().contains("metric=l2")) {
                throw new CommandException("recognition needs similarities that grow with likeness, but the index of "
                        + database + " is " + opened.options().index() + ": an index with metric=ip has such");
            }
            Map<String, String> ids = ids(opened);
            Path file = labels;
            Map<String, Long> landmarks = recognition && file != null ? landmarks(file, ids) : new LinkedHashMap<>();
            int wanted = recognition ? neighbors : LandmarkRetrieval.MAX_ANSWERS;
            Searcher searcher = new Searcher(
                    opened,
                    reading.reader(),
                    workers,
                    wanted,
                    verify,
                    Optional.empty(),
                    Optional.ofNullable(stages),
                    false);
            String settings = EvaluateRunCommand.settings(task, opened, wanted, verify, rerank, queries)
                    + (recognition && file != null
                            ? ", threshold " + threshold + ", labels "
                                    + Fingerprint.ofFile(file).abbreviated()
                            : "");
            remember(settings);
            int failed = 0;
            try (RankingLog log = RankingLog.open(output, recognition ? "id,landmarks" : "id,images")) {
                List<Searcher.Query> left =
                        queries.stream().filter(query -> !log.has(query.name())).toList();
                int done = queries.size() - left.size();
                if (done > 0) {
                    console().note(done + " of " + queries.size() + " test images have their answers in " + output);
                }
                for (List<Searcher.Query> batch : searcher.batches(left)) {
                    List<List<String>> rows = new ArrayList<>();
                    for (Searcher.Answer answer : searcher.search(batch)) {
                        String text = "";
                        if (answer instanceof Searcher.Found found) {
                            List<RankedImage> hits = found.ranking().images();
                            text = recognition ? voted(vote, hits, ids, landmarks) : listed(hits, ids);
                        } else if (answer instanceof Searcher.Failed none) {
                            failed++;
                            progress.note("no answer to "
                                    + Failures.oneLine(none.query().file()) + ": " + none.reason());
                        }
                        rows.add(List.of(answer.query().name(), text));
                        progress.progress("search", ++done, queries.size());
                    }
                    log.add(rows);
                }
            }
            progress.close();
            console()
                    .print(output + ": " + queries.size() + " test images"
                            + (failed > 0 ? ", " + failed + " of them could not be read" : ""));
        }
        return Main.DONE;
    }

    private boolean check() {
        boolean recognition = task.equals("recognition");
        if (!recognition && !task.equals("retrieval")) {
            throw new UsageException("--task must be retrieval or recognition, got \"" + task + "\"");
        }
        if (recognition == (labels == null)) {
            throw new UsageException("--labels serves --task recognition, which needs it");
        }
        if (neighbors < 1) {
            throw new UsageException("--neighbors must be at least 1, got " + neighbors);
        }
        if (Double.isNaN(threshold)) {
            throw new UsageException("--threshold must be a number, got NaN");
        }
        if (verify < 0) {
            throw new UsageException("--verify must be at least 0, got " + verify);
        }
        return recognition;
    }

    private List<Searcher.Query> queries() throws IOException {
        ImageFiles files = ImageFiles.of(arguments, new HashMap<>());
        if (!files.missing().isEmpty()) {
            throw new CommandException(
                    "no such file or folder: " + files.missing().get(0).name());
        }
        List<Searcher.Query> queries = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (ImageSource source : files.sources()) {
            String id = Names.bare(source.name());
            if (!seen.add(id)) {
                throw new CommandException("test image \"" + id + "\" stands twice: " + source.name());
            }
            queries.add(new Searcher.Query(id, source.name(), Optional.empty(), Optional.of(source)));
        }
        return queries;
    }

    /** The ids of the database's images by their names. */
    private Map<String, String> ids(ImageDatabase opened) {
        Map<String, String> ids = new HashMap<>();
        Set<String> seen = new HashSet<>();
        for (ImageRecord image : opened.images()) {
            String id = Names.bare(image.name());
            if (!seen.add(id)) {
                throw new CommandException("image \"" + id + "\" stands twice in " + database + ": " + image.name());
            }
            ids.put(image.name(), id);
        }
        return ids;
    }

    private Map<String, Long> landmarks(Path file, Map<String, String> ids) throws IOException {
        Set<String> wanted = new HashSet<>(ids.values());
        Map<String, Long> landmarks = LandmarkLabels.read(file, wanted::contains);
        wanted.removeAll(landmarks.keySet());
        if (!wanted.isEmpty()) {
            throw new CommandException(file + ": " + wanted.size() + " of " + ids.size() + " images of " + database
                    + " have no landmark, such as \""
                    + wanted.stream().sorted().findFirst().orElseThrow() + "\"");
        }
        return landmarks;
    }

    /** Keeps how the submission is made beside it, or checks that it goes on likewise. */
    private void remember(String settings) throws IOException {
        Path beside = output.resolveSibling(output.getFileName() + ".settings");
        if (!Files.exists(output)) {
            Files.writeString(beside, settings + "\n", StandardCharsets.UTF_8);
            return;
        }
        String before = Files.exists(beside)
                ? Files.readString(beside, StandardCharsets.UTF_8).strip()
                : "nothing";
        if (!before.equals(settings)) {
            throw new CommandException(output + " was made by something else or with other settings: "
                    + Failures.oneLine(before) + ", not " + settings + "; name another file, or remove it");
        }
    }

    private static String listed(List<RankedImage> hits, Map<String, String> ids) {
        return hits.stream().map(hit -> ids.get(hit.image().name())).collect(Collectors.joining(" "));
    }

    private String voted(
            LandmarkVote vote, List<RankedImage> hits, Map<String, String> ids, Map<String, Long> landmarks) {
        long[] shown = new long[hits.size()];
        float[] similarities = new float[shown.length];
        for (int i = 0; i < shown.length; i++) {
            String id = ids.get(hits.get(i).image().name());
            Long landmark = id == null ? null : landmarks.get(id);
            if (landmark == null) {
                throw new IllegalStateException(
                        "no landmark of " + hits.get(i).image().name());
            }
            shown[i] = landmark;
            similarities[i] = hits.get(i).score();
        }
        if (rerank.isGiven() && similarities.length > 0 && similarities[0] <= 0) {
            throw new CommandException("recognition needs similarities above 0, but the first hit has "
                    + similarities[0] + " after --rerank " + rerank.text());
        }
        return vote.of(shown, similarities)
                .map(found -> found.landmark() + " " + found.score())
                .orElse("");
    }
}
