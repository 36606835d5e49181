package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.aggregation.VladAggregator;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.index.FlatIndex;
import org.retrieval4j.learning.LearnedWhitening;
import org.retrieval4j.learning.PairFinder;
import org.retrieval4j.rerank.VerifiedPairs;
import org.retrieval4j.transform.LearnedWhitenTransform;

/** A whitening that is learned from pairs which verification finds, in Java and in a database. */
class VerifiedPairsTest {
    private static final int SCENES = 6;
    private static final int VIEWS = 4;
    private static final String VLAD = "vlad(clusters=8,normalization=intra)";
    private static final String FINDER = "verified(first=6,min-inliers=30,matcher=nearest,verifier=shift)";
    private static final Components COMPONENTS = Components.of(List.of(
            new TestComponents.CellsProvider(),
            new TestComponents.MeanProvider(),
            new TestComponents.NearestProvider(),
            new TestComponents.ShiftProvider(),
            new VladAggregator.Provider(),
            new LearnedWhitenTransform.Provider(),
            new VerifiedPairs.Provider(),
            new FlatIndex.Provider()));

    private static BuildContext sample() {
        List<ImageFeatures> images = new ArrayList<>();
        try (Extractor cells = COMPONENTS.create(Extractor.class, "cells")) {
            for (int scene = 0; scene < SCENES; scene++) {
                for (int view = 0; view < VIEWS; view++) {
                    images.add(cells.extract(Photos.view(scene, view)).local().orElseThrow());
                }
            }
        }
        return BuildContext.ofSample(images);
    }

    private static List<GlobalDescriptor> vectors(BuildContext sample) {
        try (Aggregator vlad = COMPONENTS.create(Aggregator.class, VLAD, sample)) {
            return vlad.aggregateAll(sample.images());
        }
    }

    private static PairFinder.Pairs pairs(String finder, BuildContext sample) throws IOException {
        try (PairFinder made = COMPONENTS.create(PairFinder.class, finder)) {
            return made.find(sample);
        }
    }

    @Test
    void findsViewsOfTheSameSceneAndNoOthers() throws IOException {
        BuildContext sample = sample();
        PairFinder.Pairs pairs = pairs(FINDER, sample.withDescriptors(vectors(sample)));
        for (int i = 0; i < pairs.queries().length; i++) {
            assertThat(pairs.queries()[i] / VIEWS).isEqualTo(pairs.positives()[i] / VIEWS);
            assertThat(pairs.queries()[i]).isNotEqualTo(pairs.positives()[i]);
        }
        // both orders of each of the six pairs of four views; views 0 and 3 are the same place, others overlap
        assertThat(pairs.queries().length).isEqualTo(SCENES * VIEWS * (VIEWS - 1));
    }

