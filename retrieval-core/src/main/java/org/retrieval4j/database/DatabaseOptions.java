package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.retrieval4j.api.ComponentSpec;

/**
 * What a database is made of; fixed when it is created.
 *
 * @param extractor features for retrieval, and for verification unless {@code local} names another one
 * @param aggregator from features to the descriptor that is indexed; may be missing if the extractor gives a global
 *     vector itself
 * @param local the extractor of the verification pipeline, where it differs
 * @param index what ranks
 * @param matcher pairs local features
 * @param verifier checks pairs by geometry
 * @param keep how local features are kept
 * @param sampleImages how many images of the first run the aggregator is learned from, at least 1; more takes longer
 *     and represents a large collection better
 * @param seed of every random choice
 */
public record DatabaseOptions(
        ComponentSpec extractor,
        Optional<ComponentSpec> aggregator,
        Optional<ComponentSpec> local,
        ComponentSpec index,
        ComponentSpec matcher,
        ComponentSpec verifier,
        Keep keep,
        int sampleImages,
        long seed) {
    /** Checks that nothing is missing and the bound of the sample. */
    public DatabaseOptions {
        requireNonNull(extractor, "extractor");
        requireNonNull(aggregator, "aggregator");
        requireNonNull(local, "local");
        requireNonNull(index, "index");
        requireNonNull(matcher, "matcher");
        requireNonNull(verifier, "verifier");
        requireNonNull(keep, "keep");
        if (sampleImages < 1) {
            throw new IllegalArgumentException("sampleImages must be at least 1, got " + sampleImages);
        }
    }

    /**
     * SIFT, VLAD with intra-normalization, exact search, mutual nearest neighbors, a homography, features in 8 bit.
     *
     * @return the defaults
     */
    public static DatabaseOptions defaults() {
        return new DatabaseOptions(
                ComponentSpec.parse("sift"),
                Optional.of(ComponentSpec.parse("vlad(clusters=64,normalization=intra)")),
                Optional.empty(),
                ComponentSpec.parse("flat"),
                ComponentSpec.parse("mutual-nearest-neighbor"),
                ComponentSpec.parse("homography"),
                Keep.COMPACT,
                1000,
                42);
    }

    /**
     * With another extractor.
     *
     * @param spec its spec
     * @return the changed options
     */
    public DatabaseOptions withExtractor(ComponentSpec spec) {
        return new DatabaseOptions(spec, aggregator, local, index, matcher, verifier, keep, sampleImages, seed);
    }

    /**
     * With another aggregator, or none.
     *
     * @param spec its spec
     * @return the changed options
     */
    public DatabaseOptions withAggregator(Optional<ComponentSpec> spec) {
        return new DatabaseOptions(extractor, spec, local, index, matcher, verifier, keep, sampleImages, seed);
    }

    /**
     * With another extractor for verification, or the same for both.
     *
     * @param spec its spec
     * @return the changed options
     */
    public DatabaseOptions withLocal(Optional<ComponentSpec> spec) {
        return new DatabaseOptions(extractor, aggregator, spec, index, matcher, verifier, keep, sampleImages, seed);
    }

    /**
     * With another index.
     *
     * @param spec its spec
     * @return the changed options
     */
    public DatabaseOptions withIndex(ComponentSpec spec) {
        return new DatabaseOptions(extractor, aggregator, local, spec, matcher, verifier, keep, sampleImages, seed);
    }

    /**
     * With another matcher.
     *
     * @param spec its spec
     * @return the changed options
     */
    public DatabaseOptions withMatcher(ComponentSpec spec) {
        return new DatabaseOptions(extractor, aggregator, local, index, spec, verifier, keep, sampleImages, seed);
    }

    /**
     * With another verifier.
     *
     * @param spec its spec
     * @return the changed options
     */
    public DatabaseOptions withVerifier(ComponentSpec spec) {
        return new DatabaseOptions(extractor, aggregator, local, index, matcher, spec, keep, sampleImages, seed);
    }

    /**
     * With features kept in another way.
     *
     * @param mode how
     * @return the changed options
     */
    public DatabaseOptions withKeep(Keep mode) {
        return new DatabaseOptions(extractor, aggregator, local, index, matcher, verifier, mode, sampleImages, seed);
    }

    /**
     * With a sample of another size.
     *
     * @param images how many images, at least 1
     * @return the changed options
     */
    public DatabaseOptions withSampleImages(int images) {
        return new DatabaseOptions(extractor, aggregator, local, index, matcher, verifier, keep, images, seed);
    }

    /**
     * With another seed.
     *
     * @param value the seed
     * @return the changed options
     */
    public DatabaseOptions withSeed(long value) {
        return new DatabaseOptions(extractor, aggregator, local, index, matcher, verifier, keep, sampleImages, value);
    }
}
