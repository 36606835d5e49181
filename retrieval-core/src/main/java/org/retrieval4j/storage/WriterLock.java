package org.retrieval4j.storage;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The right to write into a directory: one writer among all threads and processes. The operating system frees the lock
 * of a process that is killed.
 *
 * <p>Two files, since closing any descriptor of a locked file frees the lock on POSIX: {@code write.lock} is locked and
 * never read, {@code write.holder} tells who has it. A second attempt in the same process is recognized by the latter,
 * before it could open, and close, the former.
 */
public final class WriterLock implements AutoCloseable {
    private static final String LOCK = "write.lock";
    private static final String HOLDER = "write.holder";

    private final Path directory;
    private final FileChannel channel;
    private boolean closed;

    private WriterLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Takes the lock.
     *
     * @param directory an existing directory
     * @return the lock, held until it is closed
     * @throws DirectoryLockedException if another writer has it
     * @throws IOException if the directory cannot be written
     */
    public static WriterLock acquire(Path directory) throws IOException {
        synchronized (WriterLock.class) { // reading the holder and taking the lock must be one step in this process
            Map<String, String> holder = holder(directory);
            Map<String, String> us = us();
            boolean same =
                    Stream.of("pid", "started", "host").allMatch(key -> Objects.equals(us.get(key), holder.get(key)));
            if (same) {
                throw new DirectoryLockedException(directory, "this process, since " + holder.get("since"));
            }
            FileChannel channel =
                    FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            boolean taken = false;
            try {
                taken = tryLock(channel) != null;
                if (!taken) {
                    throw new DirectoryLockedException(directory, described(holder(directory)));
                }
                StringBuilder text = new StringBuilder();
                us.forEach((key, value) ->
                        text.append(key).append('=').append(value).append('\n'));
                write(directory.resolve(HOLDER), text.toString());
                return new WriterLock(directory, channel);
            } catch (IOException | RuntimeException | Error e) {
                channel.close();
                throw e;
            }
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // by a copy of this class under another class loader
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (WriterLock.class) {
            if (!closed) {
                closed = true;
                Files.deleteIfExists(directory.resolve(HOLDER));
                channel.close(); // frees the lock
            }
        }
    }

    private static Map<String, String> us() {
        ProcessHandle process = ProcessHandle.current();
        Map<String, String> us = new LinkedHashMap<>();
        us.put("pid", Long.toString(process.pid()));
        us.put("host", host());
        us.put("since", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        // process numbers come again, in containers soon; together with the start they do not
        us.put("started", process.info().startInstant().map(Instant::toString).orElse("unknown"));
        return us;
    }

    private static String host() {
        try {
            // where there is such a file it needs no name server
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException notLinux) {
            try {
                return InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                return "unknown";
            }
        }
    }

    private static String described(Map<String, String> holder) {
        return "process " + holder.getOrDefault("pid", "unknown") + " on host " + holder.getOrDefault("host", "unknown")
                + " since " + holder.getOrDefault("since", "unknown");
    }

    private static Map<String, String> holder(Path directory) throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        String text;
        try {
            text = Files.readString(directory.resolve(HOLDER), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return fields;
        }
        for (String line : text.split("\n")) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                fields.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        return fields;
    }

    private static void write(Path file, String text) throws IOException {
        try (Replacement replacement = new Replacement(file)) {
            replacement.channel().write(StandardCharsets.ISO_8859_1.encode(text));
            replacement.commit();
        }
    }
}
