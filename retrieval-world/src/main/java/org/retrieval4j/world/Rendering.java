package org.retrieval4j.world;

import org.retrieval4j.api.Image;

/**
 * A picture with its truth.
 *
 * @param image the picture
 * @param depth per pixel, row after row, meters along the viewing direction at the pixel's center; 0 where nothing is
 * @param labels per pixel, ordinal of its {@link Label}
 */
public record Rendering(Image image, float[] depth, byte[] labels) {}
