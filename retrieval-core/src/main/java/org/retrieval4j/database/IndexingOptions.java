package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.retrieval4j.api.ProgressListener;

/**
 * How images are added.
 *
 * @param executor runs decoding and extraction; results do not depend on its number of threads
 * @param progress is told about stages {@code extract}, {@code train}, {@code aggregate} and {@code index}
 * @param memoryBytes bound of the pictures that are in memory at once, compressed and decoded; a single picture above
 *     it is read alone
 * @param window how many pictures may be under way at once, at least 1; more keeps more threads busy
 * @param acknowledged is told each image once its record and features are forced to disk: from then on it survives a
 *     kill. Called in the thread that adds
 */
public record IndexingOptions(
        Executor executor,
        ProgressListener progress,
        long memoryBytes,
        int window,
        Consumer<ImageRecord> acknowledged) {
    /** Checks the bounds. */
    public IndexingOptions {
        requireNonNull(executor, "executor");
        requireNonNull(progress, "progress");
        requireNonNull(acknowledged, "acknowledged");
        if (memoryBytes < 1) {
            throw new IllegalArgumentException("memoryBytes must be at least 1, got " + memoryBytes);
        }
        if (window < 1) {
            throw new IllegalArgumentException("window must be at least 1, got " + window);
        }
    }

    /**
     * The calling thread, no listener, a quarter of the heap for pictures, 32 under way or four a processor.
     *
     * @return the defaults
     */
    public static IndexingOptions defaults() {
        return new IndexingOptions(
                Runnable::run,
                ProgressListener.NONE,
                Math.max(1, Runtime.getRuntime().maxMemory() / 4),
                Math.max(32, 4 * Runtime.getRuntime().availableProcessors()),
                image -> {});
    }

    /**
     * With threads.
     *
     * @param threads runs decoding and extraction
     * @return the changed options
     */
    public IndexingOptions withExecutor(Executor threads) {
        return new IndexingOptions(threads, progress, memoryBytes, window, acknowledged);
    }

    /**
     * With a listener.
     *
     * @param listener is told about the stages
     * @return the changed options
     */
    public IndexingOptions withProgress(ProgressListener listener) {
        return new IndexingOptions(executor, listener, memoryBytes, window, acknowledged);
    }

    /**
     * With another bound of memory for pictures.
     *
     * @param bytes the bound
     * @return the changed options
     */
    public IndexingOptions withMemoryBytes(long bytes) {
        return new IndexingOptions(executor, progress, bytes, window, acknowledged);
    }

    /**
     * With another number of pictures under way.
     *
     * @param pictures at least 1
     * @return the changed options
     */
    public IndexingOptions withWindow(int pictures) {
        return new IndexingOptions(executor, progress, memoryBytes, pictures, acknowledged);
    }

    /**
     * With a listener of acknowledged images.
     *
     * @param listener is told each image that is safe on disk
     * @return the changed options
     */
    public IndexingOptions withAcknowledged(Consumer<ImageRecord> listener) {
        return new IndexingOptions(executor, progress, memoryBytes, window, listener);
    }
}
