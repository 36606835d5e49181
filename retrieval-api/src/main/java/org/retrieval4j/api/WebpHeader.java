package org.retrieval4j.api;

/** Size and orientation of a WebP file, and whether its chunks lie inside it (RFC 9649). */
final class WebpHeader {
    private WebpHeader() {}

    static ImageHeader read(HeaderBytes in) throws ImageFormatException {
        long end = 8 + in.u32le(4);
        in.require(0, end);
        long width = 0;
        long height = 0;
        boolean data = false;
        Orientation orientation = Orientation.UPRIGHT;
        for (long at = 12; at + 8 <= end; ) {
            long length = in.u32le(at + 4);
            long payload = at + 8;
            if (payload + length > end) {
                throw in.damaged("a chunk is longer than the file says it is itself");
            }
            if (in.matches(at, "VP8X")) {
                requireLength(in, length, 10);
                if ((in.u8(payload) & 0x02) != 0) {
                    throw new ImageFormatException("animated WebP is not supported");
                }
                width = in.u24le(payload + 4) + 1L;
                height = in.u24le(payload + 7) + 1L;
            } else if (in.matches(at, "VP8 ") && !data) {
                requireLength(in, length, 10);
                if (!in.matches(payload + 3, "\u009d\u0001\u002a")) {
                    throw in.damaged("its frame has no start code");
                }
                data = true;
                width = sizeOrSame(in, width, in.u16le(payload + 6) & 0x3FFF);
                height = sizeOrSame(in, height, in.u16le(payload + 8) & 0x3FFF);
            } else if (in.matches(at, "VP8L") && !data) {
                requireLength(in, length, 5);
                if (in.u8(payload) != 0x2F) {
                    throw in.damaged("its frame has no signature");
                }
                data = true;
                long bits = in.u32le(payload + 1);
                width = sizeOrSame(in, width, (bits & 0x3FFF) + 1);
                height = sizeOrSame(in, height, (bits >> 14 & 0x3FFF) + 1);
            } else if (in.matches(at, "EXIF")) {
                // some writers keep the prefix that only JPEG needs
                int skip = in.matches(payload, "Exif\0\0") && length >= 6 ? 6 : 0;
                orientation = TiffHeader.exifOrientation(in, payload + skip, length - skip);
            }
            at = payload + length + (length & 1);
        }
        if (!data) {
            throw in.damaged("no picture data");
        }
        return in.header(ImageHeader.Format.WEBP, width, height, orientation);
    }

    private static void requireLength(HeaderBytes in, long length, int least) throws ImageFormatException {
        if (length < least) {
            throw in.damaged("a header chunk of " + length + " bytes");
        }
    }

    // The canvas of a still picture is its frame; a decoder would take the frame's size.
    private static long sizeOrSame(HeaderBytes in, long canvas, long frame) throws ImageFormatException {
        if (canvas != 0 && canvas != frame) {
            throw in.damaged("a frame of " + frame + " pixels on a canvas of " + canvas);
        }
        return frame;
    }
}
