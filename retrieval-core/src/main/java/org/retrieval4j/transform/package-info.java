/**
 * Stages behind a {@code |} in a spec: {@code l2}, {@code power}, {@code pca}, {@code pca-whiten}, {@code
 * learned-whiten}. They take dense descriptors and regions, each vector by itself.
 *
 * <p>Start at {@link org.retrieval4j.transform.PcaWhitenTransform}. Those that learn do so from the output of what
 * stands before them in the spec, or are given as arrays.
 */
@NullMarked
package org.retrieval4j.transform;

import org.jspecify.annotations.NullMarked;
