package org.retrieval4j.database;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/** Searches in one state of a database: ranks by the index, then verifies and reorders the first. */
final class Searcher {
    private static final String SEARCH = "search";

    private final Pipelines pipelines;
    private final LiveIndex index;
    private final Store.Snapshot snapshot;
    private final Executor executor;

    Searcher(Pipelines pipelines, LiveIndex index, Store.Snapshot snapshot, Executor executor) {
        this.pipelines = pipelines;
        this.index = index;
        this.snapshot = snapshot;
        this.executor = executor;
    }

    /** A ranked list a query, in order. */
    List<Ranking> searchAll(List<Extraction> queries, SearchOptions options, int verify) throws IOException {
        if (verify > 0) {
            requireVerifiable(queries);
        }
        long start = System.nanoTime();
        int k = Math.max(options.k(), verify);
        SearchOptions wider =
                new SearchOptions(k, Math.max(k, options.candidates()), options.accept(), options.leastScore());
        List<SearchResult> found = find(queries, wider);
        return verified(queries, found, options.k(), verify, System.nanoTime() - start);
    }

    /** What the index finds. */
    List<SearchResult> find(List<Extraction> queries, SearchOptions options) {
        // before something is learned, queries have no descriptors either
        return index.isEmpty() || queries.isEmpty()
                ? Collections.nCopies(queries.size(), new SearchResult(List.of()))
                : index.search(Gallery.descriptors(queries), options, snapshot.table());
    }

    /** Verifies and reorders the first of ranked lists, and keeps k of each. */
    List<Ranking> verified(List<Extraction> queries, List<SearchResult> found, int k, int verify, long searchNanos)
            throws IOException {
        if (verify > 0) {
            requireVerifiable(queries);
        }
        List<Stopwatch> stopwatches = new ArrayList<>();
        List<List<RankedImage>> ranked = new ArrayList<>();
        for (SearchResult result : found) {
            Stopwatch stopwatch =
                    new Stopwatch(SEARCH, CandidateVerifier.READ, CandidateVerifier.MATCH, CandidateVerifier.VERIFY);
            stopwatch.addNanos(SEARCH, searchNanos / Math.max(1, queries.size()));
            stopwatches.add(stopwatch);
            ranked.add(images(result));
        }
        if (verify > 0) {
            CandidateVerifier verifier = new CandidateVerifier(pipelines, executor, id -> features(snapshot, id));
            verifier.verify(queries, ranked, verify, stopwatches);
        }
        List<Ranking> rankings = new ArrayList<>();
        for (int i = 0; i < queries.size(); i++) {
            List<RankedImage> images = ranked.get(i);
            int first = Math.min(verify, images.size());
            List<RankedImage> reordered = new ArrayList<>(VerificationOrder.order(images.subList(0, first)));
            reordered.addAll(images.subList(first, images.size()));
            rankings.add(new Ranking(
                    reordered.subList(0, Math.min(k, reordered.size())),
                    stopwatches.get(i).seconds()));
        }
        return rankings;
    }

    private List<RankedImage> images(SearchResult result) {
        List<RankedImage> images = new ArrayList<>();
        for (Hit hit : result.hits()) {
            Entry entry = snapshot.table().get(hit.imageId());
            if (entry != null) {
                images.add(new RankedImage(entry.image(), hit.score(), OptionalInt.empty(), Optional.empty()));
            }
        }
        return images;
    }

    private void requireVerifiable(List<Extraction> queries) {
        if (!pipelines.isVerifiable()) {
            throw new IllegalArgumentException(
                    pipelines.header().keep() == Keep.NONE
                            ? "the database keeps no local features (keep none), so nothing can be verified"
                            : "the extractor gives no local features, so nothing can be verified; name one for"
                                    + " verification when the database is created");
        }
        for (Extraction query : queries) {
            if (query.local().isEmpty()) {
                throw new IllegalArgumentException("the query has no local features to verify");
            }
        }
    }

    /** The local features of an image, if they are kept. */
    static Optional<ImageFeatures> features(Store.Snapshot snapshot, long imageId) throws IOException {
        Optional<Blob> blob = snapshot.blobs(imageId).flatMap(Blobs::featuresBlob);
        return blob.isEmpty() ? Optional.empty() : Optional.of(blob.get().read(FeatureCodec::decode));
    }

    /** The descriptor of an image, if it has one. */
    static Optional<GlobalDescriptor> descriptor(Store.Snapshot snapshot, long imageId) throws IOException {
        Optional<Blob> blob = snapshot.blobs(imageId).flatMap(Blobs::vectorBlob);
        return blob.isEmpty() ? Optional.empty() : Optional.of(blob.get().read(DescriptorCodec::decode));
    }
}
