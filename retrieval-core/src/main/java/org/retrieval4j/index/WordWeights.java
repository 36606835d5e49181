package org.retrieval4j.index;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.SampleRequiredException;

/**
 * What each visual word counts: 1, or ln(N / n)² where n of N sample images have it; 1 for a word that none has. Immutable.
 */
final class WordWeights {
    private static final String WEIGHTS = "weights";

    private final float @Nullable [] weights;
    private final ComponentState state;

    private WordWeights(float @Nullable [] weights, ComponentState state) {
        this.weights = weights;
        this.state = state;
    }

    /** Weights as an index needs them that is opened: saved in its directory, or learned now. */
    static WordWeights open(boolean idf, ComponentSpec spec, BuildContext context) throws IOException {
        if (!idf) {
            return new WordWeights(null, ComponentState.EMPTY);
        }
        Optional<ComponentState> saved = IvfFlatIndex.learned(context, spec);
        return of(true, saved.isPresent() ? saved.get() : learn(spec.first().name(), context.descriptors()));
    }

    /** Weights that were saved. */
    static WordWeights of(boolean idf, ComponentState state) {
        if (!idf) {
            return new WordWeights(null, ComponentState.EMPTY);
        }
        FloatMatrix saved = state.array(WEIGHTS);
        if (saved.rows() != 1 || saved.columns() < 1) {
            throw new IllegalArgumentException(
                    "weights must be 1 x n, n at least 1, got " + saved.rows() + " x " + saved.columns());
        }
        return new WordWeights(saved.toArray(), state);
    }

    // O(entries of the sample + words)
    private static ComponentState learn(String name, List<GlobalDescriptor> sample) {
        if (sample.size() < 2) {
            String message = name + " must learn idf from a sample of at least 2 descriptors, got " + sample.size()
                    + "; give more, or idf=false";
            throw sample.isEmpty() ? new SampleRequiredException(message) : new IllegalArgumentException(message);
        }
        int[] images = new int[sample.get(0).dimension()];
        for (GlobalDescriptor descriptor : sample) {
            if (!(descriptor instanceof Words image) || image.dimension() != images.length) {
                throw new IllegalArgumentException(name + " must learn idf from words of one codebook; got "
                        + sample.get(0) + " and " + descriptor);
            }
            int previous = -1;
            for (int word : image.words()) {
                images[word] += word == previous ? 0 : 1;
                previous = word;
            }
        }
        float[] weights = new float[images.length];
        for (int word = 0; word < weights.length; word++) {
            double idf = images[word] == 0 ? 1 : Math.log((double) sample.size() / images[word]);
            weights[word] = (float) (idf * idf);
        }
        return ComponentState.ofArrays(Map.of(WEIGHTS, FloatMatrix.of(1, weights.length, weights)));
    }

    ComponentState state() {
        return state;
    }

    /** The number of words, if weights were learned. */
    OptionalInt dimension() {
        return weights == null ? OptionalInt.empty() : OptionalInt.of(weights.length);
    }

    double of(int word) {
        return weights == null ? 1 : weights[word];
    }
}
