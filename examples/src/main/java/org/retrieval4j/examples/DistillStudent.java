package org.retrieval4j.examples;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.retrieval4j.api.*;
import org.retrieval4j.nd4j.training.*;

/**
 * Three heads on one frozen feature map, as HF-Net has them: a vector of the picture, and of each cell a descriptor and where
 * its keypoint is. Sarlin, Cadena, Siegwart, Dymczyk: From coarse to fine. CVPR 2019, section 4; its local heads are
 * convolutions, these are linear.
 */
final class DistillStudent {
    /** What the figures of {@link #losses} are. */
    static final List<String> LOSSES = List.of("global", "descriptors", "detector");

    private final Head global;
    private final Layer descriptors;
    private final Layer detector;
    private final UncertaintyWeights weights = new UncertaintyWeights(1, 1, 2);

    /** The global head as given; descriptors start as a whitening of the cells, the detector without an opinion. */
    DistillStudent(Head global, List<ImageFeatures> sample, int width, Components components, BuildContext context)
            throws IOException {
        Layers layers = Layers.load(DistillStudent.class.getClassLoader());
        List<GlobalDescriptor> cells = new ArrayList<>();
        for (ImageFeatures picture : sample) {
            for (int i = 0; i < picture.size(); i++) {
                cells.add(new GlobalDescriptor.Dense(picture.descriptors().row(i)));
            }
        }
        this.global = global;
        Transform whitening = components.create(
                Transform.class, "fully-connected(dimension=" + width + ")", context.withDescriptors(cells));
        this.descriptors = layers.layer(whitening.spec().first(), whitening.state());
        int n = cells.get(0).dimension();
        this.detector = layers.layer(
                ComponentSpec.parse("fully-connected(l2=false)").first(),
                ComponentState.ofArrays(Map.of(
                        "weights",
                        FloatMatrix.of(DistillTarget.LABELS, n, new float[DistillTarget.LABELS * n]),
                        "bias",
                        FloatMatrix.of(1, DistillTarget.LABELS, new float[DistillTarget.LABELS]))));
    }

    Head global() {
        return global;
    }

    /** The descriptors of a picture's cells. */
    Rows describe(ImageFeatures picture) {
        return descriptors.forward(Rows.of(List.of(picture))).output();
    }

    /** The local heads' arrays by name. */
    Map<String, FloatMatrix> local() {
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        descriptors.state().arrays().forEach((name, array) -> arrays.put("descriptors." + name, array));
        detector.state().arrays().forEach((name, array) -> arrays.put("detector." + name, array));
        return arrays;
    }

