package org.retrieval4j.cli;

import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import io.jhdf.exceptions.HdfException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.storage.CorruptFileException;

/** The HDF5 files of ann-benchmarks: matrices named {@code train}, {@code test} and {@code neighbors}. */
final class HdfVectors {
    /** Deflate cannot make more than 1032 bytes of one; fill values take no room in a file at all. */
    private static final long MOST_EXPANSION = 1032;

    private HdfVectors() {}

    /** Tells whether a file's name says that it is HDF5. */
    static boolean isHdf(Path file) {
        return file.toString().endsWith(".hdf5") || file.toString().endsWith(".h5");
    }

    static FloatMatrix floats(Path file, String name) throws IOException {
        return read(file, name, (values, rows, columns) -> {
            if (values instanceof float[] floats) {
                return FloatMatrix.of(rows, columns, floats);
            }
            if (values instanceof double[] doubles) {
                float[] floats = new float[doubles.length];
                for (int i = 0; i < floats.length; i++) {
                    floats[i] = (float) doubles[i];
                }
                return FloatMatrix.of(rows, columns, floats);
            }
            throw new CorruptFileException(file, 0, name + " of floats", String.valueOf(values.getClass()));
        });
    }

    static int[][] ints(Path file, String name) throws IOException {
        return read(file, name, (values, rows, columns) -> {
            int[][] ints = new int[rows][];
            for (int i = 0; i < rows; i++) {
                if (values instanceof int[] all) {
                    ints[i] = Arrays.copyOfRange(all, i * columns, (i + 1) * columns);
                } else if (values instanceof long[] all) {
                    ints[i] = Arrays.stream(all, i * columns, (i + 1) * columns)
                            .mapToInt(Math::toIntExact)
                            .toArray();
                } else {
                    throw new CorruptFileException(file, 0, name + " of integers", String.valueOf(values.getClass()));
                }
            }
            return ints;
        });
    }

    private interface Shape<T> {
        T of(Object values, int rows, int columns) throws IOException;
    }

    private static <T> T read(Path file, String name, Shape<T> shape) throws IOException {
        if (!Files.isReadable(file)) {
            throw new java.nio.file.NoSuchFileException(file.toString());
        }
        try (HdfFile hdf = new HdfFile(file)) {
            Dataset dataset = hdf.getDatasetByPath(name);
            int[] sizes = dataset.getDimensions();
            if (sizes.length != 2) {
                throw new CorruptFileException(file, 0, name + " with two dimensions", Arrays.toString(sizes));
            }
            long values = (long) sizes[0] * sizes[1];
            long bytes =
                    Math.multiplyExact(values, Math.max(1, dataset.getDataType().getSize()));
            if (sizes[0] < 1 || sizes[1] < 1 || bytes > MOST_EXPANSION * Files.size(file)) {
                throw new CorruptFileException(
                        file, 0, name + " of a size that the file can hold", Arrays.toString(sizes));
            }
            if (bytes > Integer.MAX_VALUE - 8L || bytes > Runtime.getRuntime().maxMemory() / 2) {
                throw new IOException(file + ": " + name + " has " + sizes[0] + " x " + sizes[1]
                        + " values, more than fit into memory");
            }
            return shape.of(dataset.getDataFlat(), sizes[0], sizes[1]);
        } catch (HdfException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        } catch (CommandException known) {
            throw known;
        } catch (RuntimeException unexpected) {
            // the reader trusts the numbers in a file more than it should
            throw new CorruptFileException(file, 0, name, String.valueOf(unexpected));
        }
    }
}
