package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.retrieval4j.aggregation.MacAggregator;
import org.retrieval4j.aggregation.RmacAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.OptionsText;

/**
 * {@code mac} and {@code rmac} while others are trained: maxima of channels over regions, each region's scaled to length 1,
 * and their sum; or over the whole map alone, not scaled. The gradient goes to the first of equal maxima.
 */
final class MacLayer extends PoolingLayer {
    private static final String REGIONS = "rmac";
    private static final double FAR = 1e30; // below every value: takes what does not count out of a maximum

    private final int levels; // 0 for the whole map alone

    private MacLayer(ComponentSpec.Part part, int levels, boolean l2) {
        super(part, l2);
        this.levels = levels;
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of("mac", REGIONS);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            if (part.name().equals(REGIONS)) {
                RmacAggregator.Options options = OptionsText.parse(part, RmacAggregator.Options.defaults());
                return new MacLayer(part, options.levels(), options.l2());
            }
            return new MacLayer(
                    part,
                    0,
                    OptionsText.parse(part, MacAggregator.Options.defaults()).l2());
        }
    }

    @Override
    Back pool(Rows input, int picture, double[] pooled, int at) {
        int d = input.columns();
        int from = input.starts()[picture];
        if (levels == 0) {
            int[] places = new int[d];
            double[] largest = largest(
                    input, from, 1, new RmacAggregator.Region(0, 0, input.starts()[picture + 1] - from, 1), places);
            System.arraycopy(largest, 0, pooled, at, d);
            return (gradient, start, parameters, byInput) -> {
                for (int j = 0; byInput != null && j < d; j++) {
                    byInput[places[j] * d + j] += gradient[start + j];
                }
            };
        }
        Grid grid = States.grid(REGIONS, input.grids(), picture);
        List<RmacAggregator.Region> regions = RmacAggregator.regions(grid.rows(), grid.columns(), levels);
        int[][] places = new int[regions.size()][d];
        double[] maxima = new double[regions.size() * d];
        for (int r = 0; r < places.length; r++) {
            double[] largest = largest(input, from, grid.columns(), regions.get(r), places[r]);
            double factor = Scaling.ADDED.factor(Scaling.length(largest, 0, d));
            for (int j = 0; j < d; j++) {
                maxima[r * d + j] = largest[j];
                pooled[at + j] += factor * largest[j];
            }
        }
        return (gradient, start, parameters, byInput) -> {
            double[] byMaxima = new double[maxima.length];
            for (int r = 0; byInput != null && r < places.length; r++) {
                Scaling.ADDED.addGradient(maxima, r * d, d, gradient, start, byMaxima);
                for (int j = 0; j < d; j++) {
                    byInput[places[r][j] * d + j] += byMaxima[r * d + j];
                }
            }
        };
    }

    /** The maximum of each channel in a region, and the row of all vectors that has it. */
    private static double[] largest(Rows input, int from, int width, RmacAggregator.Region region, int[] places) {
        int d = input.columns();
        double[] largest = new double[d];
        java.util.Arrays.fill(largest, Double.NEGATIVE_INFINITY);
        for (int y = region.top(); y < region.top() + region.height(); y++) {
            for (int x = region.left(); x < region.left() + region.width(); x++) {
                int row = from + y * width + x;
                for (int j = 0; j < d; j++) {
                    double value = input.values()[row * d + j];
                    if (value > largest[j]) {
                        largest[j] = value;
                        places[j] = row;
                    }
                }
            }
        }
        return largest;
    }

    @Override
    SDVariable pool(Graph graph, SDVariable input) {
        SameDiff operations = graph.operations();
        if (levels == 0) {
            return largest(operations, input, operations.expandDims(graph.mask(), 2));
        }
        // the r-th regions of all pictures together; pictures that have fewer get nothing from it
        int n = graph.vectors();
        SDVariable sum = null;
        int most = 1;
        for (int r = 0; r < most; r++) {
            double[] inside = new double[graph.pictures() * n];
            double[] present = new double[graph.pictures()];
            for (int i = 0; i < graph.pictures(); i++) {
                Grid grid = States.grid(REGIONS, graph.grids(), i);
                List<RmacAggregator.Region> regions = RmacAggregator.regions(grid.rows(), grid.columns(), levels);
                most = Math.max(most, regions.size());
                RmacAggregator.Region region = regions.get(Math.min(r, regions.size() - 1));
                present[i] = r < regions.size() ? 1 : 0;
                for (int y = region.top(); y < region.top() + region.height(); y++) {
                    int row = i * n + y * grid.columns();
                    java.util.Arrays.fill(inside, row + region.left(), row + region.left() + region.width(), 1);
                }
            }
            SDVariable mask = graph.constant(inside, graph.pictures(), n, 1);
            SDVariable scaled = Scaling.ADDED
                    .define(graph, largest(operations, input, mask), 1)
                    .mul(graph.constant(present, graph.pictures(), 1));
            sum = sum == null ? scaled : sum.add(scaled);
        }
        return java.util.Objects.requireNonNull(sum);
    }

    private static SDVariable largest(SameDiff operations, SDVariable input, SDVariable mask) {
        return input.mul(mask).add(mask.sub(1).mul(FAR)).max(1);
    }
}
