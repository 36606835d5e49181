package org.retrieval4j.nd4j.training;

import java.util.List;
import java.util.Random;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.nd4j.NativeDoubles;
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
        private final Workspace.Pool pool = new Workspace.Pool(4);

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
            int n = labels.length;
            double[] unitCenters = UNIT.rows(centers.values(), columns);
            double[] unit = UNIT.rows(values, columns);
            double[] cosines = new double[Math.multiplyExact(n, classes)];
            double[] byUnit = new double[unit.length];
            double[] byCenters = new double[unitCenters.length];
            double loss = 0;
            // O(pictures · classes · columns)
            try (Workspace work = pool.borrow()) {
                NativeDoubles u = work.block(0, unit, 0, unit.length);
                NativeDoubles c = work.block(1, unitCenters, 0, unitCenters.length);
                NativeDoubles g = work.block(2, cosines.length);
                g.product(Workspace.of(u, columns), Workspace.transposed(c, columns), n, classes, columns, false);
                g.get(cosines, 0, cosines.length);
                for (int i = 0; i < n; i++) {
                    loss += toGradient(cosines, i * classes, labels[i], 1.0 / n);
                }
                g.put(cosines, 0, cosines.length);
                NativeDoubles result = work.block(3, Math.max(unit.length, unitCenters.length));
                result.product(Workspace.of(g, classes), Workspace.of(c, columns), n, columns, classes, false);
                result.get(byUnit, 0, byUnit.length);
                result.product(Workspace.transposed(g, classes), Workspace.of(u, columns), classes, columns, n, false);
                result.get(byCenters, 0, byCenters.length);
            }
            UNIT.addGradient(values, columns, byUnit, gradient);
            UNIT.addGradient(centers.values(), columns, byCenters, parameters.of(centers));
            return loss / n;
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

        /** The cross-entropy of a picture; its cosines become the gradient by them, times a weight. */
        private double toGradient(double[] cosines, int from, int label, double weight) {
            int own = from + label;
            double cosine = Math.max(-1, Math.min(1, cosines[own]));
            double sine = Math.sqrt(Math.max(0, 1 - cosine * cosine));
            boolean falls = cosine > -Math.cos(options.margin); // θ + m < π
            double slope = falls
                    ? Math.cos(options.margin) + Math.sin(options.margin) * cosine / Math.max(SMALLEST_SINE, sine)
                    : 1;
            cosines[own] = falls
                    ? cosine * Math.cos(options.margin) - sine * Math.sin(options.margin)
                    : cosine - options.margin * Math.sin(options.margin);
            double target = options.scale * cosines[own];
            double largest = Double.NEGATIVE_INFINITY;
            for (int c = from; c < from + classes; c++) {
                largest = Math.max(largest, options.scale * cosines[c]);
            }
            double sum = 0;
            for (int c = from; c < from + classes; c++) {
                cosines[c] = Math.exp(options.scale * cosines[c] - largest);
                sum += cosines[c];
            }
            for (int c = from; c < from + classes; c++) {
                cosines[c] *= weight * options.scale / sum;
            }
            cosines[own] = slope * (cosines[own] - weight * options.scale);
            return largest + Math.log(sum) - target;
        }
    }
}
