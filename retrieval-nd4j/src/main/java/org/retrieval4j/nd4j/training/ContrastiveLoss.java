package org.retrieval4j.nd4j.training;

import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code contrastive}: a query and its positive shall be equal, negatives at least a margin away.
 *
 * <p>½ Σ D(q, p)² + ½ Σ max(0, m − D(q, n))² over tuples, D = ‖q − z + 10⁻⁶‖ with the small number added to each component,
 * so that the root has a gradient everywhere. p is the nearest positive, if a tuple has several. Radenović, Tolias, Chum:
 * Fine-tuning CNN image retrieval with no human annotation. TPAMI 2019, equation 5, as in cnnimageretrieval-pytorch.
 */
public final class ContrastiveLoss extends TupleLoss {
    private static final double EPSILON = 1e-6;

    private final Options options;

    private ContrastiveLoss(Options options) {
        super(new Provider().specOf(options));
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param margin m, above 0: the distance from which on a negative is far enough
     */
    public record Options(double margin) {
        /** Checks the range. */
        public Options {
            if (!(margin > 0)) {
                throw new IllegalArgumentException("margin must be above 0, got " + margin);
            }
        }

        /**
         * The published margin of 0.7.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(0.7);
        }
    }

    /** Makes {@code contrastive}. */
    public static final class Provider extends ComponentProvider<Loss, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Loss.class, "contrastive", Options.defaults());
        }

        @Override
        public ContrastiveLoss create(Options options, BuildContext context) {
            return new ContrastiveLoss(options);
        }
    }

    @Override
    double of(Vectors vectors, List<Tuple> tuples) {
        double sum = 0;
        for (Tuple tuple : tuples) {
            int positive = vectors.nearestPositive(tuple);
            double near = distance(vectors, tuple.query(), positive);
            sum += near * near / 2;
            add(vectors, tuple.query(), positive, 1);
            for (int negative : tuple.negatives()) {
                double far = distance(vectors, tuple.query(), negative);
                double missing = options.margin - far;
                if (missing > 0) {
                    sum += missing * missing / 2;
                    if (far > 0) {
                        add(vectors, tuple.query(), negative, -missing / far);
                    }
                }
            }
        }
        return sum;
    }

    private static double distance(Vectors vectors, int a, int b) {
        double[] x = vectors.values();
        int d = vectors.columns();
        double square = 0;
        for (int j = 0; j < d; j++) {
            double difference = x[a * d + j] - x[b * d + j] + EPSILON;
            square += difference * difference;
        }
        return Math.sqrt(square);
    }

    /** Adds weight times the gradient of D²/2. */
    private static void add(Vectors vectors, int a, int b, double weight) {
        double[] x = vectors.values();
        double[] gradient = vectors.gradient();
        int d = vectors.columns();
        for (int j = 0; j < d; j++) {
            double step = weight * (x[a * d + j] - x[b * d + j] + EPSILON);
            gradient[a * d + j] += step;
            gradient[b * d + j] -= step;
        }
    }
}
