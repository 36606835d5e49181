package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * Codes vectors by cutting them into parts of equal length and naming the nearest centroid of each part.
 *
 * <p>Jégou, Douze, Schmid: Product quantization for nearest neighbor search. PAMI 2011. A code of 8 bits a part is one
 * byte a part; a code of 4 bits has the even part in the lower and the odd part in the upper half of a byte, as in FAISS.
 * Queries are not coded ("asymmetric"): their products with all centroids stand in a table, and the product with a coded
 * vector is a sum over the table, one entry a byte. Immutable and thread-safe.
 */
public final class ProductQuantizer {
    private static final int CHUNK = 1024;
    private static final int ITERATIONS = 25;

    /** Bytes of codes that are summed at a time. */
    private static final int COLUMNS = 16;

    private final FloatMatrix codebooks;
    private final float[] transposed; // value j of all centroids of its part, then value j + 1
    private final int subquantizers;
    private final int bits;

    /**
     * A quantizer of given codebooks.
     *
     * @param codebooks the centroids of the first part, then of the second, …: (m · 2^bits) x (d / m)
     * @param subquantizers m, number of parts, at least 1; even if bits is 4
     * @param bits 8 or 4
     * @throws IllegalArgumentException if the numbers do not fit
     */
    public ProductQuantizer(FloatMatrix codebooks, int subquantizers, int bits) {
        requireNonNull(codebooks, "codebooks");
        check(subquantizers, bits);
        if (codebooks.rows() != subquantizers << bits || codebooks.columns() < 1) {
            throw new IllegalArgumentException("codebooks must have " + (subquantizers << bits)
                    + " rows of at least 1 value, got " + codebooks.rows() + " x " + codebooks.columns());
        }
        this.codebooks = codebooks;
        this.subquantizers = subquantizers;
        this.bits = bits;
        int width = codebooks.columns();
        this.transposed = new float[codebooks.rows() * width];
        for (int row = 0; row < codebooks.rows(); row++) {
            for (int j = 0; j < width; j++) {
                int value = (row >> bits) * width + j;
                transposed[(value << bits) + (row & (1 << bits) - 1)] = codebooks.get(row, j);
            }
        }
    }

    /**
     * Checks settings.
     *
     * @param subquantizers number of parts
     * @param bits of a part's code
     * @throws IllegalArgumentException if there can be no such quantizer
     */
    public static void check(int subquantizers, int bits) {
        if (bits != 8 && bits != 4) {
            throw new IllegalArgumentException("bits must be 8 or 4, got " + bits);
        }
        if (subquantizers < 1 || subquantizers > 1 << 16) {
            throw new IllegalArgumentException("subquantizers must be from 1 to 65536, got " + subquantizers);
        }
        if (bits == 4 && subquantizers % 2 != 0) {
            throw new IllegalArgumentException("subquantizers must be even with 4 bits, got " + subquantizers);
        }
    }

    /**
     * Learns the codebooks by k-means, each part for itself.
     *
     * @param sample n x d, d a multiple of the number of parts, n at least 2^bits
     * @param subquantizers number of parts
     * @param bits 8 or 4
     * @param kernels find the nearest centroids
     * @param context seed, threads, progress
     * @return the quantizer
     * @throws IllegalArgumentException if the sample is too small or its vectors cannot be cut so
     */
    public static ProductQuantizer train(
            FloatMatrix sample, int subquantizers, int bits, Kernels kernels, BuildContext context) {
        check(subquantizers, bits);
        requireParts(sample.columns(), subquantizers);
        int centroids = 1 << bits;
        if (sample.rows() < centroids) {
            throw new IllegalArgumentException("the sample must have at least as many vectors as a part has codes, got "
                    + sample.rows() + " for " + centroids);
        }
        List<FloatMatrix> codebooks = new ArrayList<>();
        for (int part = 0; part < subquantizers; part++) {
            context.checkInterrupted();
            FloatMatrix values = part(sample, part, subquantizers);
            FloatMatrix distinct = distinct(values, centroids);
            codebooks.add(
                    distinct.rows() == centroids
                            ? KMeans.train(
                                            values,
                                            new KMeans.Options(centroids, ITERATIONS, context.seed() + part),
                                            kernels,
                                            context)
                                    .centroids()
                            : repeated(distinct, centroids));
            context.progress().progress("product quantizer", part + 1, subquantizers);
        }
        return new ProductQuantizer(FloatMatrix.concat(codebooks), subquantizers, bits);
    }

