/**
 * How good a ranking is: {@link org.retrieval4j.eval.RankingMetrics} holds the metrics, {@link
 * org.retrieval4j.eval.GroundTruth} the right answers, {@link org.retrieval4j.eval.LandmarkRetrieval}
 * and {@link org.retrieval4j.eval.LandmarkRecognition} the measures of Google Landmarks v2, {@link
 * org.retrieval4j.eval.RevisitedEvaluation} those of Revisited Oxford and Paris.
 */
@NullMarked
package org.retrieval4j.eval;

import org.jspecify.annotations.NullMarked;
