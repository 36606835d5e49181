package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;

/** Passes by hand and SameDiff's train to the same numbers. */
class EnginesTest {
    private static final int CHANNELS = 6;
    private static final Components COMPONENTS = Components.load();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "netvlad(clusters=3) | fully-connected(dimension=4)",
                "second-order-attention(aggregator=gem)",
                "actnet-style(activation=sinh)"
            })
    void trainAlike(String spec) throws IOException {
        Head byHand = head(spec);
        Head graph = head(spec);
        double[] start = byHand.parameters().get(0).values().clone();
        train(byHand, byHand);
        train(graph, SameDiffHead.of(graph.layers()));
        for (int i = 0; i < byHand.parameters().size(); i++) {
            double[] expected = byHand.parameters().get(i).values();
            double largest = 1e-3;
            for (double value : expected) {
                largest = Math.max(largest, Math.abs(value));
            }
            Fixture.assertClose(graph.parameters().get(i).values(), expected, 1e-7 * largest);
        }
        assertThat(byHand.parameters().get(0).values()).isNotEqualTo(start);
    }

    private static Head head(String spec) throws IOException {
        BuildContext context = BuildContext.ofSample(pictures(1));
        try (Aggregator aggregator = COMPONENTS.create(Aggregator.class, spec, context)) {
            return Head.of(aggregator, Layers.load(EnginesTest.class.getClassLoader()));
        }
    }

    private static void train(Head head, Network network) throws IOException {
        Trainer.Setup setup = new Trainer.Setup(
                head,
                network,
                places(1),
                places(2),
                COMPONENTS.create(Loss.class, "triplet(margin=0.5)"),
                COMPONENTS.create(Optimizer.class, "sgd(rate=0.01)"),
                COMPONENTS.create(Schedule.class, "steps"),
                Map.of(),
                Map.of());
        Trainer.Options options = new Trainer.Options(2, 4, 1, 3, true, 30, 16, 1000, 10, "mAP", 7);
        new Trainer(setup, options, BuildContext.defaults(), epoch -> {}).train();
    }

    private static TrainingSet places(long seed) {
        List<ImageFeatures> pictures = pictures(seed);
        long[] ids = LongStream.range(0, pictures.size()).toArray();
        List<String> names = LongStream.of(ids).mapToObj(id -> "picture " + id).toList();
        long[] groups = LongStream.of(ids).map(id -> id / 3).toArray();
        return new TrainingSet(names, ids, id -> Optional.of(pictures.get((int) id)), Relations.byGroup(groups));
    }

    /** Three pictures of each of eight places, of different sizes: values about the place's. */
    private static List<ImageFeatures> pictures(long seed) {
        List<ImageFeatures> pictures = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            Grid grid = new Grid(2 + i % 2, 3);
            double[] place = Checks.random(CHANNELS, 100 * seed + i / 3);
            double[] values = Checks.random(grid.rows() * grid.columns() * CHANNELS, 10_000 * seed + i);
            for (int j = 0; j < values.length; j++) {
                values[j] = Math.abs(place[j % CHANNELS] + 0.7 * values[j]) + 0.01;
            }
            pictures.add(ImageFeatures.ofMap(grid, States.matrix(values, CHANNELS)));
        }
        return pictures;
    }
}
