package org.retrieval4j.rerank;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;

/**
 * The vectors of images and queries, scaled to length 1: what all stages compare. A vector of zeros stays zeros. Those of
 * several pipelines stand behind each other, each of one length, so that similarity is the mean of theirs.
 */
final class UnitVectors {
    private UnitVectors() {}

    /** The vector of a query. */
    static double[] of(String stage, Extraction query) {
        return of(stage, Gallery.descriptors(List.of(query)).get(0));
    }

    /** The vectors of some hits, in order. */
    static double[][] of(String stage, Gallery gallery, List<Hit> hits) throws IOException {
        double[][] vectors = new double[hits.size()][];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = of(stage, descriptor(gallery, hits.get(i).imageId()));
        }
        return vectors;
    }

    /** The vectors of all images, one a row. */
    static FloatMatrix all(String stage, Gallery gallery, long[] ids) throws IOException {
        float[][] rows = new float[ids.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = rounded(of(stage, descriptor(gallery, ids[i])));
        }
        return FloatMatrix.ofRows(rows);
    }

    /** The vectors of all images, and of each region of images with several: one a row, images in order. */
    static FloatMatrix allRegions(Gallery gallery, long[] ids, List<Integer> imageOfRow) throws IOException {
        List<float[]> rows = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            for (double[] vector : regions(descriptor(gallery, ids[i]))) {
                rows.add(rounded(vector));
                imageOfRow.add(i);
            }
        }
        return FloatMatrix.ofRows(rows.toArray(new float[0][]));
    }

    /** The vectors of a descriptor: one, or one a region. */
    static List<double[]> regions(GlobalDescriptor descriptor) {
        if (descriptor instanceof GlobalDescriptor.Regions regions) {
            List<double[]> vectors = new ArrayList<>();
            for (int i = 0; i < regions.vectors().rows(); i++) {
                vectors.add(of(regions.vectors().row(i)));
            }
            return vectors;
        }
        return List.of(of("diffusion", descriptor));
    }

    /** A vector of length 1 as a query as long as another: an index that compares lengths too is not misled. */
    static Extraction query(Extraction original, double[] vector) {
        GlobalDescriptor before = Gallery.descriptors(List.of(original)).get(0);
        return new Extraction(original.features(), Optional.of(likewise(before, vector)));
    }

    private static GlobalDescriptor likewise(GlobalDescriptor before, double[] vector) {
        if (before instanceof GlobalDescriptor.Several several) {
            List<GlobalDescriptor> parts = new ArrayList<>();
            int from = 0;
            for (GlobalDescriptor part : several.parts()) {
                int to = from + part.dimension();
                parts.add(likewise(part, normalize(Arrays.copyOfRange(vector, from, to))));
                from = to;
            }
            return new GlobalDescriptor.Several(parts);
        }
        double square = 0;
        if (before instanceof GlobalDescriptor.Dense dense) {
            for (float value : dense.values()) {
                square += (double) value * value;
            }
        }
        double[] scaled = new double[vector.length];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = Math.sqrt(square) * vector[i];
        }
        return new GlobalDescriptor.Dense(rounded(scaled));
    }

    /** What an index of such vectors is asked for: a dense descriptor as it is, those of several pipelines as one vector. */
    static GlobalDescriptor sought(String stage, Extraction query) {
        GlobalDescriptor descriptor = Gallery.descriptors(List.of(query)).get(0);
        return descriptor instanceof GlobalDescriptor.Several
                ? new GlobalDescriptor.Dense(rounded(of(stage, descriptor)))
                : descriptor;
    }

    /** Scales a vector to length 1, in place. */
    static double[] normalize(double[] vector) {
        double square = 0;
        for (double value : vector) {
            square += value * value;
        }
        if (square > 0) {
            double norm = Math.sqrt(square);
            for (int i = 0; i < vector.length; i++) {
                vector[i] /= norm;
            }
        }
        return vector;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    static float[] rounded(double[] vector) {
        float[] values = new float[vector.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) vector[i];
        }
        return values;
    }

    private static GlobalDescriptor descriptor(Gallery gallery, long id) throws IOException {
        return gallery.descriptor(id)
                .orElseThrow(() -> new IllegalStateException("image " + id + " has no descriptor in the gallery"));
    }

    private static double[] of(String stage, GlobalDescriptor descriptor) {
        if (descriptor instanceof GlobalDescriptor.Several several) {
            double[] all = new double[several.dimension()];
            int from = 0;
            for (GlobalDescriptor part : several.parts()) {
                double[] vector = of(stage, part);
                System.arraycopy(vector, 0, all, from, vector.length);
                from += vector.length;
            }
            return normalize(all);
        }
        if (!(descriptor instanceof GlobalDescriptor.Dense dense)) {
            throw new IllegalArgumentException(stage + " takes dense descriptors, got " + descriptor);
        }
        return of(dense.values());
    }

    private static double[] of(float[] values) {
        double[] vector = new double[values.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = values[i];
        }
        return normalize(vector);
    }
}
