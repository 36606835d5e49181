package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.Ranking;
import org.retrieval4j.rerank.FusedGallery;
import org.retrieval4j.rerank.Reranking;

/** Searches a database for picture files, several at once, and keeps the answers in the order of the queries. */
final class Searcher {
    private final List<ImageDatabase> databases;
    private final ImageReader reader;
    private final Workers workers;
    private final int hits;
    private final int verify;
    private final Optional<Crop> crop;
    private final Optional<Reranking> reranking;
    private final boolean explain;

    Searcher(
            ImageDatabase database,
            ImageReader reader,
            Workers workers,
            int hits,
            int verify,
            Optional<Crop> crop,
            Optional<Reranking> reranking,
            boolean explain) {
        this(List.of(database), reader, workers, hits, verify, crop, reranking, explain);
    }

    /** Several databases are searched by the gallery that fuses them; the first verifies. */
    Searcher(
            List<ImageDatabase> databases,
            ImageReader reader,
            Workers workers,
            int hits,
            int verify,
            Optional<Crop> crop,
            Optional<Reranking> reranking,
            boolean explain) {
        this.reranking = reranking;
        this.explain = explain;
        this.databases = databases;
        this.reader = reader;
        this.workers = workers;
        this.hits = hits;
        this.verify = verify;
        this.crop = crop;
    }

    /**
     * A query.
     *
     * @param name what it is called in the answer
     * @param file text of its path, which need not be one
     * @param box left, top, right and bottom of the part that is searched for, in pixels of the upright picture; its
     *     sides are rounded, and end where the picture does
     * @param part of a file, such as an archive, that the picture is, if it is not the whole
     */
    record Query(String name, String file, Optional<List<Double>> box, Optional<ImageSource> part) {
        Query(String name, String file) {
            this(name, file, Optional.empty(), Optional.empty());
        }
    }

    /** The answer to a query. */
    sealed interface Answer permits Found, Failed {
        Query query();
    }

    /**
     * A ranked list.
     *
     * @param query the query
     * @param crop the part that was searched for
     * @param extraction its features
     * @param ranking the list
     * @param stageSeconds time by stage, in the order of the work
     * @param ranks for each image its place after each stage of re-ranking; empty unless that was asked for
     */
    record Found(
            Query query,
            Optional<Crop> crop,
            Extraction extraction,
            Ranking ranking,
            Map<String, Double> stageSeconds,
            List<int[]> ranks)
            implements Answer {}

    /**
     * No answer.
     *
     * @param query the query
     * @param reason why not, on one line
     */
    record Failed(Query query, String reason) implements Answer {}

    private record Prepared(Extraction extraction, Map<String, Double> stageSeconds) {}

    /** Files as they are, folders as the pictures in them. */
    static List<Query> queries(List<String> arguments) throws IOException {
        List<Query> queries = new ArrayList<>();
        for (String argument : arguments) {
            if (isFolder(argument)) {
                ImageFiles.of(List.of(argument), new LinkedHashMap<>())
                        .sources()
                        .forEach(source -> queries.add(
                                new Query(source.name(), source.file().toString())));
            } else {
                queries.add(new Query(argument, argument));
            }
        }
        return queries;
    }

    private static boolean isFolder(String argument) {
        try {
            return Files.isDirectory(Path.of(argument));
        } catch (InvalidPathException notAPath) {
            return false; // reading it will say so
        }
    }

    /** Cuts queries into parts that are searched together: as many as there are threads. */
    List<List<Query>> batches(List<Query> queries) {
        List<List<Query>> batches = new ArrayList<>();
        for (int from = 0; from < queries.size(); from += workers.threads()) {
            batches.add(queries.subList(from, Math.min(queries.size(), from + workers.threads())));
        }
        return batches;
    }

