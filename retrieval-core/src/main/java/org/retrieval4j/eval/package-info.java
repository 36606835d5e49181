/**
 * How good a ranking is: {@link org.retrieval4j.eval.RankingMetrics} holds the metrics, {@link
 * org.retrieval4j.eval.GroundTruth} the right answers.
 */
@NullMarked
package org.retrieval4j.eval;

import org.jspecify.annotations.NullMarked;
