package org.retrieval4j.eval;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads a CSV file row by row as bytes, without an object per row. A field in double quotes may hold commas, and quotes
 * written twice, but no line break. Rows without a character are left out. Not thread-safe.
 */
final class CsvRows implements Closeable {
    private static final int MAX_LINE = 1 << 26;
    private static final int MAX_FIELDS = 8;

    private final Path file;
    private final InputStream in;
    private final int[] starts = new int[MAX_FIELDS];
    private final int[] ends = new int[MAX_FIELDS];
    private byte[] buffer = new byte[1 << 18];
    private int position;
    private int limit;
    private int fields;
    private long line;

    CsvRows(Path file) throws IOException {
        this.file = file;
        this.in = Files.newInputStream(file);
    }

    /** Goes to the next row that is not empty. */
    boolean next() throws IOException {
        while (true) {
            int end = position;
            while (end == limit || buffer[end] != '\n') {
                if (end < limit) {
                    end++;
                    continue;
                }
                int length = end - position;
                boolean more = fill(); // moves what is there to the front
                end = position + length;
                if (!more) {
                    break;
                }
            }
            if (end == limit && end == position) {
                return false;
            }
            line++;
            int start = position;
            position = Math.min(end + 1, limit);
            end = end > start && buffer[end - 1] == '\r' ? end - 1 : end;
            if (end > start) {
                split(start, end);
                return true;
            }
        }
    }

    private boolean fill() throws IOException {
        if (position > 0) {
            System.arraycopy(buffer, position, buffer, 0, limit - position);
            limit -= position;
            position = 0;
        } else if (limit == buffer.length) {
            if (limit == MAX_LINE) {
                line++;
                throw wrong("a line must have at most " + MAX_LINE + " bytes");
            }
            buffer = Arrays.copyOf(buffer, 2 * limit);
        }
        int read = in.read(buffer, limit, buffer.length - limit);
        limit += Math.max(0, read);
        return read > 0;
    }

    private void split(int start, int end) throws IOException {
        fields = 0;
        int at = start;
        while (true) {
            if (fields == MAX_FIELDS) {
                throw wrong("a row must have at most " + MAX_FIELDS + " fields");
            }
            int to;
            if (at < end && buffer[at] == '"') {
                starts[fields] = ++at;
                to = at;
                while (true) {
                    if (at == end) {
                        throw wrong("a quote is not closed");
                    }
                    byte c = buffer[at++];
                    if (c == '"' && (at == end || buffer[at] != '"')) {
                        break;
                    }
                    at += c == '"' ? 1 : 0;
                    buffer[to++] = c; // a quote written twice moves what follows to the left
                }
                if (at < end && buffer[at] != ',') {
                    throw wrong("a comma must follow a closing quote");
                }
            } else {
                starts[fields] = at;
                while (at < end && buffer[at] != ',') {
                    at++;
                }
                to = at;
            }
            ends[fields++] = to;
            if (at == end) {
                return;
            }
            at++; // the comma; a field follows it, if an empty one
        }
    }

    int fields() {
        return fields;
    }

    /** The bytes that hold the row, valid until the next one. */
    byte[] bytes() {
        return buffer;
    }

    int start(int field) {
        return starts[field];
    }

    int end(int field) {
        return ends[field];
    }

    byte[] copy(int field) {
        return Arrays.copyOfRange(buffer, starts[field], ends[field]);
    }

    String text(int field) {
        return new String(buffer, starts[field], ends[field] - starts[field], StandardCharsets.UTF_8);
    }

    IOException wrong(String what) {
        return new IOException(file + ", line " + line + ": " + what);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
