package org.retrieval4j.nd4j.training;

import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.retrieval4j.aggregation.CrowAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.OptionsText;

/**
 * {@code crow} while others are trained: y_k = I_k Σ_i w_i x_ik with weights of places w_i = (S_i / ‖S‖)^½, S_i = Σ_k x_ik,
 * and of channels I_k. The gradient goes through the weights of places, too; those of channels count entries above 0, and
 * counts have no gradient.
 */
final class CrowLayer extends PoolingLayer {
    private static final double EPSILON = 1e-6;
    private static final double TINY = 1e-150; // under a root, whose gradient at 0 is infinite

    private CrowLayer(ComponentSpec.Part part, boolean l2) {
        super(part, l2);
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of("crow");
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            return new CrowLayer(
                    part,
                    OptionsText.parse(part, CrowAggregator.Options.defaults()).l2());
        }
    }

    @Override
    Back pool(Rows input, int picture, double[] pooled, int at) {
        int d = input.columns();
        int from = input.starts()[picture];
        int n = input.starts()[picture + 1] - from;
        double[] x = input.values();
        double[] sums = new double[n];
        int[] positive = new int[d];
        double square = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < d; j++) {
                double value = x[(from + i) * d + j];
                sums[i] += value;
                positive[j] += value > 0 ? 1 : 0;
            }
            square += sums[i] * sums[i];
        }
        double norm = Math.sqrt(square);
        double[] places = new double[n];
        double[] channels = channels(positive, n);
        for (int i = 0; i < n && norm > 0; i++) {
            places[i] = Math.sqrt(Math.max(0, sums[i]) / norm);
            for (int j = 0; j < d; j++) {
                pooled[at + j] += places[i] * channels[j] * x[(from + i) * d + j];
            }
        }
        return (gradient, start, parameters, byInput) -> {
            if (byInput == null || norm == 0) {
                return;
            }
            double[] byPlaces = new double[n];
            double byNorm = 0;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < d; j++) {
                    double own = gradient[start + j] * channels[j];
                    byPlaces[i] += own * x[(from + i) * d + j];
                    byInput[(from + i) * d + j] += own * places[i];
                }
                byNorm -= byPlaces[i] * places[i] / (2 * norm);
            }
            for (int i = 0; i < n; i++) {
                double bySum = byNorm * sums[i] / norm;
                if (sums[i] > 0) {
                    bySum += byPlaces[i] / (2 * places[i] * norm);
                }
                for (int j = 0; j < d; j++) {
                    byInput[(from + i) * d + j] += bySum;
                }
            }
        };
    }

    private static double[] channels(int[] positive, int places) {
        double all = 0;
        for (int count : positive) {
            all += (double) count / places;
        }
        double[] weights = new double[positive.length];
        for (int j = 0; j < weights.length; j++) {
            double part = (double) positive[j] / places;
            weights[j] = Math.log((weights.length * EPSILON + all) / (EPSILON + part));
        }
        return weights;
    }

    @Override
    SDVariable pool(Graph graph, SDVariable input) {
        SameDiff operations = graph.operations();
        SDVariable tiny = operations.constant(TINY);
        SDVariable zero = operations.constant(0.0);
        SDVariable sums = input.sum(2).mul(graph.mask());
        SDVariable norm = operations.math.sqrt(
                operations.math.max(operations.math.square(sums).sum(true, 1), tiny));
        SDVariable above = operations.math.sign(operations.math.max(sums, zero));
        SDVariable places = operations
                .math
                .sqrt(operations.math.max(sums, tiny).div(graph.spread(norm, sums)))
                .mul(above);
        SDVariable parts = graph.mean(operations.math.sign(operations.math.max(input, zero)));
        SDVariable all = parts.add(EPSILON).sum(true, 1);
        SDVariable channels = operations.math.log(all.div(parts.add(EPSILON)));
        return input.mul(operations.expandDims(places, 2)).sum(1).mul(channels);
    }
}
