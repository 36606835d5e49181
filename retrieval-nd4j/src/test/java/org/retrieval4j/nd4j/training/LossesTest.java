package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Components;

class LossesTest {
    private static final double TOLERANCE = 1e-12;

    private final Components components = Components.load();
    private final Fixture fixture = Fixture.of("losses");

    @Test
    void theRankingLossIsTheReferences() {
        double[] batch =
                concat(fixture.doubles("ranking_q"), fixture.doubles("ranking_p"), fixture.doubles("ranking_n"));
        List<Tuple> tuples = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            tuples.add(new Tuple(i, rows(3 + 3 * i, 3), rows(12 + 5 * i, 5)));
        }
        double[] each = fixture.doubles("ranking_per_tuple");
        double[] gradient = new double[batch.length];
        Loss.Objective loss = loss("weak-ranking(margin=0.1)", 7);
        assertThat(of(loss, batch, 7, tuples, gradient)).isCloseTo(each[0] + each[1] + each[2], within(TOLERANCE));
        Fixture.assertClose(
                gradient,
                concat(fixture.doubles("ranking_dq"), fixture.doubles("ranking_dp"), fixture.doubles("ranking_dn")),
                TOLERANCE);
        int[] chosen = fixture.array("ranking_chosen_positive").toInts();
        for (int i = 0; i < 3; i++) {
            assertThat(of(loss, batch, 7, tuples.subList(i, i + 1), new double[batch.length]))
                    .isCloseTo(each[i], within(TOLERANCE));
            assertThat(new Vectors(batch, 7, gradient).nearestPositive(tuples.get(i)))
                    .isEqualTo(3 + 3 * i + chosen[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "triplet(margin=1.25), triplet_m125",
        "triplet(margin=0.1), triplet_m01",
        "second-order-similarity, total",
        "contrastive, contrastive_m07"
    })
    void lossesOfSolarsTuplesAreTheReferences(String spec, String name) {
        double[] batch = fixture.doubles("tuples");
        double[] gradient = new double[batch.length];
        double expected = fixture.doubles(name)[0];
        assertThat(of(loss(spec, 8), batch, 8, fourTuples(), gradient)).isCloseTo(expected, within(1e-10 * expected));
        Fixture.assertClose(gradient, fixture.doubles(name + "_dx"), 1e-10);
    }

    @Test
    void theSecondOrderTermAloneIsTheReferences() {
        double[] batch = fixture.doubles("tuples");
        double[] gradient = new double[batch.length];
        Vectors vectors = new Vectors(batch, 8, gradient);
        assertThat(SecondOrderSimilarityLoss.similarity(vectors, fourTuples(), 1.0 / 4))
                .isCloseTo(fixture.doubles("sos")[0], within(TOLERANCE));
        Fixture.assertClose(gradient, fixture.doubles("sos_dx"), TOLERANCE);
    }

    @Test
    void theSecondOrderTermHasNoGradientWhereAllDistancesAreEqual() {
        double[] batch = {1, 0, 1, 0, 0, 1};
        double[] gradient = new double[batch.length];
        Vectors vectors = new Vectors(batch, 2, gradient);
        List<Tuple> tuples = List.of(new Tuple(0, new int[] {1}, new int[] {2}));
        assertThat(SecondOrderSimilarityLoss.similarity(vectors, tuples, 1)).isZero();
        assertThat(gradient).containsOnly(0);
    }

    @Test
    void weightZeroLeavesTheTripletLoss() {
        double[] batch = fixture.doubles("tuples");
        double[] gradient = new double[batch.length];
        of(loss("second-order-similarity(weight=0)", 8), batch, 8, fourTuples(), gradient);
        Fixture.assertClose(gradient, fixture.doubles("triplet_m125_dx"), TOLERANCE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"arcface", "arcface(scale=5,margin=0.2)", "arcface(scale=2,margin=1.5)", "arcface(margin=0)"})
    void gradientsOfArcFaceAreItsSlopes(String spec) {
        Loss.Objective loss = loss(spec, 6);
        double[] batch = new Random(3).doubles(5 * 6, -1, 1).toArray();
        int[] labels = {0, 2, 3, 1, 2};
        Parameter centers = loss.parameters().get(0);
        double[] gradient = new double[batch.length];
        Gradients sums = new Gradients(loss.parameters());
        loss.of(batch, 6, List.of(), labels, gradient, sums);
        Slopes.assertSlopes(batch, gradient, () -> arcFace(loss, batch, labels));
        Slopes.assertSlopes(centers.values(), sums.of(centers), () -> arcFace(loss, batch, labels));
    }

    @Test
    void arcFaceIsCrossEntropyOfCosinesWithAMargin() {
        Loss.Objective loss = loss("arcface(scale=3,margin=0.4)", 2);
        double[] centers = loss.parameters().get(0).values();
        System.arraycopy(new double[] {2, 0, 0, 5, -1, 0, 0, -1}, 0, centers, 0, 8);
        double angle = 0.3;
        double[] batch = {7 * Math.cos(angle), 7 * Math.sin(angle)};
        double own = Math.exp(3 * Math.cos(angle + 0.4));
        double others = Math.exp(3 * Math.sin(angle)) + Math.exp(-3 * Math.cos(angle)) + Math.exp(-3 * Math.sin(angle));
        assertThat(arcFace(loss, batch, new int[] {0})).isCloseTo(-Math.log(own / (own + others)), within(1e-12));
        // beyond π the target falls on: a picture opposite to its center is worst
        double opposite = -1 - 0.4 * Math.sin(0.4);
        double sum = Math.exp(3 * opposite) + 2 + Math.exp(3.0);
        assertThat(arcFace(loss, new double[] {-1, 0}, new int[] {0}))
                .isCloseTo(Math.log(sum) - 3 * opposite, within(1e-12));
    }

    @Test
    void arcFacesCentersFollowTheSeed() {
        Loss arcface = components.create(Loss.class, "arcface");
        double[] values = arcface.over(8, 3, 7).parameters().get(0).values();
        assertThat(arcface.over(8, 3, 7).parameters().get(0).values()).isEqualTo(values);
        assertThat(arcface.over(8, 3, 8).parameters().get(0).values()).isNotEqualTo(values);
    }

    @Test
    void gradientsAreAdded() {
        double[] batch = fixture.doubles("tuples");
        double[] gradient = new double[batch.length];
        of(loss("triplet(margin=1.25)", 8), batch, 8, fourTuples(), gradient);
        of(loss("triplet(margin=1.25)", 8), batch, 8, fourTuples(), gradient);
        double[] expected = fixture.doubles("triplet_m125_dx");
        for (int i = 0; i < expected.length; i++) {
            expected[i] *= 2;
        }
        Fixture.assertClose(gradient, expected, TOLERANCE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"weak-ranking", "triplet", "contrastive", "second-order-similarity"})
    void badBatchesAreRefused(String spec) {
        Loss.Objective loss = loss(spec, 8);
        double[] batch = fixture.doubles("tuples");
        double[] gradient = new double[batch.length];
        assertThatThrownBy(() -> of(loss, batch, 8, List.of(), gradient))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a batch must have at least one tuple of a query, a positive and a negative, got none");
        List<Tuple> outside = List.of(new Tuple(0, new int[] {1}, new int[] {28}));
        assertThatThrownBy(() -> of(loss, batch, 8, outside, gradient))
                .hasMessage("a tuple must name pictures 0 to 27 of its batch, got 28");
        batch[8 * 3 + 2] = Double.NaN;
        assertThatThrownBy(() -> of(loss, batch, 8, fourTuples(), gradient))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("descriptors must be finite, got NaN at column 2 of picture 3");
    }

    @Test
    void badLabelsAndSettingsAreRefused() {
        Loss arcface = components.create(Loss.class, "arcface");
        assertThatThrownBy(() -> arcface.over(8, 1, 0))
                .hasMessage("arcface tells classes apart: there must be at least 2, got 1");
        Loss.Objective loss = arcface.over(2, 3, 0);
        assertThatThrownBy(() -> arcFace(loss, new double[2], new int[] {3}))
                .hasMessage("labels must be 0 to 2, got 3");
        assertThatThrownBy(() -> arcFace(loss, new double[4], new int[] {1}))
                .hasMessageContaining("got 1 labels for 2 pictures");
        assertThatThrownBy(() -> loss("triplet(margin=-1)", 2))
                .hasMessageContaining("margin must be at least 0, got -1");
        assertThatThrownBy(() -> loss("arcface(margin=2)", 2)).hasMessageContaining("margin must be 0 to pi/2 radians");
    }

    private Loss.Objective loss(String spec, int columns) {
        return components.create(Loss.class, spec).over(columns, 4, 1);
    }

    private static double of(Loss.Objective loss, double[] batch, int columns, List<Tuple> tuples, double[] gradient) {
        return loss.of(batch, columns, tuples, new int[0], gradient, new Gradients(List.of()));
    }

    private static double arcFace(Loss.Objective loss, double[] batch, int[] labels) {
        int columns = loss.parameters().get(0).shape()[1];
        Gradients gradients = new Gradients(loss.parameters());
        return loss.of(batch, columns, List.of(), labels, new double[batch.length], gradients);
    }

    private static List<Tuple> fourTuples() {
        List<Tuple> tuples = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            tuples.add(new Tuple(7 * i, rows(7 * i + 1, 1), rows(7 * i + 2, 5)));
        }
        return tuples;
    }

    private static int[] rows(int from, int count) {
        return java.util.stream.IntStream.range(from, from + count).toArray();
    }

    private static double[] concat(double[]... parts) {
        return java.util.Arrays.stream(parts)
                .flatMapToDouble(java.util.Arrays::stream)
                .toArray();
    }
}
