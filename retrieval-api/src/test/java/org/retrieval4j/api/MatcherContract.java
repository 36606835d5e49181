package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Matcher} keeps. Extend it, name a spec, and override {@link #picture} and {@link #view} if the
 * matcher needs features of another kind (a network's width, real keypoints).
 */
public abstract class MatcherContract {
    private Components components;
    private Matcher matcher;

    /**
     * The matcher under test, found by ServiceLoader.
     *
     * @return its spec
     */
    protected abstract String spec();

    /**
     * A picture with features that differ from each other.
     *
     * @param seed of the features
     * @param size number of features
     * @return the features
     */
    protected ImageFeatures picture(long seed, int size) {
        Random random = new Random(seed);
        float[] places = new float[size * Keypoints.COLUMNS];
        for (int i = 0; i < size; i++) {
            places[i * Keypoints.COLUMNS] = 640 * random.nextFloat();
            places[i * Keypoints.COLUMNS + 1] = 480 * random.nextFloat();
            places[i * Keypoints.COLUMNS + 2] = 2 + 10 * random.nextFloat();
            places[i * Keypoints.COLUMNS + 3] = 359 * random.nextFloat();
            places[i * Keypoints.COLUMNS + 4] = random.nextFloat();
        }
        float[] descriptors = new float[size * 128];
        for (int i = 0; i < descriptors.length; i++) {
            descriptors[i] = (float) Math.abs(random.nextGaussian()) / 16;
        }
        return new ImageFeatures(
                640,
                480,
                new Keypoints(FloatMatrix.of(size, Keypoints.COLUMNS, places)),
                FloatMatrix.of(size, 128, descriptors));
    }

    /**
     * Another picture of the same thing: the same features in another order, slightly changed.
     *
     * @param picture a picture
     * @param seed of the changes
     * @return the other picture's features
     */
    protected ImageFeatures view(ImageFeatures picture, long seed) {
        Random random = new Random(seed);
        int[] order = new int[picture.size()];
        for (int i = 0; i < order.length; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        ImageFeatures shuffled = picture.select(order);
        float[] descriptors = shuffled.descriptors().toArray();
        for (int i = 0; i < descriptors.length; i++) {
            descriptors[i] += (float) random.nextGaussian() / 100;
        }
        FloatMatrix changed =
                FloatMatrix.of(shuffled.size(), shuffled.descriptors().columns(), descriptors);
        return new ImageFeatures(shuffled.width(), shuffled.height(), shuffled.keypoints(), changed);
    }

    /** Makes the matcher. */
    @BeforeEach
    void createMatcher() {
        components = Components.load();
        matcher = components.create(Matcher.class, spec());
    }

    /** Closes it, twice. */
    @AfterEach
    void closeMatcher() {
        matcher.close();
        matcher.close();
    }

    @Test
    void pairsNothingWithAPictureWithoutFeatures() {
        ImageFeatures some = picture(1, 50);
        ImageFeatures none = some.select(new int[0]);
        assertThat(matcher.match(some, none)).isEqualTo(Matches.NONE);
        assertThat(matcher.match(none, some)).isEqualTo(Matches.NONE);
        assertThat(matcher.match(none, none)).isEqualTo(Matches.NONE);
        assertThat(matcher.matchAll(none, List.of(some, none))).containsExactly(Matches.NONE, Matches.NONE);
        assertThat(matcher.matchAll(some, List.of())).isEmpty();
    }

    @Test
    void pairsEachFeatureOfAPictureWithItself() {
        ImageFeatures picture = picture(2, 200);
        Matches matches = matcher.match(picture, picture);
        assertThat(matches.size()).isGreaterThan(100);
        assertThat(matches.referenceIndices()).isEqualTo(matches.queryIndices());
    }

    @Test
    void findsTheSameFeaturesInAnotherOrder() {
        ImageFeatures picture = picture(3, 300);
        ImageFeatures view = view(picture, 4);
        Matches matches = matcher.match(picture, view);
        int right = 0;
        for (int i = 0; i < matches.size(); i++) {
            float x = picture.keypoints().x(matches.queryIndices()[i]);
            right += view.keypoints().x(matches.referenceIndices()[i]) == x ? 1 : 0;
        }
        assertThat(right).isGreaterThan(150).isGreaterThanOrEqualTo(matches.size() * 9 / 10);
    }

    @Test
    void usesEachFeatureOnceAndOrdersTheBestFirst() {
        ImageFeatures query = picture(5, 150);
        ImageFeatures reference = picture(6, 220);
        for (Matches matches : List.of(matcher.match(query, reference), matcher.match(query, view(query, 7)))) {
            assertThat(matches.queryIndices()).doesNotHaveDuplicates();
            assertThat(matches.referenceIndices()).doesNotHaveDuplicates();
            for (int i = 0; i < matches.size(); i++) {
                assertThat(matches.queryIndices()[i]).isBetween(0, 149);
                assertThat(matches.referenceIndices()[i]).isBetween(0, 219);
                assertThat(matches.scores()[i]).isFinite();
                assertThat(i == 0 || matches.scores()[i] <= matches.scores()[i - 1])
                        .isTrue();
            }
        }
    }

    @Test
    void matchesSeveralPicturesAsOneByOne() {
        ImageFeatures query = picture(8, 120);
        List<ImageFeatures> references =
                List.of(view(query, 9), picture(10, 1), query.select(new int[0]), picture(11, 260), picture(12, 2));
        List<Matches> oneByOne = new ArrayList<>();
        for (ImageFeatures reference : references) {
            oneByOne.add(matcher.match(query, reference));
        }
        assertThat(matcher.matchAll(query, references)).isEqualTo(oneByOne);
    }

    @Test
    void refusesDescriptorsOfDifferentWidths() {
        ImageFeatures query = picture(13, 20);
        int width = query.descriptors().columns();
        ImageFeatures other = new ImageFeatures(
                640, 480, query.keypoints(), FloatMatrix.of(20, width + 3, new float[20 * (width + 3)]));
        assertThatThrownBy(() -> matcher.match(query, other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Integer.toString(width))
                .hasMessageContaining(Integer.toString(width + 3));
    }

    @Test
    void givesTheSameBitsOnEightThreads() throws Exception {
        ImageFeatures query = picture(14, 200);
        ImageFeatures reference = view(query, 15);
        Matches expected = matcher.match(query, reference);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Matches>> tasks = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                tasks.add(() -> matcher.match(query, reference));
            }
            for (Future<Matches> result : threads.invokeAll(tasks)) {
                assertThat(result.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void comesBackFromItsSpec() throws Exception {
        assertThat(components.canonical(Matcher.class, matcher.spec())).isEqualTo(matcher.spec());
        assertThat(ComponentSpec.parse(matcher.spec().toString())).isEqualTo(matcher.spec());
        try (Matcher again = components.open(Matcher.class, matcher.spec(), matcher.state(), BuildContext.defaults())) {
            assertThat(again.spec()).isEqualTo(matcher.spec());
            assertThat(again.fingerprint()).isEqualTo(matcher.fingerprint());
            ImageFeatures query = picture(16, 80);
            assertThat(again.match(query, view(query, 17))).isEqualTo(matcher.match(query, view(query, 17)));
        }
    }
}
