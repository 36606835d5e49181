package org.retrieval4j.api;

import java.util.List;

/**
 * A stage after an aggregator or after an extractor's own global vector: PCA, whitening, L2, power. In a spec it stands
 * behind a {@code |}.
 */
public interface Transform extends Component {
    /**
     * Transforms a batch.
     *
     * @param descriptors descriptors of a kind and dimension that this transform takes
     * @return as many, in order
     * @throws IllegalArgumentException for another kind or dimension
     */
    List<GlobalDescriptor> applyAll(List<? extends GlobalDescriptor> descriptors);

    /**
     * Transforms one descriptor.
     *
     * @param descriptor the descriptor
     * @return the transformed one
     */
    default GlobalDescriptor apply(GlobalDescriptor descriptor) {
        return applyAll(List.of(descriptor)).get(0);
    }
}
