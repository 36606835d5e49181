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
 * {@code multi-crop}: another extractor sees overlapping parts of the upright picture, in rows and columns of equal size
 * that cover it, and the whole picture before them. A small thing in a large picture then fills a part of its own (Gong,
 * Wang, Guo, Lazebnik: Multi-scale orderless pooling of deep convolutional activation features, ECCV 2014; Razavian,
 * Sullivan, Carlsson, Maki: Visual instance retrieval with deep convolutional networks, 2016, section 3).
 *
 * <ul>
 *   <li>Global vectors are summed, each of length 1, and the sum scaled to length 1; {@code combine=regions} keeps
 *       all: {@code flat} and {@code diffusion} compare the most similar pairs.
 *   <li>Local features of all parts are one set, each keypoint at its place in the picture. Where parts overlap, only
 *       the one whose middle is nearest counts, so that nothing is there twice, and nothing is seen at a part's border;
 *       the whole picture counts beside them, as another scale. Parts are not reduced before the extractor reduces them:
 *       finer detail is seen where pictures are larger than it takes.
 *   <li>So are the cells of feature maps, which are no grid any more; {@code aggregator=…} makes each part's vector.
 * </ul>
 *
 * <p>With n parts along a side of L pixels and overlap o, a part has ⌈L / (n − (n − 1) o)⌉ pixels. Costs {@code rows ·
 * columns + 1} extractions a picture. Thread-safe if the extractor is.
 */
public final class MultiCropExtractor extends SeveralViews {
    private static final String NAME = "multi-crop";

    private final Options options;

    private MultiCropExtractor(Options options, Parts parts) {
        super(new Provider().specOf(options), parts, options.combine, 1, options.maxKeypoints);
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param extractor what sees the parts
     * @param rows of parts, 1 to 16; more see smaller things
     * @param columns of parts, 1 to 16
     * @param overlap part of a part's side that its neighbor shows too, 0 to 0.9
     * @param whole whether the whole picture is seen, too
     * @param combine what becomes of global vectors
     * @param maxKeypoints local features that are kept, those of the best scores; all if not given
     * @param aggregator what makes the vector of each part; the extractor itself if not given. It must need no sample
     */
    public record Options(
            ComponentSpec extractor,
            int rows,
            int columns,
            double overlap,
            boolean whole,
            Combine combine,
            Optional<Integer> maxKeypoints,
            Optional<ComponentSpec> aggregator) {
        /** Checks ranges. */
        public Options {
            requireNonNull(extractor, "extractor");
            requireNonNull(combine, "combine");
            requireNonNull(aggregator, "aggregator");
            MultiScaleExtractor.Options.requireIn("rows", rows, 1, 16);
            MultiScaleExtractor.Options.requireIn("columns", columns, 1, 16);
            if (!(overlap >= 0 && overlap <= 0.9)) {
                throw new IllegalArgumentException("overlap must be 0 to 0.9, got " + overlap);
            }
            maxKeypoints.ifPresent(
                    value -> MultiScaleExtractor.Options.requireIn("max-keypoints", value, 1, Integer.MAX_VALUE));
        }

        /**
         * SIFT on the whole and on 2 x 2 parts that overlap by 40 %, one vector, all keypoints.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    ComponentSpec.parse("sift"), 2, 2, 0.4, true, Combine.MEAN, Optional.empty(), Optional.empty());
        }

        private Options with(ComponentSpec seen, Optional<ComponentSpec> described) {
            return new Options(seen, rows, columns, overlap, whole, combine, maxKeypoints, described);
        }
    }

    /** Makes {@code multi-crop(extractor=…)}. */
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
            return new MultiCropExtractor(options.with(parts.extractorSpec(), parts.aggregatorSpec()), parts);
        }

        @Override
        public Extractor open(Options options, ComponentState state, BuildContext context, Components components)
                throws IOException {
            return new MultiCropExtractor(
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

    /** The whole picture if it is wanted, then the parts row by row. */
    static List<View> views(int width, int height, Options options) {
        List<View> views = new ArrayList<>();
        if (options.whole) {
            views.add(View.whole(width, height));
        }
        int partWidth = side(width, options.columns, options.overlap);
        int partHeight = side(height, options.rows, options.overlap);
        for (int top : starts(height, partHeight, options.rows)) {
            for (int left : starts(width, partWidth, options.columns)) {
                View part = new View(left, top, partWidth, partHeight, partWidth, partHeight);
                if (!views.contains(part)) { // the only part may be the whole, and tiny pictures have few
                    views.add(part);
                }
            }
        }
        return views;
    }

    private static int side(int length, int parts, double overlap) {
        return (int) Math.min(length, Math.ceil(length / (parts - (parts - 1) * overlap)));
    }

    // rounded, neighbors are at most a part's side apart: side >= length / parts, and the side is whole
    private static int[] starts(int length, int side, int parts) {
        int[] starts = new int[parts];
        for (int i = 1; i < parts; i++) {
            starts[i] = (int) Math.round((double) i * (length - side) / (parts - 1));
        }
        return starts;
    }

    @Override
    boolean counts(List<View> views, View view, double x, double y) {
        int first = options.whole ? 1 : 0;
        int number = views.indexOf(view);
        if (number < first) {
            return true;
        }
        double own = distance(view, x, y);
        for (int i = first; i < views.size(); i++) {
            double other = distance(views.get(i), x, y);
            if (other < own || other == own && i < number) {
                return false;
            }
        }
        return true;
    }

    private static double distance(View view, double x, double y) {
        double dx = x - view.left() - view.width() / 2.0;
        double dy = y - view.top() - view.height() / 2.0;
        return dx * dx + dy * dy;
    }
}
