/**
 * From the local descriptors or the feature map of a picture to one global descriptor.
 *
 * <p>Start at {@link org.retrieval4j.aggregation.VladAggregator}: options, provider, encoding. Each aggregator is one
 * file of the same form. All are named in specs and made by {@link org.retrieval4j.api.Components}; the names are in
 * their Javadoc.
 */
@NullMarked
package org.retrieval4j.aggregation;

import org.jspecify.annotations.NullMarked;
