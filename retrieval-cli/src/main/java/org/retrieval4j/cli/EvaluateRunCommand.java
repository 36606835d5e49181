package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.RankedImage;
import org.retrieval4j.eval.NameRows;
import org.retrieval4j.rerank.Reranking;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate run}: searches for all queries of a protocol, and judges the rankings. */
@Command(
        name = "run",
        description = {
            "Search a database for all queries of a protocol, keep the rankings, and judge them.",
            "",
            "Rankings are added to the output as they are found; after an interruption the same command goes on where it"
                    + " stopped. Names of the ground truth may have other folders and endings than those of the database."
                    + " Queries with a box (roxford, rparis, oxford5k, paris6k) are cropped to it."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateRunCommand extends Subcommand {
    @Option(names = "--database", paramLabel = "DIR", required = true, description = "The database's folder.")
    private Path database;

    @Option(
            names = "--protocol",
            paramLabel = "NAME",
            required = true,
            converter = DecodingOptions.Lower.class,
            description = "roxford, rparis, oxford5k, paris6k, holidays, ukbench, place-recognition or ranking.")
    private String protocol;

    @Option(
            names = "--ground-truth",
            paramLabel = "G",
            description =
                    "roxford, rparis: gnd_*.pkl or JSON; oxford5k, paris6k: the folder of *_query.txt; ranking: rows"
                            + " query,relevant,relevant,...; holidays, ukbench: a list of the images (default: all of the"
                            + " database); place-recognition: rows name,east,north (or name,frame) of images and queries"
                            + " (default: positions in their names).")
    private @Nullable Path groundTruth;

    @Option(
            names = "--queries",
            paramLabel = "FOLDER",
            description = "Where the queries' pictures are (default: where those of the database are).")
    private @Nullable Path queries;

    @Option(
            names = "--output",
            paramLabel = "RANKS.csv",
            required = true,
            description = "Where the rankings go: rows query,image,image,... best first.")
    private Path output;

    @Option(
            names = {"-k", "--hits"},
            paramLabel = "K",
            description = "Answers a query (default: as many as the protocol looks at, the whole database for average"
                    + " precision); right ones behind them count as never found.")
    private @Nullable Integer hits;

    @Option(
            names = "--verify",
            paramLabel = "N",
            description = "Check the first N by geometry, and put those with a proof first (default: 0).")
    private int verify;

    @Mixin
    private RerankOptions rerank;

    @Mixin
    private PlaceProtocol.Options places;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Mixin
    private FigureOutput figures;

    @Override
    int execute() throws IOException {
        figures.check();
        if (verify < 0) {
            throw new UsageException("--verify must be at least 0, got " + verify);
        }
        if (hits != null && hits < 1) {
            throw new UsageException("-k must be at least 1, got " + hits);
        }
        Components components = Components.load();
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                ImageDatabase opened = Databases.openForReading(
                        database, components, BuildContext.defaults().withExecutor(workers.executor()));
                Progress progress = console().progress();
                Reranking stages = rerank.open(components, opened, workers, progress)) {
            List<String> names = opened.images().stream().map(ImageRecord::name).toList();
            Protocol truth = protocol(names);
            Map<String, String> answers = answers(truth, names);
            int all = Math.max(1, names.size());
            int wanted = Math.min(all, hits == null ? truth.answers() : hits);
            Searcher searcher = new Searcher(
                    opened,
                    reading.reader(),
                    workers,
                    wanted,
                    verify,
                    Optional.empty(),
                    Optional.ofNullable(stages),
                    false);
            if (wanted < Math.min(all, truth.least())) {
                throw new UsageException("-k must be at least " + Math.min(all, truth.least()) + " for --protocol "
                        + protocol + ", got " + wanted);
            }
            List<Searcher.Query> sought = queries(truth);
            String settings = settings(protocol, opened, wanted, verify, rerank, sought);
            search(truth, answers, sought, searcher, settings, progress);
        }
        return Main.DONE;
    }

    private Protocol protocol(List<String> names) throws IOException {
        return switch (protocol) {
            case "roxford", "rparis" -> RevisitedProtocol.read(requiredTruth());
            case "oxford5k", "paris6k" -> OxfordProtocol.read(requiredTruth(), null);
            case "holidays" ->
                groundTruth == null ? HolidaysProtocol.of(database, rows(names)) : HolidaysProtocol.read(groundTruth);
            case "ukbench" ->
                groundTruth == null ? UkbenchProtocol.of(database, rows(names)) : UkbenchProtocol.read(groundTruth);
            case "place-recognition" -> places(names);
            case "ranking" -> RankingProtocol.read(requiredTruth(), new Names(names));
            default ->
                throw new UsageException("--protocol must be roxford, rparis, oxford5k, paris6k, holidays, ukbench,"
                        + " place-recognition or ranking, got \"" + protocol + "\"");
        };
    }

    private Path requiredTruth() {
        if (groundTruth == null) {
            throw new UsageException("--protocol " + protocol + " needs --ground-truth");
        }
        return groundTruth;
    }

    private static List<ImageList.Row> rows(List<String> names) {
        return names.stream().map(name -> new ImageList.Row(0, name, List.of())).toList();
    }

    private Protocol places(List<String> names) throws IOException {
        Path folder = queries;
        if (folder == null) {
            throw new UsageException("--protocol place-recognition needs --queries");
        }
        List<ImageList.Row> sought = ImageList.read(folder);
        Path file = groundTruth;
        if (file == null) {
            return PlaceProtocol.of(database, rows(names), folder, sought, places);
        }
        List<ImageList.Row> table = ImageList.read(file);
        List<String> pictures = sought.stream().map(ImageList.Row::name).toList();
        return PlaceProtocol.of(file, placed(file, table, names), file, placed(file, table, pictures), places);
    }

    private static List<ImageList.Row> placed(Path file, List<ImageList.Row> table, List<String> names)
            throws IOException {
        Names listed = ImageList.names(file, table);
        List<ImageList.Row> rows = new ArrayList<>();
        for (String name : names) {
            OptionalInt place = listed.find(name);
            if (place.isEmpty()) {
                throw new IOException(file + ": there is no row of \"" + name + "\"");
            }
            ImageList.Row row = table.get(place.getAsInt());
            rows.add(new ImageList.Row(row.line(), name, row.fields()));
        }
        return rows;
    }

    /** What each image of the database is called in a ranking; an image that has no place in one is left out. */
    private Map<String, String> answers(Protocol truth, List<String> names) {
        Map<String, String> answers = new HashMap<>();
        Map<String, String> images = new HashMap<>();
        int excluded = 0;
        for (String name : names) {
            OptionalInt place = truth.images().find(name);
            if (place.isEmpty()) {
                if (truth.excludes(name)) {
                    excluded++;
                } else {
                    answers.put(name, name);
                }
                continue;
            }
            String answer = truth.images().list().get(place.getAsInt());
            String other = images.putIfAbsent(answer, name);
            if (other != null) {
                throw new CommandException("\"" + other + "\" and \"" + name + "\" of " + database + " are both \""
                        + answer + "\" of the ground truth");
            }
            answers.put(name, answer);
        }
        List<String> missing = truth.images().list().stream()
                .filter(image -> !images.containsKey(image))
                .toList();
        if (!missing.isEmpty()) {
            throw new CommandException((groundTruth == null ? database : groundTruth) + ": " + missing.size() + " of "
                    + truth.images().size() + " images of the ground truth are not in " + database + ", such as \""
                    + missing.get(0) + "\"");
        }
        if (excluded > 0) {
            console().note(excluded + " images of the database are queries, and left out of the rankings");
        }
        return answers;
    }

    /** What a database answers to what, and how, on one line: rankings made otherwise are not mixed with them. */
    static String settings(
            String task,
            ImageDatabase opened,
            int wanted,
            int verify,
            RerankOptions rerank,
            List<Searcher.Query> queries)
            throws IOException {
        String parts = opened.info().components().stream()
                .map(part -> part.role() + " "
                        + part.fingerprint()
                                .map(print -> print.toString())
                                .map(print -> print.substring(0, Math.min(12, print.length())))
                                .orElse("none"))
                .collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "%s of %d images (%s), first %d, verify %d, rerank %s, %s",
                task,
                opened.size(),
                content(opened, queries),
                wanted,
                verify,
                rerank.text().isEmpty() ? "none" : rerank.text(),
                parts);
    }

    /** The fingerprint of what is searched in and for: images, and the files and boxes of queries. */
    private static String content(ImageDatabase opened, List<Searcher.Query> queries) throws IOException {
        Fingerprint.Builder builder = Fingerprint.builder();
        for (ImageRecord image : opened.images()) {
            builder.add(image.id() + " " + image.width() + " " + image.height() + " " + image.name());
        }
        for (Searcher.Query query : queries) {
            Path file = Path.of(query.file());
            String stamp = Files.isRegularFile(file) ? Files.size(file) + " " + Files.getLastModifiedTime(file) : "";
            builder.add(query.name() + "\n" + query.file() + "\n" + query.box() + "\n" + stamp);
        }
        return builder.build().abbreviated();
    }

    private void search(
            Protocol truth,
            Map<String, String> answers,
            List<Searcher.Query> all,
            Searcher searcher,
            String settings,
            Progress progress)
            throws IOException {
        try (RankingLog log = RankingLog.open(output, "query," + NameRows.field(settings))) {
            List<Searcher.Query> left =
                    all.stream().filter(query -> !log.has(query.name())).toList();
            int done = all.size() - left.size();
            if (done > 0) {
                console().note(done + " of " + all.size() + " queries have their rankings in " + output);
            }
            for (List<Searcher.Query> batch : searcher.batches(left)) {
                List<List<String>> rows = new ArrayList<>();
                String failed = "";
                for (Searcher.Answer answer : searcher.search(batch)) {
                    if (answer instanceof Searcher.Found found) {
                        List<String> row = new ArrayList<>();
                        row.add(found.query().name());
                        for (RankedImage hit : found.ranking().images()) {
                            String name = answers.get(hit.image().name());
                            if (name != null) {
                                row.add(name);
                            }
                        }
                        rows.add(row);
                    } else if (answer instanceof Searcher.Failed none) {
                        failed = "query \"" + none.query().name() + "\" ("
                                + none.query().file() + "): " + none.reason();
                    }
                    progress.progress("search", ++done, all.size());
                }
                log.add(rows);
                if (!failed.isEmpty()) {
                    throw new CommandException(failed);
                }
            }
        }
        progress.close();
        int others = (int) answers.keySet().stream()
                .filter(name -> truth.images().find(name).isEmpty())
                .count();
        RankingFile.Rankings rankings = RankingFile.read(
                output,
                truth.images(),
                truth.queries(),
                Integer.MAX_VALUE,
                (ranking, unknown) -> truth.lacks(ranking, others));
        try {
            figures.print(console(), truth.judge(Math.max(others, rankings.others()), rankings.lists()));
        } catch (IllegalArgumentException refused) {
            throw new CommandException(output + ": " + refused.getMessage(), refused);
        }
    }

    private List<Searcher.Query> queries(Protocol truth) throws IOException {
        List<Path> files = new ArrayList<>();
        Names pictures = new Names(List.of());
        Path folder = queries;
        if (folder != null) {
            if (!Files.isDirectory(folder)) {
                throw new CommandException("no such folder: " + folder);
            }
            List<String> names = new ArrayList<>();
            for (ImageList.Row row : ImageList.read(folder)) {
                names.add(row.name());
                files.add(folder.resolve(row.name()));
            }
            pictures = new Names(names);
        }
        Origins origins = Origins.of(database);
        List<Searcher.Query> all = new ArrayList<>();
        for (int query = 0; query < truth.queries().size(); query++) {
            String picture = truth.picture(query);
            OptionalInt place = pictures.find(picture);
            Optional<Path> file = place.isPresent() ? Optional.of(files.get(place.getAsInt())) : Optional.empty();
            if (folder == null) {
                file = origins.find(picture);
            }
            if (file.isEmpty()) {
                throw new CommandException(
                        folder == null
                                ? "no file \"" + picture + "\" (--queries names the folder of the queries)"
                                : "no picture of query \"" + picture + "\" in " + folder);
            }
            all.add(new Searcher.Query(
                    truth.queries().list().get(query), file.get().toString(), truth.box(query), Optional.empty()));
        }
        return all;
    }
}
