package org.retrieval4j.database;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/** Global descriptors of many images in one file, of any kind, bit by bit; for batches: all of them are read at once. */
public final class DescriptorFile {
    private static final String KIND = "descriptors";
    private static final int VERSION = 1;
    private static final String LENGTHS = "lengths";
    private static final String VALUES = "values";

    private DescriptorFile() {}

    /**
     * Writes a file.
     *
     * @param file target, replaced in one step
     * @param descriptors in order; less than 2 GiB
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, List<GlobalDescriptor> descriptors) throws IOException {
        int[] lengths = new int[descriptors.size()];
        ByteArrayOutputStream values = new ByteArrayOutputStream();
        for (int i = 0; i < lengths.length; i++) {
            byte[] bytes = DescriptorCodec.encode(descriptors.get(i));
            lengths[i] = bytes.length;
            values.writeBytes(bytes);
        }
        try (SectionWriter writer = SectionWriter.create(file, KIND, VERSION)) {
            writer.ints(LENGTHS, lengths).bytes(VALUES, values.toByteArray()).commit();
        }
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @return the descriptors, in order
     * @throws CorruptFileException if the file is damaged or of another kind
     * @throws IOException if it cannot be read
     */
    public static List<GlobalDescriptor> read(Path file) throws IOException {
        try (SectionFile sections = SectionFile.open(file, KIND, VERSION, VERSION)) {
            int[] lengths = sections.ints(LENGTHS);
            byte[] values = sections.bytes(VALUES);
            List<GlobalDescriptor> descriptors = new ArrayList<>();
            int at = 0;
            for (int length : lengths) {
                if (length < 0 || length > values.length - at) {
                    throw new CorruptFileException(
                            file, at, "a length of at most " + (values.length - at), Integer.toString(length));
                }
                try {
                    descriptors.add(DescriptorCodec.decode(
                            ByteBuffer.wrap(values, at, length).slice()));
                } catch (IllegalArgumentException refused) {
                    throw new CorruptFileException(file, at, "a descriptor", refused.getMessage() + "");
                }
                at += length;
            }
            return descriptors;
        }
    }
}
