package org.retrieval4j.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.ComponentSpec;

/**
 * What is tried: every combination of the lists, on every data set.
 *
 * @param extractors what sees pictures
 * @param aggregators from features to a descriptor; empty where the extractor gives one
 * @param indexes what is searched
 * @param rerankers stages behind the index; empty for none
 * @param verify how many of the first are verified at the end, 0 for none
 * @param matcher of verification
 * @param verifier of verification
 * @param depth length of ranked lists, at least 1; quality counts what is in them
 * @param seed of what is learned
 * @param fusions combinations whose ranked lists are fused, beside the others
 */
public record Grid(
        List<ComponentSpec> extractors,
        List<Optional<ComponentSpec>> aggregators,
        List<ComponentSpec> indexes,
        List<Optional<ComponentSpec>> rerankers,
        List<Integer> verify,
        ComponentSpec matcher,
        ComponentSpec verifier,
        int depth,
        long seed,
        List<Fused> fusions) {
    /** Checks that no list is empty and numbers are in range. */
    public Grid {
        extractors = List.copyOf(extractors);
        aggregators = List.copyOf(aggregators);
        indexes = List.copyOf(indexes);
        rerankers = List.copyOf(rerankers);
        verify = List.copyOf(verify);
        fusions = List.copyOf(fusions);
        for (List<?> list : List.of(extractors, aggregators, indexes, rerankers, verify)) {
            if (list.isEmpty()) {
                throw new IllegalArgumentException("a grid needs at least one value for each stage");
            }
        }
        for (int first : verify) {
            if (first < 0) {
                throw new IllegalArgumentException("verify must be at least 0, got " + first);
            }
        }
        for (ComponentSpec index : indexes) {
            if (index.parts().size() > 1) {
                throw new IllegalArgumentException(
                        "an index must have one part, got \"" + index + "\"; stages stand in rerank");
            }
        }
        if (depth < 1) {
            throw new IllegalArgumentException("depth must be at least 1, got " + depth);
        }
    }

    /**
     * A grid without fusions.
     *
     * @param extractors what sees pictures
     * @param aggregators from features to a descriptor; empty where the extractor gives one
     * @param indexes what is searched
     * @param rerankers stages behind the index; empty for none
     * @param verify how many of the first are verified at the end, 0 for none
     * @param matcher of verification
     * @param verifier of verification
     * @param depth length of ranked lists, at least 1; quality counts what is in them
     * @param seed of what is learned
     */
    public Grid(
            List<ComponentSpec> extractors,
            List<Optional<ComponentSpec>> aggregators,
            List<ComponentSpec> indexes,
            List<Optional<ComponentSpec>> rerankers,
            List<Integer> verify,
            ComponentSpec matcher,
            ComponentSpec verifier,
            int depth,
            long seed) {
        this(extractors, aggregators, indexes, rerankers, verify, matcher, verifier, depth, seed, List.of());
    }

    /** Number of combinations, those that do not fit included. */
    int size() {
        return extractors.size() * aggregators.size() * indexes.size() * rerankers.size() * verify.size()
                + fusions.size();
    }

    /**
     * A combination.
     *
     * @param extractor what sees pictures
     * @param aggregator from features to a descriptor; empty where the extractor gives one
     * @param index what is searched
     * @param reranker stages behind it; empty for none
     * @param verify how many of the first are verified, 0 for none
     */
    public record Point(
            ComponentSpec extractor,
            Optional<ComponentSpec> aggregator,
            ComponentSpec index,
            Optional<ComponentSpec> reranker,
            int verify) {}

    /**
     * Combinations whose ranked lists become one by late fusion. They need not be in the grid.
     *
     * @param by the {@link org.retrieval4j.rerank.Fusion}
     * @param of at least two; local features of the first are verified
     * @param weights one a combination, above 0 and finite
     * @param reranker stages behind the fusion; empty for none
     * @param verify how many of the first are verified at the end, 0 for none
     */
    public record Fused(
            ComponentSpec by, List<Point> of, List<Double> weights, Optional<ComponentSpec> reranker, int verify) {
        /** Checks sizes and ranges. */
        public Fused {
            of = List.copyOf(of);
            weights = List.copyOf(weights);
            if (of.size() < 2) {
                throw new IllegalArgumentException("a fusion must be of at least 2 combinations, got " + of.size());
            }
            if (weights.size() != of.size()) {
                throw new IllegalArgumentException(
                        "weights must be one a combination, got " + weights.size() + " for " + of.size());
            }
            for (double weight : weights) {
                if (!(weight > 0 && Double.isFinite(weight))) {
                    throw new IllegalArgumentException("weights must be above 0 and finite, got " + weight);
                }
            }
            if (verify < 0) {
                throw new IllegalArgumentException("verify must be at least 0, got " + verify);
            }
        }
    }

    /** Fused combinations as people read them. */
    String label(Fused fused) {
        List<String> members = new ArrayList<>();
        fused.of.forEach(point -> members.add(label(point)));
        List<String> parts = new ArrayList<>(List.of(String.join(" + ", members), fused.by.toString()));
        if (!fused.weights.stream().allMatch(weight -> weight == 1)) {
            parts.set(1, fused.by + " " + fused.weights);
        }
        fused.reranker.ifPresent(spec -> parts.add(spec.toString()));
        if (fused.verify > 0) {
            parts.add("verify " + fused.verify);
        }
        return String.join(" | ", parts);
    }

    /** A combination as people read it. */
    String label(Point point) {
        List<String> parts = new ArrayList<>();
        if (extractors.size() > 1 || point.aggregator.isEmpty()) {
            parts.add(point.extractor.toString());
        }
        point.aggregator.ifPresent(spec -> parts.add(spec.toString()));
        if (indexes.size() > 1) {
            parts.add(point.index.toString());
        }
        point.reranker.ifPresent(spec -> parts.add(spec.toString()));
        if (point.verify > 0) {
            parts.add("verify " + point.verify);
        }
        return String.join(" | ", parts);
    }
}
