package org.retrieval4j.aggregation;

/** The power law sign(z)|z|^p, which takes weight from the few large values that bursts make. */
final class SignedPower {
    private SignedPower() {}

    static void apply(double[] values, int from, int length, double power) {
        if (power == 1) {
            return;
        }
        if (power == 0.5) { // the usual one, many times faster than pow
            for (int i = from; i < from + length; i++) {
                values[i] = Math.copySign(Math.sqrt(Math.abs(values[i])), values[i]);
            }
            return;
        }
        for (int i = from; i < from + length; i++) {
            values[i] = Math.copySign(Math.pow(Math.abs(values[i]), power), values[i]);
        }
    }
}
