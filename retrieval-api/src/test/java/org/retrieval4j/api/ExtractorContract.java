package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.retrieval4j.spi.ComponentProvider;

/** What every {@link Extractor} promises. A test of one extends this class and says how it is made. */
public abstract class ExtractorContract {
    private static final int THREADS = 8;

    /**
     * The provider under test.
     *
     * @return a new provider
     */
    protected abstract ComponentProvider<Extractor, ?> provider();

    /**
     * Providers of components that the tested one is made of.
     *
     * @return none by default
     */
    protected List<ComponentProvider<?, ?>> others() {
        return List.of();
    }

    /**
     * The spec that is tested; small pictures and few features keep the suite fast.
     *
     * @return text that the provider understands
     */
    protected String spec() {
        return provider().name();
    }

    /**
     * What the extractor is made with.
     *
     * @return the defaults
     */
    protected BuildContext context() {
        return BuildContext.defaults();
    }

    /**
     * A picture with something to find in it.
     *
     * @return an upright picture
     */
    protected Image picture() {
        return TestPictures.textured(200, 150, 7);
    }

    /**
     * How far values of one picture may differ between a batch and a call of its own. Networks on some accelerators
     * need more than 0.
     *
     * @return largest difference of a value
     */
    protected float batchTolerance() {
        return 0;
    }

    /** Makes the extractor. */
    protected final Extractor create() {
        return components().create(Extractor.class, spec(), context());
    }

    private Components components() {
        List<ComponentProvider<?, ?>> all = new ArrayList<>(others());
        all.add(provider());
        return Components.of(all);
    }

    @Test
    void givesTheOutputsItNames() {
        try (Extractor extractor = create()) {
            Extraction extraction = extractor.extract(picture());
            Set<String> found = new HashSet<>(extraction.features().keySet());
            extraction.global().ifPresent(global -> found.add(Extraction.GLOBAL));
            assertThat(found).isEqualTo(extractor.outputs()).isNotEmpty();
            assertThat(extraction.features().values())
                    .allSatisfy(features -> assertThat(features.size()).isPositive());
        }
    }

    @Test
    void specOpensTheSameExtractorAgain() throws Exception {
        try (Extractor extractor = create();
                Extractor again = components()
                        .open(
                                Extractor.class,
                                ComponentSpec.parse(extractor.spec().toString()),
                                extractor.state(),
                                BuildContext.defaults())) {
            assertThat(again.spec()).isEqualTo(extractor.spec());
            assertThat(again.fingerprint()).isEqualTo(extractor.fingerprint());
            assertThat(again.extract(picture())).isEqualTo(extractor.extract(picture()));
        }
    }

    @Test
    void batchEqualsOneByOne() {
        List<Image> images =
                List.of(picture(), TestPictures.textured(120, 160, 3), TestPictures.flat(64, 48, 90), picture());
        try (Extractor extractor = create()) {
            List<Extraction> batch = extractor.extractAll(images);
            assertThat(batch).hasSize(images.size());
            for (int i = 0; i < images.size(); i++) {
                assertAlike(batch.get(i), extractor.extract(images.get(i)), batchTolerance());
            }
            assertThat(extractor.extractAll(List.of())).isEmpty();
        }
    }

    @Test
    void keypointsLieInTheStoredPicture() {
        try (Extractor extractor = create()) {
            for (Orientation orientation : Orientation.values()) {
                Image image = TestPictures.stored(picture(), orientation);
                for (ImageFeatures features :
                        extractor.extract(image).features().values()) {
                    assertThat(features.width()).isEqualTo(image.width());
                    assertThat(features.height()).isEqualTo(image.height());
                    assertThat(features.orientation()).isEqualTo(orientation);
                    Keypoints keypoints = features.keypoints();
                    for (int i = 0; i < keypoints.size(); i++) {
                        boolean inside = keypoints.x(i) >= 0
                                && keypoints.x(i) <= image.width()
                                && keypoints.y(i) >= 0
                                && keypoints.y(i) <= image.height();
                        boolean valid = keypoints.scale(i) >= 0
                                && keypoints.orientation(i) >= 0
                                && keypoints.orientation(i) < 360;
                        if (!inside || !valid) {
                            throw new AssertionError("keypoint " + i + " of " + image + ": "
                                    + Arrays.toString(keypoints.values().row(i)));
                        }
                    }
                }
            }
        }
    }

    @Test
    void valuesAreFinite() {
        try (Extractor extractor = create()) {
            for (Image image : List.of(picture(), TestPictures.flat(64, 48, 0), TestPictures.flat(64, 48, 255))) {
                Extraction extraction = extractor.extract(image);
                for (ImageFeatures features : extraction.features().values()) {
                    assertThat(features.descriptors().isFinite()).isTrue();
                    assertThat(features.keypoints().values().isFinite()).isTrue();
                }
                extraction.global().ifPresent(global -> assertThat(global.dimension())
                        .isPositive());
            }
        }
    }

    @Test
    void flatPictureHasNoSparseFeatures() {
        try (Extractor extractor = create()) {
            Extraction extraction = extractor.extract(TestPictures.flat(160, 120, 128));
            assertThat(extraction.features().keySet()).isSubsetOf(extractor.outputs());
            extraction.local().ifPresent(local -> assertThat(local.size()).isZero());
        }
    }

