package org.retrieval4j.api;

/**
 * A file's bytes while its header is read: every read is checked against the end, so that no parser needs to. Positions
 * are longs, because sums of lengths that a file claims may exceed an int.
 */
final class HeaderBytes {
    private final byte[] bytes;
    private final String name;

    /** Bytes of a file whose format has a name for messages. */
    HeaderBytes(byte[] bytes, String name) {
        this.bytes = bytes;
        this.name = name;
    }

    int length() {
        return bytes.length;
    }

    byte[] array() {
        return bytes;
    }

    /** Tells whether a part lies inside the file. */
    boolean has(long at, long length) {
        return at >= 0 && length >= 0 && at <= bytes.length && length <= bytes.length - at;
    }

    /** Demands that a part lies inside the file. */
    void require(long at, long length) throws ImageFormatException {
        if (!has(at, length)) {
            throw truncated();
        }
    }

    int u8(long at) throws ImageFormatException {
        require(at, 1);
        return bytes[(int) at] & 0xFF;
    }

    int u16(long at, boolean bigEndian) throws ImageFormatException {
        int first = u8(at);
        int second = u8(at + 1);
        return bigEndian ? first << 8 | second : second << 8 | first;
    }

    int u16be(long at) throws ImageFormatException {
        return u16(at, true);
    }

    int u16le(long at) throws ImageFormatException {
        return u16(at, false);
    }

    int u24le(long at) throws ImageFormatException {
        return u16le(at) | u8(at + 2) << 16;
    }

    long u32(long at, boolean bigEndian) throws ImageFormatException {
        long first = u16(at, bigEndian);
        long second = u16(at + 2, bigEndian);
        return bigEndian ? first << 16 | second : second << 16 | first;
    }

    long u32be(long at) throws ImageFormatException {
        return u32(at, true);
    }

    long u32le(long at) throws ImageFormatException {
        return u32(at, false);
    }

    /** Tells whether Latin-1 text stands at a place; false where the file ends before. */
    boolean matches(long at, String text) {
        if (!has(at, text.length())) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if ((bytes[(int) at + i] & 0xFF) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    ImageFormatException truncated() {
        return new ImageFormatException("truncated " + name);
    }

    ImageFormatException damaged(String what) {
        return new ImageFormatException("damaged " + name + ": " + what);
    }

    /** The header of a size read from the file, which may be anything. */
    ImageHeader header(ImageHeader.Format format, long width, long height, Orientation orientation)
            throws ImageFormatException {
        if (width < 1 || height < 1 || width > Integer.MAX_VALUE || height > Integer.MAX_VALUE) {
            throw damaged("a size of " + width + " x " + height + " pixels");
        }
        return new ImageHeader(format, (int) width, (int) height, orientation);
    }
}
