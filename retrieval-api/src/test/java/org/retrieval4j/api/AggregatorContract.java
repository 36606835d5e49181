package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Aggregator} must keep. Extend it, give a spec, and run it:
 *
 * <pre>{@code
 * class MeanAggregatorTest extends AggregatorContract {
 *     protected String spec() {
 *         return "mean";
 *     }
 * }
 * }</pre>
 *
 * <p>The other protected methods tell what is special about an aggregator.
 */
public abstract class AggregatorContract {
    private static final int THREADS = 8;

    /**
     * The aggregator under test.
     *
     * @return its spec
     */
    protected abstract String spec();

    /**
     * Where the aggregator is found.
     *
     * @return all components of the class path by default
     */
    protected Components components() {
        return Components.load();
    }

    /**
     * What the aggregator is made with.
     *
     * @param sample pictures to learn from
     * @return a context with these pictures; override it to add a base directory
     * @throws IOException if files that the spec names cannot be written
     */
    protected BuildContext context(List<ImageFeatures> sample) throws IOException {
        return BuildContext.ofSample(sample);
    }

    /**
     * Width of the descriptors in these tests.
     *
     * @return 16 by default
     */
    protected int width() {
        return 16;
    }

    /**
     * Tells whether the aggregator takes descriptors of the width it was made for only.
     *
     * @return true by default
     */
    protected boolean hasFixedWidth() {
        return true;
    }

    /**
     * Tells whether the aggregator learns from the sample.
     *
     * @return true by default
     */
    protected boolean learns() {
        return true;
    }

    /**
     * Tells whether the order of features has a meaning, as in a feature map.
     *
     * @return false by default
     */
    protected boolean orderMatters() {
        return false;
    }

    /**
     * Makes a picture with features.
     *
     * @param random source of all values
     * @param features their number, 0 to 100
     * @return by default features all over a picture of 640 x 480 pixels, descriptors around eight centers
     */
    protected ImageFeatures picture(Random random, int features) {
        float[] places = new float[features * Keypoints.COLUMNS];
        float[] values = new float[features * width()];
        for (int i = 0; i < features; i++) {
            places[i * Keypoints.COLUMNS] = random.nextFloat() * 640;
            places[i * Keypoints.COLUMNS + 1] = random.nextFloat() * 480;
            int center = random.nextInt(8);
            for (int j = 0; j < width(); j++) {
                float middle = (center * 31 + j * 17) % 13 / 13f;
                values[i * width() + j] = middle + 0.2f * (float) random.nextGaussian();
            }
        }
        return new ImageFeatures(
                640,
                480,
                new Keypoints(FloatMatrix.of(features, Keypoints.COLUMNS, places)),
                FloatMatrix.of(features, width(), values));
    }