    /** This quantizer after some more iterations of k-means on a sample. */
    ProductQuantizer refined(FloatMatrix sample, int iterations, Kernels kernels, BuildContext context) {
        List<FloatMatrix> refined = new ArrayList<>();
        for (int part = 0; part < subquantizers; part++) {
            FloatMatrix values = part(sample, part, subquantizers);
            refined.add(KMeans.lloyd(values, codebook(part), iterations, kernels, context)
                    .centroids());
        }
        return new ProductQuantizer(FloatMatrix.concat(refined), subquantizers, bits);
    }

    private static void requireParts(int dimension, int subquantizers) {
        if (dimension < 1 || dimension % subquantizers != 0) {
            throw new IllegalArgumentException("the dimension must be a multiple of the number of subquantizers, got "
                    + dimension + " and " + subquantizers);
        }
    }

    private static FloatMatrix part(FloatMatrix vectors, int part, int parts) {
        int d = vectors.columns();
        int width = d / parts;
        float[] values = new float[vectors.rows() * width];
        for (int i = 0; i < vectors.rows(); i++) {
            System.arraycopy(vectors.array(), vectors.offset() + i * d + part * width, values, i * width, width);
        }
        return FloatMatrix.of(vectors.rows(), width, values);
    }

    /** The first distinct rows, no more than so many. */
    private static FloatMatrix distinct(FloatMatrix values, int most) {
        Set<List<Float>> seen = new LinkedHashSet<>();
        List<FloatMatrix> rows = new ArrayList<>();
        for (int i = 0; i < values.rows() && rows.size() < most; i++) {
            List<Float> row = new ArrayList<>();
            for (float value : values.row(i)) {
                row.add(value + 0f); // zero is zero, whatever its sign
            }
            if (seen.add(row)) {
                rows.add(values.rows(i, i + 1));
            }
        }
        return FloatMatrix.concat(rows);
    }

    /** Few distinct values are centroids themselves; the rest repeats the last and is never nearest alone. */
    private static FloatMatrix repeated(FloatMatrix rows, int count) {
        int[] indices = new int[count];
        Arrays.setAll(indices, i -> Math.min(i, rows.rows() - 1));
        return rows.select(indices);
    }

    /**
     * Number of parts.
     *
     * @return m
     */
    public int subquantizers() {
        return subquantizers;
    }

    /**
     * Bits of a part's code.
     *
     * @return 8 or 4
     */
    public int bits() {
        return bits;
    }

    /**
     * Dimension of the vectors.
     *
     * @return d
     */
    public int dimension() {
        return subquantizers * codebooks.columns();
    }

    /**
     * Bytes of a code.
     *
     * @return m · bits / 8
     */
    public int codeBytes() {
        return subquantizers * bits / 8;
    }

    /**
     * All centroids.
     *
     * @return (m · 2^bits) x (d / m)
     */
    public FloatMatrix codebooks() {
        return codebooks;
    }

    private FloatMatrix codebook(int part) {
        return codebooks.rows(part << bits, part + 1 << bits);
    }

    /**
     * Codes vectors.
     *
     * @param vectors n x d
     * @param kernels find the nearest centroids; which they are does not depend on them
     * @param context threads
     * @return n codes, one after the other
     */
    public byte[] encode(FloatMatrix vectors, Kernels kernels, BuildContext context) {
        int width = codeBytes();
        byte[] codes = new byte[Math.multiplyExact(vectors.rows(), width)];
        for (int part = 0; part < subquantizers; part++) {
            int which = part;
            try (Kernels.Operand operand = kernels.prepare(codebook(part))) {
                ParallelChunks.run(context, vectors.rows(), CHUNK, (from, to) -> {
                    int[] ids = new int[to - from];
                    kernels.assign(part(vectors.rows(from, to), which, subquantizers), operand, ids);
                    for (int i = from; i < to; i++) {
                        int at = i * width + (bits == 8 ? which : which / 2);
                        codes[at] |= (byte) (bits == 8 ? ids[i - from] : ids[i - from] << which % 2 * 4);
                    }
                });
            }
        }
        return codes;
    }

    /**
     * The number of a part's centroid in a code.
     *
     * @param codes codes one after the other
     * @param at where the code starts
     * @param part which part
     * @return from 0 to 2^bits − 1
     */
    public int centroid(byte[] codes, int at, int part) {
        return bits == 8 ? codes[at + part] & 0xff : codes[at + part / 2] >> part % 2 * 4 & 0xf;
    }

