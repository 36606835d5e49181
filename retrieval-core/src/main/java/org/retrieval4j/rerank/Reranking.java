package org.retrieval4j.rerank;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/**
 * A gallery with the stages of a spec behind it, which tells what each of them did. Thread-safe.
 *
 * <pre>{@code
 * try (Reranking reranking = Reranking.open(
 *         database.gallery(), ComponentSpec.parse("qe(k=10) | diffusion"), components, context)) {
 *     List<SearchResult> results = reranking.gallery().searchAll(queries, SearchOptions.top(100));
 * }
 * }</pre>
 */
public final class Reranking implements AutoCloseable {
    /** How deep a list is searched for the place that an image had before. */
    private static final int DEPTH = 1000;

    private final List<Reranker> rerankers = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final List<Gallery> galleries = new ArrayList<>();

    private Reranking(Gallery below) {
        if (below instanceof FusedGallery fused) {
            for (String name : fused.names()) {
                galleries.add(fused.member(names.size()));
                names.add(name);
            }
            names.add(fused.fusion().spec().first().name());
        } else {
            names.add("index");
        }
        galleries.add(below);
    }

    /**
     * A gallery without stages behind it: for fused ones, it tells what each descriptor alone found.
     *
     * @param below what is searched in
     * @return no stages
     */
    public static Reranking of(Gallery below) {
        return new Reranking(requireNonNull(below, "below"));
    }

    /**
     * Puts stages behind a gallery; what they compute beforehand is computed now.
     *
     * @param below what is searched in
     * @param spec one or several stages
     * @param components where they come from
     * @param context threads, progress, kernels
     * @return the stages
     * @throws IOException if vectors cannot be read
     */
    public static Reranking open(Gallery below, ComponentSpec spec, Components components, BuildContext context)
            throws IOException {
        Reranking opened = of(below);
        try {
            for (ComponentSpec.Part part : spec.parts()) {
                opened.rerankers.add(components.create(Reranker.class, ComponentSpec.of(part), context));
            }
            for (Reranker reranker : opened.rerankers) {
                opened.galleries.add(reranker.over(opened.gallery()));
                opened.names.add(reranker.spec().first().name());
            }
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    /**
     * The gallery behind all stages.
     *
     * @return it serves until this is closed
     */
    public Gallery gallery() {
        return galleries.get(galleries.size() - 1);
    }

    /**
     * The stages.
     *
     * @return {@code index}, or the names of the descriptors and that of their fusion; then the name of each stage
     */
    public List<String> stages() {
        return List.copyOf(names);
    }

    /**
     * The place of images in the ranked list after each stage. Searches once a stage, so it costs the sum of all.
     *
     * @param query the query
     * @param options the filter counts
     * @param hits the images to look for
     * @return for each hit one rank a stage in the order of {@link #stages}, from 1; 0 if it is not among the first 1000
     * @throws IOException if vectors or features cannot be read
     */
    public List<int[]> explain(Extraction query, SearchOptions options, List<Hit> hits) throws IOException {
        int depth = Math.max(DEPTH, options.k());
        SearchOptions deep = new SearchOptions(depth, Math.max(depth, options.candidates()), options.accept());
        List<int[]> ranks = new ArrayList<>();
        hits.forEach(hit -> ranks.add(new int[galleries.size()]));
        for (int stage = 0; stage < galleries.size(); stage++) {
            SearchResult found =
                    galleries.get(stage).searchAll(List.of(query), deep).get(0);
            Map<Long, Integer> rankOf = new HashMap<>();
            for (Hit hit : found.hits()) {
                rankOf.put(hit.imageId(), rankOf.size() + 1);
            }
            for (int i = 0; i < hits.size(); i++) {
                ranks.get(i)[stage] = rankOf.getOrDefault(hits.get(i).imageId(), 0);
            }
        }
        return ranks;
    }

    @Override
    public void close() {
        rerankers.forEach(Reranker::close);
    }
}
