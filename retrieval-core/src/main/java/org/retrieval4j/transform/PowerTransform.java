package org.retrieval4j.transform;

import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Transform;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code power}: the signed power law sign(z)|z|^exponent, which takes weight from the few large values that repeated
 * structure makes. An {@code l2} usually follows.
 *
 * <p>Jégou, Perronnin, Douze, Sánchez, Pérez, Schmid: Aggregating local image descriptors into compact codes. TPAMI
 * 2012, section 3.
 */
public final class PowerTransform extends VectorTransform {
    private final double exponent;

    private PowerTransform(Options options) {
        super(new Provider().specOf(options), ComponentState.EMPTY, 0);
        this.exponent = options.exponent;
    }

    /**
     * Settings.
     *
     * @param exponent above 0; smaller evens out more, 1 does nothing
     */
    public record Options(double exponent) {
        /** Checks the range. */
        public Options {
            if (!(exponent > 0)) {
                throw new IllegalArgumentException("exponent must be above 0, got " + exponent);
            }
        }

        /**
         * The square root.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(0.5);
        }
    }

    /** Makes {@code power}. */
    public static final class Provider extends ComponentProvider<Transform, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Transform.class, "power", Options.defaults());
        }

        @Override
        public PowerTransform create(Options options, BuildContext context) {
            return new PowerTransform(options);
        }
    }

    @Override
    FloatMatrix apply(FloatMatrix vectors) {
        float[] values = vectors.toArray();
        for (int j = 0; j < values.length; j++) {
            double size = Math.abs(values[j]);
            double changed = exponent == 0.5 ? Math.sqrt(size) : Math.pow(size, exponent);
            values[j] = (float) Math.copySign(changed, values[j]);
        }
        return FloatMatrix.of(vectors.rows(), vectors.columns(), values);
    }
}
