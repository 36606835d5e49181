package org.retrieval4j.nd4j;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarMax;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.DenseAlgebra;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;

/**
 * {@code kernel=arrays}: batches of many pictures at once as ND4J's arrays, on the CPU or, with ND4J's CUDA backend, on a
 * GPU. Codebooks and what k-means learns from stay on the device between calls. {@code auto} takes these kernels where
 * the CUDA backend is on the class path and has code for the GPU: on the CPU they win nothing but some NetVLAD
 * (retrieval-bench/README.md).
 *
 * <p>An operation costs some ten microseconds whatever its size, so that little work, such as one picture or one query, is
 * left to the scalar or vector kernels. Ids are those of all kernels: the device finds the best centroid and tells
 * whether another comes near; these few vectors are decided on the heap.
 *
 * <p>The bits of a product depend on its place in the batch and on the device; ids do not. ND4J is set to one thread on
 * the CPU, and starts threads of its own that free forgotten arrays.
 */
public final class ArrayKernels implements Kernels {
    /** Multiplications below which the host computes: two pictures of 1,000 x 128 with 64 clusters. */
    private static final long LITTLE = 1L << 24;

    /** Floats of values at a time: 4 MB stay in the caches. */
    private static final int FLOATS_ON_CPU = 1 << 20;

    private static final int FLOATS_ON_GPU = 1 << 25;

    /** Roundings of values and thresholds on the device, relative to the largest value there can be. */
    private static final double SLACK = 0x1p-21;

    /** Vectors that are scaled on the heap before they are copied. */
    private static final int SCALED = 256;

    private final long little;

    /** Creates the kernels; loads nothing. */
    public ArrayKernels() {
        this(LITTLE);
    }

    /** With another limit below which the host computes; 0 leaves it nothing. */
    ArrayKernels(long little) {
        this.little = little;
    }

    @Override
    public String name() {
        return "arrays";
    }

    /**
     * Before all others with the CUDA backend, behind all others with the CPU's.
     *
     * @return 30 or -10
     */
    @Override
    public int priority() {
        return NativeArrays.cuda() ? 30 : -10;
    }

    @Override
    public boolean loadsLibraries() {
        return true;
    }

    @Override
    public Optional<String> unavailable() {
        return NativeArrays.unavailable();
    }

    @Override
    public int rowsAtOnce() {
        return 1 << 17;
    }

    @Override
    public Optional<DenseAlgebra> algebra() {
        return Optional.of(new Lapack());
    }

    @Override
    public Operand prepare(FloatMatrix matrix) {
        requireAvailable();
        return new ArrayOperand(matrix);
    }

    @Override
    public Held hold(FloatMatrix matrix) {
        requireAvailable();
        return new HeldArray(matrix);
    }

    @Override
    public void products(FloatMatrix x, Operand y, float[] products) {
        ArrayOperand operand = operand(y);
        requireWidth(x, operand.matrix);
        int m = x.rows();
        int n = operand.matrix.rows();
        int d = x.columns();
        if ((long) m * n > products.length) {
            throw new IllegalArgumentException(
                    "products must have at least " + (long) m * n + " values, got " + products.length);
        }
        if (m == 0 || n == 0 || d == 0) {
            Arrays.fill(products, 0, m * n, 0);
        } else if (little(m, operand.matrix)) {
            Host.KERNELS.products(x, operand.onHost(), products);
        } else {
            chunks(List.of(x), operand, false, (vectors, values, from, rows) -> {
                multiply(vectors, operand, values);
                NativeArrays.read(values, products, from * n, rows * n);
            });
        }
    }

    @Override
    public void assign(FloatMatrix x, Operand centroids, int[] ids) {
        requireWidth(x, operand(centroids).matrix);
        assign(List.of(x), centroids, ids);
    }

    @Override
    public void assign(List<FloatMatrix> batch, Operand centroids, int[] ids) {
        ArrayOperand operand = operand(centroids);
        int m = Kernels.requireFit(batch, operand, ids);
        if (m == 0) {
            return;
        }
        if (operand.matrix.columns() == 0 || little(m, operand.matrix)) {
            Host.KERNELS.assign(batch, operand.onHost(), ids);
            return;
        }
        RowsOf source = new RowsOf(batch);
        float[] norms = norms(batch, m, Host.KERNELS);
        chunks(batch, operand, false, (vectors, values, from, rows) -> {
            nearest(vectors, norms, from, operand, values, source, from, rows, ids);
        });
    }

