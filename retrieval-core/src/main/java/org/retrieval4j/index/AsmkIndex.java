package org.retrieval4j.index;

import java.io.IOException;
import java.util.Arrays;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code asmk}: the aggregated selective match kernel. Two images are as similar as the visual words that they share,
 * each by how alike its aggregated residuals are, where much alike counts far more than a little.
 *
 * <p>Tolias, Avrithis, Jégou: To aggregate or not to aggregate: selective match kernels for image search. ICCV 2013,
 * eq. 7 and 10. K(X, Y) = Σ_c w_c σ(u_c) / √(Σ_{c in X} w_c · Σ_{c in Y} w_c) over the words c of both, u_c the inner
 * product of their residuals (ASMK), or 1 − 2h/n for signatures with Hamming distance h (ASMK*), n their bits rounded up to
 * a multiple of 32 as in the code of its authors; σ(u) = sign(u)|u|^alpha from the threshold on, else 0. An image has
 * similarity 1 with itself if its words were assigned alike on both sides; with ASMK a little less, and less for each word
 * whose residual is zero.
 *
 * <p>Takes words with residuals or signatures, as the aggregator {@code asmk} makes them; all of an index of one form.
 * O(postings of the query's words + n) a query; a posting takes 4 bytes and its signature, or 4 bytes a value.
 */
public final class AsmkIndex {
    private static final String NAME = "asmk";

    /**
     * Settings.
     *
     * @param alpha exponent of the similarity of a word, above 0; larger ones let few very similar words decide
     * @param threshold from −1 to 1: words less similar count nothing; larger ones forget more
     * @param idf whether words count by how rare they are in the sample, ln(N / n)², of at least 2 images; words that no
     *     sample image has count 1
     */
    public record Options(double alpha, double threshold, boolean idf) {
        /** Checks the ranges. */
        public Options {
            if (!(alpha > 0) || Double.isInfinite(alpha)) {
                throw new IllegalArgumentException("alpha must be above 0 and finite, got " + alpha);
            }
            if (!(threshold >= -1 && threshold <= 1)) {
                throw new IllegalArgumentException("threshold must be from -1 to 1, got " + threshold);
            }
        }

        /**
         * alpha = 3, threshold 0, all words alike.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(3, 0, false);
        }

        /**
         * With another exponent.
         *
         * @param value above 0
         * @return the changed options
         */
        public Options withAlpha(double value) {
            return new Options(value, threshold, idf);
        }

        /**
         * With another threshold.
         *
         * @param value from −1 to 1
         * @return the changed options
         */
        public Options withThreshold(double value) {
            return new Options(alpha, value, idf);
        }

        /**
         * With or without weights of words.
         *
         * @param value whether words count by how rare they are
         * @return the changed options
         */
        public Options withIdf(boolean value) {
            return new Options(alpha, threshold, value);
        }
    }

    /** Makes {@code asmk(alpha=3,threshold=0,idf=false)}. */
    public static final class Provider extends ComponentProvider<Index, Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, NAME, Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return AsmkIndex.open(options, context);
        }

        @Override
        public Index open(Options options, ComponentState state, BuildContext context) throws IOException {
            return AsmkIndex.open(options, WordWeights.of(options.idf, state), context);
        }
    }

    private AsmkIndex() {}

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

    private static double selected(Options options, double u) {
        return u >= options.threshold ? Math.signum(u) * Math.pow(Math.abs(u), options.alpha) : 0;
    }

    private record Matching(Options options) implements WordMatching {
        @Override
        public void require(Words.Values values) {
            // both are compared
        }

        @Override
        public double norm(Words image, WordWeights weights) {
            double sum = 0;
            int previous = -1;
            for (int word : image.words()) {
                if (word == previous) {
                    throw new IllegalArgumentException(NAME + " takes each word of an image once, got word " + word
                            + " twice; what has an entry a descriptor is for hamming-embedding");
                }
                sum += weights.of(word);
                previous = word;
            }
            return Math.sqrt(sum);
        }

        @Override
        public Scorer scorer(Words query) {
            return query.values() instanceof Signatures ? new Binary(query, options) : new Real(query, options);
        }
    }

    /** By Hamming distances. */
    private static final class Binary implements WordMatching.Scorer {
        private final Words query;
        private final int[] own;
        private final double[] selected;

        Binary(Words query, Options options) {
            this.query = query;
            this.own = new int[WordSegment.Shape.of(query).columns()];
            int bits = Integer.SIZE * (own.length - 1);
            this.selected = new double[bits + 1];
            Arrays.setAll(selected, h -> selected(options, 1 - 2.0 * h / bits));
        }

        @Override
        public void add(int entry, int[] postings, int count, double weight, double[] sums) {
            WordSegment.put(query, entry, 0, own, 0);
            int columns = own.length;
            for (int p = 0, at = 0; p < count; p++, at += columns) {
                int h = 0;
                for (int j = 1; j < columns; j++) {
                    h += Integer.bitCount(own[j] ^ postings[at + j]);
                }
                sums[postings[at]] += weight * selected[h];
            }
        }
    }

    /** By inner products. */
    private static final class Real implements WordMatching.Scorer {
        private final Residuals query;
        private final Options options;
        private final float[] other;

        Real(Words query, Options options) {
            this.query = (Residuals) query.values();
            this.options = options;
            this.other = new float[query.values().width()];
        }

        @Override
        public void add(int entry, int[] postings, int count, double weight, double[] sums) {
            int d = other.length;
            float[] own = query.vectors().array();
            int ownAt = query.vectors().offset() + entry * d;
            for (int p = 0, at = 0; p < count; p++, at += 1 + d) {
                for (int j = 0; j < d; j++) {
                    other[j] = Float.intBitsToFloat(postings[at + 1 + j]);
                }
                double u = Kernels.fixedOrderDot(own, ownAt, other, 0, d);
                sums[postings[at]] += weight * selected(options, u);
            }
        }
    }
}
