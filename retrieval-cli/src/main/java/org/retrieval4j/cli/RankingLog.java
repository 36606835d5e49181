package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.retrieval4j.eval.NameRows;

/**
 * Rankings that are written as they are found: a header that says how they are made, then rows {@code query,image,image,…} of
 * CSV. What stands in the file when it is opened again is kept, but for a row that an interruption cut.
 */
final class RankingLog implements AutoCloseable {
    private final FileChannel channel;
    private final Set<String> done = new HashSet<>();

    private RankingLog(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Opens a file, which is made if it is not there.
     *
     * @param firstLine its header, which says how the rankings are made
     * @throws CommandException if it holds rankings that are made otherwise, or something else
     */
    static RankingLog open(Path file, String firstLine) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            RankingLog log = new RankingLog(channel);
            byte[] header = (firstLine + "\n").getBytes(StandardCharsets.UTF_8);
            byte[] start = start(channel, header.length);
            if (!Arrays.equals(start, Arrays.copyOf(header, start.length))) {
                String found = new String(start, StandardCharsets.UTF_8)
                        .lines()
                        .findFirst()
                        .orElse("");
                throw new CommandException(file + " was made by something else or with other settings: " + found
                        + ", not " + firstLine + "; name another file, or remove it");
            }
            if (start.length < header.length) {
                channel.truncate(0).position(0); // new, or cut in the header
                log.write(header);
            } else {
                channel.truncate(endOfLastLine(channel));
                NameRows.read(file, (line, fields) -> {
                    if (line > 1) {
                        log.done.add(fields.get(0));
                    }
                });
                channel.position(channel.size());
            }
            return log;
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
    }

    private static byte[] start(FileChannel channel, int length) throws IOException {
        ByteBuffer start = ByteBuffer.allocate((int) Math.min(length, channel.size()));
        while (start.hasRemaining() && channel.read(start, start.position()) >= 0) {
            // more may come
        }
        return Arrays.copyOf(start.array(), start.position());
    }

    private static long endOfLastLine(FileChannel channel) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(1 << 16);
        long end = channel.size();
        while (end > 0) {
            long start = Math.max(0, end - block.capacity());
            block.clear().limit((int) (end - start));
            while (block.hasRemaining() && channel.read(block, start + block.position()) >= 0) {
                // more may come
            }
            for (int i = block.position() - 1; i >= 0; i--) {
                if (block.get(i) == '\n') {
                    return start + i + 1;
                }
            }
            end = start;
        }
        return 0;
    }

    /** Whether a query has its row. */
    boolean has(String query) {
        return done.contains(query);
    }

    /** Adds rows, a query and its ranking each, and waits until the disk has them. */
    void add(List<List<String>> rows) throws IOException {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            char end = '\n';
            for (int i = 0; i < row.size(); i++) {
                text.append(NameRows.field(row.get(i))).append(i + 1 < row.size() ? ',' : end);
            }
            done.add(row.get(0));
        }
        write(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    private void write(byte[] text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
