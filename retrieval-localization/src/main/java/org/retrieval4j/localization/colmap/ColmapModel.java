package org.retrieval4j.localization.colmap;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.storage.Replacement;

/**
 * A sparse model of COLMAP: cameras, posed images with 2D points, and 3D points with their tracks; everything in the order
 * of the files, so that a model of COLMAP that is read and written is the same to the byte. Files of rigs and frames
 * (COLMAP 3.12 and later) are kept as they are.
 *
 * @param cameras by number
 * @param images by number
 * @param points by number
 * @param others bytes of further files by name: {@code rigs.bin}, {@code frames.bin} or their text
 */
public record ColmapModel(
        Map<Integer, Camera> cameras,
        Map<Integer, ColmapImage> images,
        Map<Long, ColmapPoint> points,
        Map<String, byte[]> others) {
    private static final String[] OTHERS = {"rigs", "frames"};
    private static final long LARGEST_OTHER = 1L << 30;

    /** How a model is written. */
    public enum Format {
        /** Files {@code *.txt}. */
        TEXT(".txt"),
        /** Files {@code *.bin}. */
        BINARY(".bin");

        private final String ending;

        Format(String ending) {
            this.ending = ending;
        }
    }

    /**
     * Checks that all belongs together.
     *
     * @throws IllegalArgumentException if an image has an unknown camera or another's name, a track names an unknown image
     *     or 2D point, or one that is not the point's, or a 2D point names a 3D point whose track does not have it
     */
    public ColmapModel {
        cameras = Collections.unmodifiableMap(new LinkedHashMap<>(cameras));
        images = Collections.unmodifiableMap(new LinkedHashMap<>(images));
        points = Collections.unmodifiableMap(new LinkedHashMap<>(points));
        others = Map.copyOf(others);
        for (String name : others.keySet()) {
            if (!isOther(name)) {
                throw new IllegalArgumentException("further files must be of rigs and frames, got \"" + name + "\"");
            }
        }
        Set<String> names = new HashSet<>();
        long named = 0;
        for (ColmapImage image : images.values()) {
            if (!cameras.containsKey(image.cameraId())) {
                throw new IllegalArgumentException("image " + image.id() + " (" + image.name() + ") has camera "
                        + image.cameraId() + ", which the model does not have");
            }
            if (!names.add(image.name())) {
                throw new IllegalArgumentException("two images are named " + image.name());
            }
            named += image.observations();
        }
        long tracked = 0;
        for (ColmapPoint point : points.values()) {
            int[] track = point.track();
            for (int i = 0; i < track.length; i += 2) {
                ColmapImage image = images.get(track[i]);
                if (image == null) {
                    throw new IllegalArgumentException("3D point " + point.id() + " is seen in image " + track[i]
                            + ", which the model does not have");
                }
                if (track[i + 1] < 0 || track[i + 1] >= image.size()) {
                    throw new IllegalArgumentException("3D point " + point.id() + " is 2D point " + track[i + 1]
                            + " of image " + image.id() + ", which has " + image.size());
                }
                if (image.pointIds()[track[i + 1]] != point.id()) {
                    throw new IllegalArgumentException("3D point " + point.id() + " is 2D point " + track[i + 1]
                            + " of image " + image.id() + ", which names 3D point " + image.pointIds()[track[i + 1]]);
                }
                tracked++;
            }
        }
        if (tracked != named) {
            throw new IllegalArgumentException(
                    named + " 2D points name a 3D point, but all tracks together have " + tracked);
        }
    }

    private static boolean isOther(String name) {
        for (Format format : Format.values()) {
            for (String other : OTHERS) {
                if (name.equals(other + format.ending)) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Reads a folder: binary files if there are any, else text.
     *
     * @param folder with cameras, images and points3D
     * @return the model
     * @throws IOException if a file is missing, truncated or not of this form, or they do not belong together
     */
    public static ColmapModel read(Path folder) throws IOException {
        Format format = Files.exists(folder.resolve("cameras.bin")) ? Format.BINARY : Format.TEXT;
        Path cameraFile = folder.resolve("cameras" + format.ending);
        Path imageFile = folder.resolve("images" + format.ending);
        Path pointFile = folder.resolve("points3D" + format.ending);
        for (Path file : new Path[] {cameraFile, imageFile, pointFile}) {
            if (!Files.isRegularFile(file)) {
                throw new IOException(folder + " is no model of COLMAP: it has no " + file.getFileName());
            }
        }
        Map<String, byte[]> others = new LinkedHashMap<>();
        for (String name : OTHERS) {
            Path file = folder.resolve(name + format.ending);
            if (Files.isRegularFile(file)) {
                if (Files.size(file) > LARGEST_OTHER) {
                    throw new IOException(
                            file + " must have at most " + LARGEST_OTHER + " bytes, got " + Files.size(file));
                }
                others.put(name + format.ending, Files.readAllBytes(file));
            }
        }
        Map<Integer, Camera> cameras;
        Map<Integer, ColmapImage> images;
        Map<Long, ColmapPoint> points;
        if (format == Format.BINARY) {
            cameras = ColmapBinary.readCameras(cameraFile);
            images = ColmapBinary.readImages(imageFile);
            points = ColmapBinary.readPoints(pointFile);
        } else {
            cameras = ColmapText.readCameras(cameraFile);
            images = ColmapText.readImages(imageFile);
            points = ColmapText.readPoints(pointFile);
        }
        try {
            return new ColmapModel(cameras, images, points, others);
        } catch (IllegalArgumentException e) {
            throw new IOException(folder + ": " + e.getMessage(), e);
        }
    }

    /**
     * Writes a folder. Files that are there are replaced when all new ones are whole, one after the other. Files of rigs
     * and frames are written if they were read in that format.
     *
     * @param folder made if it is not there
     * @param format text or binary
     * @throws IllegalArgumentException if text is asked for and a name holds white space
     * @throws IOException if it cannot be written; then the files that were there are unchanged
     */
    public void write(Path folder, Format format) throws IOException {
        Files.createDirectories(folder);
        boolean binary = format == Format.BINARY;
        Map<String, Content> files = new LinkedHashMap<>();
        files.put("cameras" + format.ending, out -> {
            if (binary) {
                ColmapBinary.writeCameras(out, cameras);
            } else {
                ColmapText.writeCameras(out, cameras);
            }
        });
        files.put("images" + format.ending, out -> {
            if (binary) {
                ColmapBinary.writeImages(out, images);
            } else {
                ColmapText.writeImages(out, images);
            }
        });
        files.put("points3D" + format.ending, out -> {
            if (binary) {
                ColmapBinary.writePoints(out, points);
            } else {
                ColmapText.writePoints(out, points);
            }
        });
        for (Map.Entry<String, byte[]> other : others.entrySet()) {
            if (other.getKey().endsWith(format.ending)) {
                files.put(other.getKey(), out -> out.write(other.getValue()));
            }
        }
        List<Replacement> written = new ArrayList<>();
        try {
            for (Map.Entry<String, Content> file : files.entrySet()) {
                Replacement replacement = new Replacement(folder.resolve(file.getKey()));
                written.add(replacement);
                file.getValue().write(new Uncloseable(Channels.newOutputStream(replacement.channel())));
            }
            for (Replacement replacement : written) {
                replacement.commit();
            }
        } finally {
            for (Replacement replacement : written) {
                replacement.close();
            }
        }
    }

    private interface Content {
        void write(OutputStream out) throws IOException;
    }

    /** The channel stays open until the file takes its place. */
    private static final class Uncloseable extends FilterOutputStream {
        Uncloseable(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            out.write(bytes, from, length);
        }

        @Override
        public void close() throws IOException {
            out.flush();
        }
    }
}
