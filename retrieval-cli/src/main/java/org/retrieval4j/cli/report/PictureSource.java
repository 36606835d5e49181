package org.retrieval4j.cli.report;

import java.io.IOException;
import org.retrieval4j.api.Image;

/**
 * Where a report gets a picture from.
 *
 * @param key equal for equal pictures, which are then stored once
 * @param loader reads it
 */
public record PictureSource(String key, Loader loader) {
    /** Reads a picture. */
    @FunctionalInterface
    public interface Loader {
        /**
         * Reads the picture.
         *
         * @return the picture
         * @throws IOException if it cannot be read any more; the report then shows an empty frame
         */
        Image load() throws IOException;
    }
}
