package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.eval.GroundTruth;
import org.retrieval4j.eval.RankingEvaluation;
import org.retrieval4j.rerank.Reranking;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval evaluate ranking}: mean average precision of the queries of a ground truth. */
@Command(
        name = "ranking",
        description = {
            "Mean average precision (mean of precision at hits) and precision at 1 of the queries of a ground truth.",
            "",
            "Each query is read from its file again, searched for in the whole database, and left out of its own list."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class EvaluateRankingCommand extends Subcommand {
    @Mixin
    private FusionOptions databases;

    @Option(
            names = "--ground-truth",
            paramLabel = "GT.csv",
            required = true,
            description = "Rows query,relevant,relevant,... with names as in the database.")
    private Path groundTruth;

    @Option(
            names = "--verify",
            paramLabel = "N",
            description = "Check the first N by geometry, the query being one of them (default: 0).")
    private int verify;

    @Mixin
    private FigureOutput output;

    @Mixin
    private RerankOptions rerank;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Override
    int execute() throws IOException {
        output.check();
        if (verify < 0) {
            throw new UsageException("--verify must be at least 0, got " + verify);
        }
        Components components = Components.load();
        databases.check(components);
        GroundTruth truth = GroundTruth.readCsv(groundTruth);
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                FusionOptions.Opened opened =
                        databases.open(components, BuildContext.defaults().withExecutor(workers.executor()));
                Progress progress = console().progress();
                Reranking stages = rerank.isGiven() || databases.isFused()
                        ? rerank.open(components, opened.gallery(), workers, progress)
                        : null) {
            List<Searcher.Query> queries = queries(truth, opened.first());
            Searcher searcher = new Searcher(
                    opened.databases(),
                    reading.reader(),
                    workers,
                    (int) Math.max(1, opened.first().size()),
                    verify,
                    Optional.empty(),
                    Optional.ofNullable(stages),
                    false);
            Map<String, List<String>> ranked = new HashMap<>();
            for (List<Searcher.Query> batch : searcher.batches(queries)) {
                for (Searcher.Answer answer : searcher.search(batch)) {
                    ranked.put(answer.query().name(), names(answer, truth));
                    progress.progress("search", ranked.size(), queries.size());
                }
            }
            progress.close();
            RankingEvaluation evaluation =
                    RankingEvaluation.evaluate(truth, query -> ranked.getOrDefault(query, List.of()));
            output.print(console(), Map.of(FigureOutput.ONLY, evaluation.figures()));
        }
        return Main.DONE;
    }

    private List<Searcher.Query> queries(GroundTruth truth, ImageDatabase opened) throws IOException {
        Origins origins = Origins.of(databases.first());
        List<Searcher.Query> queries = new ArrayList<>();
        for (Map.Entry<String, Set<String>> row : truth.relevant().entrySet()) {
            String query = row.getKey();
            for (String relevant : row.getValue()) {
                if (opened.image(relevant).isEmpty()) {
                    throw wrong(truth, query, "\"" + relevant + "\" is not in " + databases.first());
                }
            }
            if (row.getValue().isEmpty()) {
                throw wrong(truth, query, "no relevant image beside the query");
            }
            Path file = origins.find(query)
                    .orElseThrow(() -> wrong(
                            truth,
                            query,
                            opened.image(query).isEmpty()
                                    ? "query \"" + query + "\" is neither in " + databases.first() + " nor a file"
                                    : "the file of query \"" + query + "\" is no longer there"));
            queries.add(new Searcher.Query(query, file.toString()));
        }
        if (queries.isEmpty()) {
            throw new CommandException(groundTruth + " has no rows");
        }
        return queries;
    }

    private List<String> names(Searcher.Answer answer, GroundTruth truth) {
        if (answer instanceof Searcher.Failed failed) {
            throw wrong(
                    truth, failed.query().name(), "query \"" + failed.query().name() + "\": " + failed.reason());
        }
        return ((Searcher.Found) answer)
                .ranking().images().stream().map(hit -> hit.image().name()).toList();
    }

    // The ground truth keeps the order of its rows, and every row that is not empty is one query.
    private CommandException wrong(GroundTruth truth, String query, String what) {
        Iterator<String> queries = truth.relevant().keySet().iterator();
        int number = 0;
        try {
            for (String line : Files.readAllLines(groundTruth, StandardCharsets.UTF_8)) {
                number++;
                boolean empty = line.isBlank()
                        || number == 1 && line.replace("\uFEFF", "").isBlank();
                if (!empty && queries.next().equals(query)) {
                    break;
                }
            }
        } catch (IOException changed) {
            return new CommandException(groundTruth + ": " + what, changed);
        }
        return new CommandException(groundTruth + ", line " + number + ": " + what);
    }
}
