package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Damages a file in every way of a kind, one after the other. In place, since rewriting files is slow on some disks. */
public final class Damage {
    private Damage() {}

    /** What must hold for the damaged file: true if it was refused. */
    @FunctionalInterface
    public interface Check {
        boolean isRefused() throws IOException;
    }

    /** Flips every n-th bit; counts how often the file was refused. */
    public static int flipBits(Path file, int n, Check check) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        int refused = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int bit = 0; bit < 8 * whole.length; bit += n) {
                int at = bit / 8;
                put(channel, at, (byte) (whole[at] ^ 1 << bit % 8));
                refused += check.isRefused() ? 1 : 0;
                put(channel, at, whole[at]);
            }
        }
        return refused;
    }

    /** Cuts the file at every byte, from the last to the first; counts how often it was refused. */
    public static int cut(Path file, Check check) throws IOException {
        int refused = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (long length = channel.size() - 1; length >= 0; length--) {
                channel.truncate(length);
                refused += check.isRefused() ? 1 : 0;
            }
        }
        return refused;
    }

    private static void put(FileChannel channel, int at, byte value) throws IOException {
        channel.write(ByteBuffer.wrap(new byte[] {value}), at);
    }
}
