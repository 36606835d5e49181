package org.retrieval4j.database;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.retrieval4j.storage.CorruptFileException;

/**
 * Bytes in a file that is open: the features or the descriptor of one image.
 *
 * @param source the file
 * @param offset where they start in the source
 * @param length how many
 * @param crc their CRC32C, checked at each reading
 */
record Blob(Source source, long offset, int length, int crc) {
    /** A file that bytes are read from, by many threads at once. */
    interface Source {
        /** The file, for messages. */
        Path path();

        /** Bytes that lie inside the source. */
        ByteBuffer read(long offset, int length) throws IOException;
    }

    /** From bytes to a value; refuses bytes that are none by an {@link IllegalArgumentException}. */
    interface Decoder<V> {
        V decode(ByteBuffer bytes);
    }

    /** Reads and checks the bytes. */
    ByteBuffer read() throws IOException {
        ByteBuffer bytes = source.read(offset, length);
        int found = crc(bytes.duplicate());
        if (found != crc) {
            throw new CorruptFileException(
                    source.path(), offset, "bytes with CRC32C " + hex(crc), "CRC32C " + hex(found));
        }
        return bytes;
    }

    /** Reads a value. */
    <V> V read(Decoder<V> decoder) throws IOException {
        try {
            return decoder.decode(read());
        } catch (IllegalArgumentException e) {
            // the bytes are those that were written, so whoever wrote them speaks another language
            CorruptFileException corrupt =
                    new CorruptFileException(source.path(), offset, "a readable value", String.valueOf(e.getMessage()));
            corrupt.initCause(e);
            throw corrupt;
        }
    }

    static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static String hex(int crc) {
        return String.format(java.util.Locale.ROOT, "%08x", crc);
    }
}
