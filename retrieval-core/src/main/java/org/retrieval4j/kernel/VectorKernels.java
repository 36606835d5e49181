package org.retrieval4j.kernel;

import java.util.Arrays;
import java.util.Optional;
import org.retrieval4j.api.FloatMatrix;

/**
 * Kernels on the incubating Vector API: {@code kernel=vector}, and what {@code auto} takes where the virtual machine was
 * started with {@code --add-modules jdk.incubator.vector}. The prepared side is kept in panels of four SIMD registers,
 * dimension by dimension; thresholds are tested while products are in the first cache.
 *
 * <p>The bits of a product depend on its two vectors, the place of the prepared one among the others, and the width of the
 * machine's registers; not on the rest of the batch.
 */
public final class VectorKernels implements Kernels {
    /** Values of rows that share the reading of all panels: 256 kB, half of a core's second cache. */
    private static final int BLOCK = 1 << 16;

    private static final String MODULE = "jdk.incubator.vector";

    /** Creates the kernels; needs no module. */
    public VectorKernels() {}

    @Override
    public String name() {
        return "vector";
    }

    /**
     * Before all others: whoever adds the module wants them.
     *
     * @return 20
     */
    @Override
    public int priority() {
        return 20;
    }

    @Override
    public Optional<String> unavailable() {
        if (ModuleLayer.boot().findModule(MODULE).isPresent()) {
            return Optional.empty();
        }
        return Optional.of("the module " + MODULE + " is not there: start Java with --add-modules " + MODULE);
    }

    @Override
    public Operand prepare(FloatMatrix matrix) {
        return new Panels(matrix);
    }

    @Override
    public void products(FloatMatrix x, Operand y, float[] products) {
        Panels panels = panels(x, y);
        int m = x.rows();
        int n = panels.matrix().rows();
        if ((long) m * n > products.length) {
            throw new IllegalArgumentException(
                    "products must have at least " + (long) m * n + " values, got " + products.length);
        }
        int block = blockRows(x.columns());
        float[] sums = new float[Math.min(m, block) * VectorLoops.WIDTH];
        for (int from = 0; from < m; from += block) {
            FloatMatrix rows = x.rows(from, Math.min(m, from + block));
            Arrays.fill(products, from * n, (from + rows.rows()) * n, 0);
            for (int p = 0; p < panels.count(); p++) {
                int first = p * VectorLoops.WIDTH;
                int width = n - first;
                if (width >= VectorLoops.WIDTH) {
                    panels.add(rows, p, products, from * n + first, n);
                    continue;
                }
                Arrays.fill(sums, 0);
                panels.add(rows, p, sums, 0, VectorLoops.WIDTH);
                for (int i = 0; i < rows.rows(); i++) {
                    System.arraycopy(sums, i * VectorLoops.WIDTH, products, (from + i) * n + first, width);
                }
            }
            panels.multiplyRest(rows, products, from * n, n);
        }
    }

    @Override
    public void assign(FloatMatrix x, Operand centroids, int[] ids) {
        NearestRow.check(x, centroids, ids);
        new VectorAssignment(x, panels(x, centroids)).run(ids);
    }

    @Override
    public void reaching(
            FloatMatrix x, float[] scales, float[] biases, Operand y, float[] limits, PairVisitor visitor) {
        Panels panels = panels(x, y);
        int n = panels.matrix().rows();
        int width = VectorLoops.WIDTH;
        int block = blockRows(x.columns());
        int wide = Math.max(panels.count() > 0 ? width : 0, n - panels.packed());
        float[] sums = new float[Math.min(x.rows(), block) * wide];
        for (int from = 0; from < x.rows(); from += block) {
            FloatMatrix rows = x.rows(from, Math.min(x.rows(), from + block));
            for (int p = 0; p < panels.count(); p++) {
                int first = p * width;
                int count = Math.min(width, n - first);
                Arrays.fill(sums, 0, rows.rows() * width, 0);
                panels.add(rows, p, sums, 0, width);
                for (int i = 0; i < rows.rows(); i++) {
                    float scale = scales[from + i];
                    float bias = biases[from + i];
                    if (count < width) {
                        visitAll(sums, i * width, count, scale, bias, limits, first, from + i, visitor);
                    } else if (!VectorLoops.allBelow(sums, i * width, scale, bias, limits, first)) {
                        visitAll(sums, i * width, count, 1, 0, limits, first, from + i, visitor);
                    }
                }
            }
            int rest = n - panels.packed();
            panels.multiplyRest(rows, sums, -panels.packed(), rest);
            for (int j = 0; j < rest; j++) {
                int column = panels.packed() + j;
                Reaching.visit(sums, j, rest, from, from + rows.rows(), scales, biases, limits, column, visitor);
            }
        }
    }

    @Override
    public void weightedSums(FloatMatrix weights, FloatMatrix x, float[] sums) {
        WeightedSums.check(weights, x, sums);
        int d = x.columns();
        int width = VectorLoops.WIDTH;
        float[][] panels = Panels.ofColumns(x);
        float[] padded = d % width == 0 ? new float[0] : new float[weights.rows() * width];
        Arrays.fill(sums, 0, weights.rows() * d, 0);
        for (int p = 0; p < panels.length; p++) {
            int count = Math.min(width, d - p * width);
            if (count == width) {
                Panels.add(weights, panels[p], sums, p * width, d);
                continue;
            }
            Panels.add(weights, panels[p], padded, 0, width);
            for (int c = 0; c < weights.rows(); c++) {
                System.arraycopy(padded, c * width, sums, c * d + p * width, count);
            }
        }
    }

    @Override
    public void products(float[] x, int xAt, float[] rows, int[] starts, int count, int size, float[] products) {
        ScatteredRows.check(x, xAt, starts, count, size, products);
        for (int i = 0; i < count; i++) {
            products[i] = VectorLoops.dot(x, xAt, size, rows, starts[i]);
        }
    }

    @Override
    public void squaredDistances(
            float[] x, int xAt, float[] rows, int[] starts, int count, int size, float[] distances) {
        ScatteredRows.check(x, xAt, starts, count, size, distances);
        for (int i = 0; i < count; i++) {
            distances[i] = VectorLoops.squaredDistance(x, xAt, size, rows, starts[i]);
        }
    }

    private static void visitAll(
            float[] products,
            int at,
            int count,
            float scale,
            float bias,
            float[] limits,
            int first,
            int row,
            PairVisitor visitor) {
        for (int j = 0; j < count; j++) {
            float score = products[at + j] * scale + bias;
            if (!(score < limits[first + j])) {
                visitor.visit(row, first + j, score);
            }
        }
    }

    private static int blockRows(int d) {
        return Math.max(48, BLOCK / Math.max(1, d) / 4 * 4);
    }

    private static Panels panels(FloatMatrix x, Operand y) {
        if (!(y instanceof Panels panels)) {
            throw new IllegalArgumentException("the operand was prepared by other kernels: " + y.getClass());
        }
        NearestRow.requireWidth(x, panels.matrix());
        return panels;
    }
}
