package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * All that one pass over one picture gave. A network with several heads (HF-Net) gives local features, a feature map
 * and a global vector at once.
 *
 * @param features features by output name; {@link #LOCAL} and {@link #MAP} are the names the library looks for, others
 *     (a finer map for dense matching) may stand beside them
 * @param global the picture's vector, if the extractor computes one itself
 */
public record Extraction(Map<String, ImageFeatures> features, Optional<GlobalDescriptor> global) {
    /** Name of the sparse local features, which matchers and verifiers take. */
    public static final String LOCAL = "local";

    /** Name of the dense feature map, which aggregators prefer where there is one. */
    public static final String MAP = "map";

    /** Name of the global vector among {@link Extractor#outputs()}. */
    public static final String GLOBAL = "global";

    /** Copies the map, in the order of the names. */
    public Extraction {
        requireNonNull(global, "global");
        features = Collections.unmodifiableMap(new TreeMap<>(features));
    }

    /**
     * An extraction of local features only.
     *
     * @param features the features
     * @return the extraction
     */
    public static Extraction ofLocal(ImageFeatures features) {
        return new Extraction(Map.of(LOCAL, features), Optional.empty());
    }

    /**
     * The sparse local features.
     *
     * @return what matchers and verifiers take, if there are any
     */
    public Optional<ImageFeatures> local() {
        return Optional.ofNullable(features.get(LOCAL));
    }

    /**
     * What an {@link Aggregator} takes: the feature map where there is one, else the local features.
     *
     * @return the features to aggregate, if there are any
     */
    public Optional<ImageFeatures> toAggregate() {
        return Optional.ofNullable(features.get(MAP)).or(this::local);
    }
}
