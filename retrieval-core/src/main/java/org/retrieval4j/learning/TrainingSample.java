package org.retrieval4j.learning;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SampleRequiredException;

/**
 * Draws descriptors to learn from. Learning gains little beyond a few hundred vectors a cluster, so that a seeded part
 * of a large sample is taken, every descriptor of every picture with the same chance, without copying the rest.
 */
public final class TrainingSample {
    private TrainingSample() {}

    /**
     * Draws descriptors of the context's sample pictures.
     *
     * @param what what learns, and how it could do without: {@code "vlad needs sample pictures, or codebook=FILE"}
     * @param context its pictures and seed
     * @param most number of descriptors at most; never more than 2³¹ values in all
     * @return at least 1 and at most {@code most} descriptors, in the order of the pictures
     * @throws SampleRequiredException if there is no picture
     * @throws IllegalArgumentException if there is no descriptor, or widths differ
     */
    public static FloatMatrix descriptors(String what, BuildContext context, long most) {
        if (context.images().isEmpty()) {
            throw new SampleRequiredException(what + "; got no sample pictures");
        }
        List<FloatMatrix> parts = new ArrayList<>();
        long total = 0;
        for (ImageFeatures image : context.images()) {
            if (image.size() == 0) {
                continue;
            }
            parts.add(image.descriptors());
            total += image.size();
            if (image.descriptors().columns() != parts.get(0).columns()) {
                throw new IllegalArgumentException("all sample pictures must have descriptors of one width, got "
                        + parts.get(0).columns() + " and " + image.descriptors().columns());
            }
        }
        if (total == 0) {
            throw new IllegalArgumentException(
                    what + "; got " + context.images().size() + " sample pictures without any descriptor");
        }
        return taken(parts, total, most, context.seed());
    }

    /**
     * Draws global descriptors of the context's sample pictures: what an index learns from.
     *
     * @param what what learns: {@code "ivf-flat must learn"}
     * @param context its descriptors and seed
     * @param most number of vectors at most; never more than 2³¹ values in all
     * @return at least 1 and at most {@code most} vectors, in the order of the pictures
     * @throws SampleRequiredException if there is no descriptor
     * @throws IllegalArgumentException if one is not dense, or dimensions differ
     */
    public static FloatMatrix vectors(String what, BuildContext context, long most) {
        if (context.descriptors().isEmpty()) {
            throw new SampleRequiredException(what + " from a sample of descriptors; got none");
        }
        List<FloatMatrix> rows = new ArrayList<>();
        for (GlobalDescriptor descriptor : context.descriptors()) {
            if (!(descriptor instanceof GlobalDescriptor.Dense dense)) {
                throw new IllegalArgumentException(what + " from dense descriptors; got " + descriptor);
            }
            rows.add(FloatMatrix.of(1, dense.dimension(), dense.values()));
            if (dense.dimension() != rows.get(0).columns()) {
                throw new IllegalArgumentException("all sample descriptors must have one dimension, got "
                        + rows.get(0).columns() + " and " + dense.dimension());
            }
        }
        return taken(rows, rows.size(), most, context.seed());
    }

    /** All, or a part of them if there are more than wanted, or more than an array holds. */
    private static FloatMatrix taken(List<FloatMatrix> parts, long total, long most, long seed) {
        int taken = (int) Math.min(most, most(parts.get(0).columns()));
        return total <= taken ? FloatMatrix.concat(parts) : draw(parts, total, taken, seed);
    }

    /** How many vectors one array of floats holds. */
    static long most(int columns) {
        return (Integer.MAX_VALUE - 8L) / Math.max(1, columns);
    }

    // Selection sampling (Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2 S).
    static FloatMatrix draw(List<FloatMatrix> parts, long total, int most, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int d = parts.get(0).columns();
        float[] drawn = new float[Math.multiplyExact(most, d)];
        int taken = 0;
        long left = total;
        for (FloatMatrix part : parts) {
            for (int i = 0; i < part.rows(); i++) {
                if (random.nextLong(left--) < most - taken) {
                    System.arraycopy(part.array(), part.offset() + i * d, drawn, taken++ * d, d);
                }
            }
        }
        return FloatMatrix.of(most, d, drawn);
    }
}
