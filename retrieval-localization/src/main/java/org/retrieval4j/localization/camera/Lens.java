package org.retrieval4j.localization.camera;

import org.jspecify.annotations.Nullable;

/**
 * The part of a camera model between a direction and the plane in which focal lengths and principal point are applied.
 * Stateless; parameters are those of the camera, of which a lens takes the ones from an index on.
 */
interface Lens {
    /**
     * Where a point appears.
     *
     * @param p the camera's parameters
     * @param from index of the lens's first parameter
     * @param x to the right, in the camera's frame
     * @param y downwards
     * @param z forwards
     * @param place written: two coordinates
     * @param byPoint null, or written: their derivatives by the point, 2 x 3
     * @param byParameters null, or the lens's columns are written: derivatives by the parameters, 2 x p.length
     * @return false if the point has no image
     */
    boolean project(
            double[] p,
            int from,
            double x,
            double y,
            double z,
            double[] place,
            double @Nullable [] byPoint,
            double @Nullable [] byParameters);

    /**
     * The direction that appears at a place.
     *
     * @param p the camera's parameters
     * @param from index of the lens's first parameter
     * @param a first coordinate
     * @param b second coordinate
     * @param ray written: a direction of any length
     * @return false if there is none
     */
    boolean unproject(double[] p, int from, double a, double b, double[] ray);
}
