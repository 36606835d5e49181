package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.transform.ContextGatingTransform;

/** {@code context-gating} while it is trained: x ∘ sigmoid(BN(W x + b)). */
final class ContextGatingLayer implements Layer {
    private static final String NAME = "context-gating";

    private final ComponentSpec.Part part;
    private final LinearMap map;

    private ContextGatingLayer(ComponentSpec.Part part, LinearMap map) {
        this.part = part;
        this.map = map;
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(NAME);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            ContextGatingTransform.Options options =
                    OptionsText.parse(part, new ContextGatingTransform.Provider().defaults());
            LinearMap map = LinearMap.of(NAME, state, options.batchNormEpsilon());
            if (map.inputs() != map.outputs()) {
                throw new IllegalArgumentException(
                        "context-gating: weights must be d x d, got " + map.outputs() + " x " + map.inputs());
            }
            return new ContextGatingLayer(part, map);
        }
    }

    @Override
    public List<Parameter> parameters() {
        return map.parameters();
    }

    @Override
    public Pass forward(Rows input) {
        States.requireWidth(NAME, input, map.inputs());
        double[] x = input.values();
        double[] gates = map.apply(x, 0, input.count());
        double[] y = new double[x.length];
        for (int i = 0; i < y.length; i++) {
            gates[i] = 1 / (1 + Math.exp(-gates[i]));
            y[i] = gates[i] * x[i];
        }
        Rows output = input.with(y, input.columns());
        return new Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                double[] behind = new double[y.length];
                double[] byInput = wanted ? new double[y.length] : null;
                for (int i = 0; i < y.length; i++) {
                    behind[i] = gradient[i] * y[i] * (1 - gates[i]);
                    if (byInput != null) {
                        byInput[i] = gradient[i] * gates[i];
                    }
                }
                map.back(x, 0, input.count(), behind, parameters, byInput);
                return byInput;
            }
        };
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        return input.mul(graph.operations().nn.sigmoid(map.define(graph, input)));
    }

    @Override
    public ComponentSpec.Part spec() {
        return States.named(part, state());
    }

    @Override
    public ComponentState state() {
        return ComponentState.ofArrays(map.arrays());
    }
}
