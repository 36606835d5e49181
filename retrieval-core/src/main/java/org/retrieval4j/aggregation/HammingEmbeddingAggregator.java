package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code hamming-embedding}: for each descriptor of a picture its visual word, and bits that tell where in the cell of the
 * word it lies.
 *
 * <p>Jégou, Douze, Schmid: Hamming embedding and weak geometric consistency for large scale image search. ECCV 2008,
 * section 3.1. Bit b is 1 where coordinate b of the descriptor, projected by a random orthogonal matrix, is above the
 * median of this coordinate in the word: medians over the sample, of an even number the mean of the middle two; the
 * projection of its center for a word that no descriptor of the sample has.
 *
 * <p>For the index {@code hamming-embedding}, which {@code bow} with {@code inverted} is the beginning of. The descriptors
 * of a word are in the order of their bits, so that the order of features has no meaning.
 */
public final class HammingEmbeddingAggregator extends DescriptorAggregator<WordFinder> {
    private static final String NAME = "hamming-embedding";
    private static final String CODEBOOK = "codebook";
    private static final String PROJECTION = "projection";
    private static final String THRESHOLDS = "thresholds";

    private final Options options;
    private final WordGroups words;
    private final FloatMatrix projection;
    private final FloatMatrix thresholds;

    private HammingEmbeddingAggregator(Options options, ComponentState state, Kernels kernels) {
        super(new Provider().specOf(options), state, state.array(CODEBOOK).columns());
        this.options = options;
        this.projection = state.array(PROJECTION);
        this.thresholds = state.array(THRESHOLDS);
        requireShape(CODEBOOK, state.array(CODEBOOK), options.words, width());
        requireShape(PROJECTION, projection, options.bits, width());
        requireShape(THRESHOLDS, thresholds, options.words, options.bits);
        this.words = new WordGroups(state.array(CODEBOOK), state, options.probes, kernels);
    }

    private static void requireShape(String name, FloatMatrix array, int rows, int columns) {
        if (array.rows() != rows || array.columns() != columns) {
            throw new IllegalArgumentException(NAME + ": " + name + " must be " + rows + " x " + columns + ", got "
                    + array.rows() + " x " + array.columns());
        }
    }

    /**
     * Settings.
     *
     * @param words size of the codebook; with a given codebook its number of rows
     * @param codebook file of a given codebook, words x d; learned from the sample by k-means if empty, on two
     *     levels from 16,384 words on
     * @param bits of a signature, 1 to d; more tell more apart and take more memory
     * @param projection file of given directions, bits x d; random orthogonal ones by the seed if empty
     * @param thresholds file of given thresholds, words x bits; learned from the sample if empty
     * @param probes the words are in ⌈√words⌉ groups, and a descriptor is compared with those of so many, at least 1;
     *     fewer are faster and miss the nearest word more often. As many as there are groups: with all words
     */
    public record Options(
            int words,
            Optional<String> codebook,
            int bits,
            Optional<String> projection,
            Optional<String> thresholds,
            int probes) {
        static final int DEFAULT_WORDS = 20_000;

        /** Checks the ranges. */
        public Options {
            requireNonNull(codebook, "codebook");
            requireNonNull(projection, "projection");
            requireNonNull(thresholds, "thresholds");
            AsmkAggregator.requirePositive("words", words);
            AsmkAggregator.requirePositive("bits", bits);
            AsmkAggregator.requirePositive("probes", probes);
            if (thresholds.isPresent() && (codebook.isEmpty() || projection.isEmpty())) {
                throw new IllegalArgumentException(
                        "given thresholds are those of a given codebook and projection, so these must be given too");
            }
        }

        /**
         * The published 20,000 words and 64 bits.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(DEFAULT_WORDS, Optional.empty(), 64, Optional.empty(), Optional.empty(), 16);
        }

        /**
         * With another size of the codebook.
         *
         * @param value number of words
         * @return the changed options
         */
        public Options withWords(int value) {
            return new Options(value, codebook, bits, projection, thresholds, probes);
        }

        /**
         * With other signatures.
         *
         * @param value bits of one
         * @return the changed options
         */
        public Options withBits(int value) {
            return new Options(words, codebook, value, projection, thresholds, probes);
        }
    }

