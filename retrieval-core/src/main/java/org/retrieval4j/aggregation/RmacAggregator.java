package org.retrieval4j.aggregation;

import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code rmac}: the maximum of each channel over the whole feature map and over square regions of several sizes, each
 * such vector scaled to length 1, and their sum.
 *
 * <p>Tolias, Sicre, Jégou: Particular object retrieval with integral max-pooling of CNN activations. ICLR 2016. The
 * regions are those of cnnimageretrieval-pytorch, which is what published numbers were made with: side ⌊2w/(l+1)⌋ at
 * level l, w the shorter side, neighbors overlapping by about 40 %.
 */
public final class RmacAggregator extends DescriptorAggregator<RmacAggregator.Scratch> {
    private static final float OVERLAP = 0.4f;

    private final Options options;

    private RmacAggregator(Options options) {
        super(new Provider().specOf(options), ComponentState.EMPTY, 0);
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param levels number of region sizes beside the whole map, 1 to 100; more look at smaller things
     * @param l2 scale the vector to length 1
     */
    public record Options(int levels, boolean l2) {
        /** Checks the range. */
        public Options {
            if (levels < 1 || levels > 100) {
                throw new IllegalArgumentException("levels must be 1 to 100, got " + levels);
            }
        }

        /**
         * Three levels, with L2.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(3, true);
        }
    }

    /** Makes {@code rmac}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, "rmac", Options.defaults());
        }

        @Override
        public RmacAggregator create(Options options, BuildContext context) {
            return new RmacAggregator(options);
        }
    }

    /**
     * A rectangle of cells.
     *
     * @param top first row
     * @param left first column
     * @param height number of rows
     * @param width number of columns
     */
    public record Region(int top, int left, int height, int width) {}

    /** Working memory of one call. */
    static final class Scratch {
        private final Pooling sums = new Pooling();
        private final Pooling region = new Pooling();
    }

    @Override
    Scratch scratch() {
        return new Scratch();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, Scratch scratch) {
        int channels = Pooling.channels(image);
        double[] sums = scratch.sums.zeros(channels);
        if (image.size() > 0) {
            Grid grid = Pooling.grid(image, "rmac");
            double[] largest = scratch.region.zeros(channels);
            for (Region region : regions(grid.rows(), grid.columns(), options.levels)) {
                pool(image.descriptors(), grid, region, largest);
                double scale = Pooling.scale(largest);
                for (int j = 0; j < channels; j++) {
                    sums[j] += largest[j] * scale;
                }
            }
        }
        return Pooling.dense(sums, options.l2);
    }

    private static void pool(FloatMatrix x, Grid grid, Region region, double[] largest) {
        java.util.Arrays.fill(largest, Double.NEGATIVE_INFINITY);
        float[] values = x.array();
        for (int row = region.top; row < region.top + region.height; row++) {
            for (int column = region.left; column < region.left + region.width; column++) {
                int at = x.offset() + (row * grid.columns() + column) * largest.length;
                for (int j = 0; j < largest.length; j++) {
                    largest[j] = Math.max(largest[j], values[at + j]);
                }
            }
        }
    }

    /**
     * What is pooled: the whole map, then the regions level by level, row by row.
     *
     * @param height rows of the map, at least 1
     * @param width columns of the map, at least 1
     * @param levels number of region sizes beside the whole map
     * @return the regions, at least one
     */
    public static List<Region> regions(int height, int width, int levels) {
        List<Region> regions = new ArrayList<>();
        regions.add(new Region(0, 0, height, width));
        int shorter = Math.min(height, width);
        int more = moreRegions(height, width);
        for (int level = 1; level <= levels; level++) {
            int side = 2 * shorter / (level + 1);
            if (side == 0) {
                continue; // the map is smaller than the number of regions
            }
            int[] tops = starts(height, side, level + (height > width ? more : 0));
            int[] lefts = starts(width, side, level + (width > height ? more : 0));
            for (int top : tops) {
                for (int left : lefts) {
                    regions.add(new Region(top, left, side, side));
                }
            }
        }
        return regions;
    }

    // How many regions more the longer side has: two to seven in all at the first level, by the overlap nearest to 40
    // %.
    private static int moreRegions(int height, int width) {
        if (height == width) {
            return 0;
        }
        float w = Math.min(height, width);
        float longer = Math.max(height, width) - w;
        int best = 0;
        float smallest = Float.MAX_VALUE;
        for (int steps = 2; steps <= 7; steps++) {
            float step = longer / (steps - 1);
            float difference = Math.abs((w * w - w * step) / (w * w) - OVERLAP);
            if (difference < smallest) {
                smallest = difference;
                best = steps - 1;
            }
        }
        return best;
    }

    // in float and by way of the region's middle, as the reference does it: where it rounds, so do we
    private static int[] starts(int length, int side, int count) {
        float step = count == 1 ? 0 : (float) ((length - side) / (double) (count - 1));
        float middle = (float) Math.floor(side / 2.0 - 1);
        int[] starts = new int[count];
        for (int i = 0; i < count; i++) {
            starts[i] = (int) ((float) Math.floor(middle + i * step) - middle);
        }
        return starts;
    }
}
