package org.retrieval4j.database;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/**
 * The index of a database in its folder. The log of the database decides what is in the database; the folder holds the
 * state of the last flush. Opened for writing, the index is brought up to date; opened for reading, the images that the
 * folder does not hold yet are searched in an index in memory beside it.
 */
final class LiveIndex implements Closeable {
    private static final int GROUP = 256;

    private final Path folder;
    private final Pipelines pipelines;
    private final Components components;
    private final BuildContext context;
    private volatile @Nullable Index index;
    private volatile @Nullable Index beside;

    LiveIndex(Path folder, Pipelines pipelines, Components components, BuildContext context) {
        this.folder = folder;
        this.pipelines = pipelines;
        this.components = components;
        this.context = context.withSeed(pipelines.header().seed());
    }

    /** Tells whether there is no index yet. */
    boolean isEmpty() {
        return index == null;
    }

    /** Makes the index, learning what it must from descriptors, and ends the learning of the database. */
    void learn(List<GlobalDescriptor> sample) throws IOException {
        DatabaseDirectory.deleteRecursively(
                folder); // left by a process that was killed before it came to the end of learning
        Index made = Pipelines.create(
                components,
                Index.class,
                pipelines.header().part(DatabaseHeader.INDEX).spec(),
                context.withDirectory(folder).withDescriptors(sample));
        try {
            if (!sample.isEmpty() && !made.accepts(sample.get(0).getClass())) {
                throw new IllegalArgumentException("the index " + made.spec() + " does not take descriptors like "
                        + sample.get(0) + "; name an index that does");
            }
            made.flush();
            pipelines.finishLearning(made);
        } catch (IOException | RuntimeException | Error e) {
            made.close();
            throw e;
        }
        index = made;
    }

    /** Opens the index of a database that has learned, and makes it agree with the images. */
    void open(Store.Snapshot snapshot, boolean writable) throws IOException {
        Index opened = Pipelines.create(
                components,
                Index.class,
                pipelines.header().part(DatabaseHeader.INDEX).spec(),
                context.withDirectory(folder));
        try {
            pipelines.requireSame(DatabaseHeader.INDEX, opened);
            long[] there = opened.ids();
            List<Long> missing = missing(snapshot.table(), there);
            if (writable) {
                opened.removeAll(Arrays.stream(there)
                        .filter(id -> snapshot.table().get(id) == null)
                        .toArray());
                put(snapshot, missing, opened);
            } else if (!missing.isEmpty()) {
                Index other = components.open(Index.class, opened.spec(), opened.state(), context);
                beside = other;
                put(snapshot, missing, other);
            }
        } catch (IOException | RuntimeException | Error e) {
            opened.close();
            throw e;
        }
        index = opened;
    }

    private static List<Long> missing(ImageTable table, long[] there) {
        List<Long> missing = new ArrayList<>();
        table.forEach(entry -> {
            if (!entry.isPending() && Arrays.binarySearch(there, entry.id()) < 0) {
                missing.add(entry.id());
            }
        });
        return missing;
    }

    private static void put(Store.Snapshot snapshot, List<Long> missing, Index target) throws IOException {
        for (int from = 0; from < missing.size(); from += GROUP) {
            List<Long> group = missing.subList(from, Math.min(from + GROUP, missing.size()));
            long[] ids = new long[group.size()];
            List<GlobalDescriptor> vectors = new ArrayList<>();
            for (int i = 0; i < ids.length; i++) {
                ids[i] = group.get(i);
                Blob vector = snapshot.blobs(ids[i]).flatMap(Blobs::vectorBlob).orElseThrow();
                vectors.add(vector.read(DescriptorCodec::decode));
            }
            target.putAll(ids, vectors);
        }
    }

    void put(List<Long> ids, List<GlobalDescriptor> vectors) {
        if (!ids.isEmpty()) {
            required().putAll(ids.stream().mapToLong(Long::longValue).toArray(), vectors);
        }
    }

    void remove(List<Long> ids) {
        Index present = index;
        if (!ids.isEmpty() && present != null) {
            present.removeAll(ids.stream().mapToLong(Long::longValue).toArray());
        }
    }

    /** Searches for images of one state of the database. */
    List<SearchResult> search(List<GlobalDescriptor> queries, SearchOptions options, ImageTable table) {
        for (GlobalDescriptor query : queries) {
            if (!required().accepts(query.getClass())) {
                throw new IllegalArgumentException(
                        "the index " + required().spec() + " does not take descriptors like " + query);
            }
        }
        List<SearchResult> found = search(queries, options);
        boolean known = found.stream()
                .flatMap(result -> result.hits().stream())
                .allMatch(hit -> table.get(hit.imageId()) != null);
        // images that came or went in the meantime are rare, so only then is each id looked up during the search
        return known
                ? found
                : search(
                        queries,
                        options.withFilter(
                                id -> table.get(id) != null && options.accept().test(id)));
    }

    private List<SearchResult> search(List<GlobalDescriptor> queries, SearchOptions options) {
        List<SearchResult> found = required().searchAll(queries, options);
        Index other = beside;
        if (other == null || other.size() == 0) {
            return found;
        }
        List<SearchResult> more = other.searchAll(queries, options);
        List<SearchResult> merged = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            merged.add(new SearchResult(Stream.concat(found.get(i).hits().stream(), more.get(i).hits().stream())
                    .sorted(Comparator.comparingDouble(Hit::score).reversed().thenComparingLong(Hit::imageId))
                    .limit(options.k())
                    .toList()));
        }
        return merged;
    }

    void flush() throws IOException {
        Index present = index;
        if (present != null) {
            present.flush();
        }
    }

    void compact() throws IOException {
        Index present = index;
        if (present != null) {
            present.compact();
            present.flush();
        }
    }

    private Index required() {
        Index present = index;
        if (present == null) {
            throw new IllegalStateException("there is no index yet");
        }
        return present;
    }

    @Override
    public void close() {
        Index present = index;
        Index other = beside;
        if (present != null) {
            present.close();
        }
        if (other != null) {
            other.close();
        }
    }
}
