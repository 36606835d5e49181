package org.retrieval4j.api;

/**
 * Size of a JPEG 2000 picture, and whether it ends: walks the boxes of a JP2 file to its codestream, and the tile parts
 * of the codestream to EOC (ITU-T T.800, annexes A and I). The size is the codestream's, because it is what is decoded.
 */
final class Jpeg2000Header {
    static final String BOX_SIGNATURE = "\0\0\0\u000cjP  \r\n\u0087\n";
    static final String STREAM_START = "\u00ff\u004f\u00ff\u0051";

    private static final int START_OF_TILE_PART = 0xFF90;
    private static final int END_OF_STREAM = 0xFFD9;

    private Jpeg2000Header() {}

    static ImageHeader read(HeaderBytes in) throws ImageFormatException {
        long stream = in.matches(0, STREAM_START) ? 0 : streamInBoxes(in);
        in.require(stream, STREAM_START.length());
        if (!in.matches(stream, STREAM_START)) {
            throw in.damaged("its codestream has no size");
        }
        long size = stream + 8; // behind SOC, the SIZ marker, its length and the capabilities
        long width = in.u32be(size) - in.u32be(size + 8);
        long height = in.u32be(size + 4) - in.u32be(size + 12);
        walk(in, stream + 2);
        return in.header(ImageHeader.Format.JPEG2000, width, height, Orientation.UPRIGHT);
    }

    private static long streamInBoxes(HeaderBytes in) throws ImageFormatException {
        for (long at = 0; ; ) {
            long length = in.u32be(at);
            long payload = at + 8;
            if (length == 1) {
                length = in.u32be(at + 8) << 32 | in.u32be(at + 12);
                payload = at + 16;
            } else if (length == 0) {
                length = in.length() - at; // the last box may leave its length open
            }
            if (in.matches(at + 4, "jp2c")) {
                return payload;
            }
            if (length < payload - at) {
                throw in.damaged("a box of " + length + " bytes");
            }
            in.require(at, length);
            at += length;
        }
    }

    private static void walk(HeaderBytes in, long from) throws ImageFormatException {
        for (long at = from; ; ) {
            int marker = in.u16be(at);
            if (marker == END_OF_STREAM) {
                return;
            }
            int length = in.u16be(at + 2);
            if (marker < 0xFF00 || length < 2) {
                throw in.damaged("no marker where one must stand");
            }
            if (marker != START_OF_TILE_PART) {
                at += 2L + length;
                continue;
            }
            long tilePart = in.u32be(at + 6);
            if (tilePart == 0) {
                requireEnd(in, at);
                return;
            }
            if (tilePart < 14) {
                throw in.damaged("a tile part of " + tilePart + " bytes");
            }
            in.require(at, tilePart);
            at += tilePart;
        }
    }

    // A tile part of open length runs to the end of the codestream.
    private static void requireEnd(HeaderBytes in, long from) throws ImageFormatException {
        byte[] bytes = in.array();
        for (int at = bytes.length - 2; at > from; at--) {
            if (bytes[at] == (byte) 0xFF && bytes[at + 1] == (byte) 0xD9) {
                return;
            }
        }
        throw in.truncated();
    }
}