    /**
     * The vector that a code stands for.
     *
     * @param codes codes one after the other
     * @param at where the code starts
     * @param target receives d values
     * @param targetAt where they start
     */
    public void decode(byte[] codes, int at, float[] target, int targetAt) {
        int width = codebooks.columns();
        for (int part = 0; part < subquantizers; part++) {
            int row = (part << bits) + centroid(codes, at, part);
            System.arraycopy(
                    codebooks.array(), codebooks.offset() + row * width, target, targetAt + part * width, width);
        }
    }

    /**
     * The products of a query with all centroids, as {@link #sums} wants them: 256 entries a byte of the code; with 4
     * bits each entry is the sum of the two parts that a byte holds. Zeros fill it up to a multiple of 16 bytes.
     *
     * @param query d values
     * @param factor multiplies all products
     * @return 256 · codeBytes values, and zeros
     */
    public float[] products(float[] query, float factor) {
        int width = codebooks.columns();
        int centroids = 1 << bits;
        float[] products = new float[codebooks.rows()];
        // one value of the query with that of all centroids of a part: independent sums, which C2 puts into SIMD
        // registers
        for (int part = 0; part < subquantizers; part++) {
            int to = part * centroids;
            for (int j = part * width; j < (part + 1) * width; j++) {
                float value = factor * query[j];
                int from = j * centroids;
                for (int c = 0; c < centroids; c++) {
                    products[to + c] += value * transposed[from + c];
                }
            }
        }
        int size = 256 * codeBytes();
        float[] table = new float[(codeBytes() + COLUMNS - 1) / COLUMNS * COLUMNS * 256];
        if (bits == 8) {
            System.arraycopy(products, 0, table, 0, size);
            return table;
        }
        for (int i = 0; i < size; i++) {
            int low = (i >> 8) * 2 << 4; // of the even part's centroids
            table[i] = products[low + (i & 0xf)] + products[low + 16 + (i >> 4 & 0xf)];
        }
        return table;
    }

    /**
     * Sums the table's entries over codes.
     *
     * @param table of {@link #products}
     * @param codes codes one after the other
     * @param at where the first code starts
     * @param count number of codes
     * @param sums one value a code; overwritten from index 0
     */
    public void sums(float[] table, byte[] codes, int at, int count, float[] sums) {
        int width = codeBytes();
        if (width == COLUMNS) {
            addColumns(table, 0, codes, at, count, sums);
            return;
        }
        byte[] columns = new byte[COLUMNS * count];
        for (int first = 0; first < width; first += COLUMNS) {
            int some = Math.min(COLUMNS, width - first);
            for (int i = 0; i < count; i++) {
                System.arraycopy(codes, at + i * width + first, columns, COLUMNS * i, some);
            }
            addColumns(table, 256 * first, columns, 0, count, sums);
        }
    }

    /**
     * Sums over 16 bytes a code, added to what is there unless these are the first. O(count · 16), one look-up a byte: a step
     * between codes that the compiler knows lets it drop the bounds checks, which doubles the speed.
     */
    private static void addColumns(float[] table, int t, byte[] codes, int at, int count, float[] sums) {
        boolean first = t == 0;
        for (int i = 0; i < count; i++) {
            int p = at + COLUMNS * i;
            float s0 = table[t + (codes[p] & 0xff)];
            float s1 = table[t + 256 + (codes[p + 1] & 0xff)];
            float s2 = table[t + 512 + (codes[p + 2] & 0xff)];
            float s3 = table[t + 768 + (codes[p + 3] & 0xff)];
            s0 += table[t + 1024 + (codes[p + 4] & 0xff)];
            s1 += table[t + 1280 + (codes[p + 5] & 0xff)];
            s2 += table[t + 1536 + (codes[p + 6] & 0xff)];
            s3 += table[t + 1792 + (codes[p + 7] & 0xff)];
            s0 += table[t + 2048 + (codes[p + 8] & 0xff)];
            s1 += table[t + 2304 + (codes[p + 9] & 0xff)];
            s2 += table[t + 2560 + (codes[p + 10] & 0xff)];
            s3 += table[t + 2816 + (codes[p + 11] & 0xff)];
            s0 += table[t + 3072 + (codes[p + 12] & 0xff)];
            s1 += table[t + 3328 + (codes[p + 13] & 0xff)];
            s2 += table[t + 3584 + (codes[p + 14] & 0xff)];
            s3 += table[t + 3840 + (codes[p + 15] & 0xff)];
            float sum = (s0 + s1) + (s2 + s3);
            sums[i] = first ? sum : sums[i] + sum;
        }
    }
}
