package org.retrieval4j.localization.reconstruction;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.colmap.ColmapImage;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.colmap.ColmapPoint;
import org.retrieval4j.localization.pose.Pose;

/** Gathers a model of COLMAP: cameras and images are numbered from 1, errors of points are computed. For one thread. */
final class ModelBuilder {
    private final Map<Integer, Camera> cameras = new LinkedHashMap<>();
    private final List<Image> images = new ArrayList<>();
    private final Map<Long, ColmapPoint> points = new LinkedHashMap<>();
    private int checked;

    private static final class Image {
        final String name;
        final Pose pose;
        final double[] rotation;
        final int cameraNumber;
        final Camera camera;
        double[] places = new double[64];
        long[] pointIds = new long[32];
        int size;
        int seen; // number of the last checked track that has it

        Image(String name, Pose pose, int cameraNumber, Camera camera) {
            this.name = name;
            this.pose = pose;
            this.rotation = pose.rotation();
            this.cameraNumber = cameraNumber;
            this.camera = camera;
        }
    }

    /** Returns the camera's number. */
    int camera(Camera camera) {
        cameras.put(cameras.size() + 1, camera);
        return cameras.size();
    }

    /** Returns the image's number. */
    int image(String name, Pose pose, int camera) {
        Camera known = cameras.get(camera);
        if (known == null) {
            throw new IllegalStateException("camera " + camera + " is to be added first");
        }
        images.add(new Image(name, pose, camera, known));
        return images.size();
    }

    /** Adds a 2D point to an image and returns its index there. */
    int place(int number, double x, double y) {
        Image image = images.get(number - 1);
        if (!Double.isFinite(x + y)) {
            throw new IllegalArgumentException(
                    "a 2D point of image " + image.name + " must be finite, got " + x + " " + y);
        }
        if (image.size == image.pointIds.length) {
            image.pointIds = Arrays.copyOf(image.pointIds, 2 * image.size);
            image.places = Arrays.copyOf(image.places, 4 * image.size);
        }
        image.places[2 * image.size] = x;
        image.places[2 * image.size + 1] = y;
        image.pointIds[image.size] = ColmapImage.NO_POINT;
        return image.size++;
    }

    /** How many 2D points an image has. */
    int places(int number) {
        return images.get(number - 1).size;
    }

    /**
     * Checks a track of a file whose observations are named by point and image: none comes twice.
     *
     * @param track numbers of images and indices of their 2D points
     * @return the name of an image that is in it twice, empty if none is
     */
    Optional<String> twice(int[] track) {
        checked++;
        for (int i = 0; i < track.length; i += 2) {
            Image image = images.get(track[i] - 1);
            if (image.seen == checked) {
                return Optional.of(image.name);
            }
            image.seen = checked;
        }
        return Optional.empty();
    }

    /**
     * Adds a 3D point.
     *
     * @param track numbers of images and indices of their 2D points
     */
    void point(long id, double[] place, int rgb, int[] track) {
        double sum = 0;
        double[] pixel = new double[2];
        for (int i = 0; i < track.length; i += 2) {
            Image image = images.get(track[i] - 1);
            int index = track[i + 1];
            if (image.pointIds[index] != ColmapImage.NO_POINT) {
                throw new IllegalArgumentException("2D point " + index + " of image " + image.name
                        + " must be of one 3D point, got " + image.pointIds[index] + " and " + id);
            }
            image.pointIds[index] = id;
            sum += project(image, place, pixel)
                    ? Math.hypot(pixel[0] - image.places[2 * index], pixel[1] - image.places[2 * index + 1])
                    : Double.NaN;
        }
        double error = track.length == 0 || Double.isNaN(sum) ? -1 : sum / (track.length / 2);
        ColmapPoint point = new ColmapPoint(
                id, place[0], place[1], place[2], rgb >> 16 & 0xFF, rgb >> 8 & 0xFF, rgb & 0xFF, error, track);
        if (points.put(id, point) != null) {
            throw new IllegalArgumentException("3D point " + id + " comes twice");
        }
    }

    private static boolean project(Image image, double[] p, double[] pixel) {
        double[] r = image.rotation;
        return image.camera.project(
                r[0] * p[0] + r[1] * p[1] + r[2] * p[2] + image.pose.tx(),
                r[3] * p[0] + r[4] * p[1] + r[5] * p[2] + image.pose.ty(),
                r[6] * p[0] + r[7] * p[1] + r[8] * p[2] + image.pose.tz(),
                pixel);
    }

    /**
     * The model.
     *
     * @throws IllegalArgumentException if two images have one name
     */
    ColmapModel model() {
        Map<Integer, ColmapImage> numbered = new LinkedHashMap<>();
        for (int i = 0; i < images.size(); i++) {
            Image image = images.get(i);
            Pose p = image.pose;
            numbered.put(
                    i + 1,
                    new ColmapImage(
                            i + 1,
                            new double[] {p.qw(), p.qx(), p.qy(), p.qz(), p.tx(), p.ty(), p.tz()},
                            image.cameraNumber,
                            image.name,
                            Arrays.copyOf(image.places, 2 * image.size),
                            Arrays.copyOf(image.pointIds, image.size)));
        }
        return new ColmapModel(cameras, numbered, points, Map.of());
    }

    /** A color of three numbers, which some files write with fractions. */
    static int rgb(double red, double green, double blue) {
        return component(red) << 16 | component(green) << 8 | component(blue);
    }

    private static int component(double value) {
        if (!(value >= 0 && value <= 255)) {
            throw new IllegalArgumentException("a color must be of 0 to 255, got " + value);
        }
        return (int) Math.round(value);
    }
}
