package org.retrieval4j.localization.colmap;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.StringTokenizer;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.camera.Camera;

/** COLMAP's text files, written as COLMAP writes them: 17 significant digits. */
final class ColmapText {
    private static final MathContext DIGITS = new MathContext(17, RoundingMode.HALF_EVEN);

    private ColmapText() {}

    static Map<Integer, Camera> readCameras(Path file) throws IOException {
        Map<Integer, Camera> cameras = new LinkedHashMap<>();
        try (Input in = new Input(file)) {
            for (String line = in.entry(); line != null; line = in.entry()) {
                String[] parts = line.split("\\s+", 2);
                if (parts.length < 2) {
                    throw in.wrong("expected CAMERA_ID MODEL WIDTH HEIGHT PARAMS..., found \"" + line + "\"");
                }
                try {
                    in.unique(cameras.put(in.integer(parts[0]), Camera.parse(parts[1])) == null, "camera " + parts[0]);
                } catch (IllegalArgumentException e) {
                    throw in.wrong(String.valueOf(e.getMessage()));
                }
            }
        }
        return cameras;
    }

    static Map<Integer, ColmapImage> readImages(Path file) throws IOException {
        Map<Integer, ColmapImage> images = new LinkedHashMap<>();
        try (Input in = new Input(file)) {
            for (String line = in.entry(); line != null; line = in.entry()) {
                StringTokenizer fields = new StringTokenizer(line);
                if (fields.countTokens() != 10) {
                    throw in.wrong("expected IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, found "
                            + fields.countTokens() + " fields");
                }
                int id = in.integer(fields.nextToken());
                double[] pose = new double[7];
                for (int i = 0; i < 7; i++) {
                    pose[i] = in.real(fields.nextToken());
                }
                int camera = in.integer(fields.nextToken());
                String name = fields.nextToken();
                // the next line is that of the 2D points, also if it is empty
                StringTokenizer rest = new StringTokenizer(in.line() ? in.text : "");
                int n = rest.countTokens() / 3;
                if (rest.countTokens() != 3 * n) {
                    throw in.wrong(
                            "expected X Y POINT3D_ID for each 2D point, found " + rest.countTokens() + " fields");
                }
                double[] places = new double[2 * n];
                long[] points = new long[n];
                for (int i = 0; i < n; i++) {
                    places[2 * i] = in.real(rest.nextToken());
                    places[2 * i + 1] = in.real(rest.nextToken());
                    points[i] = in.number(rest.nextToken());
                }
                try {
                    in.unique(
                            images.put(id, new ColmapImage(id, pose, camera, name, places, points)) == null,
                            "image " + id);
                } catch (IllegalArgumentException e) {
                    throw in.wrong(String.valueOf(e.getMessage()));
                }
            }
        }
        return images;
    }

    static Map<Long, ColmapPoint> readPoints(Path file) throws IOException {
        Map<Long, ColmapPoint> points = new LinkedHashMap<>();
        try (Input in = new Input(file)) {
            for (String line = in.entry(); line != null; line = in.entry()) {
                StringTokenizer fields = new StringTokenizer(line);
                int n = fields.countTokens();
                if (n < 8 || n % 2 != 0) {
                    throw in.wrong("expected POINT3D_ID X Y Z R G B ERROR and pairs of IMAGE_ID POINT2D_IDX, found " + n
                            + " fields");
                }
                long id = in.number(fields.nextToken());
                double x = in.real(fields.nextToken());
                double y = in.real(fields.nextToken());
                double z = in.real(fields.nextToken());
                int red = in.integer(fields.nextToken());
                int green = in.integer(fields.nextToken());
                int blue = in.integer(fields.nextToken());
                double error = in.real(fields.nextToken());
                int[] track = new int[n - 8];
                for (int i = 0; i < track.length; i++) {
                    track[i] = in.integer(fields.nextToken());
                }
                try {
                    in.unique(
                            points.put(id, new ColmapPoint(id, x, y, z, red, green, blue, error, track)) == null,
                            "3D point " + id);
                } catch (IllegalArgumentException e) {
                    throw in.wrong(String.valueOf(e.getMessage()));
                }
            }
        }
        return points;
    }

    static void writeCameras(OutputStream file, Map<Integer, Camera> cameras) throws IOException {
        try (BufferedWriter out = new BufferedWriter(new OutputStreamWriter(file, StandardCharsets.UTF_8))) {
            out.write("# Camera list with one line of data per camera:\n");
            out.write("#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n");
            out.write("# Number of cameras: " + cameras.size() + "\n");
            for (Map.Entry<Integer, Camera> entry : cameras.entrySet()) {
                Camera camera = entry.getValue();
                out.write(entry.getKey() + " " + camera.model() + " " + camera.width() + " " + camera.height());
                write(out, " ", camera.parameters());
                out.write("\n");
            }
        }
    }

