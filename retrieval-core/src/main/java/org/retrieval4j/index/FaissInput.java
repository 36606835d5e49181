package org.retrieval4j.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.retrieval4j.storage.CorruptFileException;

/** Little-endian numbers of a file of unknown honesty. For one thread. */
final class FaissInput implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final long length;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    private long bufferEnd; // where in the file the buffer's limit is

    FaissInput(Path path) throws IOException {
        this.path = path;
        this.channel = FileChannel.open(path, StandardOpenOption.READ);
        this.length = channel.size();
        buffer.limit(0);
    }

    long position() {
        return bufferEnd - buffer.remaining();
    }

    void position(long at) {
        buffer.limit(0);
        bufferEnd = at;
    }

    long left() {
        return length - position();
    }

    /** Checks that so many bytes are left. */
    void require(long bytes) throws CorruptFileException {
        if (bytes < 0 || bytes > left()) {
            throw corrupt(bytes + " more bytes", left() + "");
        }
    }

    void requireEnd() throws CorruptFileException {
        if (left() > 0) {
            throw corrupt("the end of the file", left() + " more bytes");
        }
    }

    void skip(long bytes) throws IOException {
        require(bytes);
        position(position() + bytes);
    }

    String fourcc() throws IOException {
        fill(4);
        byte[] bytes = new byte[4];
        buffer.get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", "?");
    }

    /** A number of some bytes within bounds. */
    long number(int bytes, long least, long most) throws IOException {
        fill(bytes);
        long value = bytes == 1 ? buffer.get() : bytes == Integer.BYTES ? buffer.getInt() : buffer.getLong();
        if (value < least || value > most) {
            throw corrupt(least == most ? least + "" : "a number from " + least + " to " + most, value + "");
        }
        return value;
    }

    /** The length of an array that follows, whose values the file must have. */
    long count(int valueBytes) throws IOException {
        return number(Long.BYTES, 0, Math.max(0, left() - Long.BYTES) / valueBytes);
    }

    long id() throws IOException {
        return number(Long.BYTES, 0, Long.MAX_VALUE);
    }

    void floats(float[] target, int at, int count) throws IOException {
        require((long) Float.BYTES * count);
        for (int done = 0; done < count; ) {
            fill(Float.BYTES);
            int n = Math.min(count - done, buffer.remaining() / Float.BYTES);
            buffer.asFloatBuffer().get(target, at + done, n);
            buffer.position(buffer.position() + n * Float.BYTES);
            done += n;
        }
    }

    void bytes(byte[] target, int at, int count) throws IOException {
        require(count);
        for (int done = 0; done < count; ) {
            fill(1);
            int n = Math.min(count - done, buffer.remaining());
            buffer.get(target, at + done, n);
            done += n;
        }
    }

    CorruptFileException corrupt(String expected, String found) {
        return new CorruptFileException(path, position(), expected, found);
    }

    /** Has at least some bytes in the buffer. */
    private void fill(int bytes) throws IOException {
        require(bytes);
        if (buffer.remaining() >= bytes) {
            return;
        }
        long at = position();
        buffer.clear();
        while (buffer.position() < bytes) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                throw new CorruptFileException(path, at, bytes + " more bytes", "the end of the file");
            }
        }
        buffer.flip();
        bufferEnd = at + buffer.limit();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
