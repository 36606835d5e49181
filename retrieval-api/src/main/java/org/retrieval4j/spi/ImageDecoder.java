package org.retrieval4j.spi;

import java.io.IOException;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageHeader;

/**
 * Decodes picture files. Found by {@link java.util.ServiceLoader}; the one of highest priority that supports a format is
 * used. The header has been read and checked in Java before a decoder sees the bytes. Thread-safe.
 */
public interface ImageDecoder {
    /**
     * A short name for messages and fingerprints, with the version of what decodes: {@code "opencv-4.9.0"}.
     *
     * @return the name
     */
    String name();

    /**
     * Decides between decoders of one format.
     *
     * @return larger is preferred; javax.imageio has 0
     */
    int priority();

    /**
     * Tells whether this decoder reads a format. Must not load native libraries.
     *
     * @param format the format
     * @return true if it can
     */
    boolean supports(ImageHeader.Format format);

    /**
     * Decodes to 8-bit RGB as stored, without turning by EXIF: gray becomes RGB, alpha is dropped, 16 bits are scaled
     * to 8, CMYK is converted.
     *
     * @param bytes the whole file
     * @param header what its header says
     * @return the picture, of the header's size and orientation
     * @throws IOException if the bytes are not a whole picture; the message is the reason in words
     */
    Image decode(byte[] bytes, ImageHeader header) throws IOException;
}
