package org.retrieval4j.database;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.api.ImageReader;

/**
 * One run of indexing. Pictures are decoded and extracted on the caller's executor, a bounded number ahead; this thread
 * takes the results in order, writes them to the log, forces it for as many as are ready (group commit), acknowledges
 * them, and puts their descriptors into the index. In the first run a seeded sample comes first, and what must be
 * learned is learned from it. For one thread, which holds the database's right to write.
 */
final class Indexer {
    private static final String READ = "read";
    private static final String EXTRACT = "extract";
    private static final String LEARN = "learn";
    private static final String DESCRIBE = "describe";
    private static final String WRITE = "write";
    private static final String INDEX = "index";
    private static final long WAITING_BYTES = 64L << 20;

    private final Pipelines pipelines;
    private final Store store;
    private final LiveIndex index;
    private final ImageReader reader;
    private final IndexingOptions options;
    private final MemoryBudget budget;
    private final AtomicLong waitingBytes = new AtomicLong();
    private final Stopwatch stopwatch = new Stopwatch(READ, EXTRACT, LEARN, DESCRIBE, WRITE, INDEX);
    private final List<Refused> refused = new ArrayList<>();
    private long total;
    private long done;
    private long indexed;
    private long unchanged;

    Indexer(Pipelines pipelines, Store store, LiveIndex index, ImageReader reader, IndexingOptions options) {
        this.pipelines = pipelines;
        this.store = store;
        this.index = index;
        this.reader = reader;
        this.options = options;
        this.budget = new MemoryBudget(options.memoryBytes());
    }

    /** A picture to be indexed; its id is used only if it can be. */
    private record Job(int position, ImageSource source, long id, Stamp look, @Nullable Entry before) {}

    private record Refused(int position, Skipped skipped) {}

    /** What became of a job. */
    private record Outcome(Job job, @Nullable Skipped refusal, @Nullable Ready ready) {}

    private record Ready(
            ImageRecord image,
            Stamp stamp,
            byte @Nullable [] features,
            byte @Nullable [] pending,
            @Nullable GlobalDescriptor vector) {
        long bytes() {
            return (features == null ? 0L : features.length) + (pending == null ? 0L : pending.length);
        }
    }

    /** Adds the pictures; when interrupted, ends with everything acknowledged kept. */
    IndexingReport run(List<ImageSource> sources) throws IOException {
        long start = System.nanoTime();
        List<Job> jobs = plan(sources);
        total = jobs.size();
        if (total > 0) {
            pipelines.prepare();
        }
        options.progress().progress("extract", 0, total);
        List<Job> rest = jobs;
        if (!pipelines.isLearned()) {
            rest = extractSample(jobs);
            learn();
        } else if (store.table().pending() > 0) {
            describePending();
        }
        extract(rest);
        finish();
        List<Skipped> skipped = refused.stream()
                .sorted(Comparator.comparingInt(Refused::position))
                .map(Refused::skipped)
                .toList();
        double seconds = (System.nanoTime() - start) / 1e9;
        return new IndexingReport(indexed, unchanged, skipped, seconds, stopwatch.seconds());
    }

    /** Leaves out what is there already or cannot be found, and gives ids in the order of the sources. */
    private List<Job> plan(List<ImageSource> sources) {
        List<Job> jobs = new ArrayList<>();
        Map<String, Stamp> names = new HashMap<>();
        Set<Stamp.Place> places = new HashSet<>();
        long id = store.nextId();
        for (int i = 0; i < sources.size(); i++) {
            ImageSource source = sources.get(i);
            Stamp look;
            try {
                look = Stamp.look(source);
            } catch (IOException e) {
                refuse(i, Skipped.because(source.name(), e));
                continue;
            }
            if (!places.add(look.place())) {
                continue; // the same file a second time
            }
            Stamp first = names.putIfAbsent(source.name(), look);
            if (first != null) {
                refuse(i, new Skipped(source.name(), "another file has the same name"));
                continue;
            }
            Entry named = store.named(source.name());
            Entry before = named != null ? named : store.placed(look.place());
            if (before != null && before.stamp().looksLike(look)) {
                unchanged++;
                continue;
            }
            jobs.add(new Job(i, source, id++, look, before));
        }
        return jobs;
    }

