package org.retrieval4j.kernel;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
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
    /** Rows that share the reading of panels; a multiple of the rows of all tiles. */
    private static final int ROWS = 168;

    /** Dimensions at a time: so many of the rows are 336 kB, which stay in a core's second cache … */
    private static final int DEPTH = 512;

    /** … beside the same dimensions of these panels, with AVX-512 128 kB each. */
    private static final int GROUP = 8;

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
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            return Optional.of("the module " + MODULE + " is not there: start Java with --add-modules " + MODULE);
        }
        return Fma.MISSING
                ? Optional.of("the processor has no fused multiply-add, or Java does not use it (-XX:-UseFMA)")
                : Optional.empty();
    }

    /** Whether Java computes a fused multiply-add with BigDecimal, a thousand times slower, for lack of an instruction. */
    private static final class Fma {
        static final boolean MISSING = isMissing();

        private static boolean isMissing() {
            try {
                HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
                return options != null
                        && "false".equals(options.getVMOption("UseFMA").getValue());
            } catch (IllegalArgumentException anotherVirtualMachine) {
                return false; // it has no such option
            }
        }
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
        int d = x.columns();
        int width = VectorLoops.WIDTH;
        PackedRows packed = new PackedRows(Math.min(m, ROWS), Math.min(d, DEPTH));
        float[] sums = new float[panels.isAligned() ? 0 : Math.min(m, ROWS) * width];
        Arrays.fill(products, 0, m * n, 0);
        for (int from = 0; from < m; from += ROWS) {
            FloatMatrix rows = x.rows(from, Math.min(m, from + ROWS));
            for (int begin = 0; begin < d; begin += DEPTH) {
                packed.pack(rows, begin, Math.min(d, begin + DEPTH));
                for (int p = 0; p < panels.count(); p++) {
                    int first = p * width;
                    if (first + panels.width(p) <= n) {
                        panels.add(packed, p, products, from * n + first, n);
                        continue;
                    }
                    copy(products, from * n + first, n, sums, 0, width, n - first, rows.rows());
                    panels.add(packed, p, sums, 0, width);
                    copy(sums, 0, width, products, from * n + first, n, n - first, rows.rows());
                }
            }
            panels.multiplyRest(rows, products, from * n, n);
        }
    }

    private static void copy(
            float[] source, int sourceAt, int sourceStep, float[] target, int at, int step, int size, int rows) {
        for (int i = 0; i < rows; i++) {
            System.arraycopy(source, sourceAt + i * sourceStep, target, at + i * step, size);
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
        int rest = n - panels.packed();
        int group = Math.min(GROUP, panels.count());
        float[] sums = new float[Math.min(x.rows(), ROWS) * Math.max(group * width, rest)];
        PackedRows packed = new PackedRows(Math.min(x.rows(), ROWS), Math.min(x.columns(), DEPTH));
        float[] panelLimits = new float[width];
        for (int from = 0; from < x.rows(); from += ROWS) {
            FloatMatrix rows = x.rows(from, Math.min(x.rows(), from + ROWS));
            packed.touch(rows);
            for (int p = 0; p < panels.count(); p += group) {
                int end = Math.min(panels.count(), p + group);
                multiply(rows, panels, p, end, packed, sums);
                for (int q = p; q < end; q++) {
                    visit(
                            sums,
                            (q - p) * width,
                            (end - p) * width,
                            rows.rows(),
                            scales,
                            biases,
                            from,
                            limits,
                            q * width,
                            Math.min(width, panels.packed() - q * width),
                            panelLimits,
                            visitor);
                }
            }
            panels.multiplyRest(rows, sums, -panels.packed(), rest);
            for (int j = 0; j < rest; j++) {
                int column = panels.packed() + j;
                Reaching.visit(sums, j, rest, from, from + rows.rows(), scales, biases, limits, column, visitor);
            }
        }
    }

    /** Products of some rows with some panels, side by side. */
    private static void multiply(FloatMatrix rows, Panels panels, int from, int to, PackedRows packed, float[] sums) {
        int d = rows.columns();
        int width = VectorLoops.WIDTH;
        int step = (to - from) * width;
        Arrays.fill(sums, 0, rows.rows() * step, 0);
        for (int begin = 0; begin < d; begin += DEPTH) {
            if (from == 0 || d > DEPTH) {
                packed.pack(rows, begin, Math.min(d, begin + DEPTH));
            }
            for (int p = from; p < to; p++) {
                panels.add(packed, p, sums, (p - from) * width, step);
            }
        }
    }

    @Override
    public void weightedSums(FloatMatrix weights, FloatMatrix x, float[] sums) {
        WeightedSums.check(weights, x, sums);
        int d = x.columns();
        int width = VectorLoops.WIDTH;
        float[][] panels = Panels.ofColumns(x);
        PackedRows packed = new PackedRows(weights.rows(), Math.min(weights.columns(), DEPTH));
        float[] padded = d % width == 0 ? new float[0] : new float[weights.rows() * width];
        Arrays.fill(sums, 0, weights.rows() * d, 0);
        for (int begin = 0; begin < weights.columns(); begin += DEPTH) {
            packed.pack(weights, begin, Math.min(weights.columns(), begin + DEPTH));
            for (int p = 0; p < panels.length; p++) {
                int count = Math.min(width, d - p * width);
                Panels.add(
                        packed,
                        panels[p],
                        count == width ? sums : padded,
                        count == width ? p * width : 0,
                        count == width ? d : width);
            }
        }
        if (d % width != 0) {
            copy(padded, 0, width, sums, d / width * width, d, d % width, weights.rows());
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

    private static void visit(
            float[] products,
            int at,
            int step,
            int rows,
            float[] scales,
            float[] biases,
            int from,
            float[] limits,
            int first,
            int count,
            float[] scratch,
            PairVisitor visitor) {
        Arrays.fill(scratch, count, scratch.length, Float.POSITIVE_INFINITY);
        System.arraycopy(limits, first, scratch, 0, count);
        for (int i = VectorLoops.find(products, at, step, 0, rows, scales, biases, from, scratch);
                i < rows;
                i = VectorLoops.find(products, at, step, i + 1, rows, scales, biases, from, scratch)) {
            visit(products, at + i * step, count, scales[from + i], biases[from + i], limits, first, from + i, visitor);
            System.arraycopy(limits, first, scratch, 0, count);
        }
    }

    private static void visit(
            float[] products,
            int at,
            int count,
            float scale,
            float bias,
            float[] limits,
            int first,
            int row,
            PairVisitor visitor) {
        int lanes = VectorLoops.LANES;
        for (int from = 0; from < count; from += lanes) {
            int to = Math.min(count, from + lanes);
            if (to - from == lanes && !VectorLoops.reaches(products, at + from, scale, bias, limits, first + from)) {
                continue;
            }
            for (int j = from; j < to; j++) {
                float score = products[at + j] * scale + bias;
                if (!(score < limits[first + j])) {
                    visitor.visit(row, first + j, score);
                }
            }
        }
    }

    private static Panels panels(FloatMatrix x, Operand y) {
        if (!(y instanceof Panels panels)) {
            throw new IllegalArgumentException("the operand was prepared by other kernels: " + y.getClass());
        }
        NearestRow.requireWidth(x, panels.matrix());
        return panels;
    }
}
