package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code multi-vlad}: one VLAD for every tile of the picture, so that a small object is found in a large scene and its
 * tile is known.
 *
 * <p>At scale s the upright picture is cut into s x s equal tiles; with three scales these are 1 + 4 + 9 = 14, the whole
 * picture first, then each scale row by row. Each is a VLAD of its own with its own normalization; a tile without
 * features gives zeros. Arandjelović, Zisserman: All about VLAD. CVPR 2013, section 5.
 *
 * <p>Fourteen times the memory of {@link VladAggregator}, for one assignment.
 */
public final class MultiVladAggregator extends DescriptorAggregator<VladEncoder.Scratch> {
    private static final String NAME = "multi-vlad";
    private static final String PREFIX = "vlad/";

    private final VladAggregator vlad;
    private final int scales;

    private MultiVladAggregator(Options options, VladAggregator vlad) {
        super(
                new Provider().specOf(new Options(vlad.spec(), options.scales)),
                ComponentState.EMPTY.with(PREFIX, vlad.state()),
                vlad.width());
        this.vlad = vlad;
        this.scales = options.scales;
    }

    /**
     * Settings.
     *
     * @param vlad the {@code vlad(…)} of each tile
     * @param scales number of scales, 1 to 16; more look for smaller things, with 1 + 4 + 9 + … tiles
     */
    public record Options(ComponentSpec vlad, int scales) {
        /** Checks the range. */
        public Options {
            requireNonNull(vlad, "vlad");
            if (scales < 1 || scales > 16) {
                throw new IllegalArgumentException("scales must be 1 to 16, got " + scales);
            }
        }

        /**
         * Three scales with intra-normalization, as published.
         *
         * @return the defaults
         */
        public static Options defaults() {
            VladAggregator.Options intra =
                    VladAggregator.Options.defaults().withNormalization(VladAggregator.Normalization.INTRA);
            return new Options(new VladAggregator.Provider().specOf(intra), 3);
        }
    }

    /** Makes {@code multi-vlad}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public MultiVladAggregator create(Options options, BuildContext context) throws IOException {
            VladAggregator.Options nested = VladAggregator.nested(NAME, options.vlad);
            return new MultiVladAggregator(options, new VladAggregator.Provider().create(nested, context));
        }

        @Override
        public MultiVladAggregator open(Options options, ComponentState state, BuildContext context) {
            VladAggregator.Options nested = VladAggregator.nested(NAME, options.vlad);
            return new MultiVladAggregator(
                    options, new VladAggregator.Provider().open(nested, state.part(PREFIX), context));
        }
    }

    @Override
    VladEncoder.Scratch scratch() {
        return vlad.encoder().scratch();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, VladEncoder.Scratch scratch) {
        FloatMatrix x = image.descriptors();
        int[] ids = vlad.encoder().assign(x, scratch);
        int dimension = vlad.clusters() * width();
        float[] tiles = new float[Math.multiplyExact(tiles(), dimension)];
        int[] tileOf = new int[x.rows()];
        int at = 0;
        for (int scale = 1; scale <= scales; scale++) {
            for (int i = 0; i < tileOf.length; i++) {
                tileOf[i] = tile(image, i, scale);
            }
            for (int tile = 0; tile < scale * scale; tile++) {
                float[] values = vlad.encoder().encode(x, ids, tileOf, tile, scratch);
                System.arraycopy(values, 0, tiles, at, dimension);
                at += dimension;
            }
        }
        return new GlobalDescriptor.Regions(FloatMatrix.of(tiles(), dimension, tiles));
    }

    private int tiles() {
        return scales * (scales + 1) * (2 * scales + 1) / 6;
    }

    private static int tile(ImageFeatures image, int feature, int scale) {
        Orientation orientation = image.orientation();
        Keypoints keypoints = image.keypoints();
        double x = keypoints.x(feature);
        double y = keypoints.y(feature);
        double u = orientation.uprightX(x, y, image.width(), image.height())
                / orientation.uprightWidth(image.width(), image.height());
        double v = orientation.uprightY(x, y, image.width(), image.height())
                / orientation.uprightHeight(image.width(), image.height());
        return step(v, scale) * scale + step(u, scale);
    }

    // features may lie a little outside, where a detector interpolates
    private static int step(double part, int scale) {
        return Math.max(0, Math.min(scale - 1, (int) Math.floor(part * scale)));
    }

    @Override
    void release() {
        vlad.close();
    }
}
