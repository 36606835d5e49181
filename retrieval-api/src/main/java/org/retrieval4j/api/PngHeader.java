package org.retrieval4j.api;

import java.util.zip.CRC32;

/**
 * Size and orientation of a PNG file, and whether all its chunks up to IEND lie in the file with right checksums (PNG,
 * third edition). libpng checks them too, but tells the standard error stream instead of its caller.
 */
final class PngHeader {
    static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";

    private PngHeader() {}

    static ImageHeader read(HeaderBytes in) throws ImageFormatException {
        if (in.length() < 16) {
            throw in.truncated();
        }
        if (in.u32be(8) != 13 || !in.matches(12, "IHDR")) {
            throw in.damaged("it does not start with a header chunk");
        }
        long width = in.u32be(16);
        long height = in.u32be(20);
        Orientation orientation = Orientation.UPRIGHT;
        boolean data = false;
        for (long at = 8; ; ) {
            long length = in.u32be(at);
            in.require(at, 12 + length);
            CRC32 checksum = new CRC32();
            checksum.update(in.array(), (int) at + 4, (int) length + 4);
            if (checksum.getValue() != in.u32be(at + 8 + length)) {
                throw in.damaged("a chunk has a wrong checksum");
            }
            if (in.matches(at + 4, "IDAT")) {
                data = true;
            } else if (in.matches(at + 4, "eXIf")) {
                orientation = TiffHeader.exifOrientation(in, at + 8, length);
            } else if (in.matches(at + 4, "IEND")) {
                break;
            }
            at += 12 + length;
        }
        if (!data) {
            throw in.damaged("no picture data");
        }
        return in.header(ImageHeader.Format.PNG, width, height, orientation);
    }
}
