package org.retrieval4j.localization.pose;

import org.retrieval4j.localization.geometry.Scoring;

/** What a squared error s, in units of the square of the loss's scale, counts. */
public enum Loss {
    /** s itself: least squares. */
    SQUARED,
    /** s up to 1, then 2 √s − 1: far errors count linearly. */
    HUBER,
    /** log(1 + s): far errors hardly count. */
    CAUCHY,
    /** min(s, 1): far errors count alike, and pull nowhere. */
    TRUNCATED,
    /** That of {@link Scoring#MAGSAC}: far errors count less and less, and those beyond 1 alike. */
    MAGSAC;

    /**
     * The loss.
     *
     * @param s squared error, at least 0
     * @return ρ(s)
     */
    public double of(double s) {
        return switch (this) {
            case SQUARED -> s;
            case HUBER -> s <= 1 ? s : 2 * Math.sqrt(s) - 1;
            case CAUCHY -> Math.log1p(s);
            case TRUNCATED -> Math.min(s, 1);
            case MAGSAC -> Scoring.MAGSAC.cost(s) / Scoring.MAGSAC.slope();
        };
    }

    /**
     * Its derivative: the weight of a datum in iteratively reweighted least squares.
     *
     * @param s squared error, at least 0
     * @return ρ′(s), 0 to 1
     */
    public double weight(double s) {
        return switch (this) {
            case SQUARED -> 1;
            case HUBER -> s <= 1 ? 1 : 1 / Math.sqrt(s);
            case CAUCHY -> 1 / (1 + s);
            case TRUNCATED -> s < 1 ? 1 : 0;
            case MAGSAC -> Scoring.MAGSAC.weight(s);
        };
    }
}