    /** Answers queries, in order. */
    List<Answer> search(List<Query> queries) throws IOException {
        List<Future<Prepared>> tasks = new ArrayList<>();
        for (Query query : queries) {
            tasks.add(workers.executor().submit(() -> prepare(query)));
        }
        Answer[] answers = new Answer[queries.size()];
        List<Extraction> extractions = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        List<Prepared> prepared = new ArrayList<>();
        for (int i = 0; i < answers.length; i++) {
            try {
                Prepared one = tasks.get(i).get();
                places.add(i);
                prepared.add(one);
                extractions.add(one.extraction());
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                if (!(cause instanceof IOException || cause instanceof IllegalArgumentException)) {
                    throw new CommandException(queries.get(i).name() + ": " + Failures.message(cause), cause);
                }
                answers[i] = new Failed(queries.get(i), Failures.message(cause));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CommandException("interrupted", e);
            }
        }
        if (!extractions.isEmpty()) {
            SearchOptions options = SearchOptions.top(hits).withCandidates(Math.max(hits, verify));
            List<Ranking> rankings = reranking.isEmpty()
                    ? databases.get(0).searchAll(extractions, options, verify)
                    : reranked(reranking.get(), extractions);
            for (int i = 0; i < rankings.size(); i++) {
                Map<String, Double> seconds =
                        new LinkedHashMap<>(prepared.get(i).stageSeconds());
                seconds.putAll(rankings.get(i).stageSeconds());
                Query query = queries.get(places.get(i));
                List<int[]> ranks = reranking.isPresent() && explain
                        ? explained(reranking.get(), extractions.get(i), rankings.get(i))
                        : List.of();
                answers[places.get(i)] = new Found(query, crop, extractions.get(i), rankings.get(i), seconds, ranks);
            }
        }
        return List.of(answers);
    }

    private List<Ranking> reranked(Reranking stages, List<Extraction> queries) throws IOException {
        long start = System.nanoTime();
        SearchOptions options = SearchOptions.top(Math.max(hits, verify));
        List<SearchResult> found = stages.gallery().searchAll(queries, options);
        double share = (System.nanoTime() - start) / 1e9 / queries.size();
        List<Ranking> rankings = new ArrayList<>();
        for (Ranking ranking : databases.get(0).rankAll(queries, found, hits, verify)) {
            Map<String, Double> seconds = new LinkedHashMap<>(ranking.stageSeconds());
            seconds.put("search", share);
            rankings.add(new Ranking(ranking.images(), seconds));
        }
        return rankings;
    }

    private List<int[]> explained(Reranking stages, Extraction query, Ranking ranking) throws IOException {
        List<Hit> hits = ranking.images().stream()
                .map(image -> new Hit(image.image().id(), image.score()))
                .toList();
        return stages.explain(query, SearchOptions.top(hits.isEmpty() ? 1 : hits.size()), hits);
    }

    private Prepared prepare(Query query) throws IOException {
        long start = System.nanoTime();
        Image whole = query.part().isPresent()
                ? reader.read(query.part().get().bytes(reader))
                : read(reader, query.file(), crop);
        Image image = boxed(whole, query.box());
        long read = System.nanoTime();
        List<Extraction> extractions = new ArrayList<>();
        for (ImageDatabase database : databases) {
            extractions.add(database.extract(image));
        }
        Extraction extraction = extractions.size() == 1 ? extractions.get(0) : FusedGallery.query(extractions);
        Map<String, Double> seconds = new LinkedHashMap<>();
        seconds.put("decode", (read - start) / 1e9);
        seconds.put("extract", (System.nanoTime() - read) / 1e9);
        return new Prepared(extraction, seconds);
    }

    private static Image boxed(Image image, Optional<List<Double>> box) {
        if (box.isEmpty()) {
            return image;
        }
        Image upright = image.upright();
        int left = inside(box.get().get(0), upright.width());
        int top = inside(box.get().get(1), upright.height());
        int right = inside(box.get().get(2), upright.width());
        int bottom = inside(box.get().get(3), upright.height());
        if (left >= right || top >= bottom) {
            throw new IllegalArgumentException("the box " + box.get() + " has no part inside a picture of "
                    + upright.width() + " x " + upright.height());
        }
        return upright.crop(left, top, right - left, bottom - top);
    }

    private static int inside(double side, int size) {
        return (int) Math.max(0, Math.min(size, Math.rint(side)));
    }

    /** Reads a query as it is searched for. */
    static Image read(ImageReader reader, String file, Optional<Crop> crop) throws IOException {
        Path path = Path.of(file);
        if (Files.isDirectory(path)) {
            throw new IOException("a folder, not a picture");
        }
        Image image = reader.read(path);
        return crop.isEmpty()
                ? image
                : image.crop(
                        crop.get().x(),
                        crop.get().y(),
                        crop.get().width(),
                        crop.get().height());
    }
}
