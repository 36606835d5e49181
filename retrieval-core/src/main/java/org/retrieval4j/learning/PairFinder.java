package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;

/** Finds pairs of sample pictures that show the same, for what learns from pairs. Thread-safe. */
public interface PairFinder extends Component {
    /**
     * Pairs of rows of a sample. The arrays are not copied; read-only by contract.
     *
     * @param queries first of each pair
     * @param positives second of each pair
     */
    record Pairs(int[] queries, int[] positives) {
        /** Checks that there are as many of both. */
        public Pairs {
            requireNonNull(queries, "queries");
            requireNonNull(positives, "positives");
            if (queries.length != positives.length) {
                throw new IllegalArgumentException("there must be as many queries as positives, got " + queries.length
                        + " and " + positives.length);
            }
        }
    }

    /**
     * Finds pairs.
     *
     * @param sample has the descriptors and, where they are needed, the local features of its pictures; threads,
     *     progress; may be interrupted
     * @return pairs of rows of the sample's descriptors, each in both orders; none if there are none
     * @throws IOException if features cannot be read
     * @throws IllegalArgumentException if the sample lacks what is needed
     */
    Pairs find(BuildContext sample) throws IOException;
}
