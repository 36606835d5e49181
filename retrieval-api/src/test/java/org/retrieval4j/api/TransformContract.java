package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
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
 * What every {@link Transform} must keep. Extend it, give a spec, and run it; the other protected methods tell what is
 * special about a transform.
 */
public abstract class TransformContract {
    private static final int THREADS = 8;

    /**
     * The transform under test.
     *
     * @return its spec
     */
    protected abstract String spec();

    /**
     * Where the transform is found.
     *
     * @return all components of the class path by default
     */
    protected Components components() {
        return Components.load();
    }

    /**
     * What the transform is made with.
     *
     * @param sample descriptors to learn from
     * @return a context with these descriptors; override it to add a base directory
     * @throws IOException if files that the spec names cannot be written
     */
    protected BuildContext context(List<GlobalDescriptor> sample) throws IOException {
        return BuildContext.defaults().withDescriptors(sample);
    }

    /**
     * Dimension of the descriptors in these tests.
     *
     * @return 12 by default
     */
    protected int dimension() {
        return 12;
    }

    /**
     * Tells whether the transform takes descriptors of the dimension it was made for only.
     *
     * @return true by default
     */
    protected boolean hasFixedDimension() {
        return true;
    }

    /**
     * Tells whether the transform learns from the sample.
     *
     * @return true by default
     */
    protected boolean learns() {
        return true;
    }

    private GlobalDescriptor.Dense descriptor(Random random, int dimension) {
        float[] values = new float[dimension];
        float common = (float) random.nextGaussian();
        for (int i = 0; i < dimension; i++) {
            values[i] = 0.1f * i + common * (i % 3) + (i + 1) * 0.2f * (float) random.nextGaussian();
        }
        return new GlobalDescriptor.Dense(values);
    }

    private List<GlobalDescriptor> descriptors(long seed, int count) {
        Random random = new Random(seed);
        List<GlobalDescriptor> descriptors = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            descriptors.add(descriptor(random, dimension()));
        }
        return descriptors;
    }

    private Transform made(long sampleSeed) throws IOException {
        return components().create(Transform.class, spec(), context(descriptors(sampleSeed, 20 * dimension())));
    }

    @Test
    void aBatchEqualsItsDescriptorsOneByOne() throws IOException {
        try (Transform transform = made(1)) {
            List<GlobalDescriptor> descriptors = descriptors(2, 7);
            List<GlobalDescriptor> batch = transform.applyAll(descriptors);
            assertThat(batch).hasSameSizeAs(descriptors);
            for (int i = 0; i < batch.size(); i++) {
                assertThat(transform.apply(descriptors.get(i))).isEqualTo(batch.get(i));
            }
            assertThat(transform.applyAll(List.of())).isEmpty();
        }
    }

    @Test
    void regionsAreTransformedOneByOne() throws IOException {
        try (Transform transform = made(1)) {
            List<GlobalDescriptor> descriptors = descriptors(3, 3);
            float[][] rows = new float[3][];
            float[][] expected = new float[3][];
            for (int i = 0; i < 3; i++) {
                rows[i] = ((GlobalDescriptor.Dense) descriptors.get(i)).values();
                expected[i] = ((GlobalDescriptor.Dense) transform.apply(descriptors.get(i))).values();
            }
            assertThat(transform.apply(new GlobalDescriptor.Regions(FloatMatrix.ofRows(rows))))
                    .isEqualTo(new GlobalDescriptor.Regions(FloatMatrix.ofRows(expected)));
        }
    }

    @Test
    void aZeroVectorStaysFinite() throws IOException {
        try (Transform transform = made(1)) {
            GlobalDescriptor zero = new GlobalDescriptor.Dense(new float[dimension()]);
            GlobalDescriptor usual = transform.apply(descriptors(4, 1).get(0));
            assertThat(transform.apply(zero).dimension()).isEqualTo(usual.dimension());
        }
    }

    @Test
    void eightThreadsGetTheSameBits() throws Exception {
        List<GlobalDescriptor> descriptors = descriptors(5, 6);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Transform transform = made(1)) {
            List<GlobalDescriptor> alone = transform.applyAll(descriptors);
            Callable<List<GlobalDescriptor>> task = () -> transform.applyAll(descriptors);
            for (Future<List<GlobalDescriptor>> future : threads.invokeAll(Collections.nCopies(4 * THREADS, task))) {
                assertThat(future.get()).isEqualTo(alone);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void itsInputStaysAsItWas() throws IOException {
        try (Transform transform = made(1)) {
            GlobalDescriptor.Dense descriptor = descriptor(new Random(6), dimension());
            float[] before = descriptor.values().clone();
            transform.apply(descriptor);
            assertThat(descriptor.values()).isEqualTo(before);
        }
    }

    @Test
    void refusesDescriptorsOfAnotherDimension() throws IOException {
        assumeTrue(hasFixedDimension(), "takes every dimension");
        try (Transform transform = made(1)) {
            GlobalDescriptor wrong = descriptor(new Random(7), dimension() + 3);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> transform.apply(wrong))
                    .withMessageContaining(Integer.toString(dimension()))
                    .withMessageContaining(Integer.toString(dimension() + 3));
        }
    }

    @Test
    void itsSpecIsCanonical() throws IOException {
        try (Transform transform = made(1)) {
            ComponentSpec spec = transform.spec();
            assertThat(ComponentSpec.parse(spec.toString())).isEqualTo(spec).hasToString(spec.toString());
            assertThat(components().canonical(Transform.class, spec))
                    .isEqualTo(spec)
                    .hasToString(spec.toString());
        }
    }

    @Test
    void opensAgainFromSpecAndState() throws IOException {
        try (Transform made = made(1);
                Transform opened =
                        components().open(Transform.class, made.spec(), made.state(), BuildContext.defaults())) {
            assertThat(opened.spec()).isEqualTo(made.spec());
            assertThat(opened.state()).isEqualTo(made.state());
            assertThat(opened.fingerprint()).isEqualTo(made.fingerprint());
            List<GlobalDescriptor> descriptors = descriptors(8, 5);
            assertThat(opened.applyAll(descriptors)).isEqualTo(made.applyAll(descriptors));
        }
    }

    @Test
    void theSameSampleGivesTheSameFingerprintForAnyNumberOfThreads() throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (Transform one = made(1);
                Transform two = components()
                        .create(
                                Transform.class,
                                spec(),
                                context(descriptors(1, 20 * dimension())).withExecutor(threads))) {
            assertThat(two.fingerprint()).isEqualTo(one.fingerprint());
            assertThat(two.state()).isEqualTo(one.state());
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void anotherSampleGivesTheSameSpecAndAnotherFingerprint() throws IOException {
        assumeTrue(learns(), "learns nothing");
        try (Transform one = made(1);
                Transform two = made(9)) {
            assertThat(two.spec()).isEqualTo(one.spec());
            assertThat(two.fingerprint()).isNotEqualTo(one.fingerprint());
        }
    }

    @Test
    void canBeClosedTwice() throws IOException {
        Transform transform = made(1);
        transform.close();
        transform.close();
        assertThat(transform.spec()).isNotNull();
    }
}
