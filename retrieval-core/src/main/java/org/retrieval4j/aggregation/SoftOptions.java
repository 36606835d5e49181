package org.retrieval4j.aggregation;

import java.util.Optional;

/** What the options of the NetVLAD family have in common; {@link NetVladAggregator.Options} says what each means. */
interface SoftOptions {
    int clusters();

    Optional<String> assignment();

    Optional<String> bias();

    Optional<String> batchNorm();

    double batchNormEpsilon();

    Optional<String> weights();

    NetVladAggregator.Layout layout();

    boolean preL2();

    NetVladAggregator.Init init();

    /** Whether arrays are given, instead of learned. */
    default boolean given() {
        return assignment().isPresent() || weights().isPresent();
    }

    /** What the compact constructors check, before their fields are set. */
    static void check(
            int clusters,
            boolean given,
            Optional<String> bias,
            Optional<String> batchNorm,
            double batchNormEpsilon,
            boolean preL2,
            NetVladAggregator.Init init) {
        if (clusters < 1) {
            throw new IllegalArgumentException("clusters must be at least 1, got " + clusters);
        }
        if (bias.isPresent() && !given) {
            throw new IllegalArgumentException("bias is given, so assignment must be, too");
        }
        if (batchNorm.isPresent() && !given) {
            throw new IllegalArgumentException("batch-norm is given, so assignment must be, too");
        }
        if (!(batchNormEpsilon >= 0)) {
            throw new IllegalArgumentException("batch-norm-epsilon must be at least 0, got " + batchNormEpsilon);
        }
        if (init == NetVladAggregator.Init.V1 && !preL2 && !given) {
            throw new IllegalArgumentException("init=v1 compares directions: it needs pre-l2=true");
        }
    }
}
