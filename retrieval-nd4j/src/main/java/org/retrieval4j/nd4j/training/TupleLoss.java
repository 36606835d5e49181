package org.retrieval4j.nd4j.training;

import java.util.List;
import org.retrieval4j.api.ComponentSpec;

/** What losses over tuples share: they have no parameters, and check what they are given. */
abstract class TupleLoss implements Loss, Loss.Objective {
    private final ComponentSpec spec;

    TupleLoss(ComponentSpec spec) {
        this.spec = spec;
    }

    /** The loss of at least one tuple, its gradient added. */
    abstract double of(Vectors vectors, List<Tuple> tuples);

    @Override
    public final ComponentSpec spec() {
        return spec;
    }

    @Override
    public final Objective over(int columns, int classes, long seed) {
        return this;
    }

    @Override
    public final double of(
            double[] values, int columns, List<Tuple> tuples, int[] labels, double[] gradient, Gradients parameters) {
        Vectors vectors = new Vectors(values, columns, gradient);
        vectors.require(tuples);
        return of(vectors, tuples);
    }

    static void requireMargin(double margin) {
        if (!(margin >= 0)) {
            throw new IllegalArgumentException("margin must be at least 0, got " + margin);
        }
    }
}
