package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.aggregation.NetRvladAggregator;
import org.retrieval4j.aggregation.NetVladAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.OptionsText;

/** {@code net-rvlad} while it is trained: V_k = Σ a_k(x) x. */
final class NetRvladLayer extends SoftLayer {
    private static final String NAME = "net-rvlad";

    private final ClusterVectors vectors;

    private NetRvladLayer(ComponentSpec.Part part, SoftAssignment assignment, ClusterVectors vectors) {
        super(part, assignment);
        this.vectors = vectors;
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(NAME);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            NetRvladAggregator.Options options = OptionsText.parse(part, NetRvladAggregator.Options.defaults());
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
            return new NetRvladLayer(
                    part,
                    assignment,
                    new ClusterVectors(
                            options.clusters(),
                            assignment.width(),
                            Scaling.HIGH_FLOOR,
                            options.intra() ? ClusterVectors.Axis.CHANNELS : ClusterVectors.Axis.NONE,
                            options.l2(),
                            options.flatten() == NetVladAggregator.Flatten.CHANNEL_MAJOR));
        }
    }

    @Override
    int size() {
        return vectors.size();
    }

    @Override
    void finish(SoftAssignment.Sums s, int picture, double[] target) {
        vectors.write(s.sums, picture * size(), target, picture * size());
    }

    @Override
    void back(SoftAssignment.Sums s, int picture, double[] gradient, Behind behind, Gradients parameters) {
        int at = picture * size();
        vectors.back(s.sums, at, gradient, at, behind.sums, at);
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        return vectors.define(graph, assignment().define(graph, input).sums());
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
