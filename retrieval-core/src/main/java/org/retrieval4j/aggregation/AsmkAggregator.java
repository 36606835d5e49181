package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code asmk}: for each visual word of a picture one residual of all its descriptors, or the signs of it.
 *
 * <p>Tolias, Avrithis, Jégou: To aggregate or not to aggregate: selective match kernels for image search. ICCV 2013,
 * section 3. v = Σ (x − c) over the descriptors x of word c; the residual is v / (|v| + 10⁻⁶) (ASMK), bit j of the
 * signature is 1 where v_j is above 0 (ASMK*). A descriptor of several words counts in each with its residual to it: that
 * is usual for queries, and for stored pictures it would cost memory, so the two have numbers of their own
 * ({@link #aggregateQueries}).
 *
 * <p>For the index {@code asmk}. Burstiness ends here: repeated structure becomes one residual. The published codebooks have
 * 65,536 words; with learned local features of few hundreds a picture this is the method of HOW (Tolias, Jenicek, Chum:
 * Learning and aggregating deep local descriptors for instance-level recognition. ECCV 2020).
 */
public final class AsmkAggregator extends DescriptorAggregator<AsmkAggregator.Scratch> {
    private static final String NAME = "asmk";
    private static final String CODEBOOK = "codebook";

    private final Options options;
    private final WordGroups words;

    private AsmkAggregator(Options options, ComponentState state, Kernels kernels) {
        super(new Provider().specOf(options), state, state.array(CODEBOOK).columns());
        FloatMatrix codebook = state.array(CODEBOOK);
        if (codebook.rows() != options.words) {
            throw new IllegalArgumentException(
                    "asmk: codebook must have " + options.words + " words, got " + codebook.rows());
        }
        requireAtMost("assignments", options.assignments, options.words);
        requireAtMost("query-assignments", options.queryAssignments, options.words);
        this.options = options;
        this.words = new WordGroups(codebook, state, options.probes, kernels);
    }

    private static void requireAtMost(String what, int value, int words) {
        if (value > words) {
            throw new IllegalArgumentException(
                    "asmk: " + what + " must be at most " + words + ", the number of words, got " + value);
        }
    }

    /**
     * Settings.
     *
     * @param words size of the codebook; with a given codebook its number of rows
     * @param codebook file of a given codebook, words x d; learned from the sample by k-means if empty, on two
     *     levels from 16,384 words on
     * @param binary signatures if true, which take a 32nd of the memory of residuals and lose little
     * @param assignments words that a descriptor of a stored picture counts to, at least 1; more take more memory
     * @param queryAssignments words that a descriptor of a query counts to, at least 1; more find more and are slower
     * @param probes the words are in ⌈√words⌉ groups, and a descriptor is compared with those of so many, at least 1;
     *     fewer are faster and miss the nearest words more often. As many as there are groups: with all words
     */
    public record Options(
            int words, Optional<String> codebook, boolean binary, int assignments, int queryAssignments, int probes) {
        static final int DEFAULT_WORDS = 65_536;

        /** Checks the ranges. */
        public Options {
            requireNonNull(codebook, "codebook");
            requirePositive("words", words);
            requirePositive("assignments", assignments);
            requirePositive("query-assignments", queryAssignments);
            requirePositive("probes", probes);
        }

        /**
         * Signatures over 65,536 words learned from the sample; 5 words a descriptor in queries, 1 in stored pictures.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(DEFAULT_WORDS, Optional.empty(), true, 1, 5, 16);
        }

        /**
         * With another size of the codebook.
         *
         * @param value number of words
         * @return the changed options
         */
        public Options withWords(int value) {
            return new Options(value, codebook, binary, assignments, queryAssignments, probes);
        }

        /**
         * With signatures or residuals.
         *
         * @param value true for signatures
         * @return the changed options
         */
        public Options withBinary(boolean value) {
            return new Options(words, codebook, value, assignments, queryAssignments, probes);
        }

        /**
         * With another number of words a descriptor of a query.
         *
         * @param value at least 1
         * @return the changed options
         */
        public Options withQueryAssignments(int value) {
            return new Options(words, codebook, binary, assignments, value, probes);
        }

        /**
         * With another number of groups that are looked into.
         *
         * @param value at least 1
         * @return the changed options
         */
        public Options withProbes(int value) {
            return new Options(words, codebook, binary, assignments, queryAssignments, value);
        }

        private Options withCodebook(int rows, Optional<String> given) {
            return new Options(rows, given, binary, assignments, queryAssignments, probes);
        }
    }

    static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, got " + value);
        }
    }

    /** Makes {@code asmk}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public AsmkAggregator create(Options options, BuildContext context) throws IOException {
            Kernels kernels = KernelCatalog.of(context);
            FloatMatrix codebook = options.codebook.isPresent()
                    ? Codebooks.given(
                            NAME, "words", options.codebook.get(), options.words, Options.DEFAULT_WORDS, context)
                    : Codebooks.learned(
                            Codebooks.sample(NAME, options.words, context), options.words, kernels, context);
            Map<String, FloatMatrix> arrays =
                    new TreeMap<>(WordGroups.learn(codebook, options.probes, kernels, context));
            arrays.put(CODEBOOK, codebook);
            Options made =
                    options.withCodebook(codebook.rows(), options.codebook.map(file -> GivenArray.nameOf(codebook)));
            return new AsmkAggregator(made, ComponentState.ofArrays(arrays), kernels);
        }

        @Override
        public AsmkAggregator open(Options options, ComponentState state, BuildContext context) {
            return new AsmkAggregator(options, state, KernelCatalog.of(context));
        }
    }

    /** The descriptors of one picture by word. */
    static final class Scratch {
        private final WordFinder finder;
        private final int assignments;
        private final double[] sum;
        private long[] members = {}; // word and row of a descriptor

        private Scratch(WordFinder finder, int assignments, int width) {
            this.finder = finder;
            this.assignments = assignments;
            this.sum = new double[width];
        }
    }

    @Override
    Scratch scratch() {
        return scratch(options.assignments);
    }

    @Override
    Scratch queryScratch() {
        return scratch(options.queryAssignments);
    }

    private Scratch scratch(int assignments) {
        return new Scratch(words.finder(assignments), assignments, width());
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, Scratch s) {
        FloatMatrix x = image.descriptors();
        int count = Math.multiplyExact(x.rows(), s.assignments);
        if (s.members.length < count) {
            s.members = new long[count];
        }
        int[] next = new int[2]; // descriptor, and place among the members
        if (count > 0) { // a picture without descriptors may have every width
            s.finder.forEach(x, (found, distances) -> {
                for (int word : found) {
                    s.members[next[1]++] = (long) word << 32 | next[0];
                }
                next[0]++;
            });
        }
        Arrays.sort(s.members, 0, count);
        int[] numbers = new int[count];
        int entries = 0;
        for (int i = 0; i < count; i++) {
            int word = (int) (s.members[i] >>> 32);
            if (entries == 0 || numbers[entries - 1] != word) {
                numbers[entries++] = word;
            }
        }
        numbers = Arrays.copyOf(numbers, entries);
        return new Words(options.words, numbers, options.binary ? signatures(x, numbers, s) : residuals(x, numbers, s));
    }

    private Signatures signatures(FloatMatrix x, int[] numbers, Scratch s) {
        int longs = Signatures.longs(width());
        long[] packed = new long[Math.multiplyExact(numbers.length, longs)];
        int member = 0;
        for (int entry = 0; entry < numbers.length; entry++) {
            member = sum(x, member, numbers[entry], s);
            for (int j = 0; j < width(); j++) {
                packed[entry * longs + j / Long.SIZE] |= (s.sum[j] > 0 ? 1L : 0L) << j; // no branch: bits are random
            }
        }
        return new Signatures(width(), packed);
    }

    private Residuals residuals(FloatMatrix x, int[] numbers, Scratch s) {
        float[] values = new float[Math.multiplyExact(numbers.length, width())];
        int member = 0;
        for (int entry = 0; entry < numbers.length; entry++) {
            member = sum(x, member, numbers[entry], s);
            double square = 0;
            for (double value : s.sum) {
                square += value * value;
            }
            double norm = Math.sqrt(square) + 1e-6;
            for (int j = 0; j < width(); j++) {
                values[entry * width() + j] = (float) (s.sum[j] / norm);
            }
        }
        return new Residuals(FloatMatrix.of(numbers.length, width(), values));
    }

    /** Adds up the residuals of a word, from its first member on; returns the member after its last. */
    private int sum(FloatMatrix x, int first, int word, Scratch s) {
        int d = width();
        FloatMatrix codebook = words.codebook();
        float[] center = codebook.array();
        int centerAt = codebook.offset() + word * d;
        Arrays.fill(s.sum, 0);
        int member = first;
        int end = x.rows() * s.assignments;
        for (; member < end && (int) (s.members[member] >>> 32) == word; member++) {
            int at = x.offset() + (int) s.members[member] * d;
            for (int j = 0; j < d; j++) {
                s.sum[j] += (double) x.array()[at + j] - center[centerAt + j];
            }
        }
        return member;
    }

    @Override
    void release() {
        words.close();
    }
}
