package org.retrieval4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.*;
import org.retrieval4j.nd4j.training.*;

class DistillStudentTest {
    private static final double STEP = 1e-5;

    private final Random random = new Random(7);
    private final Components components = Components.load();

    @Test
    void gradientsOfTheWholeLossAreSlopes() throws IOException {
        List<ImageFeatures> pictures = new ArrayList<>();
        List<DistillTarget> targets = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ImageFeatures map = ImageFeatures.ofMap(new Grid(2, 3), matrix(6, 4));
            float[] places = new float[4 * Keypoints.COLUMNS];
            for (int k = 0; k < 4; k++) {
                places[k * Keypoints.COLUMNS] = 3 * random.nextFloat();
                places[k * Keypoints.COLUMNS + 1] = 2 * random.nextFloat();
                places[k * Keypoints.COLUMNS + 4] = random.nextFloat();
            }
            Keypoints keypoints = new Keypoints(FloatMatrix.of(4, Keypoints.COLUMNS, places));
            ImageFeatures local = new ImageFeatures(3, 2, keypoints, matrix(4, 3));
            pictures.add(map);
            targets.add(DistillTarget.of(matrix(1, 2).row(0), local, map, 0.5));
        }
        BuildContext context = BuildContext.ofSample(pictures);
        DistillStudent student;
        try (Aggregator start =
                components.create(Aggregator.class, "netvlad(clusters=2) | fully-connected(dimension=2)", context)) {
            Head head = Head.of(start, Layers.load(DistillStudent.class.getClassLoader()));
            student = new DistillStudent(head, pictures, 3, components, context);
        }
        List<Parameter> parameters = student.parameters();
        for (Parameter parameter : parameters) { // away from the start, where the detector's are all alike
            for (int i = 0; i < parameter.values().length; i++) {
                parameter.values()[i] += 0.1 * random.nextGaussian();
            }
        }
        Gradients gradients = new Gradients(parameters);
        student.loss(pictures, targets, gradients);

        for (Parameter parameter : parameters) {
            double[] values = parameter.values();
            double[] gradient = gradients.of(parameter);
            for (int i = 0; i < values.length; i++) {
                double before = values[i];
                values[i] = before + STEP;
                double above = student.loss(pictures, targets, new Gradients(parameters));
                values[i] = before - STEP;
                double below = student.loss(pictures, targets, new Gradients(parameters));
                values[i] = before;
                assertThat(gradient[i])
                        .as("%s, value %d", parameter, i)
                        .isCloseTo((above - below) / (2 * STEP), within(1e-7));
            }
        }
    }

    @Test
    void cellsWithoutAKeypointDoNotCount() {
        double[] gradient = new double[4];
        double[][] targets = {{0, 1}, {}};
        double loss = DistillStudent.squares(Rows.vectors(new double[] {1, 1, 5, 5}, 2), targets, gradient);

        assertThat(loss).isEqualTo(0.5);
        assertThat(gradient).containsExactly(1, 0, 0, 0);
    }

    @Test
    void aConstantAnswerIsTheMeanOfOthers() {
        DistillTarget one = new DistillTarget(new double[] {1, 0}, new double[][] {{2}}, new double[][] {{0.5, 0.5}});
        DistillTarget two = new DistillTarget(new double[] {0, 1}, new double[][] {{}}, new double[][] {{0.5, 0.5}});

        double[] losses = DistillStudent.constant(List.of(one, two), List.of(one));

        assertThat(losses).containsExactly(new double[] {1 - Math.sqrt(0.5), 0.5, Math.log(2)}, within(1e-12));
    }

    @Test
    void theStrongestKeypointOfACellOfTheUprightPictureCounts() {
        // stored 20 x 40, upright 40 x 20: two cells of 20 x 20, places of 5 x 5
        float[] places = {
            3, 37, 0, 0, 1, // upright (3, 3): the first cell, its first place
            4, 36, 0, 0, 3, // upright (4, 4): the same place, stronger
            16, 4, 0, 0, 2 // upright (36, 16): the second cell, its last place
        };
        ImageFeatures local = new ImageFeatures(
                20,
                40,
                Orientation.CLOCKWISE_90,
                new Keypoints(FloatMatrix.of(3, Keypoints.COLUMNS, places)),
                FloatMatrix.of(3, 1, new float[] {10, 20, 30}),
                Optional.empty());

        DistillTarget target =
                DistillTarget.of(new float[] {1}, local, ImageFeatures.ofMap(new Grid(1, 2), matrix(2, 4)), 2);

        assertThat(target.descriptors()).isDeepEqualTo(new double[][] {{20}, {30}});
        double[] first = new double[DistillTarget.LABELS];
        first[0] = 4.0 / 6;
        first[16] = 2.0 / 6;
        double[] second = new double[DistillTarget.LABELS];
        second[15] = 0.5;
        second[16] = 0.5;
        assertThat(target.labels()).isDeepEqualTo(new double[][] {first, second});
    }

    private FloatMatrix matrix(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(rows, columns, values);
    }
}