    private List<ImageFeatures> pictures(long seed, int count) {
        Random random = new Random(seed);
        List<ImageFeatures> pictures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pictures.add(picture(random, 60 + random.nextInt(40)));
        }
        return pictures;
    }

    private Aggregator made(long sampleSeed) throws IOException {
        return components().create(Aggregator.class, spec(), context(pictures(sampleSeed, 10)));
    }

    @Test
    void aBatchEqualsItsPicturesOneByOne() throws IOException {
        try (Aggregator aggregator = made(1)) {
            List<ImageFeatures> pictures = new ArrayList<>(pictures(2, 5));
            pictures.add(2, picture(new Random(3), 0));
            List<GlobalDescriptor> batch = aggregator.aggregateAll(pictures);
            assertThat(batch).hasSameSizeAs(pictures);
            for (int i = 0; i < pictures.size(); i++) {
                assertSameBits(aggregator.aggregate(pictures.get(i)), batch.get(i));
            }
            assertThat(aggregator.aggregateAll(List.of())).isEmpty();
            List<GlobalDescriptor> queries = aggregator.aggregateQueries(pictures);
            assertThat(queries).hasSameSizeAs(pictures);
            for (int i = 0; i < pictures.size(); i++) {
                assertThat(queries.get(i)).hasSameClassAs(batch.get(i));
                assertThat(queries.get(i).dimension()).isEqualTo(batch.get(i).dimension());
                assertSameBits(aggregator.aggregateQuery(pictures.get(i)), queries.get(i));
            }
        }
    }

    @Test
    void aPictureWithoutFeaturesHasADescriptorOfTheUsualDimension() throws IOException {
        try (Aggregator aggregator = made(1)) {
            GlobalDescriptor usual = aggregator.aggregate(pictures(2, 1).get(0));
            GlobalDescriptor empty = aggregator.aggregate(picture(new Random(3), 0));
            assertThat(empty).hasSameClassAs(usual);
            assertThat(empty.dimension()).isEqualTo(usual.dimension());
            assertThat(isZero(empty)).isTrue();
            assertThat(isZero(usual)).isFalse();
        }
    }

    @Test
    void theOrderOfFeaturesDoesNotMatter() throws IOException {
        assumeTrue(!orderMatters(), "features have an order");
        try (Aggregator aggregator = made(1)) {
            ImageFeatures picture = pictures(4, 1).get(0);
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < picture.size(); i++) {
                order.add(i);
            }
            Collections.shuffle(order, new Random(5));
            GlobalDescriptor shuffled = aggregator.aggregate(
                    picture.select(order.stream().mapToInt(Integer::intValue).toArray()));
            assertClose(shuffled, aggregator.aggregate(picture));
        }
    }

    @Test
    void eightThreadsGetTheSameBits() throws Exception {
        List<ImageFeatures> pictures = pictures(6, 4);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Aggregator aggregator = made(1)) {
            List<GlobalDescriptor> alone = aggregator.aggregateAll(pictures);
            Callable<List<GlobalDescriptor>> task = () -> aggregator.aggregateAll(pictures);
            for (Future<List<GlobalDescriptor>> future : threads.invokeAll(Collections.nCopies(4 * THREADS, task))) {
                for (int i = 0; i < alone.size(); i++) {
                    assertSameBits(future.get().get(i), alone.get(i));
                }
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void itsInputStaysAsItWas() throws IOException {
        try (Aggregator aggregator = made(1)) {
            ImageFeatures picture = pictures(7, 1).get(0);
            float[] before = picture.descriptors().toArray();
            aggregator.aggregate(picture);
            assertThat(picture.descriptors().toArray()).isEqualTo(before);
        }
    }

    @Test
    void refusesDescriptorsOfAnotherWidth() throws IOException {
        assumeTrue(hasFixedWidth(), "takes every width");
        try (Aggregator aggregator = made(1)) {
            int other = width() + 3;
            ImageFeatures wrong = ImageFeatures.ofDescriptors(FloatMatrix.of(2, other, new float[2 * other]));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> aggregator.aggregate(wrong))
                    .withMessageContaining(Integer.toString(width()))
                    .withMessageContaining(Integer.toString(other));
        }
    }

    @Test
    void itsSpecIsCanonical() throws IOException {
        try (Aggregator aggregator = made(1)) {
            ComponentSpec spec = aggregator.spec();
            assertThat(ComponentSpec.parse(spec.toString())).isEqualTo(spec).hasToString(spec.toString());
            assertThat(components().canonical(Aggregator.class, spec))
                    .isEqualTo(spec)
                    .hasToString(spec.toString());
        }
    }

    @Test
    void opensAgainFromSpecAndState() throws IOException {
        try (Aggregator made = made(1);
                Aggregator opened =
                        components().open(Aggregator.class, made.spec(), made.state(), BuildContext.defaults())) {
            assertThat(opened.spec()).isEqualTo(made.spec());
            assertThat(opened.state()).isEqualTo(made.state());
            assertThat(opened.fingerprint()).isEqualTo(made.fingerprint());
            for (ImageFeatures picture : pictures(8, 3)) {
                assertSameBits(opened.aggregate(picture), made.aggregate(picture));
            }
        }
    }

    @Test
    void theSameSampleGivesTheSameFingerprintForAnyNumberOfThreads() throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (Aggregator one = made(1);
                Aggregator two = components()
                        .create(
                                Aggregator.class,
                                spec(),
                                context(pictures(1, 10)).withExecutor(threads))) {
            assertThat(two.fingerprint()).isEqualTo(one.fingerprint());
            assertThat(two.state()).isEqualTo(one.state());
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void anotherSampleGivesTheSameSpecAndAnotherFingerprint() throws IOException {
        assumeTrue(learns(), "learns nothing");
        try (Aggregator one = made(1);
                Aggregator two = made(9)) {
            assertThat(two.spec()).isEqualTo(one.spec());
            assertThat(two.fingerprint()).isNotEqualTo(one.fingerprint());
        }
    }

    @Test
    void canBeClosedTwice() throws IOException {
        Aggregator aggregator = made(1);
        aggregator.close();
        aggregator.close();
        assertThat(aggregator.spec()).isNotNull();
    }

    private static void assertSameBits(GlobalDescriptor actual, GlobalDescriptor expected) {
        assertThat(actual).isEqualTo(expected);
    }

    private static void assertClose(GlobalDescriptor actual, GlobalDescriptor expected) {
        assertThat(actual).hasSameClassAs(expected);
        if (actual instanceof GlobalDescriptor.Sparse a && expected instanceof GlobalDescriptor.Sparse e) {
            assertThat(a.words()).isEqualTo(e.words());
        }
        if (actual instanceof GlobalDescriptor.Words a && expected instanceof GlobalDescriptor.Words e) {
            assertThat(a.words()).isEqualTo(e.words());
        }
        float[] a = values(actual);
        float[] e = values(expected);
        assertThat(a).hasSameSizeAs(e);
        double norm = 0;
        for (float value : e) {
            norm += (double) value * value;
        }
        for (int i = 0; i < a.length; i++) {
            assertThat((double) a[i]).isCloseTo(e[i], within(1e-5 * Math.sqrt(norm)));
        }
    }

    private static boolean isZero(GlobalDescriptor descriptor) {
        for (float value : values(descriptor)) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    private static float[] values(GlobalDescriptor descriptor) {
        if (descriptor instanceof GlobalDescriptor.Dense dense) {
            return dense.values();
        } else if (descriptor instanceof GlobalDescriptor.Sparse sparse) {
            return sparse.weights();
        } else if (descriptor instanceof GlobalDescriptor.Words words) {
            return values(words.values());
        }
        return ((GlobalDescriptor.Regions) descriptor).vectors().toArray();
    }

    private static float[] values(GlobalDescriptor.Words.Values values) {
        if (values instanceof GlobalDescriptor.Words.Residuals residuals) {
            return residuals.vectors().toArray();
        }
        long[] packed = ((GlobalDescriptor.Words.Signatures) values).packed();
        float[] bits = new float[packed.length * Long.SIZE];
        for (int b = 0; b < bits.length; b++) {
            bits[b] = packed[b / Long.SIZE] >>> b & 1;
        }
        return bits;
    }
}
