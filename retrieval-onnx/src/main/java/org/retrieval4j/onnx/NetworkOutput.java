package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/** One output of a network, by its meaning. A leading batch dimension of 1 may be absent. */
public sealed interface NetworkOutput {
    /**
     * The value's name in the graph.
     *
     * @return the name
     */
    String name();

    /** An output that belongs to a named set of features of an {@link org.retrieval4j.api.Extraction}. */
    sealed interface OfFeatures extends NetworkOutput {
        /**
         * The set's name: {@code local}, {@code map}, or any other.
         *
         * @return the name
         */
        String features();
    }

    /**
     * Places of local features: n x 2.
     *
     * @param name in the graph
     * @param features the set they belong to; {@code local} unless said otherwise
     * @param form units and conventions
     * @param maxKeypoints how many are kept, those of the best scores; more cost time and space in all that follows
     * @param failsWhenEmpty whether the graph fails in a picture in which it finds nothing, as some exported graphs do:
     *     a run that fails then counts as one without keypoints
     */
    record KeypointOutput(String name, String features, KeypointForm form, int maxKeypoints, boolean failsWhenEmpty)
            implements OfFeatures {
        /** The largest number of keypoints that is read. */
        public static final int LIMIT = 1_000_000;

        /** Checks the bound. */
        public KeypointOutput {
            requireNonNull(name, "name");
            requireSet(features);
            requireNonNull(form, "form");
            if (maxKeypoints < 1 || maxKeypoints > LIMIT) {
                throw new IllegalArgumentException("max-keypoints must be 1 to " + LIMIT + ", got " + maxKeypoints);
            }
        }
    }

    /**
     * Descriptors of local features.
     *
     * @param name in the graph
     * @param features the set they belong to; {@code local} unless said otherwise
     * @param channelsFirst whether the shape is d x n instead of n x d
     * @param l2 whether each is divided by its length
     */
    record DescriptorOutput(String name, String features, boolean channelsFirst, boolean l2) implements OfFeatures {
        /** Checks the name of the set. */
        public DescriptorOutput {
            requireNonNull(name, "name");
            requireSet(features);
        }
    }

    /**
     * Scores of local features, or of a matcher's pairs: n values.
     *
     * @param name in the graph
     * @param features the set they belong to; {@code local} unless said otherwise, without meaning in a matcher
     * @param minScore what has less is dropped; raising it leaves fewer and better ones. Nothing is, if it is not given
     */
    record ScoreOutput(String name, String features, Optional<Double> minScore) implements OfFeatures {
        /** Checks that the bound is finite. */
        public ScoreOutput {
            requireNonNull(name, "name");
            requireSet(features);
            if (minScore.isPresent() && !Double.isFinite(minScore.get())) {
                throw new IllegalArgumentException("min-score must be finite, got " + minScore.get());
            }
        }
    }

    /**
     * A feature map. Its cells become a {@link org.retrieval4j.api.Grid} of keypoints that tile the network's input.
     * Several of one set are joined: channels one after another in the manifest's order, at the finest grid.
     *
     * @param name in the graph
     * @param features the set's name; {@code map} unless said otherwise
     * @param layout where the channels stand; {@code nchw} unless said otherwise
     * @param l2 whether each cell's vector is divided by its length
     */
    record MapOutput(String name, String features, NetworkInput.Layout layout, boolean l2) implements OfFeatures {
        /** Checks the name of the set. */
        public MapOutput {
            requireNonNull(name, "name");
            requireSet(features);
            requireNonNull(layout, "layout");
        }
    }

    /**
     * A vector for the whole picture, of any shape; its values are taken in storage order.
     *
     * @param name in the graph
     * @param l2 whether it is divided by its length
     */
    record GlobalOutput(String name, boolean l2) implements NetworkOutput {
        /** Checks that there is a name. */
        public GlobalOutput {
            requireNonNull(name, "name");
        }
    }

    /**
     * Pairs that a matcher found: m x 2, whole numbers, the query's feature first.
     *
     * @param name in the graph
     */
    record MatchOutput(String name) implements NetworkOutput {
        /** Checks that there is a name. */
        public MatchOutput {
            requireNonNull(name, "name");
        }
    }

    private static void requireSet(String features) {
        if (!requireNonNull(features, "features").matches("[a-z0-9]+(-[a-z0-9]+)*")
                || features.equals(org.retrieval4j.api.Extraction.GLOBAL)) {
            throw new IllegalArgumentException("features must be a name of lower case letters, digits and hyphens other"
                    + " than \"global\", got \"" + features + "\"");
        }
    }
}
