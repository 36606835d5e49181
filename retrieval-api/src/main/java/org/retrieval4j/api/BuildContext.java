package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;

/**
 * What a component may use while it is made: a sample to learn from, a seed, the caller's threads.
 *
 * @param images features of sample pictures, for aggregators
 * @param descriptors global descriptors of sample pictures, for transforms and indexes
 * @param seed of every random choice
 * @param executor runs parallel work; the default runs it in the calling thread
 * @param progress is told about long work
 * @param baseDirectory where relative file names in a spec start
 * @param directory where an {@link Index} keeps its content; in memory if empty
 * @param checkpoints where what learns for long keeps how far it has come, to go on from there after its process has ended;
 *     if empty, it starts again
 * @param kernel which kernels to compute with, {@code "auto"} for the measured preference
 * @param features local features of the sample pictures, by the row of their descriptor in {@code descriptors}, for what
 *     verifies the sample by geometry; if empty, those of {@code images}
 */
public record BuildContext(
        List<ImageFeatures> images,
        List<GlobalDescriptor> descriptors,
        long seed,
        Executor executor,
        ProgressListener progress,
        Path baseDirectory,
        Optional<Path> directory,
        Optional<Path> checkpoints,
        String kernel,
        Optional<FeatureSource> features) {
    /** Checks that nothing is missing. */
    public BuildContext {
        images = List.copyOf(images);
        descriptors = List.copyOf(descriptors);
        requireNonNull(executor, "executor");
        requireNonNull(progress, "progress");
        requireNonNull(baseDirectory, "baseDirectory");
        requireNonNull(directory, "directory");
        requireNonNull(checkpoints, "checkpoints");
        requireNonNull(kernel, "kernel");
        requireNonNull(features, "features");
    }

    /**
     * No sample, seed 42, the calling thread, files relative to the working directory.
     *
     * @return the defaults
     */
    public static BuildContext defaults() {
        return new BuildContext(
                List.of(),
                List.of(),
                42,
                Runnable::run,
                ProgressListener.NONE,
                Path.of(""),
                Optional.empty(),
                Optional.empty(),
                "auto",
                Optional.empty());
    }

    /**
     * The defaults with sample pictures.
     *
     * @param images features of sample pictures
     * @return the context
     */
    public static BuildContext ofSample(List<ImageFeatures> images) {
        return defaults().withImages(images);
    }

    /**
     * With other sample pictures.
     *
     * @param sample their features
     * @return the changed context
     */
    public BuildContext withImages(List<ImageFeatures> sample) {
        return new BuildContext(
                sample, descriptors, seed, executor, progress, baseDirectory, directory, checkpoints, kernel, features);
    }

    /**
     * With other sample descriptors.
     *
     * @param sample global descriptors
     * @return the changed context
     */
    public BuildContext withDescriptors(List<? extends GlobalDescriptor> sample) {
        return new BuildContext(
                images,
                List.copyOf(sample),
                seed,
                executor,
                progress,
                baseDirectory,
                directory,
                checkpoints,
                kernel,
                features);
    }

    /**
     * With another seed.
     *
     * @param value the seed
     * @return the changed context
     */
    public BuildContext withSeed(long value) {
        return new BuildContext(
                images,
                descriptors,
                value,
                executor,
                progress,
                baseDirectory,
                directory,
                checkpoints,
                kernel,
                features);
    }

    /**
     * With threads.
     *
     * @param threads runs parallel work
     * @return the changed context
     */
    public BuildContext withExecutor(Executor threads) {
        return new BuildContext(
                images, descriptors, seed, threads, progress, baseDirectory, directory, checkpoints, kernel, features);
    }

    /**
     * With a listener.
     *
     * @param listener is told about long work
     * @return the changed context
     */
    public BuildContext withProgress(ProgressListener listener) {
        return new BuildContext(
                images, descriptors, seed, executor, listener, baseDirectory, directory, checkpoints, kernel, features);
    }

    /**
     * With another start of relative file names.
     *
     * @param path a directory
     * @return the changed context
     */
    public BuildContext withBaseDirectory(Path path) {
        return new BuildContext(
                images, descriptors, seed, executor, progress, path, directory, checkpoints, kernel, features);
    }

    /**
     * With a directory for content.
     *
     * @param path a directory, which need not exist
     * @return the changed context
     */
    public BuildContext withDirectory(Path path) {
        return new BuildContext(
                images,
                descriptors,
                seed,
                executor,
                progress,
                baseDirectory,
                Optional.of(path),
                checkpoints,
                kernel,
                features);
    }

    /**
     * With a directory for checkpoints.
     *
     * @param path a directory, which need not exist; what learns makes files there, and deletes them when it is done
     * @return the changed context
     */
    public BuildContext withCheckpoints(Path path) {
        return new BuildContext(
                images,
                descriptors,
                seed,
                executor,
                progress,
                baseDirectory,
                directory,
                Optional.of(path),
                kernel,
                features);
    }

    /**
     * With chosen kernels.
     *
     * @param name of the kernels, or {@code "auto"}
     * @return the changed context
     */
    public BuildContext withKernel(String name) {
        return new BuildContext(
                images, descriptors, seed, executor, progress, baseDirectory, directory, checkpoints, name, features);
    }

    /**
     * With local features of the sample pictures.
     *
     * @param source gives them by the row of a picture's descriptor in the sample
     * @return the changed context
     */
    public BuildContext withFeatures(FeatureSource source) {
        return new BuildContext(
                images,
                descriptors,
                seed,
                executor,
                progress,
                baseDirectory,
                directory,
                checkpoints,
                kernel,
                Optional.of(source));
    }

    /**
     * The local features of a sample picture.
     *
     * @param row of its descriptor in {@link #descriptors()}
     * @return what verification takes, if it is known
     * @throws IOException if it cannot be read
     */
    public Optional<ImageFeatures> featuresOf(int row) throws IOException {
        if (features.isPresent()) {
            return features.get().features(row);
        }
        return images.size() == descriptors.size() ? Optional.of(images.get(row)) : Optional.empty();
    }

    /**
     * A file named in a spec.
     *
     * @param file absolute, or relative to {@link #baseDirectory()}
     * @return its path
     */
    public Path resolve(String file) {
        return baseDirectory.resolve(file);
    }

    /**
     * Ends long work when its thread was interrupted; called between steps.
     *
     * @throws CancellationException if the current thread's interrupt flag is set
     */
    public void checkInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted");
        }
    }
}
