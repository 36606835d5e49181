/**
 * A rendered world with exact truth: textured streets and rooms, photographed under changing light while things are
 * moved, with the pose of every picture, the depth and the class of every pixel. One seed decides everything. Tests and
 * experiments use it where photographs cannot tell the truth exactly.
 *
 * <p>{@link org.retrieval4j.world.Scene} makes places out of textured rectangles, {@link
 * org.retrieval4j.world.Renderer} photographs them through a {@link org.retrieval4j.world.View}, {@link
 * org.retrieval4j.world.World} chooses the views and writes everything as files.
 */
@NullMarked
package org.retrieval4j.world;

import org.jspecify.annotations.NullMarked;
