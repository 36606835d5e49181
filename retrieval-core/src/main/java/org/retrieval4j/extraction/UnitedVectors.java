package org.retrieval4j.extraction;

import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;

/** The vectors of several views as one descriptor. */
final class UnitedVectors {
    private final String component;
    private final Combine combine;
    private final double power;

    UnitedVectors(String component, Combine combine, double power) {
        this.component = component;
        this.combine = combine;
        this.power = power;
    }

    /** Unites; one view's vector alone stays as it is. */
    GlobalDescriptor of(List<GlobalDescriptor> views) {
        if (combine == Combine.REGIONS) {
            return regions(views);
        }
        return views.size() == 1 ? views.get(0) : mean(views);
    }

    private GlobalDescriptor mean(List<GlobalDescriptor> views) {
        double[] sums = new double[views.get(0).dimension()];
        for (GlobalDescriptor view : views) {
            if (!(view instanceof GlobalDescriptor.Dense dense)) {
                throw new IllegalArgumentException(component + " with combine=mean takes one vector a view, got " + view
                        + "; combine=regions keeps several");
            }
            requireDimension(view, sums.length);
            double scale = scale(dense.values(), 0, sums.length);
            for (int j = 0; j < sums.length; j++) {
                sums[j] += power(dense.values()[j] * scale, power);
            }
        }
        double square = 0;
        for (int j = 0; j < sums.length; j++) {
            sums[j] = power(sums[j] / views.size(), 1 / power);
            square += sums[j] * sums[j];
        }
        float[] values = new float[sums.length];
        for (int j = 0; j < values.length; j++) {
            values[j] = square > 0 ? (float) (sums[j] / Math.sqrt(square)) : 0;
        }
        return new GlobalDescriptor.Dense(values);
    }

    private GlobalDescriptor regions(List<GlobalDescriptor> views) {
        List<FloatMatrix> rows = new ArrayList<>();
        for (GlobalDescriptor view : views) {
            requireDimension(view, views.get(0).dimension());
            if (view instanceof GlobalDescriptor.Dense dense) {
                rows.add(normalized(FloatMatrix.of(1, dense.dimension(), dense.values())));
            } else if (view instanceof GlobalDescriptor.Regions several) {
                rows.add(normalized(several.vectors()));
            } else {
                throw new IllegalArgumentException(component + " takes dense descriptors and regions, got " + view);
            }
        }
        return new GlobalDescriptor.Regions(FloatMatrix.concat(rows));
    }

    private void requireDimension(GlobalDescriptor view, int dimension) {
        if (view.dimension() != dimension) {
            throw new IllegalArgumentException(component + ": all views must have vectors of one dimension, got "
                    + dimension + " and " + view.dimension());
        }
    }

    private static FloatMatrix normalized(FloatMatrix rows) {
        float[] values = rows.toArray();
        for (int from = 0; from < values.length; from += rows.columns()) {
            double scale = scale(values, from, rows.columns());
            for (int j = from; j < from + rows.columns(); j++) {
                values[j] = (float) (values[j] * scale);
            }
        }
        return FloatMatrix.of(rows.rows(), rows.columns(), values);
    }

    /** What makes the length 1; 0 for a vector of zeros. */
    private static double scale(float[] values, int from, int length) {
        double square = 0;
        for (int j = from; j < from + length; j++) {
            square += (double) values[j] * values[j];
        }
        return square > 0 ? 1 / Math.sqrt(square) : 0;
    }

    private static double power(double value, double exponent) {
        return exponent == 1 ? value : Math.copySign(Math.pow(Math.abs(value), exponent), value);
    }
}
