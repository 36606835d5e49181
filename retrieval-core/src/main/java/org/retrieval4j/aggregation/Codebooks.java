package org.retrieval4j.aggregation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.Checkpoint;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.learning.HierarchicalKMeans;
import org.retrieval4j.learning.KMeans;
import org.retrieval4j.learning.TrainingSample;

/** Where the codebook of an aggregator comes from: a file, or k-means over the sample. */
final class Codebooks {
    // Few clusters take twice what FAISS takes before it subsamples; very many take less, or learning takes hours.
    private static final long SAMPLE_PER_CLUSTER = 512;
    private static final long SAMPLE_OF_MANY = 32_768;
    private static final long SAMPLE_PER_CLUSTER_OF_MANY = 64;

    // From here on plain k-means would take hours, of which the seeds alone take most.
    private static final int HIERARCHICAL = 16_384;

    // From here on learning takes a minute and more, and is worth a checkpoint.
    private static final int LONG = 1024;
    // Of hierarchical k-means, which has hundreds, between two checkpoints.
    private static final int GROUPS = 16;

    private Codebooks() {}

    /** Descriptors for a codebook of so many clusters, and for what else is learned beside it. */
    static FloatMatrix sample(String component, int clusters, BuildContext context) {
        long most = Math.min(SAMPLE_PER_CLUSTER * clusters, SAMPLE_OF_MANY + SAMPLE_PER_CLUSTER_OF_MANY * clusters);
        return TrainingSample.descriptors(
                component + " must learn: give sample pictures, or the arrays it needs", context, most);
    }

    /** Learns a codebook; a large one goes on where it was if it was ended, and its context keeps checkpoints. */
    static FloatMatrix learned(FloatMatrix sample, int clusters, Kernels kernels, BuildContext context)
            throws IOException {
        KMeans.Options options = KMeans.Options.of(clusters, context.seed());
        boolean hierarchical = clusters >= HIERARCHICAL;
        if (context.checkpoints().isEmpty() || clusters < LONG) {
            return hierarchical
                    ? HierarchicalKMeans.train(sample, options, kernels, context)
                    : KMeans.train(sample, options, kernels, context).centroids();
        }
        Path folder = Files.createDirectories(context.checkpoints().get());
        return hierarchical
                ? HierarchicalKMeans.train(sample, options, kernels, context, new Checkpoint(folder, GROUPS))
                : KMeans.train(sample, options, kernels, context, new Checkpoint(folder, 1))
                        .centroids();
    }

    /** Reads a codebook; its number of rows must be the number of clusters, unless that was left at its default. */
    static FloatMatrix given(
            String component, String parameter, String file, int clusters, int defaultClusters, BuildContext context)
            throws IOException {
        FloatMatrix codebook = GivenArray.matrix(component + ": codebook", file, context);
        if (codebook.rows() < 1 || codebook.columns() < 1) {
            throw new IllegalArgumentException(component + ": codebook must be at least 1 x 1, got " + codebook.rows()
                    + " x " + codebook.columns());
        }
        if (clusters != codebook.rows() && clusters != defaultClusters) {
            throw new IllegalArgumentException(component + ": " + parameter + " must be " + codebook.rows()
                    + " like the rows of the codebook, got " + clusters);
        }
        return codebook;
    }
}
