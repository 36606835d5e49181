package org.retrieval4j.nd4j.training;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code arcface}: each picture shall be told to be of its class, even when its angle to the class's center is made larger.
 *
 * <p>With cos θ_c the cosine of a picture and the center of class c, cross-entropy of softmax(s · cos θ_c) in which the
 * picture's own class has s · cos(θ + m) instead, averaged over the pictures. Beyond θ + m = π, where that rises again, it is
 * s · (cos θ − m sin m), which falls on. Deng, Guo, Xue, Zafeiriou: ArcFace: additive angular margin loss for deep face
 * recognition. CVPR 2019, equation 3. It compares no tuples and learns the centers, one a class, beside the descriptors.
 */
public final class ArcFaceLoss implements Loss {
    private final Options options;

    private ArcFaceLoss(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param scale s, above 0: how sharply classes are told apart; larger trusts the cosines more
     * @param margin m in radians, 0 to π/2: by how much the own center must be nearer
     */
    public record Options(double scale, double margin) {
        /** Checks the ranges. */
        public Options {
            if (!(scale > 0)) {
                throw new IllegalArgumentException("scale must be above 0, got " + scale);
            }
            if (!(margin >= 0 && margin <= Math.PI / 2)) {
                throw new IllegalArgumentException("margin must be 0 to pi/2 radians, got " + margin);
            }
        }

        /**
         * A scale of 30 and a margin of 0.5 radians.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(30, 0.5);
        }
    }

    /** Makes {@code arcface}. */
    public static final class Provider extends ComponentProvider<Loss, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Loss.class, "arcface", Options.defaults());
        }

        @Override
        public ArcFaceLoss create(Options options, BuildContext context) {
            return new ArcFaceLoss(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public Objective over(int columns, int classes, long seed) {
        if (columns < 1) {
            throw new IllegalArgumentException("arcface needs vectors of at least 1 value, got " + columns);
        }
        if (classes < 2) {
            throw new IllegalArgumentException("arcface tells classes apart: there must be at least 2, got " + classes);
        }
        Random random = new Random(seed);
        double[] centers = new double[Math.multiplyExact(classes, columns)];
        for (int i = 0; i < centers.length; i++) {
            centers[i] = random.nextGaussian() / Math.sqrt(columns);
        }
        return new Classes(options, new Parameter("class-centers", new int[] {classes, columns}, centers));
    }

    private static final class Classes implements Objective {
        private static final Scaling UNIT = Scaling.FLOOR;
        private static final double SMALLEST_SINE = 1e-6; // at the center itself the margin's gradient is infinite

        private final Options options;
        private final Parameter centers;
        private final int classes;
        private final int columns;

        Classes(Options options, Parameter centers) {
            this.options = options;
            this.centers = centers;
            this.classes = centers.shape()[0];
            this.columns = centers.shape()[1];
        }

        @Override
        public List<Parameter> parameters() {
            return List.of(centers);
        }

        @Override
        public double of(
                double[] values, int width, List<Tuple> tuples, int[] labels, double[] gradient, Gradients parameters) {
            Vectors vectors = new Vectors(values, width, gradient);
            check(vectors, labels);
            // O(pictures · classes · columns)
            double[] unitCenters = UNIT.rows(centers.values(), columns);
            double[] unit = UNIT.rows(values, columns);
            double[] byCenters = new double[unitCenters.length];
            double[] byUnit = new double[unit.length];
            double[] cosines = new double[classes];
            double loss = 0;
            for (int i = 0; i < labels.length; i++) {
                for (int c = 0; c < classes; c++) {
                    cosines[c] = dot(unit, i * columns, unitCenters, c * columns);
                }
                loss += toGradient(cosines, labels[i], 1.0 / labels.length);
                for (int c = 0; c < classes; c++) {
                    for (int j = 0; j < columns; j++) {
                        byUnit[i * columns + j] += cosines[c] * unitCenters[c * columns + j];
                        byCenters[c * columns + j] += cosines[c] * unit[i * columns + j];
                    }
                }
            }
            UNIT.addGradient(values, columns, byUnit, gradient);
            UNIT.addGradient(centers.values(), columns, byCenters, parameters.of(centers));
            return loss / labels.length;
        }

        private void check(Vectors vectors, int[] labels) {
            if (vectors.columns() != columns) {
                throw new IllegalArgumentException(
                        "arcface was made for vectors of " + columns + " values, got " + vectors.columns());
            }
            if (labels.length == 0 || labels.length != vectors.size()) {
                throw new IllegalArgumentException("arcface needs a label for each of at least one picture, got "
                        + labels.length + " labels for " + vectors.size() + " pictures");
            }
            for (int label : labels) {
                if (label < 0 || label >= classes) {
                    throw new IllegalArgumentException("labels must be 0 to " + (classes - 1) + ", got " + label);
                }
            }
        }

        /** The cross-entropy of a picture; the cosines become its gradient by them, times a weight. */
        private double toGradient(double[] cosines, int label, double weight) {
            double cosine = Math.max(-1, Math.min(1, cosines[label]));
            double sine = Math.sqrt(Math.max(0, 1 - cosine * cosine));
            boolean falls = cosine > -Math.cos(options.margin); // θ + m < π
            double slope = falls
                    ? Math.cos(options.margin) + Math.sin(options.margin) * cosine / Math.max(SMALLEST_SINE, sine)
                    : 1;
            cosines[label] = falls
                    ? cosine * Math.cos(options.margin) - sine * Math.sin(options.margin)
                    : cosine - options.margin * Math.sin(options.margin);
            double own = options.scale * cosines[label];
            double largest = options.scale * Arrays.stream(cosines).max().orElseThrow();
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                cosines[c] = Math.exp(options.scale * cosines[c] - largest);
                sum += cosines[c];
            }
            for (int c = 0; c < classes; c++) {
                cosines[c] *= weight * options.scale / sum;
            }
            cosines[label] = slope * (cosines[label] - weight * options.scale);
            return largest + Math.log(sum) - own;
        }

        private double dot(double[] a, int from, double[] b, int start) {
            double sum = 0;
            for (int j = 0; j < columns; j++) {
                sum += a[from + j] * b[start + j];
            }
            return sum;
        }
    }
}
