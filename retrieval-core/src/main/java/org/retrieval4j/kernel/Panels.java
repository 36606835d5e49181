package org.retrieval4j.kernel;

import static java.util.Objects.requireNonNull;

import org.retrieval4j.api.FloatMatrix;

/**
 * Vectors as {@link VectorKernels} like them: in panels, where value k of vector {@code p * WIDTH + j} is
 * {@code panels[p][k * WIDTH + j]}, and 0 behind the last vector. With many registers the last panel may be half as wide. The
 * rest that would leave a panel mostly empty stays as it is, and its products are computed one by one.
 */
final class Panels implements Kernels.Operand {
    private static final int WIDTH = VectorLoops.WIDTH;

    /** A panel of so few vectors takes longer than these one by one. */
    private static final int FEW = WIDTH * 3 / 8;

    /** Dimensions at a time: of a panel 32 kB with AVX-512, else 16 kB; two thirds or half of a core's first cache. */
    private static final int DEPTH = 128;

    private final FloatMatrix matrix;
    private final float[] squaredNorms;
    private final float[][] panels;
    private final int packed; // vectors in panels

    Panels(FloatMatrix matrix) {
        this.matrix = requireNonNull(matrix, "matrix");
        this.squaredNorms = Kernels.squaredNorms(matrix);
        int n = matrix.rows();
        this.packed = n - left(n % WIDTH);
        this.panels = new float[(packed + WIDTH - 1) / WIDTH][];
        for (int p = 0; p < panels.length; p++) {
            FloatMatrix rows = matrix.rows(p * WIDTH, Math.min(packed, (p + 1) * WIDTH));
            int width = VectorLoops.MANY_REGISTERS && rows.rows() <= VectorLoops.HALF ? VectorLoops.HALF : WIDTH;
            panels[p] = new float[Math.multiplyExact(matrix.columns(), width)];
            pack(rows, panels[p], width);
        }
    }

    /**
     * The columns of a matrix in panels, zeros behind the last: value k of column {@code p * WIDTH + j} is {@code panels[p][k *
     * WIDTH + j]}.
     */
    static float[][] ofColumns(FloatMatrix x) {
        int d = x.columns();
        float[][] panels = new float[(d + WIDTH - 1) / WIDTH][Math.multiplyExact(x.rows(), WIDTH)];
        for (int p = 0; p < panels.length; p++) {
            int width = Math.min(WIDTH, d - p * WIDTH);
            for (int i = 0; i < x.rows(); i++) {
                System.arraycopy(x.array(), x.offset() + i * d + p * WIDTH, panels[p], i * WIDTH, width);
            }
        }
        return panels;
    }

    /** How many of the last vectors, fewer than a panel, are left out of panels. */
    private static int left(int rest) {
        if (VectorLoops.MANY_REGISTERS && rest > VectorLoops.HALF && rest <= VectorLoops.HALF + FEW / 2) {
            return rest - VectorLoops.HALF;
        }
        return rest > (VectorLoops.MANY_REGISTERS ? FEW / 2 : FEW) ? 0 : rest;
    }

    private static void pack(FloatMatrix rows, float[] panel, int width) {
        float[] array = rows.array();
        int d = rows.columns();
        for (int j = 0; j < rows.rows(); j++) {
            int at = rows.offset() + j * d;
            for (int k = 0; k < d; k++) {
                panel[k * width + j] = array[at + k];
            }
        }
    }

    @Override
    public FloatMatrix matrix() {
        return matrix;
    }

    @Override
    public float[] squaredNorms() {
        return squaredNorms;
    }

    /** Number of panels. */
    int count() {
        return panels.length;
    }

    /** Vectors in panels; those after them are not. */
    int packed() {
        return packed;
    }

    /** Whether all panels are full. */
    boolean isAligned() {
        return panels.length == 0 || (panels.length - 1) * WIDTH + width(panels.length - 1) == packed;
    }

    /** Vectors that a panel has room for. */
    int width(int panel) {
        return panels[panel].length < matrix.columns() * WIDTH ? VectorLoops.HALF : WIDTH;
    }

    /** Adds the products with one panel: those of row i start at {@code at + i * step}, as many as its width. */
    void add(PackedRows x, int panel, float[] sums, int at, int step) {
        if (width(panel) == WIDTH) {
            x.multiply(panels[panel], DEPTH, sums, at, step);
        } else {
            x.multiplyHalf(panels[panel], DEPTH, sums, at, step);
        }
    }

    static void add(PackedRows x, float[] panel, float[] sums, int at, int step) {
        x.multiply(panel, DEPTH, sums, at, step);
    }

    /**
     * Products with the vectors that are in no panel: that of row i and vector j is {@code at + i * step + j}. Four rows at a
     * time come from the four quarters of x: a processor fetches four streams ahead, which is faster than one, if they
     * lie in different pages of memory.
     */
    void multiplyRest(FloatMatrix x, float[] products, int at, int step) {
        int d = x.columns();
        float[] y = matrix.array();
        int quarter = x.rows() / 4;
        for (int i = 0; i < quarter; i++) {
            for (int j = packed; j < matrix.rows(); j++) {
                VectorLoops.dots(
                        x.array(),
                        x.offset() + i * d,
                        quarter * d,
                        d,
                        y,
                        matrix.offset() + j * d,
                        products,
                        at + i * step + j,
                        quarter * step);
            }
        }
        for (int i = 4 * quarter; i < x.rows(); i++) {
            for (int j = packed; j < matrix.rows(); j++) {
                products[at + i * step + j] =
                        VectorLoops.dot(x.array(), x.offset() + i * d, d, y, matrix.offset() + j * d);
            }
        }
    }
}
