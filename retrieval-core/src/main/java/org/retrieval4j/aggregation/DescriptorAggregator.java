package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;

/**
 * What all aggregators of this package share: identity, the check of the width, and an orderly end.
 *
 * @param <S> scratch arrays of one call, so that the loop over its pictures allocates results only
 */
abstract class DescriptorAggregator<S> implements Aggregator {
    /** Pictures that are encoded together at most, whose vectors take memory meanwhile. */
    private static final int PICTURES = 128;

    private final ComponentSpec spec;
    private final ComponentState state;
    private final Fingerprint fingerprint;
    private final int width;
    private final ReadWriteLock use = new ReentrantReadWriteLock();
    private boolean closed;

    /** A width of 0 takes descriptors of every width. */
    DescriptorAggregator(ComponentSpec spec, ComponentState state, int width) {
        this.spec = spec;
        this.state = state;
        this.fingerprint = Fingerprint.of(spec, state);
        this.width = width;
    }

    abstract S scratch();

    /** Scratch arrays for pictures that will be searched for; whoever treats these otherwise overrides it. */
    S queryScratch() {
        return scratch();
    }

    abstract GlobalDescriptor encode(ImageFeatures image, S scratch);

    /** How many descriptors {@link #encodeAll} wants, if there are as many. */
    int rowsAtOnce() {
        return 1;
    }

    /** Encodes at least one picture; whoever gains from several at once overrides it. */
    List<GlobalDescriptor> encodeAll(List<ImageFeatures> images, S scratch) {
        List<GlobalDescriptor> results = new ArrayList<>(images.size());
        for (ImageFeatures image : images) {
            results.add(encode(image, scratch));
        }
        return results;
    }

    static List<FloatMatrix> descriptors(List<ImageFeatures> images) {
        List<FloatMatrix> batch = new ArrayList<>(images.size());
        for (ImageFeatures image : images) {
            batch.add(image.descriptors());
        }
        return batch;
    }

    static List<GlobalDescriptor> dense(List<float[]> vectors) {
        List<GlobalDescriptor> results = new ArrayList<>(vectors.size());
        for (float[] vector : vectors) {
            results.add(new GlobalDescriptor.Dense(vector));
        }
        return results;
    }

    /** Frees what is not on the heap; called once, when nothing runs any more. */
    void release() {}

    final int width() {
        return width;
    }

    @Override
    public final List<GlobalDescriptor> aggregateAll(List<ImageFeatures> images) {
        return aggregateWith(this::scratch, images);
    }

    @Override
    public final List<GlobalDescriptor> aggregateQueries(List<ImageFeatures> images) {
        return aggregateWith(this::queryScratch, images);
    }

    private List<GlobalDescriptor> aggregateWith(Supplier<S> scratches, List<ImageFeatures> images) {
        for (ImageFeatures image : requireNonNull(images, "images")) {
            if (width > 0) {
                Assignments.checkWidth(image.descriptors(), width);
            }
        }
        return whileOpen(() -> {
            S scratch = scratches.get();
            List<GlobalDescriptor> results = new ArrayList<>(images.size());
            int from = 0;
            for (int to = 1, rows = 0; to <= images.size(); to++) {
                rows += images.get(to - 1).size();
                if (rows >= rowsAtOnce() || to - from == PICTURES || to == images.size()) {
                    results.addAll(encodeAll(images.subList(from, to), scratch));
                    from = to;
                    rows = 0;
                }
            }
            return results;
        });
    }

    /** Runs something that close() must wait for. */
    final <T> T whileOpen(Supplier<T> action) {
        use.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException(spec.first().name() + " is closed");
            }
            return action.get();
        } finally {
            use.readLock().unlock();
        }
    }

    @Override
    public final ComponentSpec spec() {
        return spec;
    }

    @Override
    public final ComponentState state() {
        return state;
    }

    @Override
    public final Fingerprint fingerprint() {
        return fingerprint;
    }

    @Override
    public final void close() {
        use.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                release();
            }
        } finally {
            use.writeLock().unlock();
        }
    }
}
