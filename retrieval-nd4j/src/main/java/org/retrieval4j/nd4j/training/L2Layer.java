package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;

/** {@code l2} while others are trained: scales each vector to length 1. */
final class L2Layer implements Layer {
    private final ComponentSpec.Part part;

    private L2Layer(ComponentSpec.Part part) {
        this.part = part;
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of("l2");
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            return new L2Layer(part);
        }
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public Pass forward(Rows input) {
        int d = input.columns();
        Rows output = input.with(Scaling.FLOOR.rows(input.values(), d), d);
        return new Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                if (!wanted) {
                    return null;
                }
                double[] byInput = new double[gradient.length];
                Scaling.FLOOR.addGradient(input.values(), d, gradient, byInput);
                return byInput;
            }
        };
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        return Scaling.FLOOR.define(graph, input, 1);
    }

    @Override
    public ComponentSpec.Part spec() {
        return part;
    }

    @Override
    public ComponentState state() {
        return ComponentState.EMPTY;
    }
}
