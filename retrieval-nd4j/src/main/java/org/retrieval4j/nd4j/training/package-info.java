/**
 * Training of aggregators by gradients. A {@link org.retrieval4j.nd4j.training.Layer} is the differentiable form of a
 * component of the library, found by name through {@link org.retrieval4j.nd4j.training.Layers}; a {@link
 * org.retrieval4j.nd4j.training.Loss} says what is wanted. What was trained is saved as the component itself.
 */
@NullMarked
package org.retrieval4j.nd4j.training;

import org.jspecify.annotations.NullMarked;
