package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SampleRequiredException;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code bow}: how often each visual word of a codebook occurs, weighed by how rare the word is, as a sparse vector.
 *
 * <p>tf·idf, then L2; idf = ln(M / N_k), M sample pictures of which N_k have the word; 0 for a word that none has, as
 * for one that all have. Words of weight 0 are left out. Sivic, Zisserman: Video Google: a text retrieval approach to
 * object matching in videos. ICCV 2003. Soft assignment: Philbin, Chum, Isard, Sivic, Zisserman: Lost in quantization.
 * CVPR 2008: each descriptor counts for its nearest words by exp(−d²/2σ²), in all 1.
 *
 * <p>Good with very many words and an inverted index; with few words {@link VladAggregator} tells more.
 */
public final class BowAggregator extends DescriptorAggregator<BowAggregator.Scratch> implements AssignableAggregator {
    private static final String NAME = "bow";
    private static final String CODEBOOK = "codebook";
    private static final String IDF = "idf";

    private final Options options;
    private final Kernels kernels;
    private final Kernels.Operand codebook;
    private final float[] idf;

    private BowAggregator(Options options, ComponentState state, Kernels kernels) {
        super(new Provider().specOf(options), state, state.array(CODEBOOK).columns());
        FloatMatrix words = state.array(CODEBOOK);
        FloatMatrix weights = options.idf.equals("false") ? ones(words.rows()) : state.array(IDF);
        if (words.rows() != options.words || weights.rows() != 1 || weights.columns() != words.rows()) {
            throw new IllegalArgumentException("bow: codebook and idf must have " + options.words + " words, got "
                    + words.rows() + " and " + weights.columns());
        }
        if (options.assignment == Assignment.SOFT && options.neighbors > words.rows()) {
            throw new IllegalArgumentException("bow: neighbors must be at most " + words.rows()
                    + ", the number of words, got " + options.neighbors);
        }
        this.options = options;
        this.kernels = kernels;
        this.codebook = kernels.prepare(words);
        this.idf = weights.toArray();
    }

    /** To which words a descriptor counts. */
    public enum Assignment {
        /** To the nearest. */
        HARD,
        /** To several near ones, the nearer the more. */
        SOFT
    }

    /**
     * Settings.
     *
     * @param words size of the codebook; more tell more apart, but the same thing twice falls to different words more
     *     often; with a given codebook its number of rows
     * @param codebook file of a given codebook, words x d; learned from the sample by k-means if empty, on two
     *     levels from 16,384 words on
     * @param assignment to which words a descriptor counts
     * @param neighbors number of words of soft assignment
     * @param sigma how fast weights fall with the distance in soft assignment, in units of the descriptors; the default
     *     is the published √6250 for SIFT of length 512, for descriptors of length 1
     * @param idf {@code true}: weigh words by how rare they are in the sample, of at least 2 pictures; {@code false}: do
     *     not; otherwise file of given weights, one a word
     * @param sqrtTf take the root of the counts, which weakens bursts of one word
     * @param l2 scale the vector to length 1
     */
    public record Options(
            int words,
            Optional<String> codebook,
            Assignment assignment,
            int neighbors,
            double sigma,
            String idf,
            boolean sqrtTf,
            boolean l2) {
        static final int DEFAULT_WORDS = 1000;

        /** Checks the ranges. */
        public Options {
            requireNonNull(codebook, "codebook");
            requireNonNull(assignment, "assignment");
            requireNonNull(idf, "idf");
            if (words < 1) {
                throw new IllegalArgumentException("words must be at least 1, got " + words);
            }
            if (neighbors < 1) {
                throw new IllegalArgumentException("neighbors must be at least 1, got " + neighbors);
            }
            if (!(sigma > 0)) {
                throw new IllegalArgumentException("sigma must be above 0, got " + sigma);
            }
        }

        /**
         * 1,000 words learned from the sample, hard assignment, tf-idf.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(DEFAULT_WORDS, Optional.empty(), Assignment.HARD, 3, 0.1544, "true", false, true);
        }

        /**
         * With another size of the codebook.
         *
         * @param value number of words
         * @return the changed options
         */
        public Options withWords(int value) {
            return new Options(value, codebook, assignment, neighbors, sigma, idf, sqrtTf, l2);
        }

        /**
         * With another assignment.
         *
         * @param value to which words a descriptor counts
         * @return the changed options
         */
        public Options withAssignment(Assignment value) {
            return new Options(words, codebook, value, neighbors, sigma, idf, sqrtTf, l2);
        }

        private Options withArrays(int rows, Optional<String> given, String weights) {
            return new Options(rows, given, assignment, neighbors, sigma, weights, sqrtTf, l2);
        }
    }