    /** Makes {@code hamming-embedding}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public HammingEmbeddingAggregator create(Options options, BuildContext context) throws IOException {
            return HammingEmbeddingAggregator.create(options, context);
        }

        @Override
        public HammingEmbeddingAggregator open(Options options, ComponentState state, BuildContext context) {
            return new HammingEmbeddingAggregator(options, state, KernelCatalog.of(context));
        }
    }

    private static HammingEmbeddingAggregator create(Options options, BuildContext context) throws IOException {
        Kernels kernels = KernelCatalog.of(context);
        boolean learns = options.codebook.isEmpty() || options.thresholds.isEmpty();
        FloatMatrix sample = learns ? Codebooks.sample(NAME, options.words, context) : FloatMatrix.empty(0);
        FloatMatrix codebook = options.codebook.isPresent()
                ? Codebooks.given(NAME, "words", options.codebook.get(), options.words, Options.DEFAULT_WORDS, context)
                : Codebooks.learned(sample, options.words, kernels, context);
        FloatMatrix projection = options.projection.isPresent()
                ? GivenArray.matrix(NAME + ": projection", options.projection.get(), context)
                : orthogonal(options.bits, codebook.columns(), context.seed());
        requireShape(PROJECTION, projection, options.bits, codebook.columns());
        Map<String, FloatMatrix> arrays = new TreeMap<>(WordGroups.learn(codebook, options.probes, kernels, context));
        arrays.put(CODEBOOK, codebook);
        arrays.put(PROJECTION, projection);
        FloatMatrix thresholds;
        if (options.thresholds.isPresent()) {
            thresholds = GivenArray.matrix(NAME + ": thresholds", options.thresholds.get(), context);
        } else {
            try (WordGroups words =
                    new WordGroups(codebook, ComponentState.ofArrays(arrays), options.probes, kernels)) {
                thresholds = medians(sample, words.assign(sample, context), codebook, projection);
            }
        }
        arrays.put(THRESHOLDS, thresholds);
        Options made = new Options(
                codebook.rows(),
                options.codebook.map(file -> GivenArray.nameOf(codebook)),
                options.bits,
                options.projection.map(file -> GivenArray.nameOf(projection)),
                options.thresholds.map(file -> GivenArray.nameOf(thresholds)),
                options.probes);
        return new HammingEmbeddingAggregator(made, ComponentState.ofArrays(arrays), kernels);
    }

    /** Random directions, orthonormal: Gram-Schmidt twice over normal vectors, which is enough (Kahan, Parlett). */
    private static FloatMatrix orthogonal(int bits, int d, long seed) {
        if (bits > d) {
            throw new IllegalArgumentException(
                    NAME + ": bits must be at most " + d + ", the width of the descriptors, got " + bits);
        }
        Random random = new Random(seed);
        double[][] rows = new double[bits][d];
        float[] values = new float[bits * d];
        for (int b = 0; b < bits; b++) {
            for (int j = 0; j < d; j++) {
                rows[b][j] = random.nextGaussian();
            }
            for (int pass = 0; pass < 2; pass++) {
                for (int before = 0; before < b; before++) {
                    double product = dot(rows[b], rows[before]);
                    for (int j = 0; j < d; j++) {
                        rows[b][j] -= product * rows[before][j];
                    }
                }
            }
            double norm = Math.sqrt(dot(rows[b], rows[b]));
            for (int j = 0; j < d; j++) {
                rows[b][j] /= norm;
                values[b * d + j] = (float) rows[b][j];
            }
        }
        return FloatMatrix.of(bits, d, values);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int j = 0; j < a.length; j++) {
            sum += a[j] * b[j];
        }
        return sum;
    }

    private static double project(FloatMatrix projection, int bit, FloatMatrix x, int row) {
        int d = x.columns();
        return Kernels.fixedOrderDot(
                projection.array(), projection.offset() + bit * d, x.array(), x.offset() + row * d, d);
    }

    // O(n · bits · d)
    private static FloatMatrix medians(FloatMatrix sample, int[] ids, FloatMatrix codebook, FloatMatrix projection) {
        int bits = projection.rows();
        int[] ends = new int[codebook.rows()];
        for (int id : ids) {
            ends[id]++;
        }
        for (int word = 1; word < ends.length; word++) {
            ends[word] += ends[word - 1];
        }
        int[] members = new int[ids.length];
        int[] next = ends.clone();
        for (int i = ids.length - 1; i >= 0; i--) {
            members[--next[ids[i]]] = i;
        }
        float[] medians = new float[Math.multiplyExact(ends.length, bits)];
        for (int word = 0; word < ends.length; word++) {
            int from = word == 0 ? 0 : ends[word - 1];
            int count = ends[word] - from;
            double[] values = new double[Math.max(1, count)];
            for (int bit = 0; bit < bits; bit++) {
                if (count == 0) {
                    values[0] = project(projection, bit, codebook, word);
                }
                for (int i = 0; i < count; i++) {
                    values[i] = project(projection, bit, sample, members[from + i]);
                }
                Arrays.sort(values);
                int upper = values.length / 2;
                int lower = (values.length - 1) / 2;
                medians[word * bits + bit] = (float) ((values[lower] + values[upper]) / 2);
            }
        }
        return FloatMatrix.of(ends.length, bits, medians);
    }

    @Override
    WordFinder scratch() {
        return words.finder(1);
    }

    // O(n · bits · d) beside the search for words
    @Override
    GlobalDescriptor encode(ImageFeatures image, WordFinder finder) {
        FloatMatrix x = image.descriptors();
        int n = x.rows();
        int[] found = new int[n];
        int longs = Signatures.longs(options.bits);
        long[] bits = new long[Math.multiplyExact(n, longs)];
        if (n > 0) { // a picture without descriptors may have every width
            int[] next = {0};
            finder.forEach(x, (nearest, distances) -> found[next[0]++] = nearest[0]);
        }
        Integer[] order = new Integer[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
            for (int bit = 0; bit < options.bits; bit++) {
                if (project(projection, bit, x, i) > thresholds.get(found[i], bit)) {
                    bits[i * longs + bit / Long.SIZE] |= 1L << bit;
                }
            }
        }
        Arrays.sort(order, (a, b) -> {
            int byWord = Integer.compare(found[a], found[b]);
            return byWord != 0
                    ? byWord
                    : Arrays.compare(bits, a * longs, (a + 1) * longs, bits, b * longs, (b + 1) * longs);
        });
        int[] numbers = new int[n];
        long[] packed = new long[bits.length];
        for (int i = 0; i < n; i++) {
            numbers[i] = found[order[i]];
            System.arraycopy(bits, order[i] * longs, packed, i * longs, longs);
        }
        return new Words(options.words, numbers, new Signatures(options.bits, packed));
    }

    @Override
    void release() {
        words.close();
    }
}
