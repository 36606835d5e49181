package org.retrieval4j.learning;

import java.util.SplittableRandom;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * Learns the rotation after which product quantization loses least: in turn codes the rotated sample, then turns the
 * sample towards what its codes stand for.
 *
 * <p>Ge, He, Ke, Sun: Optimized product quantization. PAMI 2014, the non-parametric form (section 3.1), from the identity.
 * The turn is the orthogonal Procrustes problem: with Σ y xᵀ = U S Vᵀ, the rotation is U Vᵀ (Schönemann, 1966). Cost:
 * O(n · d · (2^bits + d) + d³) an iteration.
 */
public final class OptimizedRotation {
    private static final int ITERATIONS = 12;
    private static final int INNER_ITERATIONS = 2;

    private OptimizedRotation() {}

    /**
     * Learns a rotation.
     *
     * @param sample n x d, as for {@link ProductQuantizer#train}
     * @param subquantizers number of parts
     * @param bits 8 or 4
     * @param kernels products and nearest centroids
     * @param context seed, threads, progress
     * @return R, d x d: a vector x becomes R x
     */
    public static FloatMatrix learn(
            FloatMatrix sample, int subquantizers, int bits, Kernels kernels, BuildContext context) {
        int d = sample.columns();
        FloatMatrix rotation = identity(d);
        FloatMatrix rotated = sample;
        ProductQuantizer quantizer = ProductQuantizer.train(sample, subquantizers, bits, kernels, context);
        for (int i = 0; i < ITERATIONS; i++) {
            byte[] codes = quantizer.encode(rotated, kernels, context);
            rotation = nearestRotation(correlation(sample, quantizer, codes, context), context);
            rotated = rotate(rotation, sample, kernels, context);
            quantizer = quantizer.refined(rotated, INNER_ITERATIONS, kernels, context);
            context.progress().progress("opq", i + 1, ITERATIONS);
        }
        return rotation;
    }

    /**
     * Rotates vectors. What a vector becomes does not depend on the others.
     *
     * @param rotation R, d x d
     * @param vectors n x d
     * @param kernels compute the products
     * @param context threads
     * @return R x for each vector x
     */
    public static FloatMatrix rotate(FloatMatrix rotation, FloatMatrix vectors, Kernels kernels, BuildContext context) {
        int d = vectors.columns();
        int[] starts = new int[rotation.rows()];
        for (int row = 0; row < starts.length; row++) {
            starts[row] = rotation.offset() + row * d;
        }
        float[] rotated = new float[Math.multiplyExact(vectors.rows(), starts.length)];
        ParallelChunks.run(context, vectors.rows(), 64, (from, to) -> {
            float[] products = new float[starts.length];
            for (int i = from; i < to; i++) {
                int at = vectors.offset() + i * d;
                kernels.products(vectors.array(), at, rotation.array(), starts, starts.length, d, products);
                System.arraycopy(products, 0, rotated, i * starts.length, starts.length);
            }
        });
        return FloatMatrix.of(vectors.rows(), starts.length, rotated);
    }

    private static FloatMatrix identity(int d) {
        float[] values = new float[Math.multiplyExact(d, d)];
        for (int i = 0; i < d; i++) {
            values[i * d + i] = 1;
        }
        return FloatMatrix.of(d, d, values);
    }

    /** Σ y xᵀ over the sample, y what the code of x stands for; the bits do not depend on the threads. */
    private static double[][] correlation(
            FloatMatrix sample, ProductQuantizer quantizer, byte[] codes, BuildContext context) {
        int d = sample.columns();
        double[][] sum = new double[d][d];
        ParallelChunks.run(context, d, 32, (from, to) -> {
            float[] y = new float[d];
            double[] x = new double[d];
            for (int i = 0; i < sample.rows(); i++) {
                quantizer.decode(codes, i * quantizer.codeBytes(), y, 0);
                for (int j = 0; j < d; j++) {
                    x[j] = sample.array()[sample.offset() + i * d + j];
                }
                for (int row = from; row < to; row++) {
                    addScaled(sum[row], x, y[row]);
                }
            }
        });
        return sum;
    }

    private static void addScaled(double[] target, double[] x, double factor) {
        for (int j = 0; j < target.length; j++) {
            target[j] += factor * x[j];
        }
    }

    /** The orthogonal matrix U Vᵀ of M = U S Vᵀ: with MᵀM = V S² Vᵀ the columns of U are M v / s, made orthogonal. */
    static FloatMatrix nearestRotation(double[][] m, BuildContext context) {
        int d = m.length;
        double[][] square = new double[d][d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                addScaled(square[j], m[i], m[i][j]);
            }
        }
        SymmetricEigen eigen = SymmetricEigen.of(square, context);
        SplittableRandom random = new SplittableRandom(context.seed());
        double[][] u = new double[d][d];
        double[][] rotation = new double[d][d];
        double largest = Math.sqrt(Math.max(0, eigen.value(0)));
        for (int k = 0; k < d; k++) {
            double[] v = eigen.vector(k);
            double[] image = new double[d];
            for (int i = 0; i < d; i++) {
                image[i] = dot(m[i], v);
            }
            // directions in which the sample has nothing are turned anywhere that is left
            boolean nothing = Math.sqrt(dot(image, image)) <= 1e-7 * largest;
            while (nothing || !orthogonal(image, u, k)) {
                for (int i = 0; i < d; i++) {
                    image[i] = random.nextDouble() - 0.5;
                }
                nothing = false;
            }
            u[k] = image;
            for (int i = 0; i < d; i++) {
                addScaled(rotation[i], v, image[i]);
            }
        }
        float[] values = new float[Math.multiplyExact(d, d)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) rotation[i / d][i % d];
        }
        return FloatMatrix.of(d, d, values);
    }

    /** Gram-Schmidt twice ("twice is enough", Kahan); false if nothing is left. */
    private static boolean orthogonal(double[] x, double[][] others, int count) {
        double before = Math.sqrt(dot(x, x));
        for (int round = 0; round < 2; round++) {
            for (int k = 0; k < count; k++) {
                addScaled(x, others[k], -dot(x, others[k]));
            }
        }
        double norm = Math.sqrt(dot(x, x));
        for (int i = 0; i < x.length; i++) {
            x[i] /= norm;
        }
        return norm > 1e-6 * before;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
