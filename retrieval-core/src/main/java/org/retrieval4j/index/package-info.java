/**
 * Indexes: which of many images are most similar to a query.
 *
 * <p>{@link org.retrieval4j.index.FlatIndex} compares with every vector and is exact;
 * {@link org.retrieval4j.index.InvertedIndex} follows the posting lists of a bag of words,
 * {@link org.retrieval4j.index.AsmkIndex} and {@link org.retrieval4j.index.HammingEmbeddingIndex} those of words with
 * residuals or signatures. An algorithm is an
 * {@link org.retrieval4j.index.IndexAlgorithm}: it builds, searches and merges immutable segments;
 * {@link org.retrieval4j.index.SegmentedIndex} makes of it an index that is added to, updated and removed from while it
 * is searched, in memory or in a directory. Scores that decide an order are computed in one fixed order of operations
 * in double, so ids depend neither on the kernels, nor on the number of threads, nor on how the images fell into
 * segments.
 */
@NullMarked
package org.retrieval4j.index;

import org.jspecify.annotations.NullMarked;
