package org.retrieval4j.aggregation;

/** How the NetVLAD family finishes k vectors of d values that lie one after another from {@code at}. */
record ClusterVectors(double[] values, int at, int k, int d, double floor) {
    /** Takes the centers off all at once: Σ a (x − c) = Σ a x − (Σ a) c. */
    void subtract(float[] centers, double[] masses, int massesAt) {
        for (int c = 0; c < k; c++) {
            double mass = masses[massesAt + c];
            for (int j = 0; j < d; j++) {
                values[at + c * d + j] -= mass * centers[c * d + j];
            }
        }
    }

    /** Turns all vectors round. */
    void negate() {
        for (int i = at; i < at + k * d; i++) {
            values[i] = 0 - values[i]; // no −0
        }
    }

    /** Scales each vector to length 1. */
    void normalizeEach() {
        for (int c = 0; c < k; c++) {
            double scale = 1 / Math.max(floor, Math.sqrt(square(at + c * d, d)));
            for (int j = 0; j < d; j++) {
                values[at + c * d + j] *= scale;
            }
        }
    }

    /** Scales, for each dimension, the values of all vectors to length 1. */
    void normalizeAcross() {
        for (int j = at; j < at + d; j++) {
            double square = 0;
            for (int c = 0; c < k; c++) {
                square += values[j + c * d] * values[j + c * d];
            }
            double scale = 1 / Math.max(floor, Math.sqrt(square));
            for (int c = 0; c < k; c++) {
                values[j + c * d] *= scale;
            }
        }
    }

    /** Writes all values, scaled to length 1 or as they are, in one of the two orders. */
    void write(boolean l2, boolean channelMajor, float[] to, int toAt) {
        double scale = l2 ? 1 / Math.max(floor, Math.sqrt(square(at, k * d))) : 1;
        for (int c = 0; c < k; c++) {
            for (int j = 0; j < d; j++) {
                to[toAt + (channelMajor ? j * k + c : c * d + j)] = (float) (values[at + c * d + j] * scale);
            }
        }
    }

    private double square(int from, int size) {
        double square = 0;
        for (int i = from; i < from + size; i++) {
            square += values[i] * values[i];
        }
        return square;
    }
}
