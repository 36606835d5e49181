package org.retrieval4j.storage;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.retrieval4j.api.FloatMatrix;

/**
 * NumPy's {@code .npz} files: arrays by name, compressed ({@code np.savez_compressed}) or not. What they expand to is
 * bounded before anything is allocated.
 */
public final class NpzFile {
    /** What a file may expand to unless the caller says otherwise: 1 GiB. */
    public static final long DEFAULT_MAX_BYTES = 1L << 30;

    /** The first of January 1980, the earliest that a zip file knows. */
    private static final long TIME = 315_532_800_000L;

    private static final int MAX_ENTRIES = 10_000;

    // no deflate stream expands more than 1032 to 1; a file that claims more lies about its sizes
    private static final long MAX_RATIO = 1032;

    private NpzFile() {}

    /**
     * Writes matrices as float32, uncompressed. A matrix of one row is written as an array of one dimension, which is what
     * biases and means are.
     *
     * @param file target, replaced in one step
     * @param arrays by name; at most 2 GiB
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, Map<String, FloatMatrix> arrays) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setLevel(Deflater.NO_COMPRESSION);
            for (Map.Entry<String, FloatMatrix> entry : arrays.entrySet()) {
                FloatMatrix matrix = entry.getValue();
                ZipEntry named = new ZipEntry(entry.getKey() + ".npy");
                named.setTime(TIME); // the same arrays are the same bytes at any time
                zip.putNextEntry(named);
                zip.write(
                        matrix.rows() == 1
                                ? NpyFile.header("<f4", matrix.columns())
                                : NpyFile.header("<f4", matrix.rows(), matrix.columns()));
                ByteBuffer values = ByteBuffer.allocate(
                                Math.multiplyExact(Float.BYTES * matrix.rows(), matrix.columns()))
                        .order(ByteOrder.LITTLE_ENDIAN);
                values.asFloatBuffer().put(matrix.array(), matrix.offset(), matrix.rows() * matrix.columns());
                zip.write(values.array());
                zip.closeEntry();
            }
        }
        Replacement.write(file, bytes.toByteArray());
    }

    /**
     * Reads all arrays, up to {@link #DEFAULT_MAX_BYTES}.
     *
     * @param file the file
     * @return arrays by name, without the ending {@code .npy}
     * @throws CorruptFileException if it is not such a file, is damaged, or expands too far
     * @throws IOException if it cannot be read
     */
    public static Map<String, NpyArray> read(Path file) throws IOException {
        return read(file, DEFAULT_MAX_BYTES);
    }

    /**
     * Reads all arrays.
     *
     * @param file the file
     * @param maxBytes what all entries together may expand to
     * @return arrays by name, without the ending {@code .npy}
     * @throws CorruptFileException if it is not such a file, is damaged, or expands too far
     * @throws IOException if it cannot be read
     */
    public static Map<String, NpyArray> read(Path file, long maxBytes) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            if (zip.size() > MAX_ENTRIES) {
                throw new CorruptFileException(file, 0, "at most " + MAX_ENTRIES + " entries", zip.size() + "");
            }
            Map<String, NpyArray> arrays = new TreeMap<>();
            long total = 0;
            Enumeration<? extends ZipEntry> entries = zip.entries();
            while (entries.hasMoreElements()) {
                ZipEntry entry = entries.nextElement();
                if (!entry.getName().endsWith(".npy")) {
                    continue;
                }
                long size = entry.getSize();
                if (size < 0 || size / MAX_RATIO > entry.getCompressedSize()) {
                    throw new CorruptFileException(
                            file,
                            0,
                            "a possible size of entry " + entry.getName(),
                            size + " bytes from " + entry.getCompressedSize());
                }
                total += size;
                if (total > maxBytes) {
                    throw new CorruptFileException(
                            file, 0, "arrays of at most " + maxBytes + " bytes", "at least " + total);
                }
                String name = entry.getName().substring(0, entry.getName().length() - ".npy".length());
                CRC32 sum = new CRC32();
                try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), sum)) {
                    if (arrays.put(name, NpyReader.read(in, size, file, 0)) != null) {
                        throw new CorruptFileException(file, 0, "entries of different names", name + " twice");
                    }
                }
                if (sum.getValue() != entry.getCrc()) { // ZipFile does not look
                    throw new CorruptFileException(
                            file, 0, "CRC32 " + entry.getCrc() + " of " + name, String.valueOf(sum.getValue()));
                }
            }
            return Collections.unmodifiableMap(arrays);
        } catch (ZipException | EOFException e) {
            CorruptFileException corrupt =
                    new CorruptFileException(file, 0, "a zip file of arrays", String.valueOf(e.getMessage()));
            corrupt.initCause(e);
            throw corrupt;
        }
    }
}
