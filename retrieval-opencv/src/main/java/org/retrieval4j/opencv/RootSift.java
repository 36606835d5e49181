package org.retrieval4j.opencv;

/**
 * RootSIFT: the square root of the descriptor divided by its sum, so that the Euclidean distance compares by Hellinger's
 * kernel (Arandjelović and Zisserman, Three things everyone should know to improve object retrieval, CVPR 2012, section 2).
 */
final class RootSift {
    /** Size of a SIFT descriptor. */
    static final int DIMENSION = 128;

    private RootSift() {}

    /** Converts one descriptor in place; a zero vector stays zero. */
    static void apply(float[] values, int from) {
        float sum = 0;
        for (int i = from; i < from + DIMENSION; i++) {
            sum += values[i];
        }
        if (sum <= 0) {
            return;
        }
        for (int i = from; i < from + DIMENSION; i++) {
            values[i] = (float) Math.sqrt(values[i] / sum);
        }
    }
}