    @Test
    void doesNotDependOnTheNumberOfThreads() throws IOException {
        BuildContext sample = sample();
        BuildContext described = sample.withDescriptors(vectors(sample));
        PairFinder.Pairs one = pairs(FINDER, described);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            PairFinder.Pairs four = pairs(FINDER, described.withExecutor(threads));
            assertThat(four.queries()).isEqualTo(one.queries());
            assertThat(four.positives()).isEqualTo(one.positives());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aSpecLearnsFromThePairsItFinds() throws IOException {
        BuildContext sample = sample();
        String whitening = "learned-whiten(dimension=10,pairs=" + FINDER + ",shrinkage=0.2)";
        List<GlobalDescriptor> vectors = vectors(sample);
        PairFinder.Pairs pairs = pairs(FINDER, sample.withDescriptors(vectors));
        float[][] rows = vectors.stream()
                .map(vector -> ((GlobalDescriptor.Dense) vector).values())
                .toArray(float[][]::new);
        LearnedWhitening expected = LearnedWhitening.learn(
                FloatMatrix.ofRows(rows), pairs.queries(), pairs.positives(), 10, 0.2, BuildContext.defaults());
        try (Aggregator aggregator = COMPONENTS.create(Aggregator.class, VLAD + " | " + whitening, sample)) {
            assertThat(aggregator.state().array("1/projection")).isEqualTo(expected.projection());
            assertThat(aggregator.state().array("1/mean")).isEqualTo(expected.mean());
            assertThat(aggregator.aggregate(sample.images().get(0)).dimension()).isEqualTo(10);
            // the spec of what was made is the canonical one of what was asked for
            assertThat(aggregator.spec())
                    .isEqualTo(COMPONENTS.canonical(Aggregator.class, ComponentSpec.parse(VLAD + " | " + whitening)));
            try (Aggregator again =
                    COMPONENTS.open(Aggregator.class, aggregator.spec(), aggregator.state(), BuildContext.defaults())) {
                assertThat(again.fingerprint()).isEqualTo(aggregator.fingerprint());
                assertThat(again.aggregate(sample.images().get(3)))
                        .isEqualTo(aggregator.aggregate(sample.images().get(3)));
            }
        }
    }

    @Test
    void aDatabaseLearnsItFromItsFirstImages(@TempDir Path folder) throws IOException {
        List<ImageSource> sources = Photos.write(folder.resolve("photos"), SCENES, VIEWS);
        DatabaseOptions options = TestComponents.options()
                .withAggregator(Optional.of(ComponentSpec.parse(
                        VLAD + " | learned-whiten(dimension=12,pairs=" + FINDER + ",shrinkage=0.1)")));
        Path directory = folder.resolve("database");
        List<RankedImage> before;
        try (ImageDatabase database = ImageDatabase.create(directory, options, COMPONENTS, BuildContext.defaults())) {
            database.addAll(sources, Photos.reader(), IndexingOptions.defaults());
            before = database.search(database.extract(Photos.view(3, 1)), SearchOptions.top(4), 0)
                    .images();
            assertThat(before)
                    .extracting(image -> image.image().name())
                    .containsExactlyInAnyOrder("3-0.png", "3-1.png", "3-2.png", "3-3.png");
        }
        try (ImageDatabase database = ImageDatabase.open(directory, COMPONENTS, BuildContext.defaults())) {
            assertThat(database.search(database.extract(Photos.view(3, 1)), SearchOptions.top(4), 0)
                            .images())
                    .isEqualTo(before);
        }
    }

    @Test
    void aDatabaseWithoutLocalFeaturesSaysWhatIsMissing(@TempDir Path folder) throws IOException {
        List<ImageSource> sources = Photos.write(folder.resolve("photos"), 2, 2);
        DatabaseOptions options = TestComponents.options()
                .withKeep(Keep.NONE)
                .withAggregator(Optional.of(ComponentSpec.parse(VLAD + " | learned-whiten(pairs=" + FINDER + ")")));
        try (ImageDatabase database =
                ImageDatabase.create(folder.resolve("database"), options, COMPONENTS, BuildContext.defaults())) {
            assertThatThrownBy(() -> database.addAll(sources, Photos.reader(), IndexingOptions.defaults()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("needs the local features of the sample pictures");
        }
    }

    @Test
    void nothingIsLearnedFromNoPair() {
        BuildContext sample = sample();
        String strict = "verified(first=6,min-inliers=10000,matcher=nearest,verifier=shift)";
        assertThatThrownBy(() ->
                        COMPONENTS.create(Aggregator.class, VLAD + " | learned-whiten(pairs=" + strict + ")", sample))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("none of 24 sample pictures are a pair by verified(first=6,min-inliers=10000");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 1})
    void differencesWithinPairsBecomeWhite(double shrinkage) throws IOException {
        // P S Pᵀ = I for the whole projection, S the shrunken moments of differences
        int d = 5;
        java.util.Random random = new java.util.Random(9);
        float[] values = new float[60 * d];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * (1 + i % d));
        }
        FloatMatrix sample = FloatMatrix.of(60, d, values);
        int[] queries = new int[30];
        int[] positives = new int[30];
        for (int i = 0; i < 30; i++) {
            queries[i] = i;
            positives[i] = 59 - i;
        }
        LearnedWhitening made =
                LearnedWhitening.learn(sample, queries, positives, d, shrinkage, BuildContext.defaults());
        double[][] s = new double[d][d];
        for (int i = 0; i < 30; i++) {
            for (int a = 0; a < d; a++) {
                for (int b = 0; b < d; b++) {
                    s[a][b] += (sample.get(i, a) - sample.get(59 - i, a))
                            * (sample.get(i, b) - sample.get(59 - i, b))
                            / 30.0;
                }
            }
        }
        double trace = 0;
        for (int a = 0; a < d; a++) {
            trace += s[a][a];
        }
        for (int a = 0; a < d; a++) {
            for (int b = 0; b < d; b++) {
                s[a][b] = (1 - shrinkage) * s[a][b] + (a == b ? shrinkage * trace / d : 0);
            }
        }
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                double sum = 0;
                for (int a = 0; a < d; a++) {
                    for (int b = 0; b < d; b++) {
                        sum += made.projection().get(i, a)
                                * s[a][b]
                                * made.projection().get(j, b);
                    }
                }
                assertThat(sum).isEqualTo(i == j ? 1 : 0, within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'pairs=verified(first=0)', 'first must be at least 1, got 0'",
        "'pairs=verified(min-inliers=0)', 'min-inliers must be at least 1, got 0'",
        "'pairs=guessed', 'no PairFinder named \"guessed\"; available: verified'",
        "'pairs=verified,labels=l.npy', 'must be given, got 2'",
        "'pairs=verified,shrinkage=1.5', 'shrinkage must be 0 to 1, got 1.5'"
    })
    void refusesValuesBeforeAnyPictureIsSeen(String parameters, String message) {
        assertThatThrownBy(() -> COMPONENTS.canonical(
                        Aggregator.class, ComponentSpec.parse(VLAD + " | learned-whiten(" + parameters + ")")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
