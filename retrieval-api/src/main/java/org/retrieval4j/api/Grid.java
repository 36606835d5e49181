package org.retrieval4j.api;

/**
 * The shape of a dense feature map: keypoint {@code row * columns + column} is the cell at that row and column of the
 * <em>upright</em> picture.
 *
 * @param rows cells from top to bottom, at least 1
 * @param columns cells from left to right, at least 1
 */
public record Grid(int rows, int columns) {
    /** Checks that both are at least 1. */
    public Grid {
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException("a grid must be at least 1 x 1, got " + rows + " x " + columns);
        }
    }
}
