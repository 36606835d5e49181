package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code multi-vocabulary-vlad}: VLADs over several codebooks one after the other, so that what one codebook cuts apart
 * another keeps together. A {@code pca-whiten} should follow, since the parts say much the same.
 *
 * <p>The codebooks are learned with different seeds. Jégou, Chum: Negative evidences and co-occurences in image
 * retrieval: the benefit of PCA and whitening. ECCV 2012, section 4: several small codebooks with joint whitening beat
 * a large one.
 */
public final class MultiVocabularyVladAggregator extends DescriptorAggregator<List<VladEncoder.Scratch>> {
    private static final String NAME = "multi-vocabulary-vlad";
    private static final double FLOOR = 1e-12;

    private final List<VladAggregator> parts;
    private final boolean l2;

    private MultiVocabularyVladAggregator(Options options, List<VladAggregator> parts) {
        super(
                new Provider().specOf(new Options(parts.get(0).spec(), options.vocabularies, options.l2)),
                stateOf(parts),
                parts.get(0).width());
        this.parts = List.copyOf(parts);
        this.l2 = options.l2;
    }

    /**
     * Settings.
     *
     * @param vlad the {@code vlad(…)} of each codebook, without arrays of its own
     * @param vocabularies number of codebooks, 1 to 64
     * @param l2 scale the whole vector to length 1
     */
    public record Options(ComponentSpec vlad, int vocabularies, boolean l2) {
        /** Checks the range. */
        public Options {
            requireNonNull(vlad, "vlad");
            if (vocabularies < 1 || vocabularies > 64) {
                throw new IllegalArgumentException("vocabularies must be 1 to 64, got " + vocabularies);
            }
        }

        /**
         * Four codebooks of 64 clusters with the square root, as published.
         *
         * @return the defaults
         */
        public static Options defaults() {
            VladAggregator.Options power =
                    VladAggregator.Options.defaults().withNormalization(VladAggregator.Normalization.POWER);
            return new Options(new VladAggregator.Provider().specOf(power), 4, true);
        }
    }

    /** Makes {@code multi-vocabulary-vlad}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public MultiVocabularyVladAggregator create(Options options, BuildContext context) throws IOException {
            VladAggregator.Options nested = VladAggregator.nested(NAME, options.vlad);
            if (nested.codebook().isPresent()) {
                throw new IllegalArgumentException(
                        NAME + " learns its codebooks; one given codebook would be the same in all parts");
            }
            List<VladAggregator> parts = new ArrayList<>();
            for (int i = 0; i < options.vocabularies; i++) {
                parts.add(new VladAggregator.Provider().create(nested, context.withSeed(context.seed() + i)));
            }
            return new MultiVocabularyVladAggregator(options, parts);
        }

        @Override
        public MultiVocabularyVladAggregator open(Options options, ComponentState state, BuildContext context) {
            VladAggregator.Options nested = VladAggregator.nested(NAME, options.vlad);
            List<VladAggregator> parts = new ArrayList<>();
            for (int i = 0; i < options.vocabularies; i++) {
                parts.add(new VladAggregator.Provider().open(nested, state.part(prefix(i)), context));
            }
            return new MultiVocabularyVladAggregator(options, parts);
        }
    }

    private static String prefix(int part) {
        return "vlad-" + part + "/";
    }

    private static ComponentState stateOf(List<VladAggregator> parts) {
        ComponentState state = ComponentState.EMPTY;
        for (int i = 0; i < parts.size(); i++) {
            state = state.with(prefix(i), parts.get(i).state());
        }
        return state;
    }

    @Override
    List<VladEncoder.Scratch> scratch() {
        List<VladEncoder.Scratch> scratch = new ArrayList<>();
        for (VladAggregator part : parts) {
            scratch.add(part.encoder().scratch());
        }
        return scratch;
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, List<VladEncoder.Scratch> scratch) {
        int dimension = parts.get(0).clusters() * width();
        float[] values = new float[Math.multiplyExact(parts.size(), dimension)];
        double square = 0;
        for (int p = 0; p < parts.size(); p++) {
            float[] part = parts.get(p).encoder().encode(image.descriptors(), scratch.get(p));
            System.arraycopy(part, 0, values, p * dimension, dimension);
            for (float value : part) {
                square += (double) value * value;
            }
        }
        double scale = l2 ? 1 / Math.max(FLOOR, Math.sqrt(square)) : 1;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * scale);
        }
        return new GlobalDescriptor.Dense(values);
    }

    @Override
    void release() {
        parts.forEach(VladAggregator::close);
    }
}
