package org.retrieval4j.image;

import java.io.IOException;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.spi.ImageDecoder;

/** Decodes binary portable graymaps and pixmaps (P5, P6), values scaled to 8 bits with rounding. Thread-safe. */
public final class PnmDecoder implements ImageDecoder {
    /** A decoder. */
    public PnmDecoder() {}

    @Override
    public String name() {
        return "pnm";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public boolean supports(ImageHeader.Format format) {
        return format == ImageHeader.Format.PNM;
    }

    @Override
    public Image decode(byte[] bytes, ImageHeader header) throws IOException {
        // The header was read before: three numbers and one space stand in front of the values.
        int at = 2;
        int largest = 0;
        for (int numbers = 0; numbers < 3; numbers++) {
            at = skipSpace(bytes, at);
            for (largest = 0; bytes[at] >= '0' && bytes[at] <= '9'; at++) {
                largest = 10 * largest + bytes[at] - '0';
            }
        }
        at++;
        boolean color = bytes[1] == '6';
        int size = largest > 255 ? 2 : 1;
        int pixels = Math.multiplyExact(header.width(), header.height());
        byte[] rgb = new byte[Math.multiplyExact(3, pixels)];
        if (bytes.length - at < (long) pixels * size * (color ? 3 : 1)) {
            throw new ImageFormatException("truncated PNM");
        }
        for (int i = 0; i < rgb.length; i++) {
            int value = bytes[at] & 0xFF;
            if (size == 2) {
                value = value << 8 | bytes[at + 1] & 0xFF;
            }
            rgb[i] = (byte) ((Math.min(value, largest) * 255L + largest / 2) / largest);
            if (color || i % 3 == 2) {
                at += size;
            }
        }
        return new Image(header.width(), header.height(), rgb, header.orientation());
    }

    private static int skipSpace(byte[] bytes, int from) {
        int at = from;
        for (; bytes[at] < '0' || bytes[at] > '9'; at++) {
            if (bytes[at] == '#') {
                while (bytes[at] != '\n') {
                    at++;
                }
            }
        }
        return at;
    }
}
