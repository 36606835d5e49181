package org.retrieval4j.nd4j.training;

import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.aggregation.SpocAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.OptionsText;

/** {@code spoc} while others are trained: the average, or the sum weighted by a Gaussian around the middle. */
final class SpocLayer extends PoolingLayer {
    private static final String NAME = "spoc";

    private final boolean centerPrior;

    private SpocLayer(ComponentSpec.Part part, SpocAggregator.Options options) {
        super(part, options.l2());
        this.centerPrior = options.centerPrior();
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(NAME);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            return new SpocLayer(part, OptionsText.parse(part, SpocAggregator.Options.defaults()));
        }
    }

    /** A weight a cell. */
    private static double[] prior(Grid grid) {
        double sigma = Math.min(grid.rows(), grid.columns()) / 6.0;
        double[] weights = new double[grid.rows() * grid.columns()];
        for (int i = 0; i < weights.length; i++) {
            double dy = i / grid.columns() - (grid.rows() - 1) / 2.0;
            double dx = i % grid.columns() - (grid.columns() - 1) / 2.0;
            weights[i] = Math.exp(-(dy * dy + dx * dx) / (2 * sigma * sigma));
        }
        return weights;
    }

    @Override
    Back pool(Rows input, int picture, double[] pooled, int at) {
        int d = input.columns();
        int from = input.starts()[picture];
        int n = input.starts()[picture + 1] - from;
        double[] weights = new double[n];
        java.util.Arrays.fill(weights, 1.0 / n);
        double[] places = centerPrior ? prior(States.grid(NAME, input.grids(), picture)) : weights;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < d; j++) {
                pooled[at + j] += places[i] * input.values()[(from + i) * d + j];
            }
        }
        return (gradient, start, parameters, byInput) -> {
            if (byInput != null) {
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < d; j++) {
                        byInput[(from + i) * d + j] += places[i] * gradient[start + j];
                    }
                }
            }
        };
    }

    @Override
    SDVariable pool(Graph graph, SDVariable input) {
        if (!centerPrior) {
            return graph.mean(input);
        }
        double[] weights = new double[graph.pictures() * graph.vectors()];
        for (int i = 0; i < graph.pictures(); i++) {
            double[] own = prior(States.grid(NAME, graph.grids(), i));
            System.arraycopy(own, 0, weights, i * graph.vectors(), own.length);
        }
        return input.mul(graph.constant(weights, graph.pictures(), graph.vectors(), 1))
                .sum(1);
    }
}
