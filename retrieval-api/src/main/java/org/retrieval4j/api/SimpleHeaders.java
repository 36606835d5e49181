package org.retrieval4j.api;

/** Headers of formats without inner structure: BMP, GIF, PNM. */
final class SimpleHeaders {
    private SimpleHeaders() {}

    static ImageHeader readBmp(HeaderBytes in) throws ImageFormatException {
        long data = in.u32le(10);
        long headerLength = in.u32le(14);
        long width;
        long height;
        long bits;
        boolean plain;
        if (headerLength == 12) {
            width = in.u16le(18);
            height = in.u16le(20);
            bits = in.u16le(24);
            plain = true;
        } else if (headerLength >= 40 && headerLength <= 256) {
            width = (int) in.u32le(18);
            height = Math.abs((long) (int) in.u32le(22)); // negative where the first row stands first
            bits = in.u16le(28);
            long compression = in.u32le(30);
            plain = compression == 0 || compression == 3 || compression == 6; // else run lengths, or another format
            if (!plain) {
                in.require(data, in.u32le(34));
            }
        } else {
            // any text may start with BM
            throw new ImageFormatException("not an image of a known format");
        }
        ImageHeader header = in.header(ImageHeader.Format.BMP, width, height, Orientation.UPRIGHT);
        if (plain) {
            long row = (width * bits + 31) / 32 * 4;
            in.require(data, Math.multiplyHigh(row, height) == 0 ? row * height : Long.MAX_VALUE);
        }
        return header;
    }

    /** The first frame: only it is decoded, and only it must be whole. */
    static ImageHeader readGif(HeaderBytes in) throws ImageFormatException {
        long at = 13 + colorTable(in.u8(10));
        while (true) {
            int block = in.u8(at);
            if (block == 0x21) { // an extension: its kind, then sub-blocks
                at = skipSubBlocks(in, at + 2);
            } else if (block == 0x2C) {
                int width = in.u16le(at + 5);
                int height = in.u16le(at + 7);
                // behind the color table: minimum code size, then sub-blocks
                skipSubBlocks(in, at + 10 + colorTable(in.u8(at + 9)) + 1);
                return in.header(ImageHeader.Format.GIF, width, height, Orientation.UPRIGHT);
            } else {
                throw in.damaged(block == 0x3B ? "no picture data" : "an unknown block");
            }
        }
    }

    private static int colorTable(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }

    private static long skipSubBlocks(HeaderBytes in, long from) throws ImageFormatException {
        long at = from;
        for (int length = in.u8(at); length != 0; length = in.u8(at)) {
            at += 1 + length;
        }
        return at + 1;
    }

    static boolean isPnm(HeaderBytes in) {
        return (in.matches(0, "P5") || in.matches(0, "P6")) && in.has(2, 1) && isSpace(in.array()[2]);
    }

    static ImageHeader readPnm(HeaderBytes in) throws ImageFormatException {
        long[] numbers = new long[3];
        long at = 2;
        for (int i = 0; i < numbers.length; i++) {
            at = skipSpace(in, at);
            int digits = 0;
            for (; in.u8(at) >= '0' && in.u8(at) <= '9' && digits < 10; at++, digits++) {
                numbers[i] = 10 * numbers[i] + in.u8(at) - '0';
            }
            if (digits == 0 || !isSpace((byte) in.u8(at))) {
                throw in.damaged("its header is not three numbers");
            }
        }
        if (numbers[2] < 1 || numbers[2] > 65535) {
            throw in.damaged("a largest value of " + numbers[2]);
        }
        ImageHeader header = in.header(ImageHeader.Format.PNM, numbers[0], numbers[1], Orientation.UPRIGHT);
        long row = numbers[0] * (in.matches(0, "P6") ? 3 : 1) * (numbers[2] > 255 ? 2 : 1);
        in.require(at + 1, Math.multiplyHigh(row, numbers[1]) == 0 ? row * numbers[1] : Long.MAX_VALUE);
        return header;
    }

    private static long skipSpace(HeaderBytes in, long from) throws ImageFormatException {
        long at = from;
        while (isSpace((byte) in.u8(at)) || in.u8(at) == '#') {
            if (in.u8(at) == '#') {
                while (in.u8(at) != '\n') {
                    at++;
                }
            }
            at++;
        }
        return at;
    }

    private static boolean isSpace(byte character) {
        return character == ' ' || character >= '\t' && character <= '\r';
    }
}
