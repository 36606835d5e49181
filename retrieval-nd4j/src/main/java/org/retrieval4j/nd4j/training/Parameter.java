package org.retrieval4j.nd4j.training;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;

/**
 * An array that training changes. Its values belong to one training run: passes read them, the optimizer writes them
 * between passes. Two parameters are the same only if they are one object.
 */
public final class Parameter {
    private final String name;
    private final int[] shape;
    private final double[] values;
    private final double rate;
    private final boolean decays;

    /**
     * A parameter with the rate of the whole and with weight decay.
     *
     * @param name for logs, files and settings: {@code assignment}
     * @param shape sizes of its dimensions; none for a single number
     * @param values row-major; kept, and changed by training
     */
    public Parameter(String name, int[] shape, double[] values) {
        this(name, shape, values, 1, true);
    }

    /**
     * A parameter.
     *
     * @param name for logs, files and settings: {@code assignment}
     * @param shape sizes of its dimensions; none for a single number
     * @param values row-major; kept, and changed by training
     * @param rate factor on the learning rate, unless settings say otherwise
     * @param decays whether weight decay shrinks it, unless settings say otherwise
     */
    public Parameter(String name, int[] shape, double[] values, double rate, boolean decays) {
        this.name = requireNonNull(name, "name");
        this.shape = shape.clone();
        long size = 1;
        for (int side : shape) {
            size *= side;
        }
        if (size != values.length) {
            throw new IllegalArgumentException(
                    name + " must have " + Arrays.toString(shape) + " values, got " + values.length);
        }
        if (!(rate >= 0)) {
            throw new IllegalArgumentException(name + ": rate must be at least 0, got " + rate);
        }
        this.values = values;
        this.rate = rate;
        this.decays = decays;
    }

    /**
     * What it is called within its layer.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The sizes of its dimensions.
     *
     * @return a copy
     */
    public int[] shape() {
        return shape.clone();
    }

    /**
     * The values, row-major.
     *
     * @return the array itself
     */
    public double[] values() {
        return values;
    }

    /**
     * Factor on the learning rate.
     *
     * @return 1 for most
     */
    public double rate() {
        return rate;
    }

    /**
     * Whether weight decay shrinks it.
     *
     * @return true for most
     */
    public boolean decays() {
        return decays;
    }

    @Override
    public String toString() {
        return name + Arrays.toString(shape);
    }
}
