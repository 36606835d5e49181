package org.retrieval4j.localization.colmap;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;

/** COLMAP's binary files: little-endian, a count first. No memory is taken for more than a file can hold. */
final class ColmapBinary {
    private static final int LONGEST_NAME = 4096;
    private static final int PLACE_BYTES = 24;
    private static final int TRACK_BYTES = 8;

    private ColmapBinary() {}

    static Map<Integer, Camera> readCameras(Path file) throws IOException {
        try (Input in = new Input(file)) {
            Map<Integer, Camera> cameras = new LinkedHashMap<>();
            long count = in.count(24);
            for (long i = 0; i < count; i++) {
                int id = in.integer();
                CameraModel model = CameraModel.ofId(in.integer());
                long width = in.number();
                long height = in.number();
                double[] parameters = in.doubles(model.parameters().size());
                in.unique(
                        cameras.put(id, new Camera(model, size(width), size(height), parameters)) == null,
                        "camera",
                        id);
            }
            return in.finished(cameras);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static int size(long pixels) {
        if (pixels < 1 || pixels > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a camera's size must be at least 1, got " + pixels);
        }
        return (int) pixels;
    }

    static Map<Integer, ColmapImage> readImages(Path file) throws IOException {
        try (Input in = new Input(file)) {
            Map<Integer, ColmapImage> images = new LinkedHashMap<>();
            long count = in.count(4 + 56 + 4 + 2 + 8);
            for (long i = 0; i < count; i++) {
                int id = in.integer();
                double[] pose = in.doubles(7);
                int camera = in.integer();
                String name = in.name();
                int n = (int) in.count(PLACE_BYTES);
                double[] places = new double[2 * n];
                long[] points = new long[n];
                for (int j = 0; j < n; j++) {
                    places[2 * j] = in.real();
                    places[2 * j + 1] = in.real();
                    points[j] = in.number();
                }
                in.unique(images.put(id, new ColmapImage(id, pose, camera, name, places, points)) == null, "image", id);
            }
            return in.finished(images);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    static Map<Long, ColmapPoint> readPoints(Path file) throws IOException {
        try (Input in = new Input(file)) {
            Map<Long, ColmapPoint> points = new LinkedHashMap<>();
            long count = in.count(8 + 24 + 3 + 8 + 8);
            for (long i = 0; i < count; i++) {
                long id = in.number();
                double[] place = in.doubles(3);
                int red = in.octet();
                int green = in.octet();
                int blue = in.octet();
                double error = in.real();
                int n = (int) in.count(TRACK_BYTES);
                int[] track = new int[2 * n];
                for (int j = 0; j < track.length; j++) {
                    track[j] = in.integer();
                }
                in.unique(
                        points.put(
                                        id,
                                        new ColmapPoint(
                                                id, place[0], place[1], place[2], red, green, blue, error, track))
                                == null,
                        "3D point",
                        id);
            }
            return in.finished(points);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    static void writeCameras(OutputStream file, Map<Integer, Camera> cameras) throws IOException {
        try (Output out = new Output(file)) {
            out.number(cameras.size());
            for (Map.Entry<Integer, Camera> entry : cameras.entrySet()) {
                Camera camera = entry.getValue();
                out.integer(entry.getKey());
                out.integer(camera.model().id());
                out.number(camera.width());
                out.number(camera.height());
                for (double parameter : camera.parameters()) {
                    out.real(parameter);
                }
            }
        }
    }

    static void writeImages(OutputStream file, Map<Integer, ColmapImage> images) throws IOException {
        try (Output out = new Output(file)) {
            out.number(images.size());
            for (ColmapImage image : images.values()) {
                out.integer(image.id());
                for (double value : image.stored()) {
                    out.real(value);
                }
                out.integer(image.cameraId());
                out.name(image.name());
                out.number(image.size());
                for (int j = 0; j < image.size(); j++) {
                    out.real(image.places()[2 * j]);
                    out.real(image.places()[2 * j + 1]);
                    out.number(image.pointIds()[j]);
                }
            }
        }
    }

    static void writePoints(OutputStream file, Map<Long, ColmapPoint> points) throws IOException {
        try (Output out = new Output(file)) {
            out.number(points.size());
            for (ColmapPoint point : points.values()) {
                out.number(point.id());
                out.real(point.x());
                out.real(point.y());
                out.real(point.z());
                out.octet(point.red());
                out.octet(point.green());
                out.octet(point.blue());
                out.real(point.error());
                out.number(point.observations());
                for (int value : point.track()) {
                    out.integer(value);
                }
            }
        }
    }

    private static final class Input implements AutoCloseable {
        private final Path file;
        private final InputStream in;
        private final long size;
        private final ByteBuffer buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        private long left;

        Input(Path file) throws IOException {
            this.file = file;
            size = Files.size(file);
            left = size;
            in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        }

        private ByteBuffer take(int bytes) throws IOException {
            if (in.readNBytes(buffer.array(), 0, bytes) < bytes) {
                throw new EOFException(file + " is truncated: it ends at byte " + size + " inside an entry");
            }
            left -= bytes;
            return buffer;
        }

        int octet() throws IOException {
            return take(1).get(0) & 0xFF;
        }

        int integer() throws IOException {
            return take(4).getInt(0);
        }

        long number() throws IOException {
            return take(8).getLong(0);
        }

        double real() throws IOException {
            return take(8).getDouble(0);
        }

        double[] doubles(int n) throws IOException {
            double[] values = new double[n];
            for (int i = 0; i < n; i++) {
                values[i] = real();
            }
            return values;
        }

        String name() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int b = octet(); b != 0; b = octet()) {
                if (bytes.size() == LONGEST_NAME) {
                    throw new IOException(file + " is corrupt: a name has more than " + LONGEST_NAME + " bytes at byte "
                            + (size - left));
                }
                bytes.write(b);
            }
            return bytes.toString(StandardCharsets.UTF_8);
        }

        /** A count of entries of at least so many bytes, which the rest of the file can hold. */
        long count(int least) throws IOException {
            long count = number();
            if (count < 0 || count > left / least || count > Integer.MAX_VALUE / 2) {
                throw new IOException(file + " is truncated or corrupt: it tells of " + Long.toUnsignedString(count)
                        + " entries at byte " + (size - left - 8) + ", where " + left + " bytes are left");
            }
            return count;
        }

        void unique(boolean fresh, String what, long id) throws IOException {
            if (!fresh) {
                throw new IOException(file + ": " + what + " " + id + " comes twice");
            }
        }

        <T> T finished(T result) throws IOException {
            if (left > 0) {
                throw new IOException(file + " is corrupt: " + left + " bytes follow its last entry");
            }
            return result;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    private static final class Output implements AutoCloseable {
        private final OutputStream out;
        private final ByteBuffer buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);

        Output(OutputStream file) {
            out = new BufferedOutputStream(file, 1 << 16);
        }

        void octet(int value) throws IOException {
            out.write(value);
        }

        void integer(int value) throws IOException {
            out.write(buffer.putInt(0, value).array(), 0, 4);
        }

        void number(long value) throws IOException {
            out.write(buffer.putLong(0, value).array(), 0, 8);
        }

        void real(double value) throws IOException {
            out.write(buffer.putDouble(0, value).array(), 0, 8);
        }

        void name(String name) throws IOException {
            out.write(name.getBytes(StandardCharsets.UTF_8));
            out.write(0);
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }
}
