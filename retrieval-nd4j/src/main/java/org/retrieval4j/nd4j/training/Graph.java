package org.retrieval4j.nd4j.training;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.retrieval4j.api.Grid;

/** A graph of SameDiff while layers are added to it: their parameters as variables, and what they need to know of the batch. */
public final class Graph {
    private final SameDiff operations;
    private final SDVariable mask;
    private final List<Optional<Grid>> grids;
    private final int vectors;
    private final int columns;
    private boolean gridsAsked;
    private final Map<Parameter, SDVariable> variables = new IdentityHashMap<>();

    /**
     * A graph without variables.
     *
     * @param operations where operations are added
     * @param mask pictures x vectors: 1 for each vector of a picture, 0 for what only fills its row up
     * @param vectors how many of them
     * @param columns number of values of each
     * @param grids the shapes of the pictures' feature maps
     */
    Graph(SameDiff operations, SDVariable mask, int vectors, int columns, List<Optional<Grid>> grids) {
        this.columns = columns;
        this.vectors = vectors;
        this.operations = operations;
        this.mask = mask;
        this.grids = List.copyOf(grids);
    }

    /**
     * Where operations are added.
     *
     * @return ND4J's graph
     */
    public SameDiff operations() {
        return operations;
    }

    /**
     * Which vectors count.
     *
     * @return pictures x vectors: 1, or 0 for what only fills up
     */
    public SDVariable mask() {
        return mask;
    }

    /**
     * The shapes of the feature maps.
     *
     * @return one a picture, where its vectors are a map
     */
    public List<Optional<Grid>> grids() {
        gridsAsked = true;
        return grids;
    }

    /**
     * Number of pictures of the batch.
     *
     * @return the number
     */
    public int pictures() {
        return grids.size();
    }

    /**
     * Number of vectors of each picture, what only fills up included.
     *
     * @return the number
     */
    public int vectors() {
        return vectors;
    }

    /**
     * Number of values of each vector of the feature maps.
     *
     * @return the number
     */
    public int columns() {
        return columns;
    }

    /** Whether what was built serves these shapes only. */
    boolean dependsOnGrids() {
        return gridsAsked;
    }

    /**
     * A parameter as a variable; the same one at every call.
     *
     * @param parameter the parameter
     * @return its variable, of its shape
     */
    public SDVariable variable(Parameter parameter) {
        return variables.computeIfAbsent(parameter, p -> {
            INDArray values = Nd4j.createFromArray(p.values().clone()).reshape(longs(p.shape()));
            return operations.var("p" + variables.size() + "-" + p.name(), values);
        });
    }

    /**
     * Values that are not learned.
     *
     * @param values row-major
     * @param shape sizes of dimensions
     * @return a constant
     */
    public SDVariable constant(double[] values, int... shape) {
        return operations.constant(Nd4j.createFromArray(values.clone()).reshape(longs(shape)));
    }

    /**
     * Means over the vectors of each picture.
     *
     * @param x pictures x vectors x columns
     * @return pictures x columns
     */
    public SDVariable mean(SDVariable x) {
        SDVariable weights = mask.div(mask.sum(true, 1));
        return x.mul(operations.expandDims(weights, 2)).sum(1);
    }

    /**
     * Factors or divisors of another array, broadcast to its shape where they may be one element: by such an array ND4J
     * 1.0.0-M2.1 has wrong gradients of products and quotients (sums are multiplied, where products should be summed), and
     * right ones of sums.
     *
     * @param factors what will be multiplied with or divided by
     * @param like the other operand
     * @return the factors, of the other's shape where it matters
     */
    public SDVariable spread(SDVariable factors, SDVariable like) {
        return pictures() == 1 || columns == 1 || factors.getVariableType() == VariableType.VARIABLE
                ? like.mul(0).add(factors)
                : factors;
    }

    Map<Parameter, SDVariable> variables() {
        return variables;
    }

    private static long[] longs(int[] shape) {
        long[] sizes = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            sizes[i] = shape[i];
        }
        return sizes;
    }
}
