package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;

class BowAggregatorTest extends AggregatorContract {
    private static final int WORDS = 50;

    private final Fixture fixture = Fixture.of("bow");

    @Override
    protected String spec() {
        return "bow(words=30)";
    }

    @Nested
    class Soft extends AggregatorContract {
        @Override
        protected String spec() {
            return "bow(words=100,assignment=soft,neighbors=2,sigma=0.5,sqrt-tf=true)";
        }
    }

    @Test
    void learningOfManyWordsGoesOnWhereItWasEnded(@TempDir Path folder) throws IOException {
        Random random = new Random(4);
        float[] values = new float[2 * 3000];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        BuildContext sample =
                BuildContext.ofSample(List.of(ImageFeatures.ofDescriptors(FloatMatrix.of(3000, 2, values))));
        BuildContext kept = sample.withCheckpoints(folder.resolve("learning"));
        int[] iterations = new int[1];
        assertThatThrownBy(() -> learn(kept.withProgress((stage, done, total) -> {
                    if (stage.equals("k-means") && done == 4) {
                        throw new IllegalStateException("ended");
                    }
                })))
                .hasMessage("ended");
        assertThat(folder.resolve("learning")).isNotEmptyDirectory();
        Aggregator resumed = learn(kept.withProgress((stage, done, total) -> iterations[0]++));
        int all = iterations[0];
        Aggregator whole = learn(sample.withProgress((stage, done, total) -> iterations[0]++));
        assertThat(resumed.fingerprint()).isEqualTo(whole.fingerprint());
        assertThat(all).isLessThan(iterations[0] - all);
        assertThat(folder.resolve("learning")).isEmptyDirectory();
    }

    private static Aggregator learn(BuildContext context) {
        return Components.load().create(Aggregator.class, "bow(words=1024,idf=false)", context);
    }

    private BowAggregator bow(String parameters, BuildContext context) {
        return (BowAggregator) Components.load()
                .create(Aggregator.class, "bow(codebook=soft_centres.npy," + parameters + ")", context);
    }

    private double[] dense(GlobalDescriptor descriptor) {
        GlobalDescriptor.Sparse sparse = (GlobalDescriptor.Sparse) descriptor;
        assertThat(sparse.dimension()).isEqualTo(WORDS);
        double[] dense = new double[WORDS];
        for (int i = 0; i < sparse.words().length; i++) {
            dense[sparse.words()[i]] = sparse.weights()[i];
        }
        return dense;
    }

    /** A picture whose descriptors are the words' own centers, each as often as the word is to be counted. */
    private ImageFeatures picture(String counts, int row) {
        FloatMatrix centers = fixture.matrix("soft_centres");
        double[] tf = fixture.row(counts, row);
        List<float[]> rows = new ArrayList<>();
        for (int word = 0; word < WORDS; word++) {
            for (int i = 0; i < tf[word]; i++) {
                rows.add(centers.row(word));
            }
        }
        return ImageFeatures.ofDescriptors(FloatMatrix.ofRows(rows.toArray(new float[0][])));
    }