    /** Makes {@code bow}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public BowAggregator create(Options options, BuildContext context) throws IOException {
            return BowAggregator.create(options, context);
        }

        @Override
        public BowAggregator open(Options options, ComponentState state, BuildContext context) {
            return new BowAggregator(options, state, KernelCatalog.of(context));
        }
    }

    private static BowAggregator create(Options options, BuildContext context) throws IOException {
        Kernels kernels = KernelCatalog.of(context);
        boolean learnsIdf = options.idf.equals("true");
        if (learnsIdf && context.images().size() < 2) {
            String message = "bow must learn idf from at least 2 sample pictures, got "
                    + context.images().size() + "; give more, or idf=false, or idf=FILE";
            throw context.images().isEmpty()
                    ? new SampleRequiredException(message)
                    : new IllegalArgumentException(message);
        }
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        FloatMatrix codebook = options.codebook.isPresent()
                ? Codebooks.given(NAME, "words", options.codebook.get(), options.words, Options.DEFAULT_WORDS, context)
                : Codebooks.learned(Codebooks.sample(NAME, options.words, context), options.words, kernels, context);
        arrays.put(CODEBOOK, codebook);
        Optional<String> given = options.codebook.map(file -> GivenArray.nameOf(codebook));
        String idf = options.idf;
        if (learnsIdf) {
            Options counting = options.withArrays(codebook.rows(), given, "false");
            try (BowAggregator counter = new BowAggregator(counting, ComponentState.ofArrays(arrays), kernels)) {
                arrays.put(IDF, counter.learnIdf(context));
            }
        } else if (!idf.equals("false")) {
            FloatMatrix weights = GivenArray.row("bow: idf", idf, context);
            arrays.put(IDF, weights);
            idf = GivenArray.nameOf(weights);
        }
        return new BowAggregator(
                options.withArrays(codebook.rows(), given, idf), ComponentState.ofArrays(arrays), kernels);
    }

    private FloatMatrix learnIdf(BuildContext context) {
        List<ImageFeatures> images = context.images();
        Scratch scratch = scratch();
        int[] pictures = new int[options.words];
        for (int i = 0; i < images.size(); i++) {
            context.checkInterrupted();
            Assignments.checkWidth(images.get(i).descriptors(), width());
            count(images.get(i).descriptors(), scratch);
            for (int t = 0; t < scratch.size; t++) {
                pictures[scratch.touched[t]]++;
            }
            scratch.clear();
            context.progress().progress("idf", i + 1, images.size());
        }
        float[] weights = new float[options.words];
        for (int word = 0; word < weights.length; word++) {
            weights[word] = pictures[word] == 0 ? 0 : (float) Math.log((double) images.size() / pictures[word]);
        }
        return FloatMatrix.of(1, weights.length, weights);
    }

    private static FloatMatrix ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return FloatMatrix.of(1, count, ones);
    }

    /** Counts of the words of one picture. */
    static final class Scratch {
        private final double[] counts;
        private final NearestWords nearest;
        private int[] ids = new int[0];
        private int[] touched = new int[64];
        private int size;

        private Scratch(int words, NearestWords nearest) {
            this.counts = new double[words];
            this.nearest = nearest;
        }

        private void add(int word, double weight) {
            if (counts[word] == 0 && weight > 0) {
                if (size == touched.length) {
                    touched = Arrays.copyOf(touched, 2 * size);
                }
                touched[size++] = word;
            }
            counts[word] += weight;
        }

        private void clear() {
            for (int t = 0; t < size; t++) {
                counts[touched[t]] = 0;
            }
            size = 0;
        }
    }

    @Override
    Scratch scratch() {
        int neighbors = options.assignment == Assignment.SOFT ? options.neighbors : 1;
        return new Scratch(options.words, new NearestWords(kernels, codebook, neighbors));
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, Scratch scratch) {
        count(image.descriptors(), scratch);
        return finish(scratch);
    }

    private void count(FloatMatrix x, Scratch s) {
        if (x.rows() == 0) {
            return;
        }
        if (options.assignment == Assignment.HARD) {
            if (s.ids.length < x.rows()) {
                s.ids = new int[x.rows()];
            }
            kernels.assign(x, codebook, s.ids);
            for (int i = 0; i < x.rows(); i++) {
                s.add(s.ids[i], 1);
            }
            return;
        }
        double factor = -1 / (2 * options.sigma * options.sigma);
        s.nearest.forEach(x, (words, distances) -> {
            double sum = 0;
            for (double distance : distances) {
                sum += Math.exp(factor * (distance - distances[0])); // less the smallest: the sum is at least 1
            }
            for (int i = 0; i < words.length; i++) {
                s.add(words[i], Math.exp(factor * (distances[i] - distances[0])) / sum);
            }
        });
    }

    private GlobalDescriptor finish(Scratch s) {
        Arrays.sort(s.touched, 0, s.size);
        double square = 0;
        int kept = 0;
        for (int t = 0; t < s.size; t++) {
            int word = s.touched[t];
            double weight = idf[word] * (options.sqrtTf ? Math.sqrt(s.counts[word]) : s.counts[word]);
            s.counts[word] = weight;
            square += weight * weight;
            kept += weight == 0 ? 0 : 1;
        }
        double scale = options.l2 && square > 0 ? 1 / Math.sqrt(square) : 1;
        int[] words = new int[kept];
        float[] weights = new float[kept];
        int at = 0;
        for (int t = 0; t < s.size; t++) {
            double weight = s.counts[s.touched[t]];
            if (weight != 0) {
                words[at] = s.touched[t];
                weights[at++] = (float) (weight * scale);
            }
        }
        s.clear();
        return new GlobalDescriptor.Sparse(options.words, words, weights);
    }

    @Override
    public int clusters() {
        return options.words;
    }

    @Override
    public GlobalDescriptor aggregate(FloatMatrix descriptors, int[] assignments) {
        Assignments.check(descriptors, width(), assignments, clusters());
        Scratch scratch = scratch();
        for (int word : assignments) {
            scratch.add(word, 1);
        }
        return finish(scratch);
    }

    @Override
    public GlobalDescriptor aggregate(FloatMatrix descriptors, FloatMatrix weights) {
        Assignments.check(descriptors, width(), weights, clusters());
        Scratch scratch = scratch();
        for (int i = 0; i < weights.rows(); i++) {
            for (int word = 0; word < weights.columns(); word++) {
                scratch.add(word, weights.get(i, word));
            }
        }
        return finish(scratch);
    }

    @Override
    void release() {
        codebook.close();
    }
}
