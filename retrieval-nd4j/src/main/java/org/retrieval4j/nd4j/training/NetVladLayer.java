package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.aggregation.NetVladAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.OptionsText;

/**
 * {@code netvlad} while it is trained: V_k = Σ a_k(x) (x − c_k), of which w, b and c are learned each by itself. A bias of
 * zeros beside {@code init=v1} stays zeros, as in the released networks.
 */
final class NetVladLayer extends SoftLayer {
    private static final String NAME = "netvlad";
    private static final String CENTERS = "centers";

    private final Parameter centers;
    private final int sign; // of the residuals x − c
    private final ClusterVectors vectors;

    private NetVladLayer(
            ComponentSpec.Part part, SoftAssignment assignment, Parameter centers, int sign, ClusterVectors vectors) {
        super(part, assignment);
        this.sign = sign;
        this.centers = centers;
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
            NetVladAggregator.Options options = OptionsText.parse(part, NetVladAggregator.Options.defaults());
            int k = options.clusters();
            SoftAssignment assignment = new SoftAssignment(
                    new SoftAssignment.Settings(
                            NAME,
                            k,
                            options.ghost(),
                            options.preL2(),
                            false,
                            options.init() == NetVladAggregator.Init.V1,
                            options.batchNormEpsilon()),
                    state);
            int d = assignment.width();
            ClusterVectors.Axis axis = options.intraAxis() == NetVladAggregator.IntraAxis.CLUSTERS
                    ? ClusterVectors.Axis.CLUSTERS
                    : ClusterVectors.Axis.CHANNELS;
            return new NetVladLayer(
                    part,
                    assignment,
                    new Parameter(CENTERS, new int[] {k, d}, States.doubles(NAME, CENTERS, state, k, d)),
                    options.residual() == NetVladAggregator.Residual.C_MINUS_X ? -1 : 1,
                    new ClusterVectors(
                            k,
                            d,
                            Scaling.FLOOR,
                            options.intra() ? axis : ClusterVectors.Axis.NONE,
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
        // the sums become residuals, which is what the way back needs: Σ a (x − c) = Σ a x − (Σ a) c
        int d = vectors.d();
        int at = picture * size();
        double[] c = centers.values();
        for (int k = 0; k < vectors.k(); k++) {
            double mass = s.masses[picture * vectors.k() + k];
            for (int i = k * d; i < (k + 1) * d; i++) {
                s.sums[at + i] = sign * (s.sums[at + i] - mass * c[i]);
            }
        }
        vectors.write(s.sums, at, target, at);
    }

    @Override
    void back(SoftAssignment.Sums s, int picture, double[] gradient, Behind behind, Gradients parameters) {
        int d = vectors.d();
        int at = picture * size();
        vectors.back(s.sums, at, gradient, at, behind.sums, at);
        double[] byCenters = parameters.of(centers);
        for (int c = 0; c < vectors.k(); c++) {
            double mass = s.masses[picture * vectors.k() + c];
            double along = 0;
            for (int j = c * d; j < (c + 1) * d; j++) {
                double own = sign * behind.sums[at + j];
                behind.sums[at + j] = own;
                along += own * centers.values()[j];
                byCenters[j] -= mass * own;
            }
            behind.masses[picture * vectors.k() + c] = -along;
        }
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        SoftAssignment.Defined s = assignment().define(graph, input);
        SDVariable masses = graph.operations().expandDims(s.masses(), 2);
        SDVariable residuals = s.sums().sub(masses.mul(graph.operations().expandDims(graph.variable(centers), 0)));
        return vectors.define(graph, residuals.mul(sign));
    }

    @Override
    List<Parameter> more() {
        return List.of(centers);
    }

    @Override
    Map<String, FloatMatrix> moreArrays() {
        return Map.of(CENTERS, States.matrix(centers));
    }
}
