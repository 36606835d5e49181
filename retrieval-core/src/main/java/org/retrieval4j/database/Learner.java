package org.retrieval4j.database;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ProgressListener;

/**
 * Learns what a database needs from its pending images: the aggregator from their features, each stage from the
 * descriptors that stand before it. Only features of one size of memory are held at once: of many images, a seeded part
 * of each.
 */
final class Learner {
    /** Values of all features in the sample together: 128 MiB, 262,144 SIFT descriptors. */
    static final long SAMPLE_VALUES = 1L << 25;

    private static final int GROUP = 64;

    private final Pipelines pipelines;
    private final Executor executor;
    private final ProgressListener progress;

    Learner(Pipelines pipelines, Executor executor, ProgressListener progress) {
        this.pipelines = pipelines;
        this.executor = executor;
        this.progress = progress;
    }

    /**
     * Learns all that is not there yet.
     *
     * @return the descriptors of the pending images, each made by itself as a query's is, so that both have the same
     *     bits
     */
    List<GlobalDescriptor> learn(List<Entry> pending) throws IOException {
        BuildContext context = BuildContext.defaults()
                .withSeed(pipelines.header().seed())
                .withExecutor(executor)
                .withProgress(progress)
                .withFeatures(row -> local(pending.get((int) row)));
        if (pipelines.aggregates()) {
            pipelines.learnAggregator(() -> sample(pending), context);
        }
        List<GlobalDescriptor> bases = forEach(pending, this::base);
        List<GlobalDescriptor> descriptors = bases;
        for (String role : pipelines.header().stages()) {
            descriptors = pipelines.learnStage(role, descriptors, context).applyAll(descriptors);
        }
        List<GlobalDescriptor> results = new ArrayList<>();
        for (GlobalDescriptor base : bases) {
            results.add(pipelines.transform(base));
        }
        return results;
    }

    /** Gives pending images the descriptors that {@link #learn} returned. */
    void describe(List<Entry> pending, List<GlobalDescriptor> descriptors, Store store, LiveIndex index)
            throws IOException {
        for (int from = 0; from < pending.size(); from += GROUP) {
            int to = Math.min(from + GROUP, pending.size());
            IndexBatch batch = new IndexBatch();
            for (int i = from; i < to; i++) {
                long id = pending.get(i).id();
                store.append(new LogRecord.Described(id, DescriptorCodec.encode(descriptors.get(i))));
                batch.put(id, descriptors.get(i));
            }
            store.force();
            batch.applyTo(index);
            progress.progress("aggregate", to, pending.size());
        }
    }

    /**
     * Makes the descriptors of all pending images by what was learned before, a group at a time.
     *
     * @throws java.util.concurrent.CancellationException if this thread is interrupted; the groups so far are kept
     */
    void describePending(Store store, LiveIndex index) throws IOException {
        List<Entry> pending = store.pending();
        for (int from = 0; from < pending.size(); from += GROUP) {
            List<Entry> group = pending.subList(from, Math.min(from + GROUP, pending.size()));
            describe(group, forEach(group, entry -> pipelines.transform(base(entry))), store, index);
        }
    }

    /** The descriptor that the stages take. */
    private GlobalDescriptor base(Entry entry) throws IOException {
        return pipelines.aggregates()
                ? pipelines.aggregate(material(entry).read(PendingCodec::features))
                : material(entry).read(PendingCodec::vector);
    }

    private List<ImageFeatures> sample(List<Entry> pending) throws IOException {
        long share = SAMPLE_VALUES / pending.size();
        return forEach(pending, entry -> {
            ImageFeatures features = material(entry).read(PendingCodec::features);
            int most =
                    (int) Math.max(1, share / Math.max(1, features.descriptors().columns()));
            return features.size() <= most
                    ? features
                    : features.select(
                            chosen(features.size(), most, pipelines.header().seed() + entry.id()));
        });
    }

    /** Some of n indices, ascending, each set of them equally likely. */
    static int[] chosen(int n, int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] indices = new int[n];
        for (int i = 0; i < n; i++) {
            indices[i] = i;
        }
        for (int i = 0; i < count; i++) {
            int j = i + random.nextInt(n - i);
            int swapped = indices[i];
            indices[i] = indices[j];
            indices[j] = swapped;
        }
        int[] chosen = Arrays.copyOf(indices, count);
        Arrays.sort(chosen);
        return chosen;
    }

    /** The features that verification takes, as they are kept for it. */
    private static Optional<ImageFeatures> local(Entry entry) throws IOException {
        Optional<Blob> blob = Optional.ofNullable(entry.logged()).flatMap(Blobs::featuresBlob);
        return blob.isEmpty() ? Optional.empty() : Optional.of(blob.get().read(FeatureCodec::decode));
    }

    private static Blob material(Entry entry) {
        return Optional.ofNullable(entry.logged())
                .flatMap(Blobs::pendingBlob)
                .orElseThrow(() -> new IllegalStateException("image " + entry.image() + " is not pending"));
    }

    private interface Work<V> {
        V of(Entry entry) throws IOException;
    }

    private <V> List<V> forEach(List<Entry> entries, Work<V> work) throws IOException {
        List<V> results = new ArrayList<>(java.util.Collections.nCopies(entries.size(), null));
        Parallel.forEach(executor, entries.size(), i -> results.set(i, work.of(entries.get(i))));
        return results;
    }
}
