package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/** One input of a network, by its meaning. */
public sealed interface NetworkInput {
    /**
     * The input's name in the graph.
     *
     * @return the name
     */
    String name();

    /** Where the channels stand in a picture's or a map's shape. */
    enum Layout {
        /** Batch, channels, rows, columns. */
        NCHW,
        /** Batch, rows, columns, channels. */
        NHWC
    }

    /** Which channels a network wants, in which order. */
    enum Colors {
        /** Red, green, blue. */
        RGB,
        /** Blue, green, red. */
        BGR,
        /** One channel: 0.299 red + 0.587 green + 0.114 blue. */
        GRAY;

        /**
         * Number of channels.
         *
         * @return 1 or 3
         */
        public int channels() {
            return this == GRAY ? 1 : 3;
        }
    }

    /** Which of the two pictures an input of a matcher belongs to. */
    enum Picture {
        /** The query. */
        QUERY,
        /** The picture it is compared with. */
        REFERENCE
    }

    /**
     * A picture. A channel's value v in 0 to 255 enters the network as (v − mean) / scale.
     *
     * @param name in the graph
     * @param layout where the channels stand; {@code nchw} unless said otherwise
     * @param colors which channels
     * @param mean one value a channel, in the order of {@code colors}
     * @param scale one value a channel, not 0
     * @param size how the picture is fitted in
     * @param batch pictures in one run at most; larger is faster on many cores and takes more memory. More than 1 needs
     *     a graph whose first dimension is free
     */
    record ImageInput(
            String name, Layout layout, Colors colors, List<Double> mean, List<Double> scale, InputSize size, int batch)
            implements NetworkInput {
        /** Checks counts and bounds. */
        public ImageInput {
            requireNonNull(name, "name");
            requireNonNull(layout, "layout");
            requireNonNull(colors, "colors");
            requireNonNull(size, "size");
            mean = List.copyOf(mean);
            scale = List.copyOf(scale);
            if (mean.size() != colors.channels() || scale.size() != colors.channels()) {
                throw new IllegalArgumentException("mean and scale must have one value or one a channel ("
                        + colors.channels() + "), got " + mean.size() + " and " + scale.size());
            }
            for (double value : mean) {
                if (!Double.isFinite(value)) {
                    throw new IllegalArgumentException("mean must be finite, got " + value);
                }
            }
            for (double value : scale) {
                if (!Double.isFinite(value) || value == 0) {
                    throw new IllegalArgumentException("scale must be finite and not 0, got " + value);
                }
            }
            if (batch < 1 || batch > 256) {
                throw new IllegalArgumentException("batch must be 1 to 256, got " + batch);
            }
        }
    }

    /**
     * Places of local features, for a matcher: 1 x n x 2 or n x 2.
     *
     * @param name in the graph
     * @param picture whose features
     * @param form units and conventions
     * @param size the picture as the network that made the keypoints saw it; empty for the upright picture itself
     */
    record KeypointInput(String name, Picture picture, KeypointForm form, Optional<InputSize> size)
            implements NetworkInput {
        /** Checks that nothing is missing. */
        public KeypointInput {
            requireNonNull(name, "name");
            requireNonNull(picture, "picture");
            requireNonNull(form, "form");
            requireNonNull(size, "size");
        }
    }

    /**
     * Descriptors of local features, for a matcher.
     *
     * @param name in the graph
     * @param picture whose features
     * @param channelsFirst whether the shape is (1 x) d x n instead of (1 x) n x d
     */
    record DescriptorInput(String name, Picture picture, boolean channelsFirst) implements NetworkInput {
        /** Checks that nothing is missing. */
        public DescriptorInput {
            requireNonNull(name, "name");
            requireNonNull(picture, "picture");
        }
    }
}
