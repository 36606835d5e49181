package org.retrieval4j.extraction;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code multi-scale}: another extractor sees the picture in several sizes, {@code largest · 2^(−i / per-octave)} for i = 0,
 * 1, …: by default 1, 1/√2 and 1/2, the protocol of R-MAC, GeM and SOLAR; DELG's and HOW's seven are {@code
 * largest=2,scales=7}. Things are then found again from farther away.
 *
 * <ul>
 *   <li>Global vectors become one: v = L2((1/n Σ_s x_s^p)^(1/p)), each x_s of length 1 (Radenović, Tolias, Chum:
 *       Fine-tuning CNN image retrieval with no human annotation, TPAMI 2018, section 5.2; p is 1 behind a whitening, and
 *       GeM's exponent without). Negative values keep their sign. {@code combine=regions} keeps all.
 *   <li>Local features of all sizes are one set, each keypoint at its place in the original picture; {@code
 *       max-keypoints} keeps those of the best scores, over all sizes.
 *   <li>So are the cells of feature maps, which are no grid any more: what pools cells (VLAD, NetVLAD, GeM, MAC) takes
 *       them, and larger sizes count for more because they have more cells. What needs a grid (R-MAC, CroW), and the papers'
 *       protocol, in which each size counts the same, are had by {@code aggregator=…}, which makes each size's vector: then
 *       the output is a global vector, and no map.
 * </ul>
 *
 * <p>Sizes are relative to the picture, reduced to {@code max-size}: the extractor's own largest size must not be smaller
 * than {@code largest · max-size}, or it makes sizes equal again. A network of one fixed input gains nothing. A size
 * whose shorter side has fewer than 32 pixels is left out, but for the largest. Where only one size of 1 is left and
 * nothing is reduced, the extraction is that of the extractor alone, to the last bit.
 *
 * <p>Costs a picture: Σ_s largest² 2^(−2i/per-octave) of a plain extraction, 1.75 times by default, and one more copy of
 * the picture. Thread-safe if the extractor is.
 */
public final class MultiScaleExtractor extends SeveralViews {
    private static final String NAME = "multi-scale";
    private static final int LEAST_SIDE = 32;

    private final Options options;

    private MultiScaleExtractor(Options options, Parts parts) {
        super(new Provider().specOf(options), parts, options.combine, options.power, options.maxKeypoints);
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param extractor what sees the pictures
     * @param scales number of sizes, 1 to 16; more stand more change of distance
     * @param perOctave sizes from one to its half, 1 to 8
     * @param largest the first size, above 0 to 4, relative to the picture that {@code max-size} leaves; above 1
     *     enlarges it
     * @param maxSize longest side in pixels to which pictures are reduced before, 16 to 16384
     * @param power p of the mean of global vectors, above 0 and at most 100; larger takes more from the size that answers most
     * @param combine what becomes of global vectors
     * @param maxKeypoints local features that are kept; all if not given
     * @param aggregator what makes the vector of each size; the extractor itself if not given. It must need no sample
     */
    public record Options(
            ComponentSpec extractor,
            int scales,
            int perOctave,
            double largest,
            int maxSize,
            double power,
            Combine combine,
            Optional<Integer> maxKeypoints,
            Optional<ComponentSpec> aggregator) {
        /** Checks ranges. */
        public Options {
            requireNonNull(extractor, "extractor");
            requireNonNull(combine, "combine");
            requireNonNull(aggregator, "aggregator");
            requireIn("scales", scales, 1, 16);
            requireIn("per-octave", perOctave, 1, 8);
            if (!(largest > 0 && largest <= 4)) {
                throw new IllegalArgumentException("largest must be above 0 and at most 4, got " + largest);
            }
            requireIn("max-size", maxSize, 16, 16384);
            if (!(power > 0 && power <= 100)) {
                throw new IllegalArgumentException("power must be above 0 and at most 100, got " + power);
            }
            maxKeypoints.ifPresent(value -> requireIn("max-keypoints", value, 1, Integer.MAX_VALUE));
        }

        static void requireIn(String name, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + " must be "
                        + (most == Integer.MAX_VALUE ? "at least " + least : least + " to " + most) + ", got " + value);
            }
        }

        /**
         * SIFT at 1, 1/√2 and 1/2 of at most 1024 pixels, the plain mean, all keypoints.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    ComponentSpec.parse("sift"), 3, 2, 1, 1024, 1, Combine.MEAN, Optional.empty(), Optional.empty());
        }

        private Options with(ComponentSpec seen, Optional<ComponentSpec> described) {
            return new Options(seen, scales, perOctave, largest, maxSize, power, combine, maxKeypoints, described);
        }
    }

    /** Makes {@code multi-scale(extractor=…)}. */
    public static final class Provider extends ComponentProvider<Extractor, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Extractor.class, NAME, Options.defaults());
        }

        @Override
        public Extractor create(Options options, BuildContext context) {
            return create(options, context, Components.load());
        }

        @Override
        public Extractor create(Options options, BuildContext context, Components components) {
            Parts parts = Parts.create(options.extractor, options.aggregator, context, components);
            return new MultiScaleExtractor(options.with(parts.extractorSpec(), parts.aggregatorSpec()), parts);
        }

        @Override
        public Extractor open(Options options, ComponentState state, BuildContext context, Components components)
                throws IOException {
            return new MultiScaleExtractor(
                    options, Parts.open(options.extractor, options.aggregator, state, context, components));
        }

        @Override
        public Options canonical(Options options, Components components) {
            return options.with(
                    components.canonical(Extractor.class, options.extractor),
                    options.aggregator.map(spec -> components.canonical(Aggregator.class, spec)));
        }
    }

    @Override
    List<View> views(int width, int height) {
        return views(width, height, options);
    }

    static List<View> views(int width, int height, Options options) {
        double reduction = Math.min(1, (double) options.maxSize / Math.max(width, height));
        List<View> views = new ArrayList<>();
        for (int i = 0; i < options.scales; i++) {
            double scale = reduction * options.largest * Math.pow(2, -(double) i / options.perOctave);
            int columns = (int) Math.max(1, Math.round(scale * width));
            int rows = (int) Math.max(1, Math.round(scale * height));
            if (i == 0 || Math.min(columns, rows) >= LEAST_SIDE) {
                views.add(new View(0, 0, width, height, columns, rows));
            }
        }
        return views;
    }
}
