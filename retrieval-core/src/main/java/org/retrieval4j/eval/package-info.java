/**
 * How good a ranking is: {@link org.retrieval4j.eval.RankingMetrics} holds the metrics, {@link
 * org.retrieval4j.eval.GroundTruth} the right answers. Published protocols: {@link
 * org.retrieval4j.eval.LandmarkRetrieval} and {@link org.retrieval4j.eval.LandmarkRecognition} (Google Landmarks v2), {@link
 * org.retrieval4j.eval.RevisitedEvaluation} (Revisited Oxford and Paris), {@link org.retrieval4j.eval.TrapezoidEvaluation}
 * (Oxford5k and Paris6k), {@link org.retrieval4j.eval.HolidaysEvaluation}, {@link org.retrieval4j.eval.UkbenchEvaluation} and
 * {@link org.retrieval4j.eval.PlaceEvaluation}; {@link org.retrieval4j.eval.Figures} are what they give.
 */
@NullMarked
package org.retrieval4j.eval;

import org.jspecify.annotations.NullMarked;