    static void writeImages(OutputStream file, Map<Integer, ColmapImage> images) throws IOException {
        long observations = 0;
        for (ColmapImage image : images.values()) {
            observations += image.observations();
            if (image.name().chars().anyMatch(Character::isWhitespace)) {
                throw new IllegalArgumentException(
                        "an image's name must have no white space in a text model, got \"" + image.name() + "\"");
            }
        }
        try (BufferedWriter out = new BufferedWriter(new OutputStreamWriter(file, StandardCharsets.UTF_8))) {
            out.write("# Image list with two lines of data per image:\n");
            out.write("#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n");
            out.write("#   POINTS2D[] as (X, Y, POINT3D_ID)\n");
            out.write("# Number of images: " + images.size() + ", mean observations per image: "
                    + mean(observations, images.size()) + "\n");
            for (ColmapImage image : images.values()) {
                out.write(Integer.toString(image.id()));
                write(out, " ", image.stored());
                out.write(" " + image.cameraId() + " " + image.name() + "\n");
                for (int i = 0; i < image.size(); i++) {
                    out.write((i == 0 ? "" : " ") + text(image.places()[2 * i]) + " " + text(image.places()[2 * i + 1])
                            + " " + image.pointIds()[i]);
                }
                out.write("\n");
            }
        }
    }

    static void writePoints(OutputStream file, Map<Long, ColmapPoint> points) throws IOException {
        long observations = 0;
        for (ColmapPoint point : points.values()) {
            observations += point.observations();
        }
        try (BufferedWriter out = new BufferedWriter(new OutputStreamWriter(file, StandardCharsets.UTF_8))) {
            out.write("# 3D point list with one line of data per point:\n");
            out.write("#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n");
            out.write("# Number of points: " + points.size() + ", mean track length: "
                    + mean(observations, points.size()) + "\n");
            for (ColmapPoint point : points.values()) {
                out.write(point.id() + " " + text(point.x()) + " " + text(point.y()) + " " + text(point.z()) + " "
                        + point.red() + " " + point.green() + " " + point.blue() + " " + text(point.error()));
                for (int value : point.track()) {
                    out.write(" " + value);
                }
                out.write("\n");
            }
        }
    }

    private static String mean(long sum, int n) {
        return n == 0 ? "0" : text((double) sum / n);
    }

    private static void write(BufferedWriter out, String before, double[] values) throws IOException {
        for (double value : values) {
            out.write(before + text(value));
        }
    }

    /** A number as C's {@code %.17g} writes it. */
    static String text(double value) {
        if (value == 0 || !Double.isFinite(value)) {
            return value == 0
                    ? 1 / value < 0 ? "-0" : "0"
                    : Double.toString(value).toLowerCase(Locale.ROOT);
        }
        BigDecimal rounded = new BigDecimal(value).round(DIGITS).stripTrailingZeros();
        int exponent = rounded.precision() - rounded.scale() - 1;
        if (exponent >= -4 && exponent < 17) {
            return rounded.toPlainString();
        }
        String digits = rounded.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "")
                + digits.charAt(0)
                + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + (exponent < 0 ? "e-" : "e+")
                + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    private static final class Input implements AutoCloseable {
        private final Path file;
        private final BufferedReader reader;
        private String text = "";
        private int number;

        Input(Path file) throws IOException {
            this.file = file;
            reader = Files.newBufferedReader(file);
        }

        /** Goes to the next line. */
        boolean line() throws IOException {
            try {
                String next = reader.readLine();
                number++;
                text = next == null ? "" : next;
                return next != null;
            } catch (CharacterCodingException e) {
                throw new IOException(file + " is not text in UTF-8", e);
            }
        }

        /** The next line that is neither empty nor a comment; null at the end. */
        @Nullable
        String entry() throws IOException {
            while (line()) {
                String entry = text.strip();
                if (!entry.isEmpty() && !entry.startsWith("#")) {
                    return entry;
                }
            }
            return null;
        }

        IOException wrong(String what) {
            return new IOException(file + ", line " + number + ": " + what);
        }

        void unique(boolean fresh, String what) throws IOException {
            if (!fresh) {
                throw wrong(what + " comes twice");
            }
        }

        int integer(String field) throws IOException {
            try {
                return Integer.parseUnsignedInt(field);
            } catch (NumberFormatException e) {
                throw wrong("expected a whole number, found \"" + field + "\"");
            }
        }

        /** A number of 64 bits; the largest one, which COLMAP uses for none, is also −1. */
        long number(String field) throws IOException {
            try {
                return field.startsWith("-") ? Long.parseLong(field) : Long.parseUnsignedLong(field);
            } catch (NumberFormatException e) {
                throw wrong("expected a whole number, found \"" + field + "\"");
            }
        }

        double real(String field) throws IOException {
            try {
                double value = Double.parseDouble(field);
                if (Double.isFinite(value)) {
                    return value;
                }
            } catch (NumberFormatException e) {
                // told below, as what is not finite
            }
            throw wrong("expected a finite number, found \"" + field + "\"");
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }
}
