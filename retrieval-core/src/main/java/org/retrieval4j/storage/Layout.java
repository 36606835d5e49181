package org.retrieval4j.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Where things stand in the container, version 1. All numbers are little-endian.
 *
 * <pre>
 * header    "retrieval4j container 1\n", then lines key=value, an empty line, spaces up to a multiple of 64
 * sections  each at a multiple of 64, zeros between them
 * table     at a multiple of 64; one entry a section:
 *             name length u16, name UTF-8, type u8, rows i64, columns i32, offset i64, CRC32C u32
 * footer    the last 64 bytes:
 *             magic 8, header length i64, header CRC32C u32, sections u32,
 *             table offset i64, table length i64, table CRC32C u32, zero 8, file length i64, footer CRC32C u32
 * </pre>
 */
final class Layout {
    static final String FIRST_LINE = "retrieval4j container ";
    static final int VERSION = 1;
    static final int ALIGNMENT = 64;
    static final int FOOTER_BYTES = 64;
    static final long FOOTER_MAGIC = ByteBuffer.wrap("r4j\nend\n".getBytes(StandardCharsets.US_ASCII))
            .order(ByteOrder.LITTLE_ENDIAN)
            .getLong();
    static final int MAX_HEADER_BYTES = 1 << 20;
    static final int MAX_NAME_BYTES = 1 << 10;
    static final int MIN_ENTRY_BYTES = 2 + 1 + 8 + 4 + 8 + 4;

    private Layout() {}

    static long aligned(long position) {
        return (position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    static byte[] header(Map<String, String> fields) {
        StringBuilder text = new StringBuilder(FIRST_LINE).append(VERSION).append('\n');
        fields.forEach((key, value) ->
                text.append(key).append('=').append(escaped(value)).append('\n'));
        text.append('\n');
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = new byte[(int) aligned(bytes.length)];
        java.util.Arrays.fill(padded, (byte) ' ');
        System.arraycopy(bytes, 0, padded, 0, bytes.length);
        return padded;
    }

    /** A value on one line: a line break is {@code \n}, a return {@code \r}, a backslash {@code \\}. */
    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    static String unescaped(String value) {
        if (value.indexOf('\\') < 0) {
            return value;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\' && i + 1 < value.length()) {
                c = value.charAt(++i);
                c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
            }
            text.append(c);
        }
        return text.toString();
    }

    static int crc(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }

    static String hex(int crc) {
        return String.format("%08x", crc);
    }
}
