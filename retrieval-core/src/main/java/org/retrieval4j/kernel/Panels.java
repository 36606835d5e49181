package org.retrieval4j.kernel;

import static java.util.Objects.requireNonNull;

import org.retrieval4j.api.FloatMatrix;

/**
 * Vectors as {@link VectorKernels} like them: in panels, where value k of vector {@code p * WIDTH + j} is
 * {@code panels[p][k * WIDTH + j]}, and 0 behind the last vector. The rest that would leave a panel mostly empty stays as it is, and its products are
 * computed one by one.
 */
final class Panels implements Kernels.Operand {
    private static final int WIDTH = VectorLoops.WIDTH;

    /** A panel of so few vectors takes longer than these one by one. */
    private static final int FEW = WIDTH * 3 / 8;

    /** Dimensions at a time: with 32 vectors in a panel 16 kB, half of a core's first cache. */
    private static final int DEPTH = 4096 / WIDTH;

    private final FloatMatrix matrix;
    private final float[] squaredNorms;
    private final float[][] panels;
    private final int packed; // vectors in panels

    Panels(FloatMatrix matrix) {
        this.matrix = requireNonNull(matrix, "matrix");
        this.squaredNorms = Kernels.squaredNorms(matrix);
        int n = matrix.rows();
        int rest = n % WIDTH;
        this.packed = rest > FEW ? n : n - rest;
        this.panels = new float[(packed + WIDTH - 1) / WIDTH][Math.multiplyExact(matrix.columns(), WIDTH)];
        for (int p = 0; p < panels.length; p++) {
            pack(matrix.rows(p * WIDTH, Math.min(n, (p + 1) * WIDTH)), panels[p]);
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

    private static void pack(FloatMatrix rows, float[] panel) {
        float[] array = rows.array();
        int d = rows.columns();
        for (int j = 0; j < rows.rows(); j++) {
            int at = rows.offset() + j * d;
            for (int k = 0; k < d; k++) {
                panel[k * WIDTH + j] = array[at + k];
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

    /** Adds the products with one panel: those of row i start at {@code at + i * step}, WIDTH of them. */
    void add(FloatMatrix x, int panel, float[] sums, int at, int step) {
        add(x, panels[panel], sums, at, step);
    }

    static void add(FloatMatrix x, float[] panel, float[] sums, int at, int step) {
        int d = x.columns();
        int m = x.rows();
        for (int begin = 0; begin < d; begin += DEPTH) {
            int end = Math.min(d, begin + DEPTH);
            int i = 0;
            for (; i + 1 < m; i += VectorLoops.ROWS) {
                VectorLoops.tile(x.array(), x.offset() + i * d, d, begin, end, panel, sums, at + i * step, step);
            }
            if (i < m) {
                VectorLoops.row(x.array(), x.offset() + i * d, begin, end, panel, sums, at + i * step);
            }
        }
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
