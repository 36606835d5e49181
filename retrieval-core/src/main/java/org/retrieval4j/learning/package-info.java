/**
 * What is learned from samples: codebooks by {@link org.retrieval4j.learning.KMeans} and, very large
 * ones, by {@link org.retrieval4j.learning.HierarchicalKMeans}, from more than memory holds
 * by {@link org.retrieval4j.learning.MiniBatchKMeans}, directions by {@link
 * org.retrieval4j.learning.PrincipalComponents} and {@link org.retrieval4j.learning.LearnedWhitening} over {@link
 * org.retrieval4j.learning.SymmetricEigen}; or given as files, {@link org.retrieval4j.learning.GivenArray}.
 *
 * <p>All of it is seeded, runs on the caller's threads through {@link org.retrieval4j.learning.ParallelChunks} and gives
 * the same bits for any number of them. Aggregators and transforms call these classes while they are made; nothing here
 * is needed afterwards.
 */
@NullMarked
package org.retrieval4j.learning;

import org.jspecify.annotations.NullMarked;
