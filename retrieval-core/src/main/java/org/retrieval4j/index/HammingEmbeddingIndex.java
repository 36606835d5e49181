package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Arrays;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code hamming-embedding}: two descriptors of the same visual word match if few bits of their signatures differ, and
 * count the more the fewer.
 *
 * <p>Jégou, Douze, Schmid: Hamming embedding and weak geometric consistency for large scale image search. ECCV 2008;
 * weights exp(−h²/σ²) of a match with Hamming distance h and its burstiness: the same, On the burstiness of visual
 * elements, CVPR 2009, sections 3 and 4. The score is Σ w_c s over the matches, divided by the square roots of what
 * both images have with themselves, so that this is 1; or not divided.
 *
 * <p>Takes words with signatures, one entry a descriptor, as the aggregator {@code hamming-embedding} makes them: each
 * descriptor of a query has one word, or burstiness would not know which matches are of the same one.
 * O(pairs of a query's and stored descriptors of the same word + n) a query; normalized, to add an image takes as long as to
 * compare it with itself.
 *
 * <p>Prefer {@code asmk}, which keeps one signature a word, where memory and time matter.
 */
public final class HammingEmbeddingIndex {
    private static final String NAME = "hamming-embedding";

    /** What is done where a descriptor of the query matches several of one image, as repeated structure makes it. */
    public enum Burstiness {
        /** Each match counts s. */
        NONE,
        /** The best of them counts alone. */
        BEST_MATCH,
        /** Each counts s √(s / Σ s), Σ over the matches of the same descriptor of the query. */
        INTRA_IMAGE
    }

    /**
     * Settings.
     *
     * @param threshold bits that may differ in a match, at least 0; more find more and confuse more. The published 24
     *     is for 64 bits
     * @param sigma how fast the weight of a match falls with the bits that differ, above 0
     * @param burstiness what is done about repeated structure
     * @param idf whether words count by how rare they are in the sample, ln(N / n)², of at least 2 images; words that no
     *     sample image has count 1
     * @param normalize whether scores are divided, so that an image has 1 with itself; without, images with many
     *     descriptors are found too often
     */
    public record Options(int threshold, double sigma, Burstiness burstiness, boolean idf, boolean normalize) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(burstiness, "burstiness");
            if (threshold < 0) {
                throw new IllegalArgumentException("threshold must be at least 0, got " + threshold);
            }
            if (!(sigma > 0)) {
                throw new IllegalArgumentException("sigma must be above 0, got " + sigma);
            }
        }

        /**
         * The published threshold 24 and sigma 16, for 64 bits; intra-image burstiness; idf, normalized.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(24, 16, Burstiness.INTRA_IMAGE, true, true);
        }

        /**
         * With another treatment of repeated structure.
         *
         * @param value what is done about it
         * @return the changed options
         */
        public Options withBurstiness(Burstiness value) {
            return new Options(threshold, sigma, value, idf, normalize);
        }

        /**
         * With or without weights of words.
         *
         * @param value whether words count by how rare they are
         * @return the changed options
         */
        public Options withIdf(boolean value) {
            return new Options(threshold, sigma, burstiness, value, normalize);
        }

        /**
         * With or without division.
         *
         * @param value whether an image has 1 with itself
         * @return the changed options
         */
        public Options withNormalize(boolean value) {
            return new Options(threshold, sigma, burstiness, idf, value);
        }
    }

    /** Makes {@code hamming-embedding(threshold=24,sigma=16,burstiness=intra-image,idf=true,normalize=true)}. */
    public static final class Provider extends ComponentProvider<Index, Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, NAME, Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return HammingEmbeddingIndex.open(options, context);
        }

        @Override
        public Index open(Options options, ComponentState state, BuildContext context) throws IOException {
            return HammingEmbeddingIndex.open(options, WordWeights.of(options.idf, state), context);
        }
    }

    private HammingEmbeddingIndex() {}

    /**
     * Opens an index, empty in memory or with what its directory holds.
     *
     * @param options settings
     * @param context directory, executor; with idf a sample, unless the directory has learned already
     * @return the index
     * @throws org.retrieval4j.api.SampleRequiredException if it must learn and there is no sample
     * @throws IOException if the directory cannot be read
     */
    public static Index open(Options options, BuildContext context) throws IOException {
        return open(options, WordWeights.open(options.idf, spec(options), context), context);
    }

    private static Index open(Options options, WordWeights weights, BuildContext context) throws IOException {
        return SegmentedIndex.open(new WordIndex(spec(options), matching(options), weights, context), context);
    }

    private static ComponentSpec spec(Options options) {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    static WordMatching matching(Options options) {
        return new Matching(options);
    }

    private record Matching(Options options) implements WordMatching {
        @Override
        public void require(Words.Values values) {
            if (!(values instanceof Signatures)) {
                throw new IllegalArgumentException(NAME + " takes words with signatures, got " + values);
            }
        }

        @Override
        public double norm(Words image, WordWeights weights) {
            if (!options.normalize) {
                return 1;
            }
            int[] words = image.words();
            int columns = WordSegment.Shape.of(image).columns();
            Scorer scorer = scorer(image);
            double[] self = new double[1];
            for (int from = 0, to = 0; from < words.length; from = to) {
                while (to < words.length && words[to] == words[from]) {
                    to++;
                }
                int[] postings = new int[Math.multiplyExact(to - from, columns)];
                for (int i = from; i < to; i++) {
                    WordSegment.put(image, i, 0, postings, (i - from) * columns);
                }
                for (int i = from; i < to; i++) {
                    scorer.add(i, postings, to - from, weights.of(words[from]), self);
                }
            }
            return Math.sqrt(self[0]);
        }

        @Override
        public Scorer scorer(Words query) {
            return new Matches(query, options);
        }
    }

    /** The matches of one descriptor with those of one image after the other. */
    private static final class Matches implements WordMatching.Scorer {
        private final Words query;
        private final Burstiness burstiness;
        private final int[] own;
        private final double[] strength; // s by Hamming distance

        Matches(Words query, Options options) {
            this.query = query;
            this.burstiness = options.burstiness;
            this.own = new int[WordSegment.Shape.of(query).columns()];
            this.strength = new double[Integer.SIZE * (own.length - 1) + 1];
            double square = options.sigma * options.sigma;
            Arrays.setAll(strength, h -> h <= options.threshold ? Math.exp(-(double) h * h / square) : 0);
        }

        @Override
        public void add(int entry, int[] postings, int count, double weight, double[] sums) {
            WordSegment.put(query, entry, 0, own, 0);
            int columns = own.length;
            for (int p = 0, at = 0; p < count; ) {
                int row = postings[at];
                double most = 0;
                double sum = 0; // of s
                double sumOfPowers = 0; // of s √s
                for (; p < count && postings[at] == row; p++, at += columns) {
                    int h = 0;
                    for (int j = 1; j < columns; j++) {
                        h += Integer.bitCount(own[j] ^ postings[at + j]);
                    }
                    double s = strength[h];
                    most = Math.max(most, s);
                    sum += s;
                    sumOfPowers += s * Math.sqrt(s);
                }
                sums[row] += weight
                        * switch (burstiness) {
                            case NONE -> sum;
                            case BEST_MATCH -> most;
                            case INTRA_IMAGE -> sum == 0 ? 0 : sumOfPowers / Math.sqrt(sum);
                        };
            }
        }
    }
}