    private BuildContext sample() {
        List<ImageFeatures> pictures = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            pictures.add(picture("tf", i));
        }
        return fixture.context().withImages(pictures);
    }

    @Test
    void learnsVeryManyWordsOnTwoLevels() {
        Random random = new Random(1);
        float[] values = new float[70_000 * 2];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        ImageFeatures picture = ImageFeatures.ofDescriptors(FloatMatrix.of(70_000, 2, values));
        List<String> stages = new ArrayList<>();
        BuildContext context = BuildContext.defaults()
                .withImages(List.of(picture))
                .withProgress((stage, done, total) -> stages.add(stage));
        Aggregator bow = Components.load().create(Aggregator.class, "bow(words=65536,idf=false)", context);
        assertThat(stages).contains("hierarchical k-means");
        GlobalDescriptor.Sparse few = (GlobalDescriptor.Sparse)
                bow.aggregate(ImageFeatures.ofDescriptors(FloatMatrix.of(1000, 2, Arrays.copyOf(values, 2000))));
        assertThat(few.dimension()).isEqualTo(65_536);
        assertThat(few.words()).hasSizeBetween(900, 1000); // nearly every vector is a word of its own
    }

    @Test
    void learnsTheReferenceWeightsOfWords() {
        try (BowAggregator bow = bow("idf=true", sample())) {
            Fixture.assertClose(bow.state().array("idf").toArray(), fixture.doubles("idf"), 1e-6);
        }
    }

    @Test
    void vectorsAndScoresAgree() {
        try (BowAggregator bow = bow("idf=idf.npy", fixture.context());
                BowAggregator sqrt = bow("idf=idf.npy,sqrt-tf=true", fixture.context())) {
            double[][] images = new double[30][];
            double[][] sqrtImages = new double[30][];
            for (int i = 0; i < 30; i++) {
                images[i] = dense(bow.aggregate(picture("tf", i)));
                sqrtImages[i] = dense(sqrt.aggregate(picture("tf", i)));
                Fixture.assertClose(images[i], fixture.row("vectors", i), Fixture.FLOAT_TOLERANCE);
            }
            for (int q = 0; q < 5; q++) {
                double[] query = dense(bow.aggregate(picture("tf_query", q)));
                double[] sqrtQuery = dense(sqrt.aggregate(picture("tf_query", q)));
                Fixture.assertClose(query, fixture.row("vectors_query", q), Fixture.FLOAT_TOLERANCE);
                for (int i = 0; i < 30; i++) {
                    assertThat(dot(query, images[i]))
                            .isCloseTo(fixture.row("scores", q)[i], within(Fixture.FLOAT_TOLERANCE));
                    assertThat(dot(sqrtQuery, sqrtImages[i]))
                            .isCloseTo(fixture.row("scores_sqrt_tf", q)[i], within(Fixture.FLOAT_TOLERANCE));
                }
            }
        }
    }

    @Test
    void picturesOfCommonWordsOnlyHaveNoWords() {
        try (BowAggregator bow = bow("idf=idf.npy", fixture.context())) {
            assertThat(((GlobalDescriptor.Sparse) bow.aggregate(picture("tf", 4))).words())
                    .isEmpty();
            assertThat(((GlobalDescriptor.Sparse) bow.aggregate(picture("tf", 9))).words())
                    .isEmpty();
        }
    }

    @Test
    void softAssignmentAgrees() {
        ImageFeatures picture = ImageFeatures.ofDescriptors(fixture.matrix("soft_x"));
        double sigma = Math.sqrt(6250);
        try (BowAggregator soft = bow("assignment=soft,sigma=" + sigma + ",idf=false,l2=false", fixture.context());
                BowAggregator hard = bow("idf=false,l2=false", fixture.context())) {
            double[] expected = fixture.doubles("soft_histogram");
            Fixture.assertClose(
                    dense(soft.aggregate(picture)), expected, Fixture.FLOAT_TOLERANCE * Fixture.norm(expected));
            assertThat(dense(hard.aggregate(picture))).isEqualTo(fixture.doubles("soft_histogram_query_hard"));
        }
    }

    @Test
    void givenAssignmentsAndWeightsAgree() {
        FloatMatrix x = fixture.matrix("soft_x");
        int[] nearest = fixture.array("soft_nearest").toInts();
        double[] weights = fixture.doubles("soft_weights");
        int[] hard = new int[40];
        float[] matrix = new float[40 * WORDS];
        for (int i = 0; i < 40; i++) {
            hard[i] = nearest[3 * i];
            for (int r = 0; r < 3; r++) {
                matrix[i * WORDS + nearest[3 * i + r]] = (float) weights[3 * i + r];
            }
        }
        try (BowAggregator bow = bow("idf=false,l2=false", fixture.context())) {
            assertThat(dense(bow.aggregate(x, hard))).isEqualTo(fixture.doubles("soft_histogram_query_hard"));
            double[] expected = fixture.doubles("soft_histogram");
            Fixture.assertClose(
                    dense(bow.aggregate(x, FloatMatrix.of(40, WORDS, matrix))),
                    expected,
                    Fixture.FLOAT_TOLERANCE * Fixture.norm(expected));
        }
    }

    @Test
    void theNearestWordsAreThoseOfTheReferenceAndEqualOnesAscend() {
        Kernels kernels = KernelCatalog.of(BuildContext.defaults());
        int[] expected = fixture.array("soft_nearest").toInts();
        List<int[]> found = new ArrayList<>();
        new NearestWords(kernels, kernels.prepare(fixture.matrix("soft_centres")), 3)
                .forEach(fixture.matrix("soft_x"), (words, distances) -> found.add(words.clone()));
        for (int i = 0; i < found.size(); i++) {
            assertThat(found.get(i)).isEqualTo(Arrays.copyOfRange(expected, 3 * i, 3 * i + 3));
        }
        assertThat(found).hasSize(40);

        FloatMatrix twins = FloatMatrix.ofRows(new float[] {5, 5}, new float[] {1, 1}, new float[] {1, 1});
        new NearestWords(kernels, kernels.prepare(twins), 2)
                .forEach(FloatMatrix.ofRows(new float[] {1, 0.9f}), (words, distances) -> assertThat(words)
                        .containsExactly(1, 2));
    }

    @Test
    void tellsWhatIsMissingOrDoesNotFit() {
        BuildContext one = BuildContext.ofSample(List.of(picture(new Random(1), 50)));
        assertRefused("bow(words=10)", one, "at least 2 sample pictures", "got 1", "idf=false");
        assertRefused("bow(words=10,idf=false,assignment=soft,neighbors=11)", one, "at most 10", "got 11");
        assertRefused("bow(words=0)", one, "words must be at least 1, got 0");
        assertRefused("bow(sigma=0)", one, "sigma must be above 0");
        assertRefused("bow(neighbors=0)", one, "neighbors must be at least 1, got 0");
        assertRefused("bow(assignment=both)", one, "hard, soft");
        assertRefused("bow(codebook=soft_centres.npy,idf=idf.npy,words=51)", fixture.context(), "50", "51");
        assertRefused("bow(codebook=soft_x.npy,idf=idf.npy)", fixture.context(), "40", "50");
    }

    private static void assertRefused(String spec, BuildContext context, String... parts) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Aggregator.class, spec, context))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
