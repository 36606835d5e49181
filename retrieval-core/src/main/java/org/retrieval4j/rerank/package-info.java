/**
 * Stages after an index that make ranked lists better, each a {@link org.retrieval4j.api.Reranker}: {@code qe}
 * (average and alpha-weighted query expansion), {@code dqe} (discriminative query expansion), {@code dba} (database-side
 * augmentation), {@code k-reciprocal}, {@code diffusion} and {@code verify}. They stand behind one another with {@code |}.
 *
 * <p>Ranked lists of several descriptors become one by a {@link org.retrieval4j.rerank.Fusion} ({@code reciprocal-rank},
 * {@code score-sum}, {@code query-adaptive}) in a {@link org.retrieval4j.rerank.FusedGallery}, which stages stand behind.
 *
 * <p>Start at {@link org.retrieval4j.rerank.QueryExpansion}. Similarity is that of vectors scaled to length 1 throughout,
 * whatever the metric of the index.
 */
@NullMarked
package org.retrieval4j.rerank;

import org.jspecify.annotations.NullMarked;
