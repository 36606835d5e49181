package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;

/** The mean of descriptors, with a learned factor on each value, scaled to length 1: the smallest head that can learn. */
final class MeanLayer implements Layer {
    private final Parameter factors;

    MeanLayer(int columns) {
        this(columns, "factors");
    }

    MeanLayer(int columns, String name) {
        double[] ones = new double[columns];
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < columns; i++) {
            ones[i] = 1 + 0.01 * random.nextDouble();
        }
        factors = new Parameter(name, new int[] {columns}, ones);
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(factors);
    }

    @Override
    public Pass forward(Rows input) {
        int d = input.columns();
        double[] means = new double[input.pictures() * d];
        double[] out = new double[means.length];
        double[] norms = new double[input.pictures()];
        for (int p = 0; p < input.pictures(); p++) {
            int rows = input.starts()[p + 1] - input.starts()[p];
            for (int i = input.starts()[p]; i < input.starts()[p + 1]; i++) {
                for (int j = 0; j < d; j++) {
                    means[p * d + j] += input.values()[i * d + j] / rows;
                }
            }
            for (int j = 0; j < d; j++) {
                out[p * d + j] = means[p * d + j] * factors.values()[j];
                norms[p] += out[p * d + j] * out[p * d + j];
            }
            norms[p] = Math.sqrt(norms[p]);
            for (int j = 0; j < d; j++) {
                out[p * d + j] /= norms[p];
            }
        }
        Rows output = Rows.vectors(out, d);
        return new Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                double[] sum = parameters.of(factors);
                for (int p = 0; p < norms.length; p++) {
                    double dot = 0;
                    for (int j = 0; j < d; j++) {
                        dot += gradient[p * d + j] * out[p * d + j];
                    }
                    for (int j = 0; j < d; j++) {
                        sum[j] += (gradient[p * d + j] - dot * out[p * d + j]) / norms[p] * means[p * d + j];
                    }
                }
                return null;
            }
        };
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ComponentSpec.Part spec() {
        return new ComponentSpec.Part("mean-of-test", Map.of());
    }

    @Override
    public ComponentState state() {
        float[] values = new float[factors.values().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) factors.values()[i];
        }
        return ComponentState.ofArrays(Map.of("factors", FloatMatrix.of(1, values.length, values)));
    }
}