    @Override
    public void softSums(
            List<FloatMatrix> batch, Operand weights, float[] biases, boolean unit, double[] sums, double[] masses) {
        ArrayOperand operand = operand(weights);
        int k = operand.matrix.rows();
        int d = operand.matrix.columns();
        int rows = Kernels.requireFit(batch, operand, biases, sums, masses);
        if (rows == 0 || k == 0 || d == 0 || little(rows, operand.matrix)) {
            Host.KERNELS.softSums(batch, operand.onHost(), biases, unit, sums, masses);
            return;
        }
        SoftBatch soft = new SoftBatch(batch, k, d, sums, masses);
        try (INDArray bias = NativeArrays.copyOf(biases, 0, 1, k)) {
            chunks(batch, operand, unit, (vectors, values, from, size) -> {
                multiply(vectors, operand, values);
                values.addiRowVector(bias);
                Nd4j.exec(new SoftMax(values, values, 1));
                soft.add(vectors, values, from, size);
            });
        }
    }

    // values (rows x n, row-major) = vectors (rows x d) · operandᵀ
    private static void multiply(INDArray vectors, ArrayOperand operand, INDArray values) {
        Nd4j.gemm(operand.rows(), vectors, values.transpose(), false, true, 1, 0);
    }

    private interface Chunk {
        /** Computes from vectors (rows x d), with an array for rows x n values; both belong to the caller. */
        void compute(INDArray vectors, INDArray values, int from, int rows);
    }

    /** Copies a batch to the device, as many rows at a time as fit. */
    private static void chunks(List<FloatMatrix> batch, ArrayOperand operand, boolean unit, Chunk chunk) {
        int d = operand.matrix.columns();
        int n = operand.matrix.rows();
        int total = 0;
        for (FloatMatrix x : batch) {
            total += x.rows();
        }
        int most = Math.min(total, chunkRows(n, d));
        operand.arrays().acquire();
        try (NativeArrays.Room room = operand.pool.take((long) most * d, (long) most * n)) {
            float[] scaled = new float[unit ? SCALED * d : 0];
            int from = 0;
            int filled = 0;
            for (FloatMatrix x : batch) {
                for (int row = 0; row < x.rows(); ) {
                    int rows = Math.min(x.rows() - row, most - filled);
                    if (unit) {
                        rows = Math.min(rows, SCALED);
                        System.arraycopy(x.array(), x.offset() + row * d, scaled, 0, rows * d);
                        Kernels.normalize(scaled, 0, rows, d);
                        room.put(scaled, 0, rows * d, filled * d);
                    } else {
                        room.put(x.array(), x.offset() + row * d, rows * d, filled * d);
                    }
                    row += rows;
                    filled += rows;
                    if (filled == most || from + filled == total) {
                        try (INDArray vectors = room.vectors(filled, d);
                                INDArray values = room.values(filled, n)) {
                            chunk.compute(vectors, values, from, filled);
                        }
                        from += filled;
                        filled = 0;
                    }
                }
            }
        } finally {
            operand.arrays().release();
        }
    }

    private static int chunkRows(int n, int d) {
        return Math.max(256, (NativeArrays.cuda() ? FLOATS_ON_GPU : FLOATS_ON_CPU) / Math.max(n, d / 2));
    }

    /**
     * The nearest centroids of some rows. With v = x·c − |c|²/2 and a margin that bounds all roundings, the largest v is
     * found, and every v lowered to what it is above (largest − margin): if more is left in a row than one margin, another
     * centroid is near, and the host decides. So it does where products may have overflowed, or are no numbers.
     */
    private static void nearest(
            INDArray vectors,
            float[] norms,
            int normsAt,
            ArrayOperand operand,
            INDArray values,
            RowsOf source,
            int from,
            int rows,
            int[] ids) {
        multiply(vectors, operand, values);
        values.subiRowVector(operand.halfNorms());
        double bound = 2 * Kernels.errorBound(operand.matrix.columns()) + 4 * SLACK;
        double largest = operand.largest;
        float[] margins = new float[rows];
        for (int i = 0; i < rows; i++) {
            margins[i] = (float) (bound * (norms[normsAt + i] * Math.sqrt(largest) + largest) + Float.MIN_NORMAL);
        }
        long[] best;
        try (INDArray at = values.argMax(1)) {
            best = at.toLongVector();
        }
        try (INDArray thresholds = NativeArrays.largest(values, best);
                INDArray margin = NativeArrays.vector(margins)) {
            thresholds.subi(margin);
            values.subiColumnVector(thresholds);
        }
        float[] left = new float[rows];
        Nd4j.getExecutioner().exec(new ScalarMax(values, null, values, 0f));
        try (INDArray sum = values.sum(1)) {
            NativeArrays.read(sum, left, 0, rows);
        }
        float safe = (float) (0.5 * bound * Float.MAX_VALUE);
        float alone = (float) (1 + SLACK / bound);
        int near = 0;
        int[] nearRows = new int[rows];
        for (int i = 0; i < rows; i++) {
            ids[from + i] = (int) best[i];
            if (!(margins[i] < safe && left[i] <= alone * margins[i])) {
                nearRows[near++] = from + i;
            }
        }
        if (near > 0) {
            int[] decided = new int[near];
            Host.KERNELS.assign(source.select(nearRows, near), operand.onHost(), decided);
            for (int i = 0; i < near; i++) {
                ids[nearRows[i]] = decided[i];
            }
        }
    }

