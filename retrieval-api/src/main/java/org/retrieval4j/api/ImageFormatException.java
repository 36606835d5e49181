package org.retrieval4j.api;

import java.io.IOException;

/** A file is not a picture that can be used; the message is the reason in words, without the file's name. */
public class ImageFormatException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * A reason.
     *
     * @param reason in words: {@code "truncated JPEG"}, {@code "130.2 megapixels exceed the limit of 100"}
     */
    public ImageFormatException(String reason) {
        super(reason);
    }

    /**
     * A reason with its cause.
     *
     * @param reason in words
     * @param cause what a decoder said
     */
    public ImageFormatException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
