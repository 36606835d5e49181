package org.retrieval4j.nd4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;

/** What the layers of the NetVLAD family share: descriptors are assigned and summed, then each picture is finished. */
abstract class SoftLayer implements Layer {
    private final ComponentSpec.Part part;
    private final SoftAssignment assignment;

    SoftLayer(ComponentSpec.Part part, SoftAssignment assignment) {
        this.part = part;
        this.assignment = assignment;
    }

    /** Gradients by the sums of a batch, to be written. */
    static final class Behind {
        final double[] sums;
        final double[] squares;
        final double[] masses;

        private Behind(SoftAssignment.Sums of) {
            this.sums = new double[of.sums.length];
            this.squares = new double[of.squares.length];
            this.masses = new double[of.masses.length];
        }
    }

    /** Number of values of a picture's vector. */
    abstract int size();

    /** Writes the vector of a picture to its row. */
    abstract void finish(SoftAssignment.Sums sums, int picture, double[] vectors);

    /** Goes back from the gradient by the vectors. */
    abstract void back(SoftAssignment.Sums sums, int picture, double[] gradient, Behind behind, Gradients parameters);

    /** Parameters beside those of the assignment. */
    abstract List<Parameter> more();

    /** Their arrays by name. */
    abstract Map<String, FloatMatrix> moreArrays();

    final SoftAssignment assignment() {
        return assignment;
    }

    @Override
    public final List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>(assignment.parameters());
        parameters.addAll(more());
        return parameters;
    }

    @Override
    public final Pass forward(Rows input) {
        SoftAssignment.Sums sums = assignment.sums(input);
        double[] vectors = new double[Math.multiplyExact(input.pictures(), size())];
        for (int i = 0; i < input.pictures(); i++) {
            finish(sums, i, vectors);
        }
        Rows output = Rows.vectors(vectors, size());
        return new Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                Behind behind = new Behind(sums);
                for (int i = 0; i < input.pictures(); i++) {
                    back(sums, i, gradient, behind, parameters);
                }
                return sums.back(behind.sums, behind.squares, behind.masses, parameters, wanted);
            }
        };
    }

    @Override
    public final ComponentSpec.Part spec() {
        return States.named(part, state());
    }

    @Override
    public final ComponentState state() {
        Map<String, FloatMatrix> arrays = assignment.arrays();
        arrays.putAll(moreArrays());
        return ComponentState.ofArrays(arrays);
    }
}
