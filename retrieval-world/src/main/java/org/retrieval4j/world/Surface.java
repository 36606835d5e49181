package org.retrieval4j.world;

/**
 * A textured rectangle: all points origin + s·u + t·v for s and t in 0 to 1, in meters.
 *
 * @param ox origin x
 * @param oy origin y
 * @param oz origin z
 * @param ux first side x
 * @param uy first side y
 * @param uz first side z
 * @param vx second side x; the second side is at right angles to the first
 * @param vy second side y
 * @param vz second side z
 * @param texture what it shows
 * @param repeatU how many times the texture repeats along the first side
 * @param repeatV how many times along the second
 * @param label its class
 */
record Surface(
        double ox,
        double oy,
        double oz,
        double ux,
        double uy,
        double uz,
        double vx,
        double vy,
        double vz,
        Texture texture,
        double repeatU,
        double repeatV,
        Label label) {}
