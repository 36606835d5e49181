package org.retrieval4j.database;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Verification;
import org.retrieval4j.api.Verifier;

/** The verification pipeline: reads the features of candidates, matches them with the query's, verifies the matches. */
final class CandidateVerifier {
    /** Stages of its stopwatch. */
    static final String READ = "read";

    static final String MATCH = "match";
    static final String VERIFY = "verify";

    // candidates a task: bounds the features in memory, and lets a matcher prepare the query once for several
    private static final int CHUNK = 4;

    private final Matcher matcher;
    private final Verifier verifier;
    private final Executor executor;

    CandidateVerifier(Matcher matcher, Verifier verifier, Executor executor) {
        this.matcher = matcher;
        this.verifier = verifier;
        this.executor = executor;
    }

    /** The candidates in the order given, each with its inliers. */
    List<RankedImage> verify(
            ImageFeatures query, List<RankedImage> candidates, FeatureSource source, Stopwatch stopwatch)
            throws IOException {
        RankedImage[] verified = new RankedImage[candidates.size()];
        int chunks = (candidates.size() + CHUNK - 1) / CHUNK;
        Parallel.forEach(executor, chunks, chunk -> {
            int from = chunk * CHUNK;
            int to = Math.min(from + CHUNK, verified.length);
            List<RankedImage> part = verify(query, candidates.subList(from, to), stopwatch, source);
            for (int i = from; i < to; i++) {
                verified[i] = part.get(i - from);
            }
        });
        return List.of(verified);
    }

    private List<RankedImage> verify(
            ImageFeatures query, List<RankedImage> candidates, Stopwatch stopwatch, FeatureSource source)
            throws IOException {
        long time = System.nanoTime();
        List<ImageFeatures> features = new ArrayList<>();
        for (RankedImage candidate : candidates) {
            features.add(source.features(candidate.image().id())
                    .orElseThrow(() -> new IllegalStateException("no local features are kept of image \""
                            + candidate.image().name() + "\"")));
        }
        time = stopwatch.add(READ, time);
        List<Matches> matches = matcher.matchAll(query, features);
        time = stopwatch.add(MATCH, time);
        List<RankedImage> verified = new ArrayList<>();
        for (int i = 0; i < features.size(); i++) {
            Optional<Verification> verification = verifier.verify(query, features.get(i), matches.get(i));
            int inliers = verification.map(v -> v.inliers().size()).orElse(0);
            RankedImage candidate = candidates.get(i);
            verified.add(new RankedImage(candidate.image(), candidate.score(), OptionalInt.of(inliers), verification));
        }
        stopwatch.add(VERIFY, time);
        return verified;
    }
}
