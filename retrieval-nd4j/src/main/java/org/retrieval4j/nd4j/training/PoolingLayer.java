package org.retrieval4j.nd4j.training;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;

/** What poolings of feature maps share: a value a channel, of each picture by itself, and then L2 where asked for. */
abstract class PoolingLayer implements Layer {
    private final ComponentSpec.Part part;
    private final boolean l2;

    PoolingLayer(ComponentSpec.Part part, boolean l2) {
        this.part = part;
        this.l2 = l2;
    }

    /** The way back from one picture. */
    interface Back {
        /** Adds gradients, given the one by the picture's row of pooled values. */
        void add(double[] gradient, int at, Gradients parameters, double @Nullable [] byInput);
    }

    /** Pools a picture of at least one vector: writes its row, which starts at {@code at}. */
    abstract Back pool(Rows input, int picture, double[] pooled, int at);

    /** The same of SameDiff's operations: pictures x vectors x columns become pictures x columns. */
    abstract SDVariable pool(Graph graph, SDVariable input);

    /** Checks the parameters, once before a batch. */
    void check(Rows input) {}

    final ComponentSpec.Part part() {
        return part;
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public final Pass forward(Rows input) {
        check(input);
        int d = input.columns();
        double[] pooled = new double[input.pictures() * d];
        Back[] backs = new Back[input.pictures()];
        for (int i = 0; i < backs.length; i++) {
            boolean empty = input.starts()[i] == input.starts()[i + 1];
            backs[i] = empty ? (gradient, at, parameters, byInput) -> {} : pool(input, i, pooled, i * d);
        }
        Rows output = Rows.vectors(l2 ? Scaling.ADDED.rows(pooled, d) : pooled, d);
        return new Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                double[] behind = gradient;
                if (l2) {
                    behind = new double[gradient.length];
                    Scaling.ADDED.addGradient(pooled, d, gradient, behind);
                }
                double[] byInput = wanted ? new double[input.values().length] : null;
                for (int i = 0; i < backs.length; i++) {
                    backs[i].add(behind, i * d, parameters, byInput);
                }
                return byInput;
            }
        };
    }

    @Override
    public final SDVariable define(Graph graph, SDVariable input) {
        SDVariable pooled = pool(graph, input);
        return l2 ? Scaling.ADDED.define(graph, pooled, 1) : pooled;
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
