package org.retrieval4j.database;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.storage.CorruptFileException;

/**
 * The pictures inside a tar (POSIX ustar and pax, and GNU's long names), not compressed: the members with a picture's ending
 * as {@link ImageFolder} knows them, in the order of the archive. Nothing is unpacked; a picture is read where it lies, so
 * that data sets as Google Landmarks v2 are indexed from the archives they come in.
 */
public final class ImageTar {
    private static final int BLOCK = 512;
    private static final int MAX_TEXT = 1 << 20;

    private ImageTar() {}

    /**
     * Looks through an archive.
     *
     * @param name what the archive is called in the names of its pictures
     * @param file where it is
     * @return its pictures, each called by the archive's name, "/", and its path in it; of members with one path the last
     * @throws CorruptFileException if it is no tar, or cut
     * @throws IOException if it cannot be read
     */
    public static List<ImageSource> read(String name, Path file) throws IOException {
        Map<String, ImageSource> pictures = new LinkedHashMap<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long end = channel.size();
            long at = 0;
            String path = "";
            long size = -1;
            while (true) {
                byte[] header = bytes(file, channel, at, BLOCK);
                if (isEnd(header)) {
                    return new ArrayList<>(pictures.values());
                }
                requireChecksum(file, at, header);
                boolean ownSize = header[156] != 'x' && header[156] != 'g' && header[156] != 'L';
                long length = ownSize && size >= 0 ? size : number(file, at, header);
                long data = at + BLOCK;
                if (length > end - data) {
                    throw new CorruptFileException(file, at, "a member that ends in the file", length + " more bytes");
                }
                switch (header[156]) {
                    case 'x' -> {
                        Map<String, String> records = records(file, channel, data, length);
                        path = records.getOrDefault("path", path);
                        size = size(file, at, records.get("size"), size);
                    }
                    case 'L' -> path = text(text(file, channel, data, length), 0, (int) length);
                    default -> {
                        if (header[156] == '0' || header[156] == 0 || header[156] == '7') {
                            String member = path.isEmpty() ? path(header) : path;
                            add(pictures, name, file, member, data, length);
                        }
                        if (header[156] != 'g') {
                            path = "";
                            size = -1;
                        }
                    }
                }
                at = data + (length + BLOCK - 1) / BLOCK * BLOCK;
            }
        }
    }

    private static void add(
            Map<String, ImageSource> pictures, String archive, Path file, String member, long data, long length) {
        int start = 0;
        while (member.startsWith("/", start) || member.startsWith("./", start)) {
            start += member.charAt(start) == '/' ? 1 : 2;
        }
        String path = member.substring(start);
        boolean hidden = path.startsWith(".") || path.contains("/.");
        if (!hidden && ImageFolder.hasPictureEnding(path)) {
            String name = archive + "/" + path;
            pictures.put(name, new ImageSource(name, file, data, length));
        }
    }

    private static byte[] bytes(Path file, FileChannel channel, long at, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {
            // more may come
        }
        if (bytes.hasRemaining()) {
            throw new CorruptFileException(
                    file, at, length + " bytes of a tar", bytes.position() + " to the end of the file");
        }
        return bytes.array();
    }

    private static byte[] text(Path file, FileChannel channel, long at, long length) throws IOException {
        if (length > MAX_TEXT) {
            throw new CorruptFileException(file, at, "a name of at most " + MAX_TEXT + " bytes", length + " bytes");
        }
        return bytes(file, channel, at, (int) length);
    }

    private static boolean isEnd(byte[] header) {
        for (byte b : header) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    private static void requireChecksum(Path file, long at, byte[] header) throws IOException {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xFF;
        }
        if (octal(header, 148, 8) != sum) {
            throw new CorruptFileException(file, at, "a member of a tar", "other bytes");
        }
    }

    private static long number(Path file, long at, byte[] header) throws IOException {
        long size = header[124] < 0 ? binary(header) : octal(header, 124, 12);
        if (size < 0) {
            throw new CorruptFileException(file, at + 124, "the size of a member", "other bytes");
        }
        return size;
    }

    /** GNU's form of large sizes. */
    private static long binary(byte[] header) {
        long size = 0;
        for (int i = 128; i < 136; i++) {
            size = (size << 8) | (header[i] & 0xFF);
        }
        return size;
    }

    /** -1 if there is no number. */
    private static long octal(byte[] header, int from, int length) {
        String digits = text(header, from, length).strip();
        if (digits.isEmpty() || digits.length() > 12 || !digits.chars().allMatch(c -> c >= '0' && c <= '7')) {
            return -1;
        }
        return Long.parseLong(digits, 8);
    }

    private static String path(byte[] header) {
        String name = text(header, 0, 100);
        boolean posix = text(header, 257, 6).equals("ustar");
        String prefix = posix ? text(header, 345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static String text(byte[] bytes, int from, int length) {
        int end = from;
        while (end < from + length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, from, end - from, StandardCharsets.UTF_8);
    }

    /** Records of pax, {@code "length key=value\n"}. */
    private static Map<String, String> records(Path file, FileChannel channel, long at, long length)
            throws IOException {
        byte[] bytes = text(file, channel, at, length);
        Map<String, String> records = new LinkedHashMap<>();
        int from = 0;
        while (from < bytes.length) {
            int blank = from;
            int size = 0;
            while (blank < bytes.length && bytes[blank] >= '0' && bytes[blank] <= '9' && size < MAX_TEXT) {
                size = 10 * size + bytes[blank++] - '0';
            }
            int end = from + size;
            if (blank == bytes.length || bytes[blank] != ' ' || end > bytes.length || end <= blank + 1) {
                throw new CorruptFileException(file, at + from, "a record of pax", "other bytes");
            }
            String record = new String(bytes, blank + 1, end - blank - 2, StandardCharsets.UTF_8);
            int equals = record.indexOf('=');
            if (equals > 0) {
                records.put(record.substring(0, equals), record.substring(equals + 1));
            }
            from = end;
        }
        return records;
    }

    private static long size(Path file, long at, @Nullable String text, long otherwise) throws IOException {
        if (text == null) {
            return otherwise;
        }
        if (!text.matches("[0-9]{1,18}")) {
            throw new CorruptFileException(file, at, "the size of a member", "\"" + text + "\"");
        }
        return Long.parseLong(text);
    }
}