    /** All that is learned; the weights of the losses are the last. */
    List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>(global.parameters());
        all.addAll(descriptors.parameters());
        all.addAll(detector.parameters());
        all.add(weights.parameter());
        return all;
    }

    /** The three losses of a batch. */
    double[] losses(List<ImageFeatures> pictures, List<DistillTarget> targets) {
        return new Passes(Rows.of(pictures), targets).losses;
    }

    /** The whole loss of a batch; adds its gradients. */
    double loss(List<ImageFeatures> pictures, List<DistillTarget> targets, Gradients gradients) {
        Passes passes = new Passes(Rows.of(pictures), targets);
        double[] by = new double[LOSSES.size()];
        double sum = weights.of(passes.losses, by, gradients);
        passes.vectors.backward(times(passes.byVectors, by[0]), gradients, false);
        passes.cells.backward(times(passes.byCells, by[1]), gradients, false);
        passes.scores.backward(times(passes.byScores, by[2]), gradients, false);
        return sum;
    }

    private static double[] times(double[] values, double factor) {
        return Arrays.stream(values).map(value -> factor * value).toArray();
    }

    /** What the heads make of a batch, each loss, and its gradient by what its head gives. */
    private final class Passes {
        final Layer.Pass vectors;
        final Layer.Pass cells;
        final Layer.Pass scores;
        final double[] byVectors;
        final double[] byCells;
        final double[] byScores;
        final double[] losses = new double[LOSSES.size()];

        Passes(Rows input, List<DistillTarget> targets) {
            vectors = global.forward(input);
            cells = descriptors.forward(input);
            scores = detector.forward(input);
            byVectors = new double[vectors.output().values().length];
            byCells = new double[cells.output().values().length];
            byScores = new double[scores.output().values().length];
            losses[0] = squares(vectors.output(), rows(targets, 0), byVectors);
            losses[1] = squares(cells.output(), rows(targets, 1), byCells);
            losses[2] = crossEntropy(scores.output(), rows(targets, 2), byScores);
        }
    }

    /** The losses of one answer to all pictures: the mean of what the teachers say of others, vectors of length 1. */
    static double[] constant(List<DistillTarget> others, List<DistillTarget> targets) {
        double[] losses = new double[LOSSES.size()];
        for (int i = 0; i < losses.length; i++) {
            double[][] given = rows(others, i);
            double[][] wanted = rows(targets, i);
            int d = Arrays.stream(given).mapToInt(row -> row.length).max().orElseThrow();
            double count = Arrays.stream(given).filter(row -> row.length > 0).count();
            double[] mean = new double[d];
            for (double[] row : given) {
                for (int j = 0; j < row.length; j++) {
                    mean[j] += row[j] / count;
                }
            }
            boolean likelihoods = i == LOSSES.size() - 1;
            double length = Math.sqrt(Arrays.stream(mean).map(x -> x * x).sum());
            double[] answers = new double[wanted.length * d];
            for (int j = 0; j < answers.length; j++) {
                answers[j] = likelihoods ? Math.log(mean[j % d]) : mean[j % d] / length;
            }
            Rows answer = Rows.vectors(answers, d);
            double[] unused = new double[answers.length];
            losses[i] = likelihoods ? crossEntropy(answer, wanted, unused) : squares(answer, wanted, unused);
        }
        return losses;
    }

    /** What one loss compares with: rows of all pictures. */
    private static double[][] rows(List<DistillTarget> targets, int loss) {
        return targets.stream()
                .flatMap(target -> switch (loss) {
                    case 0 -> Stream.of(target.global());
                    case 1 -> Arrays.stream(target.descriptors());
                    default -> Arrays.stream(target.labels());
                })
                .toArray(double[][]::new);
    }

    /** Mean of ½ ‖x − t‖² over the rows that have a target. */
    static double squares(Rows rows, double[][] targets, double[] gradient) {
        int d = rows.columns();
        double count =
                Math.max(1, Arrays.stream(targets).filter(t -> t.length > 0).count());
        double sum = 0;
        for (int row = 0; row < targets.length; row++) {
            if (targets[row].length != d && targets[row].length != 0) {
                throw new IllegalArgumentException("the teacher gives " + targets[row].length
                        + " values, and the student " + d + "; they must be as many");
            }
            for (int j = 0; j < targets[row].length; j++) {
                double difference = rows.values()[row * d + j] - targets[row][j];
                sum += difference * difference / 2;
                gradient[row * d + j] = difference / count;
            }
        }
        return sum / count;
    }

    /** Mean of −Σ t log softmax(x) over all rows. */
    static double crossEntropy(Rows rows, double[][] targets, double[] gradient) {
        int d = rows.columns();
        double sum = 0;
        for (int row = 0; row < targets.length; row++) {
            int at = row * d;
            double largest = IntStream.range(0, d)
                    .mapToDouble(j -> rows.values()[at + j])
                    .max()
                    .orElseThrow();
            double total = 0;
            for (int j = 0; j < d; j++) {
                total += Math.exp(rows.values()[at + j] - largest);
            }
            for (int j = 0; j < d; j++) {
                double logarithm = rows.values()[at + j] - largest - Math.log(total);
                sum -= targets[row][j] * logarithm;
                gradient[at + j] = (Math.exp(logarithm) - targets[row][j]) / targets.length;
            }
        }
        return sum / targets.length;
    }
}