    /** Extracts a seeded sample until it is large enough, or there is no more; returns the other jobs. */
    private List<Job> extractSample(List<Job> jobs) throws IOException {
        List<Job> shuffled = new ArrayList<>(jobs);
        Collections.shuffle(shuffled, new Random(pipelines.header().seed()));
        int from = 0;
        while (from < shuffled.size()) {
            long missing = pipelines.header().sampleImages() - store.table().pending();
            if (missing <= 0) {
                break;
            }
            int to = (int) Math.min(shuffled.size(), from + missing);
            extract(inOrder(shuffled.subList(from, to)));
            from = to;
        }
        return inOrder(shuffled.subList(from, shuffled.size()));
    }

    private static List<Job> inOrder(List<Job> jobs) {
        List<Job> sorted = new ArrayList<>(jobs);
        sorted.sort(Comparator.comparingInt(Job::position));
        return sorted;
    }

    private void learn() throws IOException {
        if (store.table().pending() == 0) {
            return; // nothing could be read; there is nothing to learn from, and nothing to be found
        }
        long time = System.nanoTime();
        options.progress().progress("train", 0, 1);
        List<Entry> pending = store.pending();
        Learner learner = new Learner(pipelines, options.executor(), options.progress());
        List<GlobalDescriptor> descriptors = learner.learn(pending);
        index.learn(descriptors);
        options.progress().progress("train", 1, 1);
        time = stopwatch.add(LEARN, time);
        learner.describe(pending, descriptors, store, index);
        stopwatch.add(DESCRIBE, time);
    }

    private void describePending() throws IOException {
        long time = System.nanoTime();
        Learner learner = new Learner(pipelines, options.executor(), options.progress());
        learner.describePending(store, index);
        stopwatch.add(DESCRIBE, time);
    }

    private void extract(List<Job> jobs) throws IOException {
        Iterator<Job> next = jobs.iterator();
        try (OrderedTasks<Outcome> tasks = new OrderedTasks<>(options.executor(), options.window())) {
            submit(next, tasks);
            while (!tasks.isEmpty()) {
                commit(next, tasks);
                options.progress().progress("extract", done, total);
                if (store.isFull()) {
                    flush();
                }
            }
        }
    }

    private void submit(Iterator<Job> next, OrderedTasks<Outcome> tasks) {
        // features that wait to be written may be large: then fewer pictures are under way
        while (next.hasNext() && !tasks.isFull() && (tasks.isEmpty() || waitingBytes.get() < WAITING_BYTES)) {
            requireNotInterrupted();
            Job job = next.next();
            tasks.submit(() -> outcome(job));
        }
    }

    /** Takes results for a moment, and makes them safe at once. */
    private void commit(Iterator<Job> next, OrderedTasks<Outcome> tasks) throws IOException {
        IndexBatch batch = new IndexBatch();
        long start = System.nanoTime();
        try {
            do {
                write(tasks.take(), batch);
                submit(next, tasks);
            } while (!tasks.isEmpty() && store.mayWait(System.nanoTime() - start));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cancelled();
        } finally {
            settle(batch); // also what was written before a failure is whole, and is kept
        }
    }

    private void settle(IndexBatch batch) throws IOException {
        long time = System.nanoTime();
        List<ImageRecord> safe = store.force();
        time = stopwatch.add(WRITE, time);
        batch.applyTo(index);
        stopwatch.add(INDEX, time);
        indexed += safe.size();
        safe.forEach(options.acknowledged());
    }