    /** A little more than the lengths of vectors. */
    private static float[] norms(List<FloatMatrix> batch, int count, Kernels host) {
        float[] norms = new float[count];
        int[] start = new int[1];
        float[] square = new float[1];
        int i = 0;
        for (FloatMatrix x : batch) {
            int d = x.columns();
            double more = 1 + Kernels.errorBound(d);
            for (int row = 0; row < x.rows(); row++) {
                start[0] = x.offset() + row * d;
                host.products(x.array(), start[0], x.array(), start, 1, d, square);
                norms[i++] = (float) (more * Math.sqrt(square[0]));
            }
        }
        return norms;
    }

    private boolean little(long m, FloatMatrix y) {
        return m * y.rows() * y.columns() < little;
    }

    private static ArrayOperand operand(Operand y) {
        if (!(y instanceof ArrayOperand operand)) {
            throw new IllegalArgumentException("the operand was prepared by other kernels: " + y.getClass());
        }
        return operand;
    }

    private static void requireWidth(FloatMatrix x, FloatMatrix y) {
        if (x.columns() != y.columns()) {
            throw new IllegalArgumentException(
                    "vectors must have " + y.columns() + " values like those prepared, got " + x.columns());
        }
    }

    private static void requireAvailable() {
        NativeArrays.unavailable().ifPresent(reason -> {
            throw new BackendException(reason);
        });
    }

    /** What computes where arrays do not pay; a look-up, so that it is made once. */
    private static final class Host {
        static final Kernels KERNELS =
                KernelCatalog.load(ArrayKernels.class.getClassLoader()).get(KernelCatalog.LIGHT);
    }

    /** The rows of a batch one after another; for calls with rising rows. */
    private static final class RowsOf {
        private final List<FloatMatrix> batch;
        private int matrix;
        private int first;

        RowsOf(List<FloatMatrix> batch) {
            this.batch = batch;
        }

        FloatMatrix select(int[] rows, int count) {
            int d = 0;
            float[] selected = new float[0];
            for (int i = 0; i < count; i++) {
                while (rows[i] >= first + batch.get(matrix).rows()) {
                    first += batch.get(matrix++).rows();
                }
                FloatMatrix x = batch.get(matrix);
                if (i == 0) {
                    d = x.columns();
                    selected = new float[count * d];
                }
                System.arraycopy(x.array(), x.offset() + (rows[i] - first) * d, selected, i * d, d);
            }
            return FloatMatrix.of(count, d, selected);
        }
    }

    /** Adds up the pictures of a batch, of which a chunk may hold many, or a part of one. */
    private static final class SoftBatch {
        private final List<FloatMatrix> batch;
        private final int k;
        private final int d;
        private final double[] sums;
        private final double[] masses;
        private final float[] sum;
        private final float[] mass;
        private int picture;
        private int done; // rows of the picture

        SoftBatch(List<FloatMatrix> batch, int k, int d, double[] sums, double[] masses) {
            this.batch = batch;
            this.k = k;
            this.d = d;
            this.sums = sums;
            this.masses = masses;
            this.sum = new float[k * d];
            this.mass = new float[k];
            Arrays.fill(sums, 0, batch.size() * k * d, 0);
            Arrays.fill(masses, 0, batch.size() * k, 0);
        }

        void add(INDArray vectors, INDArray shares, int from, int rows) {
            try (INDArray result = Nd4j.createUninitialized(DataType.FLOAT, new long[] {d, k}, 'f')) {
                for (int at = 0; at < rows; ) {
                    int size = Math.min(batch.get(picture).rows() - done, rows - at);
                    if (size > 0) {
                        add(part(vectors, at, size), part(shares, at, size), result);
                    }
                    at += size;
                    done += size;
                    if (done == batch.get(picture).rows()) {
                        picture++;
                        done = 0;
                    }
                }
            }
        }