    @Test
    void tinyPicturesAreNoError() {
        try (Extractor extractor = create()) {
            int[][] sizes = {{1, 1}, {3, 1}, {1, 3}, {2, 2}, {5, 4}, {300, 1}, {1, 300}, {16, 16}};
            for (int[] size : sizes) {
                Extraction extraction = extractor.extract(TestPictures.textured(size[0], size[1], 1));
                for (ImageFeatures features : extraction.features().values()) {
                    assertThat(features.width()).isEqualTo(size[0]);
                    assertThat(features.height()).isEqualTo(size[1]);
                    assertThat(features.descriptors().rows()).isEqualTo(features.size());
                }
            }
        }
    }

    @Test
    void descriptorsHaveOneSize() {
        try (Extractor extractor = create()) {
            Extraction some = extractor.extract(picture());
            Extraction none = extractor.extract(TestPictures.flat(160, 120, 128));
            some.features().forEach((name, features) -> assertThat(
                            features(none, name).descriptors().columns())
                    .isEqualTo(features.descriptors().columns()));
        }
    }

    @Test
    void eightThreadsAtOnceGiveTheSameBits() throws Exception {
        List<Image> images = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            images.add(TestPictures.textured(100 + 10 * i, 90, i));
        }
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Extractor extractor = create()) {
            List<Extraction> alone = new ArrayList<>();
            for (Image image : images) {
                alone.add(extractor.extract(image));
            }
            List<Callable<Extraction>> calls = new ArrayList<>();
            for (int round = 0; round < 3; round++) {
                images.forEach(image -> calls.add(() -> extractor.extract(image)));
            }
            List<Future<Extraction>> results = threads.invokeAll(calls);
            for (int i = 0; i < results.size(); i++) {
                assertThat(results.get(i).get()).isEqualTo(alone.get(i % images.size()));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @ParameterizedTest
    @EnumSource
    void orientationChangesNothingButStoredPlaces(Orientation orientation) {
        Image upright = picture();
        Image stored = TestPictures.stored(upright, orientation);
        assertThat(stored.upright().rgb()).isEqualTo(upright.rgb());
        try (Extractor extractor = create()) {
            Extraction expected = extractor.extract(upright);
            Extraction actual = extractor.extract(stored);
            assertThat(actual.global()).isEqualTo(expected.global());
            assertThat(actual.features().keySet()).isEqualTo(expected.features().keySet());
            expected.features().forEach((name, features) -> {
                ImageFeatures other = features(actual, name);
                assertThat(other.descriptors()).isEqualTo(features.descriptors());
                assertThat(other.grid()).isEqualTo(features.grid());
                for (int i = 0; i < features.size(); i++) {
                    Keypoints from = features.keypoints();
                    Keypoints to = other.keypoints();
                    double x = orientation.uprightX(to.x(i), to.y(i), stored.width(), stored.height());
                    double y = orientation.uprightY(to.x(i), to.y(i), stored.width(), stored.height());
                    double turned = orientation.uprightAngle(to.orientation(i)) - from.orientation(i);
                    boolean same = Math.hypot(x - from.x(i), y - from.y(i)) < 1e-3
                            && Math.abs(Math.IEEEremainder(turned, 360)) < 1e-2
                            && to.scale(i) == from.scale(i)
                            && to.score(i) == from.score(i);
                    if (!same) {
                        throw new AssertionError("keypoint " + i + " is "
                                + Arrays.toString(to.values().row(i)) + ", upright "
                                + Arrays.toString(from.values().row(i)));
                    }
                }
            });
        }
    }

    @Test
    void closesMoreThanOnce() {
        Extractor extractor = create();
        extractor.close();
        extractor.close();
    }

    @Test
    @SuppressWarnings("NullAway") // what a caller without null checks may do
    void refusesNull() {
        try (Extractor extractor = create()) {
            assertThatThrownBy(() -> extractor.extract(null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> extractor.extractAll(null)).isInstanceOf(NullPointerException.class);
        }
    }

    @Test
    void refusesAnUnknownParameter() {
        assertThatThrownBy(() -> components().create(Extractor.class, provider().name() + "(no-such-thing=1)"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no-such-thing");
    }

    private static ImageFeatures features(Extraction extraction, String name) {
        return requireNonNull(extraction.features().get(name), name);
    }

    private static void assertAlike(Extraction actual, Extraction expected, float tolerance) {
        if (tolerance == 0) {
            assertThat(actual).isEqualTo(expected);
            return;
        }
        assertThat(actual.features().keySet()).isEqualTo(expected.features().keySet());
        for (Map.Entry<String, ImageFeatures> entry : expected.features().entrySet()) {
            ImageFeatures other = features(actual, entry.getKey());
            assertAlike(
                    other.descriptors().toArray(),
                    entry.getValue().descriptors().toArray(),
                    tolerance);
            assertAlike(
                    other.keypoints().values().toArray(),
                    entry.getValue().keypoints().values().toArray(),
                    tolerance);
        }
        assertThat(actual.global().isPresent()).isEqualTo(expected.global().isPresent());
        if (expected.global().orElse(null) instanceof GlobalDescriptor.Dense dense
                && actual.global().orElse(null) instanceof GlobalDescriptor.Dense other) {
            assertAlike(other.values(), dense.values(), tolerance);
        } else {
            assertThat(actual.global()).isEqualTo(expected.global());
        }
    }

    private static void assertAlike(float[] actual, float[] expected, float tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isEqualTo(expected[i], within(tolerance));
        }
    }
}
