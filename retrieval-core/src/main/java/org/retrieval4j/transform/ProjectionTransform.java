package org.retrieval4j.transform;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.SampleRequiredException;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArray;

/** Subtracts a mean, multiplies with a matrix: y = P (x − m), and scales y to length 1 if asked for. */
abstract class ProjectionTransform extends VectorTransform {
    static final String MEAN = "mean";
    static final String PROJECTION = "projection";

    private final float[] mean;
    private final Kernels kernels;
    private final Kernels.Operand projection;
    private final boolean l2;

    ProjectionTransform(ComponentSpec spec, ComponentState state, boolean l2, BuildContext context) {
        super(spec, state, state.array(PROJECTION).columns());
        FloatMatrix given = state.array(MEAN);
        FloatMatrix rows = state.array(PROJECTION);
        if (given.rows() != 1 || given.columns() != rows.columns() || rows.rows() < 1) {
            throw new IllegalArgumentException(spec.first().name() + ": mean must be 1 x " + rows.columns()
                    + " for a projection of " + rows.rows() + " x " + rows.columns() + ", got " + given.rows() + " x "
                    + given.columns());
        }
        this.mean = given.toArray();
        this.kernels = KernelCatalog.of(context);
        this.projection = kernels.prepare(rows);
        this.l2 = l2;
    }

    @Override
    final FloatMatrix apply(FloatMatrix vectors) {
        int d = vectors.columns();
        float[] centered = vectors.toArray();
        // centered first: P x − P m would cancel
        for (int i = 0; i < vectors.rows(); i++) {
            for (int j = 0; j < d; j++) {
                centered[i * d + j] -= mean[j];
            }
        }
        int columns = projection.matrix().rows();
        float[] products = new float[vectors.rows() * columns];
        kernels.products(FloatMatrix.of(vectors.rows(), d, centered), projection, products);
        for (int i = 0; l2 && i < vectors.rows(); i++) {
            L2Transform.normalize(products, i * columns, columns);
        }
        return FloatMatrix.of(vectors.rows(), columns, products);
    }

    @Override
    final void release() {
        projection.close();
    }

    static ComponentState state(FloatMatrix mean, FloatMatrix projection) {
        return ComponentState.ofArrays(Map.of(MEAN, mean, PROJECTION, projection));
    }

    /** Reads mean (zeros if not given) and projection, of which the first rows are taken. */
    static ComponentState given(
            String component,
            Optional<String> mean,
            String projection,
            Optional<Integer> dimension,
            BuildContext context)
            throws IOException {
        FloatMatrix rows = GivenArray.matrix(component + ": projection", projection, context);
        if (dimension.isPresent()) {
            if (dimension.get() > rows.rows()) {
                throw new IllegalArgumentException(component + ": dimension must be at most " + rows.rows()
                        + ", the rows of the projection, got " + dimension.get());
            }
            rows = rows.rows(0, dimension.get());
        }
        FloatMatrix subtracted = mean.isPresent()
                ? GivenArray.row(component + ": mean", mean.get(), context)
                : FloatMatrix.of(1, rows.columns(), new float[rows.columns()]);
        return state(subtracted, rows);
    }

    /** All vectors of the sample descriptors below each other. */
    static FloatMatrix sample(String component, List<GlobalDescriptor> descriptors) {
        List<FloatMatrix> parts = new java.util.ArrayList<>();
        for (GlobalDescriptor descriptor : descriptors) {
            if (descriptor instanceof GlobalDescriptor.Dense dense) {
                parts.add(FloatMatrix.of(1, dense.dimension(), dense.values()));
            } else if (descriptor instanceof GlobalDescriptor.Regions regions) {
                parts.add(regions.vectors());
            } else {
                throw new IllegalArgumentException(
                        component + " takes dense descriptors and regions, got " + descriptor);
            }
        }
        if (parts.isEmpty()) {
            throw new SampleRequiredException(component
                    + " must learn: give a sample (it learns from the output of what stands before it), or projection="
                    + "FILE and mean=FILE");
        }
        return FloatMatrix.concat(parts);
    }

    static int required(String component, Optional<Integer> dimension) {
        return dimension.orElseThrow(() -> new IllegalArgumentException(
                component + " needs dimension=… to learn, the number of values that it keeps"));
    }

    static void requirePositive(Optional<Integer> dimension) {
        if (dimension.isPresent() && dimension.get() < 1) {
            throw new IllegalArgumentException("dimension must be at least 1, got " + dimension.get());
        }
    }
}
