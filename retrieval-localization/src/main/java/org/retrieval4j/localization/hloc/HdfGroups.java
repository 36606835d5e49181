package org.retrieval4j.localization.hloc;

import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.api.dataset.ChunkedDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A file of HDF5 as groups by path with arrays in them. Links are not followed, sizes are checked before reading. */
final class HdfGroups implements AutoCloseable {
    /** Deflate cannot make more than 1032 bytes of one; fill values take no room in a file at all. */
    private static final long MOST_EXPANSION = 1032;

    /** What chunks may hold beyond the array, as a multiple of it, or, where it is small, in bytes. */
    private static final long MOST_PADDING = 8;

    private static final long SMALL = 1 << 20;

    private static final int DEEPEST = 64;

    private final Path file;
    private final HdfFile hdf;

    /** An array of one or two dimensions. */
    record Values(int rows, int columns, double[] array) {}

    private HdfGroups(Path file, HdfFile hdf) {
        this.file = file;
        this.hdf = hdf;
    }

    static HdfGroups open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        try {
            return new HdfGroups(file, new HdfFile(file));
        } catch (RuntimeException e) {
            throw new IOException(file + " is no file of HDF5: " + e.getMessage(), e);
        }
    }

    interface Reading<T> {
        T read() throws IOException;
    }

    /**
     * The reader of HDF5 trusts the numbers in a file more than it should. It also unpacks a chunk to its end before it
     * looks how long it should be: that takes more memory than there is only where the file lies about the chunk, and the
     * arrays are free again when the error comes here.
     */
    <T> T guarded(String path, Reading<T> reading) throws IOException {
        try {
            return reading.read();
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new IOException(file + " is corrupt at " + path + ": " + e, e);
        }
    }

    /** Paths of the groups that hold an array of this name. */
    List<String> with(String dataset) throws IOException {
        return guarded("/", () -> {
            List<String> paths = new ArrayList<>();
            collect(hdf, "", dataset, 0, new HashSet<>(), paths);
            return paths;
        });
    }

    private void collect(Group group, String path, String dataset, int depth, Set<Long> seen, List<String> paths)
            throws IOException {
        if (depth > DEEPEST) {
            throw new IOException(file + ": groups must be at most " + DEEPEST + " deep, " + path + " is deeper");
        }
        if (depth > 0 && !seen.add(group.getAddress())) {
            return; // a second name of a group that was there
        }
        for (Node child : group.getChildren().values()) {
            if (child.isLink()) {
                continue;
            }
            if (child instanceof Group inner) {
                collect(
                        inner,
                        path.isEmpty() ? child.getName() : path + "/" + child.getName(),
                        dataset,
                        depth + 1,
                        seen,
                        paths);
            } else if (child.getName().equals(dataset) && !path.isEmpty()) {
                paths.add(path);
            }
        }
    }

    private @Nullable Node node(String path) throws IOException {
        Node node = hdf;
        for (String name : path.split("/")) {
            if (!(node instanceof Group group)) {
                return null;
            }
            Node child = group.getChild(name);
            if (child == null) {
                return null;
            }
            if (child.isLink()) {
                throw new IOException(file + ": " + path + " must be no link, which is not followed");
            }
            node = child;
        }
        return node;
    }

    boolean has(String path) throws IOException {
        return guarded(path, () -> node(path) != null);
    }

    /** An array of numbers; empty if there is none of this name. */
    Optional<Values> values(String path, int dimensions) throws IOException {
        return guarded(path, () -> {
            Node node = node(path);
            if (node == null) {
                return Optional.empty();
            }
            if (!(node instanceof Dataset dataset)) {
                throw new IOException(file + ": " + path + " must be an array, found a group");
            }
            int[] sizes = dataset.getDimensions();
            if (sizes.length != dimensions) {
                throw new IOException(
                        file + ": " + path + " must have " + dimensions + " dimensions, got " + Arrays.toString(sizes));
            }
            long count = 1;
            for (int size : sizes) {
                if (size < 0) {
                    throw new IOException(file + ": " + path + " has a size below 0: " + Arrays.toString(sizes));
                }
                count = Math.multiplyExact(count, (long) size);
            }
            long bytes =
                    Math.multiplyExact(count, Math.max(1, dataset.getDataType().getSize()));
            if (!fits(bytes) || 8 * count > Runtime.getRuntime().maxMemory() / 2) {
                throw new IOException(file + ": " + path
                        + " must be of a size that the file and the memory can hold, got " + Arrays.toString(sizes));
            }
            if (dataset instanceof ChunkedDataset chunked) {
                checkChunks(path, sizes, chunked.getChunkDimensions(), bytes / Math.max(1, count), bytes);
            }
            double[] array = count == 0 ? new double[0] : doubles(path, dataset.getDataFlat(), (int) count);
            return Optional.of(new Values(sizes[0], dimensions == 1 ? 1 : sizes[1], array));
        });
    }

    private boolean fits(long bytes) throws IOException {
        return bytes <= MOST_EXPANSION * Files.size(file) && bytes <= Integer.MAX_VALUE - 8L;
    }

    /** Chunks are unpacked whole, also where most of one lies beyond the array. */
    private void checkChunks(String path, int[] sizes, int[] chunk, long element, long bytes) throws IOException {
        long one = element;
        long all = element;
        for (int i = 0; i < sizes.length; i++) {
            if (chunk.length != sizes.length || chunk[i] < 1) {
                throw new IOException(file + ": " + path + " has chunks of " + Arrays.toString(chunk));
            }
            one = Math.multiplyExact(one, (long) chunk[i]);
            long chunks = ((long) sizes[i] + chunk[i] - 1) / chunk[i];
            all = Math.multiplyExact(all, chunks * chunk[i]);
        }
        if (!fits(one) || all > Math.max(SMALL, MOST_PADDING * bytes)) {
            throw new IOException(file + ": " + path + " must have chunks that fit its size " + Arrays.toString(sizes)
                    + ", got chunks of " + Arrays.toString(chunk));
        }
    }

    private double[] doubles(String path, Object data, int count) throws IOException {
        double[] array = new double[count];
        if (data instanceof float[] floats && floats.length == count) {
            for (int i = 0; i < count; i++) {
                array[i] = floats[i];
            }
        } else if (data instanceof double[] doubles && doubles.length == count) {
            return doubles;
        } else if (data instanceof byte[] bytes && bytes.length == count) {
            for (int i = 0; i < count; i++) {
                array[i] = bytes[i];
            }
        } else if (data instanceof short[] shorts && shorts.length == count) {
            for (int i = 0; i < count; i++) {
                array[i] = shorts[i];
            }
        } else if (data instanceof int[] ints && ints.length == count) {
            for (int i = 0; i < count; i++) {
                array[i] = ints[i];
            }
        } else if (data instanceof long[] longs && longs.length == count) {
            for (int i = 0; i < count; i++) {
                array[i] = longs[i];
            }
        } else {
            throw new IOException(file + ": " + path + " must hold " + count + " numbers, found "
                    + data.getClass().getSimpleName());
        }
        return array;
    }

    IOException wrong(String what) {
        return new IOException(file + ": " + what);
    }

    @Override
    public void close() {
        hdf.close();
    }
}
