package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import org.retrieval4j.api.Orientation;

/**
 * One image of a database.
 *
 * @param id given once and never again; an image whose content changed gets a new one
 * @param name the text it was added by, unique among the images of a database
 * @param width stored width in pixels
 * @param height stored height in pixels
 * @param orientation EXIF orientation
 */
public record ImageRecord(long id, String name, int width, int height, Orientation orientation) {
    /** Checks the bounds. */
    public ImageRecord {
        requireNonNull(name, "name");
        requireNonNull(orientation, "orientation");
        if (id < 0) {
            throw new IllegalArgumentException("id must be at least 0, got " + id);
        }
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be at least 1, got " + width + " x " + height);
        }
    }
}
