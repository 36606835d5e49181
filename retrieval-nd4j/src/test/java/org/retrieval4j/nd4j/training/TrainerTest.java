package org.retrieval4j.nd4j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;

/** A head that learns which values tell places apart. */
class TrainerTest {
    private static final int COLUMNS = 12;
    private static final Components COMPONENTS = Components.load();

    /** Pictures of places: the first three values tell the place, the others are louder and tell nothing. */
    private static TrainingSet places(int places, int views, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<ImageFeatures> pictures = new ArrayList<>();
        List<String> names = new ArrayList<>();
        long[] groups = new long[places * views];
        for (int place = 0; place < places; place++) {
            double[] center = random.doubles(3, -1, 1).toArray();
            for (int view = 0; view < views; view++) {
                float[] values = new float[4 * COLUMNS];
                double[] noise = random.doubles(COLUMNS, -2, 2).toArray();
                for (int i = 0; i < 4; i++) {
                    for (int j = 0; j < COLUMNS; j++) {
                        values[i * COLUMNS + j] = (float)
                                (j < 3 ? center[j] + 0.2 * random.nextDouble() : noise[j] + 0.2 * random.nextDouble());
                    }
                }
                groups[names.size()] = place;
                names.add(place + "-" + view);
                pictures.add(ImageFeatures.ofDescriptors(FloatMatrix.of(4, COLUMNS, values)));
            }
        }
        long[] ids = java.util.stream.LongStream.range(0, names.size()).toArray();
        return new TrainingSet(names, ids, id -> Optional.of(pictures.get((int) id)), Relations.byGroup(groups));
    }

    private static Trainer.Setup setup(Head head, String loss, String optimizer) {
        return new Trainer.Setup(
                head,
                head,
                places(20, 4, 1),
                places(15, 4, 2),
                COMPONENTS.create(Loss.class, loss),
                COMPONENTS.create(Optimizer.class, optimizer),
                COMPONENTS.create(Schedule.class, "steps"),
                Map.of(),
                Map.of());
    }

    private static Head head() {
        return new Head(List.of(new MeanLayer(COLUMNS)));
    }

    private static Trainer.Options options(int epochs) {
        return new Trainer.Options(epochs, 4, 1, 3, true, 30, 16, 1000, 10, "mAP", 7);
    }

