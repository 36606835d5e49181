package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.retrieval4j.aggregation.GemAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.OptionsText;

/**
 * {@code gem} while it is trained: (mean of max(x, ε)^p)^(1/p), of which p is learned, ten times as fast as others and
 * without weight decay, as its authors do. It goes back into the option {@code p}; with {@code exponents}, one a channel,
 * into these.
 */
final class GemLayer extends PoolingLayer {
    private static final String NAME = "gem";
    private static final String EXPONENTS = "exponents";
    private static final double RATE = 10;

    private final GemAggregator.Options options;
    private final Parameter p; // one, or one a channel

    private GemLayer(ComponentSpec.Part part, GemAggregator.Options options, Parameter p) {
        super(part, options.l2());
        this.options = options;
        this.p = p;
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(NAME);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            GemAggregator.Options options = OptionsText.parse(part, GemAggregator.Options.defaults());
            double[] values = options.exponents().isPresent()
                    ? States.doubles(state.array(EXPONENTS))
                    : new double[] {options.p()};
            String name = options.exponents().isPresent() ? EXPONENTS : "p";
            return new GemLayer(part, options, new Parameter(name, new int[] {values.length}, values, RATE, false));
        }
    }

    private boolean perChannel() {
        return options.exponents().isPresent();
    }

    private double exponent(int channel) {
        return p.values()[perChannel() ? channel : 0];
    }

    @Override
    void check(Rows input) {
        if (perChannel()) {
            States.requireWidth("gem with exponents", input, p.values().length);
        }
        for (double value : p.values()) {
            if (!(value > 0)) {
                throw new IllegalArgumentException(
                        "gem: exponents must stay above 0, got " + value + ": take a smaller rate for " + p.name());
            }
        }
    }

    @Override
    Back pool(Rows input, int picture, double[] pooled, int at) {
        int d = input.columns();
        double[] x = input.values();
        int from = input.starts()[picture] * d;
        int to = input.starts()[picture + 1] * d;
        double count = input.starts()[picture + 1] - input.starts()[picture];
        double[] logarithms = new double[to - from];
        double[] powers = new double[to - from];
        double[] means = new double[d];
        for (int i = 0; i < powers.length; i++) {
            int j = i % d;
            logarithms[i] = Math.log(Math.max(x[from + i], options.epsilon()));
            powers[i] = Math.exp(exponent(j) * logarithms[i]);
            means[j] += powers[i] / count;
        }
        for (int j = 0; j < d; j++) {
            pooled[at + j] = Math.pow(means[j], 1 / exponent(j));
        }
        return (gradient, start, parameters, byInput) -> {
            double[] byP = parameters.of(p);
            // by a power: g y / (p m N); by p: g y (Σ xᵖ ln x / (N p m) − ln m / p²)
            for (int j = 0; j < d; j++) {
                double own = exponent(j);
                byP[perChannel() ? j : 0] -= gradient[start + j] * pooled[at + j] * Math.log(means[j]) / (own * own);
            }
            for (int i = 0; i < powers.length; i++) {
                int j = i % d;
                double own = exponent(j);
                double byPower = gradient[start + j] * pooled[at + j] / (own * means[j] * count);
                byP[perChannel() ? j : 0] += byPower * powers[i] * logarithms[i];
                if (byInput != null && x[from + i] >= options.epsilon()) {
                    byInput[from + i] += byPower * own * powers[i] / x[from + i];
                }
            }
        };
    }

    @Override
    SDVariable pool(Graph graph, SDVariable input) {
        SameDiff operations = graph.operations();
        SDVariable floored = operations.math.max(input, operations.constant(options.epsilon()));
        SDVariable powers =
                operations.math.exp(operations.math.log(floored).mul(graph.spread(graph.variable(p), floored)));
        SDVariable mean = graph.mean(powers);
        return operations.math.exp(operations.math.log(mean).div(graph.spread(graph.variable(p), mean)));
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(p);
    }

    @Override
    public ComponentSpec.Part spec() {
        if (perChannel()) {
            return States.named(part(), state());
        }
        return new GemAggregator.Provider().specOf(options.withP(p.values()[0])).first();
    }

    @Override
    public ComponentState state() {
        return perChannel() ? ComponentState.ofArrays(Map.of(EXPONENTS, States.matrix(p))) : ComponentState.EMPTY;
    }
}
