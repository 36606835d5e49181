package org.retrieval4j.aggregation;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArrays;

/** Where the arrays of the NetVLAD family come from: files, or k-means over the sample. */
final class SoftArrays {
    static final int DEFAULT_CLUSTERS = 64;
    static final String ASSIGNMENT = "assignment";
    static final String BIAS = "bias";
    static final String BATCH_NORM = "batch-norm";
    static final String CENTERS = "centers";

    /** Parameters that say how files are laid out, and have no meaning once arrays are read. */
    static final List<String> OF_FILES = List.of("weights", "layout", "centers-sign", "covariance");

    private SoftArrays() {}

    /** Reads what decides the assignment; its matrix is clusters x channels whatever the layout of the file. */
    static Map<String, FloatMatrix> assignment(SoftOptions options, GivenArrays files) throws IOException {
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        arrays.put(ASSIGNMENT, matrix(options, files, ASSIGNMENT, options.assignment()));
        files.row(BIAS, options.bias()).ifPresent(row -> arrays.put(BIAS, row));
        files.matrix(BATCH_NORM, options.batchNorm()).ifPresent(matrix -> arrays.put(BATCH_NORM, matrix));
        return arrays;
    }

    /** Reads a matrix that must be there, as clusters x channels. */
    static FloatMatrix matrix(SoftOptions options, GivenArrays files, String name, Optional<String> file)
            throws IOException {
        FloatMatrix matrix = files.required(name, files.matrix(name, file));
        return options.layout() == NetVladAggregator.Layout.CHANNELS_FIRST ? GivenArrays.transposed(matrix) : matrix;
    }

    /** The options of a component made of given arrays. */
    static <O extends Record & SoftOptions> O kept(
            String component, O options, O defaults, Map<String, FloatMatrix> arrays, int clusters) {
        if (options.clusters() != clusters && options.clusters() != DEFAULT_CLUSTERS) {
            throw new IllegalArgumentException(component + ": clusters must be " + clusters
                    + " like the rows of the given arrays, got " + options.clusters());
        }
        return GivenArrays.kept(options, defaults, arrays, Map.of("clusters", clusters), OF_FILES);
    }

    /**
     * What is learned.
     *
     * @param sample n x d, scaled if the options say so
     * @param ids the center of each sample vector, ghosts behind the others
     * @param centers k x d, without ghosts
     * @param init of all, ghosts behind the others
     */
    record Learned(FloatMatrix sample, int[] ids, FloatMatrix centers, NetVladInitialization init) {
        /** The assignment's arrays. */
        Map<String, FloatMatrix> arrays() {
            return new TreeMap<>(Map.of(ASSIGNMENT, init.assignment(), BIAS, init.bias()));
        }
    }

    /** Learns centers; of these the {@code ghost} whose descriptors are the most scattered become ghosts. */
    static Learned learned(String component, SoftOptions options, int ghost, BuildContext context) throws IOException {
        Kernels kernels = KernelCatalog.of(context);
        int all = Math.addExact(options.clusters(), ghost);
        FloatMatrix sample = Codebooks.sample(component, all, context);
        if (options.preL2()) {
            sample = SoftAssignment.normalized(sample);
        }
        FloatMatrix centers = Codebooks.learned(sample, all, kernels, context);
        int[] ids = ids(sample, centers, kernels);
        if (ghost > 0) {
            centers = centers.select(byScatter(sample, ids, centers));
            ids = ids(sample, centers, kernels);
        }
        NetVladInitialization init = options.init() == NetVladAggregator.Init.V1
                ? NetVladInitialization.v1(centers, sample)
                : NetVladInitialization.v2(centers, sample);
        return new Learned(sample, ids, centers.rows(0, options.clusters()), init);
    }

    private static int[] ids(FloatMatrix sample, FloatMatrix centers, Kernels kernels) {
        int[] ids = new int[sample.rows()];
        try (Kernels.Operand operand = kernels.prepare(centers)) {
            kernels.assign(sample, operand, ids);
        }
        return ids;
    }

    /** Centers by the mean squared distance of their descriptors, ascending. */
    private static int[] byScatter(FloatMatrix sample, int[] ids, FloatMatrix centers) {
        int d = centers.columns();
        double[] scatter = new double[centers.rows()];
        int[] counts = new int[centers.rows()];
        for (int i = 0; i < ids.length; i++) {
            counts[ids[i]]++;
            scatter[ids[i]] += Kernels.fixedOrderSquaredDistance(
                    sample.array(), sample.offset() + i * d, centers.array(), centers.offset() + ids[i] * d, d);
        }
        List<Integer> order = new ArrayList<>();
        for (int c = 0; c < scatter.length; c++) {
            scatter[c] /= Math.max(1, counts[c]);
            order.add(c);
        }
        order.sort(Comparator.comparingDouble(c -> scatter[c])); // stable
        return order.stream().mapToInt(Integer::intValue).toArray();
    }
}
