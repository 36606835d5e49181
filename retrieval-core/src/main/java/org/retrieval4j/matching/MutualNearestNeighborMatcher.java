package org.retrieval4j.matching;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Pairs two features if each is the other's nearest neighbor by L2 distance (brute force with cross-check), and how
 * much nearer than the second nearest decides which pairs are kept and which stand first (the ratio test of Lowe,
 * Distinctive Image Features from Scale-Invariant Keypoints, IJCV 2004, section 7.1).
 *
 * <p>Lowe's ratio looks from one picture into the other. Here both ways count, as their geometric mean
 * r = d₁ / √(d₂ d₂'), where d₁ is the distance of the pair, d₂ that of the query feature to its second nearest in the
 * reference, d₂' that of the reference feature to its second nearest in the query: the result is the same with query
 * and reference exchanged. A pair's score is 1 − r, in [0, 1]: 0 for a feature that has an exact copy beside it. A
 * picture with one feature has no second nearest, and its pair has score 1.
 *
 * <p>Nearest neighbors are decided in a fixed order of operations, ties to the smaller index, so that all kernels
 * give the same pairs and scores. O(m·n·d) for m and n features.
 */
public final class MutualNearestNeighborMatcher implements Matcher {
    /** Products held at a time, 2 MB: fewer rows at once would read the prepared query too often. */
    private static final int CHUNK = 1 << 19;

    private final Options options;
    private final Kernels kernels;

    /**
     * How to choose pairs.
     *
     * @param ratio pairs with a larger r are left out, in (0, 1]; 1 keeps all. A larger one keeps more pairs, of which
     *     fewer are right
     */
    public record Options(double ratio) {
        /** Checks the range. */
        public Options {
            if (!(ratio > 0 && ratio <= 1)) {
                throw new IllegalArgumentException("ratio must be above 0 and at most 1, got " + ratio);
            }
        }

        /**
         * The measured preference: on photographs cropped, warped and blurred, inliers of a fundamental matrix, an
         * affinity and a homography tell right pictures from wrong ones best between 0.87 and 0.9.
         *
         * @return ratio 0.9
         */
        public static Options defaults() {
            return new Options(0.9);
        }

        /**
         * With another ratio.
         *
         * @param value in (0, 1]
         * @return the changed options
         */
        public Options withRatio(double value) {
            return new Options(value);
        }
    }

    /** Makes {@code mutual-nearest-neighbor(ratio=…)}. */
    public static final class Provider extends ComponentProvider<Matcher, Options> {
        /** Creates the provider. */
        public Provider() {
            super(Matcher.class, "mutual-nearest-neighbor", Options.defaults());
        }

        @Override
        public Matcher create(Options options, BuildContext context) {
            return new MutualNearestNeighborMatcher(options, KernelCatalog.of(context));
        }
    }

    /**
     * Creates the matcher.
     *
     * @param options how to choose pairs
     * @param kernels compute the products
     */
    public MutualNearestNeighborMatcher(Options options, Kernels kernels) {
        this.options = requireNonNull(options, "options");
        this.kernels = requireNonNull(kernels, "kernels");
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format("mutual-nearest-neighbor", options));
    }

    @Override
    public Matches match(ImageFeatures query, ImageFeatures reference) {
        return matchAll(query, List.of(reference)).get(0);
    }

    @Override
    public List<Matches> matchAll(ImageFeatures query, List<ImageFeatures> references) {
        List<Matches> all = new ArrayList<>(references.size());
        try (Kernels.Operand prepared = kernels.prepare(query.descriptors())) {
            for (ImageFeatures reference : references) {
                all.add(match(prepared, reference.descriptors()));
            }
        }
        return all;
    }

    private Matches match(Kernels.Operand prepared, FloatMatrix references) {
        FloatMatrix queries = prepared.matrix();
        if (queries.rows() == 0 || references.rows() == 0) {
            return Matches.NONE;
        }
        if (queries.columns() != references.columns()) {
            throw new IllegalArgumentException("query and reference must have descriptors of one width, got "
                    + queries.columns() + " and " + references.columns());
        }
        float[] queryNorms = prepared.squaredNorms();
        float[] referenceNorms = Kernels.squaredNorms(references);
        TwoNearest ofQuery = new TwoNearest(queries, queryNorms, references, referenceNorms);
        TwoNearest ofReference = new TwoNearest(references, referenceNorms, queries, queryNorms);
        compare(prepared, references, halved(queryNorms), halved(referenceNorms), ofQuery, ofReference);
        return choose(ofQuery, ofReference, queries.rows());
    }

    // One pass over all products serves both directions: argmin |x − y|² = argmax x·y − |y|²/2.
    private void compare(
            Kernels.Operand prepared,
            FloatMatrix references,
            float[] halfQueryNorms,
            float[] halfReferenceNorms,
            TwoNearest ofQuery,
            TwoNearest ofReference) {
        int m = references.rows();
        int n = halfQueryNorms.length;
        int chunk = Math.max(1, Math.min(m, CHUNK / n));
        float[] products = new float[Math.multiplyExact(chunk, n)];
        float[] queryThresholds = ofQuery.thresholds();
        float[] referenceThresholds = ofReference.thresholds();
        for (int from = 0; from < m; from += chunk) {
            int to = Math.min(m, from + chunk);
            kernels.products(references.rows(from, to), prepared, products);
            for (int i = from; i < to; i++) {
                int at = (i - from) * n;
                float half = halfReferenceNorms[i];
                float threshold = Float.NEGATIVE_INFINITY;
                for (int j = 0; j < n; j++) {
                    float product = products[at + j];
                    float toQuery = product - halfQueryNorms[j];
                    if (toQuery > threshold) {
                        ofReference.offer(i, toQuery, j);
                        threshold = referenceThresholds[i];
                    }
                    float toReference = product - half;
                    if (toReference > queryThresholds[j]) {
                        ofQuery.offer(j, toReference, i);
                    }
                }
            }
        }
    }

    private Matches choose(TwoNearest ofQuery, TwoNearest ofReference, int n) {
        long[] pairs = new long[n];
        int size = 0;
        for (int q = 0; q < n; q++) {
            int r = ofQuery.nearest(q);
            if (ofReference.nearest(r) == q && !isSurelyLeftOut(ofQuery, q, ofReference, r)) {
                double ratio = ratio(
                        ofQuery.squaredDistance(q),
                        ofQuery.secondSquaredDistance(q),
                        ofReference.secondSquaredDistance(r));
                if (ratio <= options.ratio()) {
                    // the bits of floats that are not negative sort as the floats; then by query
                    pairs[size++] = (long) Float.floatToIntBits((float) ratio) << 32 | q;
                }
            }
        }
        Arrays.sort(pairs, 0, size);
        int[] queryIndices = new int[size];
        int[] referenceIndices = new int[size];
        float[] scores = new float[size];
        for (int i = 0; i < size; i++) {
            queryIndices[i] = (int) pairs[i];
            referenceIndices[i] = ofQuery.nearest(queryIndices[i]);
            scores[i] = 1 - Float.intBitsToFloat((int) (pairs[i] >>> 32));
        }
        return new Matches(queryIndices, referenceIndices, scores);
    }

    /** Most pairs of features that have nothing to do with each other need no exact distances. */
    private boolean isSurelyLeftOut(TwoNearest ofQuery, int q, TwoNearest ofReference, int r) {
        double least = Math.max(ofQuery.leastSquaredDistance(q), ofReference.leastSquaredDistance(r));
        double second = ofQuery.mostSecondSquaredDistance(q);
        double secondBack = ofReference.mostSecondSquaredDistance(r);
        return Math.sqrt(Math.sqrt((least / second) * (least / secondBack))) > options.ratio();
    }

    private static double ratio(double squaredDistance, double second, double secondBack) {
        if (second == 0 || secondBack == 0) {
            return 1; // an exact copy stands beside it
        }
        return Math.sqrt(Math.sqrt((squaredDistance / second) * (squaredDistance / secondBack)));
    }

    private static float[] halved(float[] norms) {
        float[] half = new float[norms.length];
        for (int i = 0; i < half.length; i++) {
            half[i] = 0.5f * norms[i];
        }
        return half;
    }
}
