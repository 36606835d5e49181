package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.RankedImage;
import org.retrieval4j.eval.GroundTruth;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.rerank.Reranking;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retrieval search}: which images show what the queries show. */
@Command(
        name = "search",
        description = {
            "Find the images of a database that show the same place or object as the queries.",
            "",
            "A larger score means more similar. A query that cannot be read is reported in its place; the others are"
                    + " answered. A query that is in the database finds itself."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class SearchCommand extends Subcommand {
    @Mixin
    private FusionOptions databases;

    @Parameters(arity = "1..*", paramLabel = "QUERY", description = "Picture files, or folders of them.")
    private List<String> arguments;

    @Option(
            names = {"-k", "--hits"},
            paramLabel = "K",
            description = "Hits a query (default: 10).")
    private int hits = 10;

    @Option(
            names = "--verify",
            paramLabel = "N",
            description = "Check the first N by geometry, and put those with a proof first (default: 0).")
    private int verify;

    @Mixin
    private RerankOptions rerank;

    @Option(
            names = "--explain",
            description = "Tell the rank of each hit by each of several databases, and after each stage of --rerank.")
    private boolean explain;

    @Option(
            names = "--crop",
            paramLabel = "x,y,w,h",
            converter = Crop.Converter.class,
            description = "Search for this part of each query, in pixels of the upright picture.")
    private @Nullable Crop crop;

    @Option(names = "--json", description = "Print one JSON object a query.")
    private boolean json;

    @Option(names = "--report", paramLabel = "FILE.html", description = "Write a report to look at.")
    private @Nullable Path report;

    @Option(
            names = "--ground-truth",
            paramLabel = "GT.csv",
            description = "Mark right and wrong in the report: rows query,relevant,relevant,...")
    private @Nullable Path groundTruth;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Override
    int execute() throws IOException {
        Components components = Components.load();
        check(components);
        // without verification a search is over sooner than a library is loaded
        boolean staged = rerank.isGiven() || databases.isFused();
        String kernel = verify == 0 && !staged ? KernelCatalog.LIGHT : KernelCatalog.AUTO;
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                FusionOptions.Opened opened = databases.open(
                        components,
                        BuildContext.defaults().withExecutor(workers.executor()).withKernel(kernel));
                Progress progress = console().progress();
                Reranking stages = staged ? rerank.open(components, opened.gallery(), workers, progress) : null) {
            Optional<Reranking> reranking = Optional.ofNullable(stages);
            Searcher searcher = new Searcher(
                    opened.databases(),
                    reading.reader(),
                    workers,
                    hits,
                    verify,
                    Optional.ofNullable(crop),
                    reranking,
                    explain);
            List<Searcher.Query> queries = Searcher.queries(arguments);
            Optional<SearchReport> page = Optional.empty();
            if (report != null) {
                Optional<GroundTruth> truth =
                        groundTruth == null ? Optional.empty() : Optional.of(GroundTruth.readCsv(groundTruth));
                page = Optional.of(
                        new SearchReport(databases.first(), opened.first(), components, reading.reader(), truth));
            }
            int done = 0;
            for (List<Searcher.Query> batch : searcher.batches(queries)) {
                for (Searcher.Answer answer : searcher.search(batch)) {
                    print(answer, reranking);
                    if (page.isPresent()) {
                        page.get().add(answer);
                    }
                    if (queries.size() > 1) {
                        progress.progress("search", ++done, queries.size());
                    }
                }
            }
            progress.close();
            if (page.isPresent() && report != null) {
                page.get().write(report);
                console().note("report written to " + report);
            }
        }
        return Main.DONE;
    }

    private void check(Components components) {
        databases.check(components);
        if (hits < 1) {
            throw new UsageException("-k must be at least 1, got " + hits);
        }
        if (verify < 0) {
            throw new UsageException("--verify must be at least 0, got " + verify);
        }
        if (explain && !rerank.isGiven() && !databases.isFused()) {
            throw new UsageException(
                    "--explain tells what several databases or the stages of --rerank did, which are missing");
        }
        if (groundTruth != null && report == null) {
            throw new UsageException("--ground-truth serves --report, which is missing");
        }
        if (report != null) {
            Path folder = report.toAbsolutePath().getParent();
            if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(report)) {
                throw new CommandException("the report cannot be written: " + report);
            }
        }
    }

    private void print(Searcher.Answer answer, Optional<Reranking> reranking) {
        List<String> names = reranking.map(Reranking::stages).orElse(List.of());
        if (json) {
            console().print(Json.text(object(answer, names)));
            return;
        }
        console().print(Failures.oneLine(answer.query().name()));
        if (answer instanceof Searcher.Failed failed) {
            console().print("     failed: " + failed.reason());
            return;
        }
        List<RankedImage> images = ((Searcher.Found) answer).ranking().images();
        int rank = 0;
        for (RankedImage hit : images) {
            String inliers = hit.inliers().isEmpty()
                    ? ""
                    : hit.inliers().getAsInt() == 0 ? "no model" : hit.inliers().getAsInt() + " inliers";
            String format = verify == 0 ? "%5d  %8.4f%s  %s%s" : "%5d  %8.4f  %13s  %s%s";
            List<int[]> ranks = ((Searcher.Found) answer).ranks();
            console()
                    .print(String.format(
                            Locale.ROOT,
                            format,
                            ++rank,
                            hit.score(),
                            inliers,
                            Failures.oneLine(hit.image().name()),
                            ranks.isEmpty() ? "" : "  (" + explanation(names, ranks.get(rank - 1)) + ")"));
        }
    }

    private static String explanation(List<String> stages, int[] ranks) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < ranks.length; i++) {
            texts.add(stages.get(i) + " " + (ranks[i] == 0 ? "-" : ranks[i]));
        }
        return String.join(", ", texts);
    }

    private static Map<String, Object> object(Searcher.Answer answer, List<String> stages) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("query", answer.query().name());
        List<Object> list = new ArrayList<>();
        line.put("hits", list);
        if (answer instanceof Searcher.Failed failed) {
            line.put("error", failed.reason());
        } else if (answer instanceof Searcher.Found found) {
            for (RankedImage hit : found.ranking().images()) {
                Map<String, @Nullable Object> entry = new LinkedHashMap<>();
                entry.put("image", hit.image().name());
                entry.put("score", hit.score() + 0.0f); // no negative zero
                entry.put("inliers", hit.inliers().isPresent() ? hit.inliers().getAsInt() : null);
                if (!found.ranks().isEmpty()) {
                    entry.put("ranks", ranks(stages, found.ranks().get(list.size())));
                }
                list.add(entry);
            }
        }
        return line;
    }

    // a list, since a stage may stand in a spec twice
    private static List<Object> ranks(List<String> stages, int[] ranks) {
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < ranks.length; i++) {
            Map<String, @Nullable Object> entry = new LinkedHashMap<>();
            entry.put("stage", stages.get(i));
            entry.put("rank", ranks[i] == 0 ? null : ranks[i]);
            list.add(entry);
        }
        return list;
    }
}
