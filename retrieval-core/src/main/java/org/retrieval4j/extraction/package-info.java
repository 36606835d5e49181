/**
 * Extractors made of another one, which look at a picture several times: {@code multi-scale} at several sizes, {@code
 * multi-crop} at parts of it.
 *
 * <p>Start at {@link org.retrieval4j.extraction.MultiScaleExtractor}.
 */
@NullMarked
package org.retrieval4j.extraction;

import org.jspecify.annotations.NullMarked;
