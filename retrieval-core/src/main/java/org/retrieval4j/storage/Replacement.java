package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file written beside its target, which takes the target's place in one step when it is whole. A reader, or a process
 * after a crash, sees the old file or the new one. For one thread.
 */
public final class Replacement implements AutoCloseable {
    /** Ending of files that are being written; such files left by a killed process may be deleted. */
    static final String TEMPORARY_SUFFIX = ".tmp";

    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private boolean ended;

    /**
     * Starts a file.
     *
     * @param target where it will stand
     * @throws IOException if nothing can be written beside the target
     */
    public Replacement(Path target) throws IOException {
        this.target = target.toAbsolutePath();
        // a name of its own, so that two writers of one target cannot mix their bytes
        String unique = Long.toHexString(ThreadLocalRandom.current().nextLong());
        this.temporary = this.target.resolveSibling(target.getFileName() + "." + unique + TEMPORARY_SUFFIX);
        this.channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.READ);
    }

    /**
     * Writes a whole file.
     *
     * @param target where it will stand
     * @param content all of its bytes
     * @throws IOException if the disk refuses; the target is as it was
     */
    public static void write(Path target, byte[] content) throws IOException {
        try (Replacement replacement = new Replacement(target)) {
            ByteBuffer rest = ByteBuffer.wrap(content);
            while (rest.hasRemaining()) {
                replacement.channel.write(rest);
            }
            replacement.commit();
        }
    }

    /**
     * Where to write.
     *
     * @return the file beside the target
     */
    public FileChannel channel() {
        return channel;
    }

    /**
     * Forces the bytes to the disk, then moves the file to its target.
     *
     * @throws IOException if the disk refuses; the target is as it was
     */
    public void commit() throws IOException {
        if (ended) {
            throw new IllegalStateException(target + " was committed or closed before");
        }
        channel.force(true);
        channel.close();
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
        ended = true;
        forceDirectory(target.resolveSibling("."));
    }

    /** Without {@link #commit()}, nothing remains. */
    @Override
    public void close() throws IOException {
        if (!ended) {
            ended = true;
            channel.close();
            Files.deleteIfExists(temporary);
        }
    }

    /** Makes moves and deletions in a directory durable, where the platform can open directories. */
    static void forceDirectory(Path directory) throws IOException {
        FileChannel opened;
        try {
            opened = FileChannel.open(directory, StandardOpenOption.READ);
        } catch (IOException e) {
            return; // Windows opens no directories; its file system journals moves by itself
        }
        try (opened) {
            opened.force(true);
        }
    }
}
