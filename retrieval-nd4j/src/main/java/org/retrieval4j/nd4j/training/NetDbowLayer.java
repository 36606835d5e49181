package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.aggregation.NetDbowAggregator;
import org.retrieval4j.aggregation.NetVladAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.OptionsText;

/** {@code net-dbow} while it is trained: the masses Σ a_k(x). */
final class NetDbowLayer extends SoftLayer {
    private static final String NAME = "net-dbow";

    private final ClusterVectors masses; // clusters of one value

    private NetDbowLayer(ComponentSpec.Part part, SoftAssignment assignment, boolean l2) {
        super(part, assignment);
        this.masses =
                new ClusterVectors(assignment.clusters(), 1, Scaling.HIGH_FLOOR, ClusterVectors.Axis.NONE, l2, false);
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(NAME);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            NetDbowAggregator.Options options = OptionsText.parse(part, NetDbowAggregator.Options.defaults());
            SoftAssignment assignment = new SoftAssignment(
                    new SoftAssignment.Settings(
                            NAME,
                            options.clusters(),
                            0,
                            options.preL2(),
                            false,
                            options.init() == NetVladAggregator.Init.V1,
                            options.batchNormEpsilon()),
                    state);
            return new NetDbowLayer(part, assignment, options.l2());
        }
    }

    @Override
    int size() {
        return masses.size();
    }

    @Override
    void finish(SoftAssignment.Sums s, int picture, double[] target) {
        masses.write(s.masses, picture * size(), target, picture * size());
    }

    @Override
    void back(SoftAssignment.Sums s, int picture, double[] gradient, Behind behind, Gradients parameters) {
        int at = picture * size();
        masses.back(s.masses, at, gradient, at, behind.masses, at);
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        SDVariable all = assignment().define(graph, input).masses();
        return masses.define(graph, graph.operations().expandDims(all, 2));
    }

    @Override
    List<Parameter> more() {
        return List.of();
    }

    @Override
    Map<String, FloatMatrix> moreArrays() {
        return Map.of();
    }
}
