package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.retrieval4j.aggregation.NetFvAggregator;
import org.retrieval4j.aggregation.NetVladAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.OptionsText;

/**
 * {@code net-fv} while it is trained: u_k = (Σ a x − A c_k) / σ_k and v_k = (Σ a x² − 2 c_k Σ a x + A c_k²) / σ_k² − A. So
 * that σ stays above 0, LOUPE's parameter p is learned in its place, σ = p² + 10⁻⁶: {@code covariance}.
 */
final class NetFvLayer extends SoftLayer {
    private static final String NAME = "net-fv";
    private static final String CENTERS = "centers";
    private static final String DEVIATIONS = "deviations";
    private static final double FLOOR = 1e-6;

    private final Parameter centers;
    private final Parameter covariance;
    private final ClusterVectors first;
    private final ClusterVectors second;

    private NetFvLayer(
            ComponentSpec.Part part,
            SoftAssignment assignment,
            Parameter centers,
            Parameter covariance,
            ClusterVectors first,
            ClusterVectors second) {
        super(part, assignment);
        this.centers = centers;
        this.covariance = covariance;
        this.first = first;
        this.second = second;
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(NAME);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            NetFvAggregator.Options options = OptionsText.parse(part, NetFvAggregator.Options.defaults());
            int k = options.clusters();
            SoftAssignment assignment = new SoftAssignment(
                    new SoftAssignment.Settings(
                            NAME,
                            k,
                            0,
                            options.preL2(),
                            true,
                            options.init() == NetVladAggregator.Init.V1,
                            options.batchNormEpsilon()),
                    state);
            int d = assignment.width();
            double[] roots = States.doubles(NAME, DEVIATIONS, state, k, d);
            for (int i = 0; i < roots.length; i++) {
                roots[i] = Math.sqrt(Math.max(0, roots[i] - FLOOR));
            }
            boolean channelMajor = options.flatten() == NetVladAggregator.Flatten.CHANNEL_MAJOR;
            ClusterVectors.Axis axis = options.intra() ? ClusterVectors.Axis.CHANNELS : ClusterVectors.Axis.NONE;
            return new NetFvLayer(
                    part,
                    assignment,
                    new Parameter(CENTERS, new int[] {k, d}, States.doubles(NAME, CENTERS, state, k, d)),
                    new Parameter("covariance", new int[] {k, d}, roots),
                    new ClusterVectors(k, d, Scaling.HIGH_FLOOR, axis, options.l2(), channelMajor),
                    new ClusterVectors(k, d, Scaling.HIGH_FLOOR, ClusterVectors.Axis.NONE, options.l2(), channelMajor));
        }
    }

    private double sigma(int i) {
        double root = covariance.values()[i];
        return root * root + FLOOR;
    }

    @Override
    int size() {
        return 2 * first.size();
    }

    @Override
    void finish(SoftAssignment.Sums s, int picture, double[] target) {
        int half = first.size();
        int at = picture * half;
        // the sums become u and v; the way back finds the sums again
        for (int i = 0; i < half; i++) {
            double mass = s.masses[picture * first.k() + i / first.d()];
            double center = centers.values()[i];
            double sigma = sigma(i);
            double sum = s.sums[at + i];
            double square = s.squares[at + i] - 2 * center * sum + mass * center * center;
            s.sums[at + i] = (sum - mass * center) / sigma;
            s.squares[at + i] = square / (sigma * sigma) - mass;
        }
        first.write(s.sums, at, target, 2 * at);
        second.write(s.squares, at, target, 2 * at + half);
    }

    @Override
    void back(SoftAssignment.Sums s, int picture, double[] gradient, Behind behind, Gradients parameters) {
        int half = first.size();
        int at = picture * half;
        first.back(s.sums, at, gradient, 2 * at, behind.sums, at);
        second.back(s.squares, at, gradient, 2 * at + half, behind.squares, at);
        double[] byCenters = parameters.of(centers);
        double[] byCovariance = parameters.of(covariance);
        for (int i = 0; i < half; i++) {
            int cluster = picture * first.k() + i / first.d();
            double mass = s.masses[cluster];
            double center = centers.values()[i];
            double sigma = sigma(i);
            double u = s.sums[at + i];
            double v = s.squares[at + i];
            double byU = behind.sums[at + i];
            double byV = behind.squares[at + i] / (sigma * sigma); // by σ² (v + A)
            double sum = u * sigma + mass * center;
            behind.squares[at + i] = byV;
            behind.sums[at + i] = byU / sigma - 2 * center * byV;
            behind.masses[cluster] += -byU * center / sigma + byV * (center * center - sigma * sigma);
            byCenters[i] += -byU * mass / sigma + byV * 2 * (mass * center - sum);
            double bySigma = -byU * u / sigma - byV * 2 * sigma * (v + mass);
            byCovariance[i] += bySigma * 2 * covariance.values()[i];
        }
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        SameDiff operations = graph.operations();
        SoftAssignment.Defined s = assignment().define(graph, input);
        SDVariable masses = operations.expandDims(s.masses(), 2);
        SDVariable c = operations.expandDims(graph.variable(centers), 0);
        SDVariable sigma = operations.expandDims(
                operations.math.square(graph.variable(covariance)).add(FLOOR), 0);
        SDVariable u = s.sums().sub(masses.mul(c)).div(sigma);
        SDVariable v = s.squares()
                .sub(s.sums().mul(c).mul(2))
                .add(masses.mul(operations.math.square(c)))
                .div(operations.math.square(sigma))
                .sub(masses);
        return operations.concat(1, first.define(graph, u), second.define(graph, v));
    }

    @Override
    List<Parameter> more() {
        return List.of(centers, covariance);
    }

    @Override
    Map<String, FloatMatrix> moreArrays() {
        double[] sigmas = new double[first.size()];
        for (int i = 0; i < sigmas.length; i++) {
            sigmas[i] = sigma(i);
        }
        return Map.of(CENTERS, States.matrix(centers), DEVIATIONS, States.matrix(sigmas, first.d()));
    }
}
