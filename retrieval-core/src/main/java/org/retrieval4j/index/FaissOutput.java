package org.retrieval4j.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.retrieval4j.storage.Replacement;

/** Writes little-endian numbers into a file that appears when it is whole. For one thread. */
final class FaissOutput implements AutoCloseable {
    private final Replacement replacement;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

    FaissOutput(Path file) throws IOException {
        replacement = new Replacement(file);
    }

    void fourcc(String text) throws IOException {
        room(4).put(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void number(int bytes, long value) throws IOException {
        ByteBuffer target = room(bytes);
        if (bytes == 1) {
            target.put((byte) value);
        } else if (bytes == Integer.BYTES) {
            target.putInt((int) value);
        } else {
            target.putLong(value);
        }
    }

    void floats(float[] values, int from, int count) throws IOException {
        for (int i = from; i < from + count; i++) {
            room(Float.BYTES).putFloat(values[i]);
        }
    }

    void bytes(byte[] values) throws IOException {
        for (byte value : values) {
            room(1).put(value);
        }
    }

    void longs(long[] values) throws IOException {
        for (long value : values) {
            room(Long.BYTES).putLong(value);
        }
    }

    void commit() throws IOException {
        drain();
        replacement.commit();
    }

    private ByteBuffer room(int bytes) throws IOException {
        if (buffer.remaining() < bytes) {
            drain();
        }
        return buffer;
    }

    private void drain() throws IOException {
        buffer.flip();
        while (buffer.hasRemaining()) {
            replacement.channel().write(buffer);
        }
        buffer.clear();
    }

    @Override
    public void close() throws IOException {
        replacement.close();
    }
}
