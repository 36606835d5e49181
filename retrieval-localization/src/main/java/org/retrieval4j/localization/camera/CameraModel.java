package org.retrieval4j.localization.camera;

import java.util.List;

/**
 * COLMAP's camera models, with its ids, names, and order of parameters. All but the last have one or two focal lengths and
 * a principal point first.
 */
public enum CameraModel {
    /** No distortion, one focal length. */
    SIMPLE_PINHOLE(0, 1, PolynomialLens.of(false), "f", "cx", "cy"),
    /** No distortion. */
    PINHOLE(1, 2, PolynomialLens.of(false), "fx", "fy", "cx", "cy"),
    /** One radial term. */
    SIMPLE_RADIAL(2, 1, PolynomialLens.of(false, 0), "f", "cx", "cy", "k"),
    /** Two radial terms. */
    RADIAL(3, 1, PolynomialLens.of(false, 0, 1), "f", "cx", "cy", "k1", "k2"),
    /** Two radial and two tangential terms. */
    OPENCV(4, 2, PolynomialLens.of(false, 0, 1).withTangential(3, 2), "fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"),
    /** Equidistant fisheye with four radial terms. */
    OPENCV_FISHEYE(5, 2, PolynomialLens.of(true, 0, 1, 2, 3), "fx", "fy", "cx", "cy", "k1", "k2", "k3", "k4"),
    /** Rational radial and two tangential terms. */
    FULL_OPENCV(
            6,
            2,
            PolynomialLens.of(false, 0, 1, 4).withDenominator(5, 6, 7).withTangential(3, 2),
            "fx",
            "fy",
            "cx",
            "cy",
            "k1",
            "k2",
            "p1",
            "p2",
            "k3",
            "k4",
            "k5",
            "k6"),
    /** Field-of-view fisheye. */
    FOV(7, 2, new FieldOfViewLens(), "fx", "fy", "cx", "cy", "omega"),
    /** Equidistant fisheye with one radial term. */
    SIMPLE_RADIAL_FISHEYE(8, 1, PolynomialLens.of(true, 0), "f", "cx", "cy", "k"),
    /** Equidistant fisheye with two radial terms. */
    RADIAL_FISHEYE(9, 1, PolynomialLens.of(true, 0, 1), "f", "cx", "cy", "k1", "k2"),
    /** Equidistant fisheye with radial, tangential and thin-prism terms. */
    THIN_PRISM_FISHEYE(
            10,
            2,
            PolynomialLens.of(true, 0, 1, 4, 5).withTangential(3, 2).withPrism(new int[] {6}, new int[] {7}),
            "fx",
            "fy",
            "cx",
            "cy",
            "k1",
            "k2",
            "p1",
            "p2",
            "k3",
            "k4",
            "sx1",
            "sy1"),
    /** Equidistant fisheye, first six radial terms, then tangential and thin-prism ones. */
    RAD_TAN_THIN_PRISM_FISHEYE(
            11,
            2,
            PolynomialLens.of(true, 0, 1, 2, 3, 4, 5)
                    .withRadialFirst()
                    .withTangential(6, 7)
                    .withPrism(new int[] {8, 9}, new int[] {10, 11}),
            "fx",
            "fy",
            "cx",
            "cy",
            "k0",
            "k1",
            "k2",
            "k3",
            "k4",
            "k5",
            "p0",
            "p1",
            "s0",
            "s1",
            "s2",
            "s3"),
    /** One term of division, one focal length. */
    SIMPLE_DIVISION(12, 1, new DivisionLens(), "f", "cx", "cy", "k"),
    /** One term of division. */
    DIVISION(13, 2, new DivisionLens(), "fx", "fy", "cx", "cy", "k"),
    /** Equidistant fisheye, one focal length. */
    SIMPLE_FISHEYE(14, 1, PolynomialLens.of(true), "f", "cx", "cy"),
    /** Equidistant fisheye. */
    FISHEYE(15, 2, PolynomialLens.of(true), "fx", "fy", "cx", "cy"),
    /** Enhanced unified camera model. */
    EUCM(16, 2, new UnifiedLens(), "fx", "fy", "cx", "cy", "alpha", "beta"),
    /** Longitude and latitude. */
    EQUIRECTANGULAR(17, 0, new EquirectangularLens(), "w", "h");

    private static final List<CameraModel> BY_ID = List.of(values());

    private final int id;
    private final int focalLengths;
    private final Lens lens;
    private final List<String> parameters;

    CameraModel(int id, int focalLengths, Lens lens, String... parameters) {
        this.id = id;
        this.focalLengths = focalLengths;
        this.lens = lens;
        this.parameters = List.of(parameters);
    }

    /**
     * The model of a number.
     *
     * @param id COLMAP's
     * @return the model
     * @throws IllegalArgumentException if there is none
     */
    public static CameraModel ofId(int id) {
        if (id < 0 || id >= BY_ID.size()) {
            throw new IllegalArgumentException("camera model id must be 0 to " + (BY_ID.size() - 1) + ", got " + id);
        }
        return BY_ID.get(id);
    }

    /**
     * The model of a name.
     *
     * @param name COLMAP's, as {@code SIMPLE_RADIAL}
     * @return the model
     * @throws IllegalArgumentException if there is none
     */
    public static CameraModel ofName(String name) {
        for (CameraModel model : BY_ID) {
            if (model.name().equals(name)) {
                return model;
            }
        }
        throw new IllegalArgumentException("no camera model named \"" + name + "\"; there are " + BY_ID);
    }

    /**
     * COLMAP's number.
     *
     * @return 0 to 17
     */
    public int id() {
        return id;
    }

    /**
     * COLMAP's names of the parameters, in its order.
     *
     * @return the names
     */
    public List<String> parameters() {
        return parameters;
    }

    /**
     * How many focal lengths come first.
     *
     * @return 0, 1 or 2; the principal point follows unless it is 0
     */
    public int focalLengths() {
        return focalLengths;
    }

    Lens lens() {
        return lens;
    }
}