    private static String refused(Executable action) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, action).getMessage());
    }

    private static double[] values(Head head) {
        return head.parameters().get(0).values();
    }

    @Test
    void learnsWhatTellsPlacesApart() throws IOException {
        for (String loss : List.of(
                "weak-ranking",
                "triplet",
                "contrastive",
                "second-order-similarity(margin=0.1,weight=0.1)",
                "arcface(scale=10,margin=0.1)")) {
            Head head = head();
            Trainer.Result result = new Trainer(
                            setup(head, loss, "adam(rate=0.02)"), options(8), BuildContext.defaults(), epoch -> {})
                    .train();
            double before = result.epochs().get(0).figures().getOrDefault("mAP", 0.0);
            double after = result.epochs().get(result.best()).figures().getOrDefault("mAP", 0.0);
            assertTrue(after > before + 0.1, loss + ": " + before + " to " + after);
            assertTrue(result.diverged().isEmpty());
        }
    }

    @Test
    void numbersDoNotDependOnThreads() throws IOException {
        Head alone = head();
        new Trainer(setup(alone, "triplet", "sgd(rate=0.05)"), options(3), BuildContext.defaults(), epoch -> {})
                .train();
        Head together = head();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            new Trainer(
                            setup(together, "triplet", "sgd(rate=0.05)"),
                            options(3),
                            BuildContext.defaults().withExecutor(threads),
                            epoch -> {})
                    .train();
        } finally {
            threads.shutdownNow();
        }
        assertArrayEquals(values(alone), values(together));
    }

    @Test
    void goesOnFromItsCheckpointToTheSameNumbers(@TempDir Path folder) throws IOException {
        for (String optimizer : List.of("adam(rate=0.01)", "sgd(rate=0.05)")) {
            Head whole = head();
            Trainer.Result expected = new Trainer(
                            setup(whole, "weak-ranking", optimizer), options(6), BuildContext.defaults(), epoch -> {})
                    .train();
            Path file = folder.resolve(optimizer.substring(0, 3));
            for (int end : new int[] {37, 100, 211, Integer.MAX_VALUE}) {
                int[] steps = {0};
                BuildContext context = BuildContext.defaults()
                        .withCheckpoints(file)
                        .withProgress((stage, done, total) -> {
                            if (stage.equals("train") && ++steps[0] > end / 4) {
                                throw new IllegalStateException("killed");
                            }
                        });
                Head head = head();
                Trainer trainer = new Trainer(setup(head, "weak-ranking", optimizer), options(6), context, epoch -> {});
                trainer.saveOften();
                if (end < Integer.MAX_VALUE) {
                    assertThrows(IllegalStateException.class, trainer::train);
                } else {
                    Trainer.Result result = trainer.train();
                    assertArrayEquals(values(whole), values(head));
                    assertEquals(expected.best(), result.best());
                    for (int i = 0; i < expected.epochs().size(); i++) {
                        assertEquals(
                                expected.epochs().get(i).loss(),
                                result.epochs().get(i).loss());
                        assertEquals(
                                expected.epochs().get(i).figures(),
                                result.epochs().get(i).figures());
                    }
                }
            }
        }
    }

    @Test
    void moreEpochsGoOnFromWhereTheyEnded(@TempDir Path folder) throws IOException {
        BuildContext context = BuildContext.defaults().withCheckpoints(folder.resolve("c"));
        Head first = head();
        new Trainer(setup(first, "triplet", "adam(rate=0.01)"), options(2), context, epoch -> {}).train();
        Head more = head();
        Trainer.Result result =
                new Trainer(setup(more, "triplet", "adam(rate=0.01)"), options(4), context, epoch -> {}).train();
        Head whole = head();
        new Trainer(setup(whole, "triplet", "adam(rate=0.01)"), options(4), BuildContext.defaults(), epoch -> {})
                .train();
        assertEquals(5, result.epochs().size());
        assertArrayEquals(values(whole), values(more));
    }

    @Test
    void refusesTheCheckpointOfAnotherTraining(@TempDir Path folder) throws IOException {
        BuildContext context = BuildContext.defaults().withCheckpoints(folder.resolve("c"));
        new Trainer(setup(head(), "triplet", "adam"), options(1), context, epoch -> {}).train();
        String other = refused(
                () -> new Trainer(setup(head(), "contrastive", "adam"), options(1), context, epoch -> {}).train());
        assertTrue(other.contains("its loss is triplet(") && other.contains("not contrastive("), other);
    }

    @Test
    void keepsTheLastGoodHeadWhenTheLossDiverges(@TempDir Path folder) throws IOException {
        Head head = head();
        double[] before = values(head).clone();
        Trainer.Result result = new Trainer(
                        setup(head, "triplet", "sgd(rate=1e300)"),
                        options(3),
                        BuildContext.defaults().withCheckpoints(folder.resolve("c")),
                        epoch -> {})
                .train();
        assertTrue(result.diverged().orElseThrow().contains("the head of epoch 0 is kept"), result.toString());
        assertArrayEquals(before, values(head));
    }

    @Test
    void tellsWhatIsMissing() {
        TrainingSet lonely = places(1, 5, 3);
        Trainer.Setup good = setup(head(), "triplet", "adam");
        String none = refused(() -> new Trainer(
                new Trainer.Setup(
                        good.head(),
                        good.network(),
                        lonely,
                        good.validation(),
                        good.loss(),
                        good.optimizer(),
                        good.schedule(),
                        Map.of(),
                        Map.of()),
                options(1),
                BuildContext.defaults(),
                epoch -> {}));
        assertTrue(none.contains("no valid tuple"), none);
        String unknown = refused(() -> new Trainer(
                new Trainer.Setup(
                        good.head(),
                        good.network(),
                        good.training(),
                        good.validation(),
                        good.loss(),
                        good.optimizer(),
                        good.schedule(),
                        Map.of("weights", 2.0),
                        Map.of()),
                options(1),
                BuildContext.defaults(),
                epoch -> {}));
        assertTrue(unknown.contains("there are: mean-of-test.factors"), unknown);
    }
}
