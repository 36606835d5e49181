package org.retrieval4j.index;

import org.retrieval4j.api.ComponentNotFoundException;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Tells how much memory an index will take, before it is built. Implemented by the providers of indexes whose memory
 * depends on the number and dimension of vectors alone.
 *
 * <pre>{@code
 * long bytes = IndexMemory.estimate(Components.load(), "hnsw(m=32)", 10_000_000, 128);
 * }</pre>
 *
 * @param <O> the options
 */
public interface IndexMemory<O extends Record> {
    /**
     * Bytes of an index of so many vectors in one segment, as it is after {@link Index#compact}: on the heap, or mapped
     * from its directory, where they need not be in memory all at once. Within 10 % of what is then used, from some
     * megabytes on.
     *
     * @param options of the index
     * @param count number of vectors, at least 0
     * @param dimension of the vectors, at least 1
     * @return bytes
     */
    long estimateMemory(O options, long count, int dimension);

    /**
     * Bytes of an index that a spec names.
     *
     * @param components where its provider is found
     * @param spec of an index
     * @param count number of vectors, at least 0
     * @param dimension of the vectors, at least 1
     * @return bytes
     * @throws IllegalArgumentException if the spec is none of an index whose memory can be told, or a number is out of
     *     range
     */
    static long estimate(Components components, String spec, long count, int dimension) {
        if (count < 0 || dimension < 1) {
            throw new IllegalArgumentException(
                    "count must be at least 0 and dimension at least 1, got " + count + " and " + dimension);
        }
        ComponentSpec.Part part =
                components.canonical(Index.class, ComponentSpec.parse(spec)).first();
        for (ComponentProvider<?, ?> provider : components.providers()) {
            if (provider.kind() == Index.class && provider.name().equals(part.name())) {
                return estimate(provider, part, count, dimension);
            }
        }
        throw new ComponentNotFoundException("no index named \"" + part.name() + "\"");
    }

    /**
     * What an index holds: its segments on the heap, and what it has learned.
     *
     * @param index an index
     * @return bytes
     */
    static long used(Index index) {
        long learned = index.state().arrays().values().stream()
                .mapToLong(array -> (long) Float.BYTES * array.rows() * array.columns())
                .sum();
        return learned + (index instanceof SegmentedIndex<?> segmented ? segmented.heapBytes() : 0);
    }

    @SuppressWarnings("unchecked") // a provider's estimate takes its own options
    private static <O extends Record> long estimate(
            ComponentProvider<?, O> provider, ComponentSpec.Part part, long count, int dimension) {
        if (provider instanceof IndexMemory<?> memory) {
            return ((IndexMemory<O>) memory)
                    .estimateMemory(OptionsText.parse(part, provider.defaults()), count, dimension);
        }
        throw new IllegalArgumentException(
                "the memory of " + part.name() + " depends on more than the number and dimension of its vectors");
    }
}
