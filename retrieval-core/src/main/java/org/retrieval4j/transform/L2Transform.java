package org.retrieval4j.transform;

import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Transform;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code l2}: scales each vector to length 1, so that L2 distance, inner product and cosine rank alike. The length has
 * a floor of 1e-12: zeros stay zeros.
 */
public final class L2Transform extends VectorTransform {
    private static final double FLOOR = 1e-12;

    private L2Transform(Options options) {
        super(new Provider().specOf(options), ComponentState.EMPTY, 0);
    }

    /** No settings. */
    public record Options() {}

    /** Makes {@code l2}. */
    public static final class Provider extends ComponentProvider<Transform, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Transform.class, "l2", new Options());
        }

        @Override
        public L2Transform create(Options options, BuildContext context) {
            return new L2Transform(options);
        }
    }

    @Override
    FloatMatrix apply(FloatMatrix vectors) {
        float[] values = vectors.toArray();
        for (int i = 0; i < vectors.rows(); i++) {
            normalize(values, i * vectors.columns(), vectors.columns());
        }
        return FloatMatrix.of(vectors.rows(), vectors.columns(), values);
    }

    /** Scales a part of an array to length 1. */
    static void normalize(float[] values, int from, int length) {
        double square = 0;
        for (int j = from; j < from + length; j++) {
            square += (double) values[j] * values[j];
        }
        double norm = Math.max(FLOOR, Math.sqrt(square));
        for (int j = from; j < from + length; j++) {
            values[j] = (float) (values[j] / norm);
        }
    }
}
