package org.retrieval4j.nd4j.training;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;
import org.retrieval4j.learning.GivenArray;

/** Between arrays of components, in float, and those of layers, in double. */
final class States {
    private States() {}

    static double[] doubles(FloatMatrix matrix) {
        float[] values = matrix.toArray();
        double[] result = new double[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = values[i];
        }
        return result;
    }

    /** An array that must have a shape. */
    static double[] doubles(String component, String name, ComponentState state, int rows, int columns) {
        FloatMatrix matrix = state.array(name);
        if (matrix.rows() != rows || matrix.columns() != columns) {
            throw new IllegalArgumentException(component + ": " + name + " must be " + rows + " x " + columns + ", got "
                    + matrix.rows() + " x " + matrix.columns());
        }
        return doubles(matrix);
    }

    static FloatMatrix matrix(double[] values, int columns) {
        float[] result = new float[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) values[i];
        }
        return FloatMatrix.of(values.length / columns, columns, result);
    }

    /** A parameter that is a matrix, or one row. */
    static FloatMatrix matrix(Parameter parameter) {
        int[] shape = parameter.shape();
        return matrix(parameter.values(), shape[shape.length - 1]);
    }

    /** Rows from one to before another. */
    static double[] rows(double[] values, int columns, int from, int to) {
        return Arrays.copyOfRange(values, from * columns, to * columns);
    }

    /** A spec whose given arrays have other values now: a parameter of an array's name is the name of its content. */
    static ComponentSpec.Part named(ComponentSpec.Part part, ComponentState state) {
        Map<String, String> parameters = new LinkedHashMap<>(part.parameters());
        parameters.replaceAll(
                (key, value) -> state.arrays().containsKey(key) ? GivenArray.nameOf(state.array(key)) : value);
        return new ComponentSpec.Part(part.name(), parameters);
    }

    /** A spec in which a parameter has another value. */
    static ComponentSpec.Part with(ComponentSpec.Part part, String key, String value) {
        Map<String, String> parameters = new LinkedHashMap<>(part.parameters());
        parameters.put(key, value);
        return new ComponentSpec.Part(part.name(), parameters);
    }

    /** The shape of a picture's feature map, which there must be. */
    static Grid grid(String component, List<Optional<Grid>> grids, int picture) {
        return grids.get(picture)
                .orElseThrow(() -> new IllegalArgumentException(component
                        + " needs feature maps, whose vectors are the cells of a grid; picture " + picture
                        + " of the batch has no grid"));
    }

    /** Checks the width of what a layer is given. */
    static void requireWidth(String component, Rows input, int columns) {
        if (input.columns() != columns) {
            throw new IllegalArgumentException(
                    component + " takes vectors of " + columns + " values, got " + input.columns());
        }
    }
}