        private void add(INDArray x, INDArray a, INDArray result) {
            Nd4j.gemm(x.transpose(), a.transpose(), result, false, true, 1, 0); // d x k by columns: k x d by rows
            NativeArrays.read(result, sum, 0, k * d);
            for (int i = 0; i < sum.length; i++) {
                sums[picture * k * d + i] += sum[i];
            }
            try (INDArray all = a.sum(0)) {
                NativeArrays.read(all, mass, 0, k);
            }
            for (int c = 0; c < k; c++) {
                masses[picture * k + c] += mass[c];
            }
        }
    }

    private static INDArray part(INDArray matrix, int from, int rows) {
        return rows == matrix.rows()
                ? matrix
                : matrix.get(NDArrayIndex.interval(from, from + rows), NDArrayIndex.all());
    }

    /** A matrix on the device, where it has any values. */
    private static final class ArrayOperand implements Operand {
        private final FloatMatrix matrix;
        private final float[] squaredNorms;
        private final double largest;
        private final NativeArrays.@Nullable Resident arrays;
        private final NativeArrays.Pool pool = new NativeArrays.Pool();
        private @Nullable Operand onHost;

        ArrayOperand(FloatMatrix matrix) {
            this.matrix = requireNonNull(matrix, "matrix");
            this.squaredNorms = Kernels.squaredNorms(matrix);
            int n = matrix.rows();
            float most = 0;
            float[] halves = new float[n];
            for (int j = 0; j < n; j++) {
                most = Math.max(most, squaredNorms[j]);
                halves[j] = 0.5f * squaredNorms[j];
            }
            this.largest = most;
            boolean any = n > 0 && matrix.columns() > 0;
            this.arrays = any ? new NativeArrays.Resident(matrix, FloatMatrix.of(1, n, halves)) : null;
        }

        NativeArrays.Resident arrays() {
            return requireNonNull(arrays);
        }

        INDArray rows() {
            return arrays().array(0);
        }

        INDArray halfNorms() {
            return arrays().array(1);
        }

        /** Made when first needed: a large batch has no use for it. */
        synchronized Operand onHost() {
            if (onHost == null) {
                onHost = Host.KERNELS.prepare(matrix);
            }
            return onHost;
        }

        @Override
        public FloatMatrix matrix() {
            return matrix;
        }

        @Override
        public float[] squaredNorms() {
            return squaredNorms;
        }

        @Override
        public void close() {
            if (arrays != null) {
                arrays.close();
            }
            pool.close();
        }
    }

    /** Vectors on the device, and their lengths on the heap. */
    private final class HeldArray implements Held {
        private final FloatMatrix matrix;
        private final NativeArrays.@Nullable Resident array;
        private final float[] norms;
        private final NativeArrays.Pool pool = new NativeArrays.Pool();

        HeldArray(FloatMatrix matrix) {
            this.matrix = requireNonNull(matrix, "matrix");
            boolean any = matrix.rows() > 0 && matrix.columns() > 0;
            this.array = any ? new NativeArrays.Resident(matrix) : null;
            this.norms = norms(List.of(matrix), matrix.rows(), Host.KERNELS);
        }

        @Override
        public FloatMatrix matrix() {
            return matrix;
        }

        @Override
        public void assign(int from, int to, Operand centroids, int[] ids) {
            ArrayOperand operand = operand(centroids);
            FloatMatrix x = matrix.rows(from, to);
            Kernels.requireFit(List.of(x), operand, new int[to - from]);
            if (from == to) {
                return;
            }
            if (array == null || little(to - from, operand.matrix)) {
                int[] part = new int[to - from];
                Host.KERNELS.assign(x, operand.onHost(), part);
                System.arraycopy(part, 0, ids, from, part.length);
                return;
            }
            int n = operand.matrix.rows();
            int most = Math.min(to - from, chunkRows(n, matrix.columns()));
            RowsOf source = new RowsOf(List.of(matrix));
            array.acquire();
            operand.arrays().acquire();
            try (NativeArrays.Room room = pool.take(0, (long) most * n)) {
                for (int at = from; at < to; at += most) {
                    int rows = Math.min(most, to - at);
                    try (INDArray values = room.values(rows, n)) {
                        nearest(part(array.array(0), at, rows), norms, at, operand, values, source, at, rows, ids);
                    }
                }
            } finally {
                operand.arrays().release();
                array.release();
            }
        }

        @Override
        public void close() {
            if (array != null) {
                array.close();
            }
            pool.close();
        }
    }
}
