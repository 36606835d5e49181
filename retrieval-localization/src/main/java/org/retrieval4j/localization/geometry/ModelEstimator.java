package org.retrieval4j.localization.geometry;

/**
 * What {@link Ransac} must know of a model: how to make it from a minimal sample, how far each datum lies from it, and
 * how to fit it to many. A model is a fixed number of doubles (nine of a homography, seven of a pose), so that the
 * search allocates nothing; the caller turns the winner into a typed value.
 *
 * <p>Data are numbered from 0, best first where they have a quality. An estimator holds its data and scratch space: it
 * is made for one problem and used by one thread.
 */
public interface ModelEstimator {
    /**
     * Number of data.
     *
     * @return n
     */
    int size();

    /**
     * Number of data that determine a model.
     *
     * @return at least 1
     */
    int sampleSize();

    /**
     * Doubles in a model.
     *
     * @return at least 1
     */
    int modelSize();

    /**
     * The most models that one sample gives: 1 for a homography, 3 for the seven-point algorithm.
     *
     * @return at least 1
     */
    int maxModels();

    /**
     * How much farther than from a refined model inliers may lie from a model of a minimal sample.
     *
     * @return at least 1; by default 1, for solvers that are exact and only pass on the noise of a few points
     */
    default double sampleErrorFactor() {
        return 1;
    }

    /**
     * How many samples without outliers lead to the model: the rest spoil it by their noise.
     *
     * @return a part, above 0 and at most 1; by default 1
     */
    default double sampleReliability() {
        return 1;
    }

    /**
     * Whether data are numbered by their quality, best first, so that samples are drawn from the best before the rest.
     *
     * @return by default true; false draws from all alike
     */
    default boolean ordered() {
        return true;
    }

    /**
     * How likely each datum is to be right, in any unit: samples are drawn in these proportions, whatever the order.
     *
     * @return one weight a datum, finite and at least 0; by default none, which draws as {@link #ordered} says
     */
    default double[] weights() {
        return new double[0];
    }

    /**
     * How likely a datum agrees with a wrong model. Where it is given, models that agree with too few of the first data
     * are given up before they are scored on all; the order in {@link #squaredErrors} must then be random.
     *
     * @return a probability, better too large than too small; by default 0, which scores every model on all data
     */
    default double chance() {
        return 0;
    }

    /**
     * Solves a minimal problem. A degenerate sample (collinear points, points in impossible order) gives none, and is
     * found out before anything is solved.
     *
     * @param sample {@link #sampleSize()} different data, by their place in the order of quality
     * @param models receives the models, one after the other
     * @return how many there are
     */
    int generate(int[] sample, double[] models);

    /**
     * Replaces the model of a sample in special position, which many data agree with although it is wrong, by a better one.
     * Asked for models that are better than all before.
     *
     * @param sample the sample
     * @param model its model, replaced by a better one
     * @param squaredError squared largest error of an inlier
     * @return whether it was replaced; by default never
     */
    default boolean mend(int[] sample, double[] model, double squaredError) {
        return false;
    }

    /**
     * Squared distances of a range of data from a model, in squared units of {@link RansacOptions#maxError()}.
     *
     * @param model the model
     * @param from first datum
     * @param to datum after the last
     * @param errors receives the values at the indices of the data; not a number where the model says nothing
     */
    void squaredErrors(double[] model, int from, int to, double[] errors);

    /**
     * Improves a model by weighted least squares.
     *
     * @param model start, replaced by the better model; undefined after a failure
     * @param weights one a datum, at least 0; data of weight 0 do not count
     * @return false if the weighted data do not determine a model
     */
    boolean refine(double[] model, double[] weights);
}
