/**
 * The values and interfaces of image retrieval, in the order in which data pass through them:
 * {@link org.retrieval4j.api.Image} → {@link org.retrieval4j.api.Extractor} → {@link org.retrieval4j.api.ImageFeatures}
 * → {@link org.retrieval4j.api.Aggregator} → {@link org.retrieval4j.api.GlobalDescriptor} →
 * {@link org.retrieval4j.api.Index} → {@link org.retrieval4j.api.SearchResult} →
 * {@link org.retrieval4j.api.Matcher} and {@link org.retrieval4j.api.Verifier} → a verified list.
 *
 * <p>Every interface is implemented by components that are named in text
 * ({@code "vlad(clusters=64) | pca-whiten(dimension=128)"}), found by {@link java.util.ServiceLoader} and made by
 * {@link org.retrieval4j.api.Components}. Conventions that hold everywhere:
 *
 * <ul>
 *   <li>The batch is the primitive; one query or image is a batch of one.
 *   <li>Keypoints are in <em>stored</em> pixels (before EXIF orientation) of the original picture, the center of the
 *       first pixel at (0.5, 0.5).
 *   <li>A score is larger for the better; squared L2 distances are scored as their negative.
 *   <li>There is no untrained state: what must be learned is learned before the object exists.
 *   <li>Arrays handed out by a value are read-only by contract; copy before you write.
 * </ul>
 */
@NullMarked
package org.retrieval4j.api;

import org.jspecify.annotations.NullMarked;
