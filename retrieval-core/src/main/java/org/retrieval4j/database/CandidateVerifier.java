package org.retrieval4j.database;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Verification;

/** The verification pipeline: reads the features of candidates, matches them with the query's, verifies the matches. */
final class CandidateVerifier {
    /** Stages of its stopwatch. */
    static final String READ = "read";

    static final String MATCH = "match";
    static final String VERIFY = "verify";

    // candidates a task: bounds the features in memory, and lets a matcher prepare the query once for several
    private static final int CHUNK = 4;

    private final Pipelines pipelines;
    private final Executor executor;
    private final FeatureSource source;

    CandidateVerifier(Pipelines pipelines, Executor executor, FeatureSource source) {
        this.pipelines = pipelines;
        this.executor = executor;
        this.source = source;
    }

    private record Chunk(int query, int from, int to) {}

    /** Puts in the place of the first images of each list the same images with what verification says of them. */
    void verify(List<Extraction> queries, List<List<RankedImage>> ranked, int first, List<Stopwatch> stopwatches)
            throws IOException {
        List<Chunk> chunks = new ArrayList<>();
        for (int i = 0; i < queries.size(); i++) {
            int end = Math.min(first, ranked.get(i).size());
            for (int from = 0; from < end; from += CHUNK) {
                chunks.add(new Chunk(i, from, Math.min(from + CHUNK, end)));
            }
        }
        // each task sets elements of its own in lists that do not grow
        Parallel.forEach(executor, chunks.size(), number -> {
            Chunk chunk = chunks.get(number);
            verify(
                    queries.get(chunk.query()).local().orElseThrow(),
                    ranked.get(chunk.query()).subList(chunk.from(), chunk.to()),
                    stopwatches.get(chunk.query()));
        });
    }

    private void verify(ImageFeatures query, List<RankedImage> candidates, Stopwatch stopwatch) throws IOException {
        long time = System.nanoTime();
        List<ImageFeatures> features = new ArrayList<>();
        for (RankedImage candidate : candidates) {
            features.add(source.features(candidate.image().id())
                    .orElseThrow(() -> new IllegalStateException("no local features are kept of image \""
                            + candidate.image().name() + "\"")));
        }
        time = stopwatch.add(READ, time);
        List<Matches> matches = pipelines.matcher().matchAll(query, features);
        time = stopwatch.add(MATCH, time);
        for (int i = 0; i < features.size(); i++) {
            Optional<Verification> verification = pipelines.verifier().verify(query, features.get(i), matches.get(i));
            int inliers = verification.map(v -> v.inliers().size()).orElse(0);
            RankedImage candidate = candidates.get(i);
            candidates.set(
                    i, new RankedImage(candidate.image(), candidate.score(), OptionalInt.of(inliers), verification));
        }
        stopwatch.add(VERIFY, time);
    }
}