    private void write(Outcome outcome, IndexBatch batch) throws IOException {
        done++;
        Job job = outcome.job();
        Ready ready = outcome.ready();
        if (outcome.refusal() != null) {
            refuse(job.position(), outcome.refusal());
        } else if (ready == null) {
            unchanged++;
        } else {
            waitingBytes.addAndGet(-ready.bytes());
            long time = System.nanoTime();
            long replaces = job.before() != null
                            && job.before().image().name().equals(ready.image().name())
                    ? job.before().image().id()
                    : -1;
            GlobalDescriptor vector = ready.vector();
            store.append(new LogRecord.Added(
                    Entry.encode(ready.image(), ready.stamp()),
                    replaces,
                    ready.features(),
                    ready.pending(),
                    vector == null ? null : DescriptorCodec.encode(vector)));
            if (vector != null) {
                batch.put(ready.image().id(), vector);
            }
            if (replaces >= 0) {
                batch.remove(replaces);
            }
            stopwatch.add(WRITE, time);
        }
    }

    private void flush() throws IOException {
        long time = System.nanoTime();
        store.flush(pipelines.header().pipeline().orElseThrow());
        time = stopwatch.add(WRITE, time);
        index.flush();
        stopwatch.add(INDEX, time);
    }

    private void finish() throws IOException {
        options.progress().progress("index", 0, 1);
        if (store.isWorthFlushing()) {
            flush();
        }
        options.progress().progress("index", 1, 1);
    }

    // ---- in the executor's threads

    private Outcome outcome(Job job) {
        try {
            Ready ready = ready(job);
            waitingBytes.addAndGet(ready == null ? 0 : ready.bytes());
            return new Outcome(job, null, ready);
        } catch (ClosedByInterruptException | InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cancelled();
        } catch (IOException e) {
            return new Outcome(job, Skipped.because(job.source().name(), e), null);
        } catch (CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            // one picture on which an extractor fails must not end a run over thousands
            String message = e.getMessage() == null ? e.getClass().getName() : e.getMessage();
            return new Outcome(job, new Skipped(job.source().name(), "extraction failed: " + message), null);
        }
    }

    /** All that is kept of a picture; null if the database has it already. */
    private @Nullable Ready ready(Job job) throws IOException, InterruptedException {
        Image image;
        Stamp stamp;
        Pipelines.Raw raw;
        long time = System.nanoTime();
        MemoryBudget.Lease lease = budget.acquire(job.look().size());
        try {
            byte[] bytes = job.source().bytes(reader);
            ImageHeader header = ImageHeader.read(bytes);
            // decoded twice: once in the decoder's memory, once in ours
            long needed = bytes.length + 6L * header.width() * header.height();
            if (!lease.tryGrow(needed)) {
                bytes = null; // never wait for memory while holding some
                lease.close();
                lease = budget.acquire(needed);
                bytes = job.source().bytes(reader);
            }
            stamp = job.look().withContent(bytes);
            if (job.before() != null && job.before().stamp().sameContent(stamp)) {
                return null;
            }
            image = reader.read(bytes);
            bytes = null;
            time = stopwatch.add(READ, time);
            raw = pipelines.extract(image);
        } finally {
            lease.close();
        }
        byte[] features = null;
        if (pipelines.isVerifiable()) {
            Optional<ImageFeatures> local = raw.local();
            features = FeatureCodec.encode(
                    local.orElseThrow(() -> new IllegalStateException("the extractor gave no local features")),
                    pipelines.header().keep());
        }
        time = stopwatch.add(EXTRACT, time);
        boolean learned = pipelines.isLearned();
        GlobalDescriptor vector = learned ? pipelines.describe(raw.retrieval()) : null;
        byte[] pending = learned ? null : PendingCodec.encode(raw.retrieval(), pipelines.aggregates());
        stopwatch.add(DESCRIBE, time);
        ImageRecord record =
                new ImageRecord(job.id(), job.source().name(), image.width(), image.height(), image.orientation());
        return new Ready(record, stamp, features, pending, vector);
    }

    // ---- small things

    private void refuse(int position, Skipped skipped) {
        refused.add(new Refused(position, skipped));
    }

    private static void requireNotInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw cancelled();
        }
    }

    private static CancellationException cancelled() {
        return new CancellationException("indexing was interrupted; what was acknowledged is kept");
    }
}
