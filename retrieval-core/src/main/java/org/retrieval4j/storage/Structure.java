package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Header and section table of a container, checked: nothing in them is believed before it was measured. */
record Structure(Map<String, String> fields, Map<String, Section> sections) {

    static Structure read(Path path, FileChannel channel) throws IOException {
        long length = channel.size();
        requireVersion(path, channel, length);
        long least = Layout.ALIGNMENT + Layout.FOOTER_BYTES;
        if (length < least) {
            throw new CorruptFileException(path, length, "at least " + least + " bytes", length + " bytes");
        }
        long footerAt = length - Layout.FOOTER_BYTES;
        ByteBuffer footer = bytes(path, channel, footerAt, Layout.FOOTER_BYTES);
        if (footer.getLong() != Layout.FOOTER_MAGIC) {
            throw new CorruptFileException(path, footerAt, "the footer of a whole file", "other bytes: cut?");
        }
        requireCrc(path, "footer", footerAt, footer.getInt(60), Layout.crc(footer.array(), 0, 60));
        long headerLength = footer.getLong();
        int headerCrc = footer.getInt();
        int count = footer.getInt();
        long tableOffset = footer.getLong();
        long tableLength = footer.getLong();
        int tableCrc = footer.getInt();
        footer.getLong();
        long fileLength = footer.getLong();
        if (fileLength != length) {
            throw new CorruptFileException(path, footerAt, fileLength + " bytes", length + " bytes");
        }
        if (headerLength < 1
                || headerLength > Math.min(Layout.MAX_HEADER_BYTES, footerAt)
                || tableOffset < headerLength
                || tableOffset > footerAt
                || tableLength != footerAt - tableOffset
                || tableLength > Integer.MAX_VALUE - 8
                || count < 0
                || (long) count * Layout.MIN_ENTRY_BYTES > tableLength) {
            throw new CorruptFileException(path, footerAt, "header and table inside the file", "places outside it");
        }
        ByteBuffer header = bytes(path, channel, 0, (int) headerLength);
        requireCrc(path, "header", 0, headerCrc, Layout.crc(header.array(), 0, header.limit()));
        ByteBuffer table = bytes(path, channel, tableOffset, (int) tableLength);
        requireCrc(path, "section table", tableOffset, tableCrc, Layout.crc(table.array(), 0, table.limit()));
        return new Structure(fields(path, header.array()), sections(path, table, count, headerLength, tableOffset));
    }

    /** The first line comes first: a file of another version may differ in everything else. */
    private static void requireVersion(Path path, FileChannel channel, long length) throws IOException {
        byte[] start = bytes(path, channel, 0, (int) Math.min(length, 40)).array();
        String text = new String(start, StandardCharsets.ISO_8859_1);
        int end = text.indexOf('\n');
        String number =
                end < 0 || !text.startsWith(Layout.FIRST_LINE) ? "" : text.substring(Layout.FIRST_LINE.length(), end);
        if (!number.matches("[1-9][0-9]{0,8}")) {
            throw new CorruptFileException(
                    path, 0, "the line \"" + Layout.FIRST_LINE + Layout.VERSION + "\"", "other bytes");
        }
        int version = Integer.parseInt(number);
        if (version != Layout.VERSION) {
            throw new UnsupportedVersionException(path, "container", version, Layout.VERSION, Layout.VERSION);
        }
    }

    private static Map<String, String> fields(Path path, byte[] header) throws CorruptFileException {
        Map<String, String> fields = new LinkedHashMap<>();
        String[] lines = new String(header, StandardCharsets.UTF_8).split("\n", -1);
        for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
            int equals = lines[i].indexOf('=');
            if (equals < 1) {
                throw new CorruptFileException(path, 0, "header lines key=value", "\"" + lines[i] + "\"");
            }
            fields.put(lines[i].substring(0, equals), Layout.unescaped(lines[i].substring(equals + 1)));
        }
        return Collections.unmodifiableMap(fields);
    }

    private static Map<String, Section> sections(Path path, ByteBuffer table, int count, long from, long to)
            throws CorruptFileException {
        Map<String, Section> sections = new LinkedHashMap<>();
        Section.Type[] types = Section.Type.values();
        long end = from;
        for (int i = 0; i < count; i++) {
            int nameLength = table.remaining() < Layout.MIN_ENTRY_BYTES ? -1 : table.getShort() & 0xffff;
            if (nameLength < 0 || nameLength > table.remaining() - (Layout.MIN_ENTRY_BYTES - Short.BYTES)) {
                throw new CorruptFileException(path, to + table.position(), "entry " + i + " of " + count, "the end");
            }
            String name = new String(table.array(), table.position(), nameLength, StandardCharsets.UTF_8);
            table.position(table.position() + nameLength);
            int type = table.get() & 0xff;
            long rows = table.getLong();
            int columns = table.getInt();
            long offset = table.getLong();
            int crc = table.getInt();
            if (type >= types.length || rows < 0 || columns < 0 || offset != Layout.aligned(end)) {
                throw new CorruptFileException(
                        path, to + table.position(), "a section of a known type after byte " + end, name);
            }
            Section section = new Section(name, types[type], rows, columns, offset, crc);
            long room = offset > to ? -1 : (to - offset) / Math.max(section.rowBytes(), 1);
            if (columns == 0 ? rows > Integer.MAX_VALUE : rows > room) {
                throw new CorruptFileException(
                        path, to + table.position(), "section " + name + " inside the file", rows + " x " + columns);
            }
            if (sections.put(name, section) != null) {
                throw new CorruptFileException(path, to + table.position(), "section " + name + " once", "twice");
            }
            end = offset + section.bytes();
        }
        if (table.hasRemaining() || to != Layout.aligned(end)) {
            throw new CorruptFileException(path, to, "the table right after the sections", "something between");
        }
        return Collections.unmodifiableMap(sections);
    }

    private static void requireCrc(Path path, String what, long offset, int expected, int found)
            throws CorruptFileException {
        if (expected != found) {
            throw new CorruptFileException(
                    path, offset, what + " with CRC32C " + Layout.hex(expected), Layout.hex(found));
        }
    }

    private static ByteBuffer bytes(Path path, FileChannel channel, long at, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        readFully(path, channel, bytes, at);
        return bytes;
    }

    /** Fills a buffer from its position to its limit, then flips it to be read from 0. */
    static void readFully(Path path, FileChannel channel, ByteBuffer buffer, long at) throws IOException {
        int start = buffer.position();
        try {
            while (buffer.hasRemaining()) {
                int n = channel.read(buffer, at + buffer.position() - start);
                if (n < 0) {
                    throw new CorruptFileException(path, at + buffer.position() - start, "more bytes", "the end");
                }
            }
        } catch (ClosedChannelException e) {
            throw closed(path, e);
        }
        buffer.flip();
    }

    /** What a use after close throws; a read that an interrupt or another thread's close cut off is an IOException. */
    static IllegalStateException closed(Path path, ClosedChannelException cause) throws ClosedChannelException {
        if (cause instanceof AsynchronousCloseException) {
            throw cause;
        }
        return new IllegalStateException(path + " is closed", cause);
    }
}
