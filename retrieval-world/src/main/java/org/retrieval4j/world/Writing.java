package org.retrieval4j.world;

import static java.util.Objects.requireNonNull;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.retrieval4j.api.Image;

/** How worlds come to the disk: a folder is there whole or not at all, pictures are rendered in parallel. */
final class Writing {
    private Writing() {}

    /** Fills a folder. */
    interface Filler {
        void fill(Path folder) throws IOException;
    }

    /** What is done with a view. */
    interface Task {
        void run(int index, View view) throws IOException;
    }

    /** Fills a folder beside the one that is wanted, and renames it at the end. */
    static void whole(Path directory, Filler filler) throws IOException {
        Path whole = directory.toAbsolutePath().normalize();
        refuseFiles(directory);
        Path parent = requireNonNull(whole.getParent(), "directory must have a parent");
        Files.createDirectories(parent);
        Path partial = Files.createTempDirectory(parent, whole.getFileName() + ".partial-");
        try {
            filler.fill(partial);
            Files.deleteIfExists(whole); // an empty folder; one that was filled meanwhile is not deleted
            Files.move(partial, whole);
        } catch (Throwable failure) {
            try {
                delete(partial);
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
            throw failure;
        }
    }

    private static void refuseFiles(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        if (Files.isDirectory(directory)) {
            try (Stream<Path> files = Files.list(directory)) {
                if (files.findAny().isEmpty()) {
                    return;
                }
            }
        }
        throw new FileAlreadyExistsException(directory.toString());
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Runs a task a view; after a failure those that have not begun are left out. */
    static void inParallel(Executor executor, List<View> views, Task task) throws IOException {
        AtomicBoolean failed = new AtomicBoolean();
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (int i = 0; i < views.size(); i++) {
            int index = i;
            running.add(CompletableFuture.runAsync(
                    () -> {
                        if (failed.get()) {
                            return;
                        }
                        try {
                            task.run(index, views.get(index));
                        } catch (IOException e) {
                            failed.set(true);
                            throw new UncheckedIOException(e);
                        }
                    },
                    executor));
        }
        try {
            // waits for all of them, so that nothing is written any more when the caller cleans up
            CompletableFuture.allOf(running.toArray(CompletableFuture[]::new)).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UncheckedIOException io) {
                throw requireNonNull(io.getCause());
            }
            throw e;
        }
    }

    static void picture(Image image, Path file) throws IOException {
        BufferedImage picture = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_3BYTE_BGR);
        byte[] bgr = ((DataBufferByte) picture.getRaster().getDataBuffer()).getData();
        for (int i = 0; i < bgr.length; i += 3) {
            bgr[i] = image.rgb()[i + 2];
            bgr[i + 1] = image.rgb()[i + 1];
            bgr[i + 2] = image.rgb()[i];
        }
        png(picture, file);
    }

    static void png(BufferedImage picture, Path file) throws IOException {
        if (!ImageIO.write(picture, "png", file.toFile())) {
            throw new IOException("this Java writes no PNG");
        }
    }
}
