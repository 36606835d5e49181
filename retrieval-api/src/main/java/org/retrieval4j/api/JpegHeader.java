package org.retrieval4j.api;

/**
 * Size and orientation of a JPEG file, and whether it ends: walks all markers and the entropy-coded data between them to
 * EOI (ITU-T T.81, annex B). Thumbnails lie inside APP segments, which are skipped by their length. What follows EOI (a
 * second picture, a video, padding) is not looked at.
 */
final class JpegHeader {
    // A decoder takes time in proportion to pixels times scans: ten thousand empty scans are an attack.
    private static final int MAX_SCANS = 500;

    private JpegHeader() {}

    static ImageHeader read(HeaderBytes in) throws ImageFormatException {
        long at = 2;
        int width = 0;
        int height = 0;
        int scans = 0;
        Orientation orientation = null;
        while (true) {
            at = nextMarker(in, at);
            int marker = in.u8(at + 1);
            at += 2;
            if (marker == 0x01 || marker >= 0xD0 && marker <= 0xD7) {
                continue; // TEM and RSTn stand alone
            }
            if (marker == 0xD9) {
                break;
            }
            if (marker < 0xC0 || marker == 0xD8) {
                throw in.damaged(String.format("unexpected marker 0x%02X", marker));
            }
            int length = in.u16be(at);
            if (length < 2) {
                throw in.damaged("a segment of length " + length);
            }
            in.require(at, length);
            if (isFrame(marker)) {
                if (width != 0) {
                    throw in.damaged("two frame headers");
                }
                if (length < 8) {
                    throw in.damaged("a frame header of length " + length);
                }
                height = in.u16be(at + 3);
                width = in.u16be(at + 5);
                if (width == 0 || height == 0) {
                    throw in.damaged("a size of " + width + " x " + height + " pixels");
                }
            } else if (marker == 0xDA) {
                if (width == 0) {
                    throw in.damaged("a scan before the frame header");
                }
                if (++scans > MAX_SCANS) {
                    throw in.damaged("more than " + MAX_SCANS + " scans");
                }
            } else if (marker == 0xE1 && orientation == null && length >= 8 && in.matches(at + 2, "Exif\0\0")) {
                orientation = TiffHeader.exifOrientation(in, at + 8, length - 8);
            }
            at += length;
        }
        if (scans == 0) {
            throw in.damaged("no picture data");
        }
        return in.header(
                ImageHeader.Format.JPEG, width, height, orientation == null ? Orientation.UPRIGHT : orientation);
    }

    // SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC), which lie among them
    private static boolean isFrame(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }

    // Position of the next 0xFF whose successor is neither 0 (a stuffed byte of entropy-coded data) nor 0xFF (fill).
    private static long nextMarker(HeaderBytes in, long from) throws ImageFormatException {
        byte[] bytes = in.array();
        int end = bytes.length - 1;
        for (int at = (int) from; at < end; at++) {
            if (bytes[at] == (byte) 0xFF && bytes[at + 1] != 0 && bytes[at + 1] != (byte) 0xFF) {
                return at;
            }
        }
        throw in.truncated();
    }
}
