package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The directory of a {@link SegmentStore}: manifest, segment files, writer lock. Used by one thread at a time, which
 * the store sees to.
 */
final class SegmentDirectory<S extends Segment> {
    private final Path path;
    private final SegmentFormat<S> format;
    private final SegmentFile.DeletionRight deletion = new SegmentFile.DeletionRight();
    private List<SegmentHolder<S>> named = List.of();
    private long generation;
    private long nextSegment = 1;
    private @Nullable WriterLock lock;

    SegmentDirectory(Path path, SegmentFormat<S> format) {
        this.path = path;
        this.format = format;
    }

    Path path() {
        return path;
    }

    /** Counts commits; 0 before the first. */
    long generation() {
        return generation;
    }

    boolean isWriting() {
        return lock != null;
    }

    /** What the last manifest says, with its segments open. */
    record Content<S extends Segment>(Map<String, String> header, List<LiveSegment<S>> parts) {}

    Content<S> load() throws IOException {
        long tried = -1;
        while (true) {
            if (!exists()) {
                return new Content<>(Map.of(), List.of());
            }
            Manifest manifest = Manifest.read(path, format.kind());
            List<LiveSegment<S>> parts = new ArrayList<>();
            try {
                for (Manifest.Entry entry : manifest.entries()) {
                    parts.add(opened(entry));
                }
            } catch (NoSuchFileException e) {
                parts.forEach(part -> part.segment().close());
                if (manifest.generation() == tried) {
                    throw e;
                }
                tried = manifest.generation(); // a writer merged it away since: its next manifest is there
                continue;
            } catch (IOException | RuntimeException | Error e) {
                parts.forEach(part -> part.segment().close());
                throw e;
            }
            // what another process's manifest replaced is not ours to delete
            name(parts, true);
            generation = manifest.generation();
            nextSegment = manifest.nextSegment();
            return new Content<>(manifest.header(), parts);
        }
    }

    /** Looks whether another process has committed since {@link #load}. */
    boolean isOutdated() throws IOException {
        long stored = exists() ? Manifest.read(path, format.kind()).generation() : 0;
        return stored != generation;
    }

    void lock() throws IOException {
        Files.createDirectories(path);
        lock = WriterLock.acquire(path);
        deletion.hold(true);
    }

    /** Gives the lock back; files are the next writer's from now on. */
    void unlock() throws IOException {
        deletion.hold(false);
        if (lock != null) {
            lock.close();
            lock = null;
        }
    }

    void write(Map<String, String> header, List<LiveSegment<S>> parts) throws IOException {
        List<Manifest.Entry> entries = new ArrayList<>();
        for (LiveSegment<S> part : parts) {
            String file = requireNonNull(part.holder().file()).name();
            entries.add(new Manifest.Entry(file, part.segment().size(), part.dead()));
        }
        new Manifest(header, generation + 1, nextSegment, entries).write(path, format.kind());
        generation++;
        name(parts, false);
    }

    /** Tells whether the last manifest names exactly these segments. */
    boolean names(List<LiveSegment<S>> parts) {
        Set<SegmentHolder<S>> holders = new HashSet<>();
        parts.forEach(part -> holders.add(part.holder()));
        return holders.equals(new HashSet<>(named));
    }

    SegmentFile nextFile() {
        return new SegmentFile(path.resolve(String.format("segment-%08d.r4j", nextSegment++)), deletion);
    }

    /** Deletes what a killed writer left: segments that no manifest names, and files that were being written. */
    void deleteOrphans() throws IOException {
        Set<String> known = new HashSet<>();
        named.forEach(holder -> known.add(requireNonNull(holder.file()).name()));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                boolean segment = name.matches("segment-[0-9]+\\.r4j") && !known.contains(name);
                if (segment || name.matches("(segment-[0-9]+|manifest)\\.r4j\\.[0-9a-f]+\\.tmp")) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    void releaseAll() {
        named.forEach(SegmentHolder::release);
        named = List.of();
    }

    private boolean exists() {
        return Files.exists(path.resolve(Manifest.NAME));
    }

    private LiveSegment<S> opened(Manifest.Entry entry) throws IOException {
        Path file = path.resolve(entry.file());
        S segment = format.open(file);
        if (segment.size() != entry.rows()) {
            segment.close();
            throw new CorruptFileException(file, 0, entry.rows() + " rows", segment.size() + "");
        }
        SegmentHolder<S> holder = new SegmentHolder<>(segment, new SegmentFile(file, deletion));
        return new LiveSegment<>(holder, entry.dead(), entry.liveCount());
    }

    /** Keeps the segments of the new manifest, and lets those of the one before go. */
    private void name(List<LiveSegment<S>> parts, boolean keepOld) {
        List<SegmentHolder<S>> before = named;
        List<SegmentHolder<S>> now = new ArrayList<>();
        before.forEach(holder -> holder.named(keepOld));
        for (LiveSegment<S> part : parts) {
            part.holder().retain();
            part.holder().named(true);
            now.add(part.holder());
        }
        named = now;
        before.forEach(SegmentHolder::release);
    }
}
