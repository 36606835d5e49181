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
        long seed) {
    /** Checks that no list is empty and numbers are in range. */
    public Grid {
        extractors = List.copyOf(extractors);
        aggregators = List.copyOf(aggregators);
        indexes = List.copyOf(indexes);
        rerankers = List.copyOf(rerankers);
        verify = List.copyOf(verify);
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

    /** Number of combinations, those that do not fit included. */
    int size() {
        return extractors.size() * aggregators.size() * indexes.size() * rerankers.size() * verify.size();
    }

    /** A combination. */
    record Point(
            ComponentSpec extractor,
            Optional<ComponentSpec> aggregator,
            ComponentSpec index,
            Optional<ComponentSpec> reranker,
            int verify) {}

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
