package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.transform.FullyConnectedTransform;

/**
 * {@code fully-connected} while it is trained: W x + b, scaled to length 1 if asked for. And {@code pca}, {@code pca-whiten}
 * and {@code learned-whiten} while others are trained: they stay what they are.
 */
final class LinearLayer implements Layer {
    private static final String LEARNED = "fully-connected";

    private final ComponentSpec.Part part;
    private final ComponentState given;
    private final LinearMap map;
    private final boolean l2;

    private LinearLayer(ComponentSpec.Part part, ComponentState given, LinearMap map, boolean l2) {
        this.part = part;
        this.given = given;
        this.map = map;
        this.l2 = l2;
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(LEARNED, "pca", "pca-whiten", "learned-whiten");
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            if (!part.name().equals(LEARNED)) {
                return new LinearLayer(
                        part,
                        state,
                        LinearMap.fixed(part.name(), state),
                        !part.name().equals("pca"));
            }
            FullyConnectedTransform.Options options =
                    OptionsText.parse(part, new FullyConnectedTransform.Provider().defaults());
            return new LinearLayer(part, state, LinearMap.of(LEARNED, state, 0), options.l2());
        }
    }

    @Override
    public List<Parameter> parameters() {
        return map.parameters();
    }

    @Override
    public Pass forward(Rows input) {
        States.requireWidth(part.name(), input, map.inputs());
        double[] y = map.apply(input.values(), 0, input.count());
        Rows output = input.with(l2 ? Scaling.FLOOR.rows(y, map.outputs()) : y, map.outputs());
        return new Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                double[] behind = gradient;
                if (l2) {
                    behind = new double[y.length];
                    Scaling.FLOOR.addGradient(y, map.outputs(), gradient, behind);
                }
                double[] byInput = wanted ? new double[input.values().length] : null;
                map.back(input.values(), 0, input.count(), behind, parameters, byInput);
                return byInput;
            }
        };
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        SDVariable y = map.define(graph, input);
        return l2 ? Scaling.FLOOR.define(graph, y, 1) : y;
    }

    @Override
    public ComponentSpec.Part spec() {
        return States.named(part, state());
    }

    @Override
    public ComponentState state() {
        return parameters().isEmpty() ? given : ComponentState.ofArrays(map.arrays());
    }
}
