package org.retrieval4j.transform;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Transform;

/** What all transforms of this package share: they see matrices of vectors, of dense descriptors or of regions. */
abstract class VectorTransform implements Transform {
    private static final int BATCH = 64;

    private final ComponentSpec spec;
    private final ComponentState state;
    private final Fingerprint fingerprint;
    private final int dimension;
    private final ReadWriteLock use = new ReentrantReadWriteLock();
    private boolean closed;

    /** A dimension of 0 takes vectors of every dimension. */
    VectorTransform(ComponentSpec spec, ComponentState state, int dimension) {
        this.spec = spec;
        this.state = state;
        this.fingerprint = Fingerprint.of(spec, state);
        this.dimension = dimension;
    }

    abstract FloatMatrix apply(FloatMatrix vectors);

    /** Frees what is not on the heap; called once, when nothing runs any more. */
    void release() {}

    @Override
    public final List<GlobalDescriptor> applyAll(List<? extends GlobalDescriptor> descriptors) {
        for (GlobalDescriptor descriptor : requireNonNull(descriptors, "descriptors")) {
            check(descriptor);
        }
        use.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException(spec.first().name() + " is closed");
            }
            List<GlobalDescriptor> results = new ArrayList<>(descriptors.size());
            while (results.size() < descriptors.size()) {
                int from = results.size();
                if (descriptors.get(from) instanceof GlobalDescriptor.Regions regions) {
                    results.add(new GlobalDescriptor.Regions(apply(regions.vectors())));
                } else {
                    applyBatch(batch(descriptors, from), results);
                }
            }
            return results;
        } finally {
            use.readLock().unlock();
        }
    }

    private void check(GlobalDescriptor descriptor) {
        if (!(descriptor instanceof GlobalDescriptor.Dense || descriptor instanceof GlobalDescriptor.Regions)) {
            throw new IllegalArgumentException(
                    spec.first().name() + " takes dense descriptors and regions, got " + descriptor);
        }
        if (dimension > 0 && descriptor.dimension() != dimension) {
            throw new IllegalArgumentException(spec.first().name() + " takes descriptors of dimension " + dimension
                    + ", got " + descriptor.dimension());
        }
    }

    // as many dense descriptors of one dimension as follow each other, up to the size of a batch
    private static FloatMatrix batch(List<? extends GlobalDescriptor> descriptors, int from) {
        List<float[]> rows = new ArrayList<>();
        for (int i = from; i < descriptors.size() && rows.size() < BATCH; i++) {
            if (!(descriptors.get(i) instanceof GlobalDescriptor.Dense dense)
                    || (!rows.isEmpty() && dense.dimension() != rows.get(0).length)) {
                break;
            }
            rows.add(dense.values());
        }
        return FloatMatrix.ofRows(rows.toArray(new float[0][]));
    }

    private void applyBatch(FloatMatrix batch, List<GlobalDescriptor> results) {
        FloatMatrix transformed = apply(batch);
        for (int i = 0; i < transformed.rows(); i++) {
            results.add(new GlobalDescriptor.Dense(transformed.row(i)));
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
