package org.retrieval4j.nd4j.training;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.retrieval4j.api.Grid;
import org.retrieval4j.nd4j.ArrayBackend;

/**
 * Layers as one graph of ND4J's SameDiff, whose gradients are automatic: the engine for GPUs, and the check of the backward
 * passes that are written by hand. In double.
 *
 * <p>Pictures are filled up with zeros to the largest of their batch, which a mask takes off again. Graphs are kept for the
 * last shapes seen. Thread-safe, one pass at a time: batches should come whole. Every picture must have a vector. The first
 * way back through a graph makes ND4J write a line for each operation to standard output.
 */
public final class SameDiffHead implements Network {
    private static final int KEPT_GRAPHS = 8;
    private static final String INPUT = "input";
    private static final String MASK = "mask";
    private static final String GRADIENT = "gradient";
    private static final String LOSS = "loss";

    private final List<Layer> layers;
    private final Map<Shape, Built> graphs = new LinkedHashMap<>(16, 0.75f, true);

    private SameDiffHead(List<Layer> layers) {
        this.layers = List.copyOf(layers);
    }

    /**
     * Takes layers, first to last; they are not run themselves, but their parameters are read at each pass.
     *
     * @param layers at least one
     * @return the engine
     * @throws org.retrieval4j.api.BackendException if ND4J's arrays cannot be used here; the message says why
     */
    public static SameDiffHead of(List<Layer> layers) {
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("there must be at least one layer");
        }
        ArrayBackend.start("training by gradients");
        return new SameDiffHead(layers);
    }

    /** What a graph was built for; no grids where it does not depend on them. */
    private record Shape(int pictures, int vectors, int columns, Optional<List<Optional<Grid>>> grids) {}

    /**
     * The parameters of all layers.
     *
     * @return in the order of the layers
     */
    @Override
    public List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        layers.forEach(layer -> parameters.addAll(layer.parameters()));
        return parameters;
    }

    /**
     * Computes the vectors of a batch.
     *
     * @param input at least one vector a picture
     * @return one vector a picture, and the way back, which computes forward once more
     */
    @Override
    public Layer.Pass forward(Rows input) {
        int most = 0;
        for (int i = 0; i < input.pictures(); i++) {
            int n = input.starts()[i + 1] - input.starts()[i];
            if (n == 0) {
                throw new IllegalArgumentException("every picture must have a vector, picture " + i + " has none");
            }
            most = Math.max(most, n);
        }
        double[] padded = padded(input, most);
        Built built = built(input, most);
        Rows output = built.output(padded, mask(input, most));
        return new Layer.Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                int vectors = built.graph.vectors();
                double[] byPadded = built.gradients(padded, mask(input, vectors), gradient, parameters, wanted);
                return wanted ? unpadded(byPadded, input, vectors) : null;
            }
        };
    }

    private synchronized Built built(Rows input, int vectors) {
        Shape any = new Shape(input.pictures(), vectors, input.columns(), Optional.empty());
        Shape own = new Shape(input.pictures(), vectors, input.columns(), Optional.of(input.grids()));
        Built built = graphs.containsKey(any) ? graphs.get(any) : graphs.get(own);
        if (built == null) {
            built = new Built(layers, input, vectors);
            graphs.put(built.graph.dependsOnGrids() ? own : any, built);
            if (graphs.size() > KEPT_GRAPHS) {
                graphs.remove(graphs.keySet().iterator().next());
            }
        }
        return built;
    }

    /** A graph for a shape of batches. */
    private static final class Built {
        private final SameDiff operations = SameDiff.create();
        private final Graph graph;
        private final String output;
        private final long[] inputShape;

        Built(List<Layer> layers, Rows input, int vectors) {
            int pictures = input.pictures();
            this.inputShape = new long[] {pictures, vectors, input.columns()};
            SDVariable mask = operations.placeHolder(MASK, DataType.DOUBLE, pictures, vectors);
            this.graph = new Graph(operations, mask, vectors, input.columns(), input.grids());
            SDVariable current =
                    operations.var(INPUT, Nd4j.zeros(DataType.DOUBLE, inputShape)); // not a placeholder: has a gradient
            for (Layer layer : layers) {
                current = layer.define(graph, current);
            }
            this.output = current.name();
            SDVariable gradient = operations.placeHolder(GRADIENT, DataType.DOUBLE, pictures, -1);
            current.mul(gradient).sum().rename(LOSS);
            operations.setLossVariables(LOSS);
        }

        synchronized Rows output(double[] input, double[] mask) {
            update(input);
            try (INDArray masks = array(mask, inputShape[0], inputShape[1])) {
                INDArray vectors = of(operations.output(Map.of(MASK, masks), output), output);
                Rows rows = Rows.vectors(values(vectors), (int) vectors.size(1));
                vectors.close();
                return rows;
            }
        }

        synchronized double[] gradients(
                double[] input, double[] mask, double[] gradient, Gradients parameters, boolean wanted) {
            update(input);
            List<String> names = new ArrayList<>();
            if (wanted) {
                names.add(INPUT);
            }
            graph.variables().values().forEach(variable -> names.add(variable.name()));
            if (names.isEmpty()) {
                return new double[0];
            }
            long width = gradient.length / inputShape[0];
            try (INDArray masks = array(mask, inputShape[0], inputShape[1]);
                    INDArray behind = array(gradient, inputShape[0], width)) {
                Map<String, INDArray> results =
                        operations.calculateGradients(Map.of(MASK, masks, GRADIENT, behind), names);
                graph.variables().forEach((parameter, variable) -> {
                    double[] sum = parameters.of(parameter);
                    double[] own = values(of(results, variable.name()));
                    for (int i = 0; i < sum.length; i++) {
                        sum[i] += own[i];
                    }
                });
                double[] byInput = wanted ? values(of(results, INPUT)) : new double[0];
                results.values().forEach(INDArray::close);
                return byInput;
            }
        }

        private void update(double[] input) {
            set(operations.getVariable(INPUT), input);
            graph.variables().forEach((parameter, variable) -> set(variable, parameter.values()));
        }

        private static void set(SDVariable variable, double[] values) {
            INDArray array = variable.getArr();
            try (INDArray present = array(values, array.shape())) {
                array.assign(present);
            }
        }

        private static INDArray array(double[] values, long... shape) {
            return Nd4j.createFromArray(values).reshape(shape);
        }

        private static INDArray of(Map<String, INDArray> results, String name) {
            return requireNonNull(results.get(name), name);
        }

        private static double[] values(INDArray array) {
            try (INDArray copy = array.dup('c')) { // results may be views, in any order
                return copy.data().asDouble();
            }
        }
    }

    private static double[] padded(Rows input, int vectors) {
        int width = input.columns();
        double[] result = new double[Math.multiplyExact(input.pictures() * vectors, width)];
        for (int i = 0; i < input.pictures(); i++) {
            int from = input.starts()[i];
            int n = input.starts()[i + 1] - from;
            System.arraycopy(input.values(), from * width, result, i * vectors * width, n * width);
        }
        return result;
    }

    private static double[] unpadded(double[] values, Rows input, int vectors) {
        int width = input.columns();
        double[] result = new double[input.values().length];
        for (int i = 0; i < input.pictures(); i++) {
            int from = input.starts()[i];
            int n = input.starts()[i + 1] - from;
            System.arraycopy(values, i * vectors * width, result, from * width, n * width);
        }
        return result;
    }

    private static double[] mask(Rows input, int vectors) {
        double[] result = new double[input.pictures() * vectors];
        for (int i = 0; i < input.pictures(); i++) {
            java.util.Arrays.fill(result, i * vectors, i * vectors + input.starts()[i + 1] - input.starts()[i], 1);
        }
        return result;
    }
}
