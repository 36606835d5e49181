package org.retrieval4j.localization.colmap;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;

/**
 * COLMAP's {@code database.db}, read: cameras, images, keypoints, descriptors, matches, and two-view geometries. It is a
 * file of SQLite; {@code org.xerial:sqlite-jdbc}, an optional dependency, must be on the class path (it unpacks a native
 * library into the folder of temporary files). The file is opened for reading only and never changed; no extension is
 * loaded, and shapes are checked before numbers are taken.
 *
 * <p>Features of a database are those of COLMAP's extractor. A map whose features come from an extractor of this library
 * cannot hold them: a query's features would be others, and the fingerprints by which such a mistake is told would lie.
 * They are for programs that compare, match or triangulate by themselves.
 *
 * <p>For one thread.
 */
public final class ColmapDatabase implements AutoCloseable {
    private static final String DRIVER = "org.sqlite.JDBC";
    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    private static final List<String> TABLES =
            List.of("cameras", "images", "keypoints", "descriptors", "matches", "two_view_geometries");
    private static final long MOST_IMAGES = 2147483647L;
    private static final int LONGEST_NAME = 4096;

    private final Path file;
    private final Connection connection;
    private final Map<Integer, Camera> cameras;
    private final Map<Integer, Picture> images;

    /**
     * An image.
     *
     * @param id its number
     * @param name path relative to the folder of images
     * @param cameraId number of its camera
     */
    public record Picture(int id, String name, int cameraId) {}

    /**
     * Two images.
     *
     * @param first number of the one, the smaller
     * @param second number of the other
     */
    public record Pair(int first, int second) {
        /** Checks the order. */
        public Pair {
            if (first < 0 || first >= second) {
                throw new IllegalArgumentException("a pair's first image must be at least 0 and below the second, got "
                        + first + " and " + second);
            }
        }

        /** first · (2³¹ − 1) + second, as COLMAP numbers pairs. */
        long number() {
            return first * MOST_IMAGES + second;
        }
    }

    /**
     * What COLMAP verified between two images.
     *
     * @param configuration COLMAP's: 1 degenerate, 2 calibrated, 3 uncalibrated, 4 to 6 planar or panoramic, 7 watermark,
     *     8 multiple
     * @param inliers the matches that agree, all scores 0
     * @param fundamental nine numbers, row after row, x₂ᵀ F x₁ = 0 in pixels
     * @param essential nine numbers, row after row
     * @param homography nine numbers, row after row, x₂ ~ H x₁
     */
    public record Geometry(
            int configuration,
            Matches inliers,
            Optional<double[]> fundamental,
            Optional<double[]> essential,
            Optional<double[]> homography) {}

    private ColmapDatabase(Path file, Connection connection) throws IOException {
        this.file = file;
        this.connection = connection;
        try (Statement statement = connection.createStatement()) {
            // what a file defines besides its tables is not run
            statement.execute("PRAGMA trusted_schema = OFF");
            statement.execute("PRAGMA cell_size_check = ON");
        } catch (SQLException e) {
            throw failed(e);
        }
        for (String table : TABLES) {
            require(table);
        }
        this.cameras = readCameras();
        this.images = readImages();
    }

    /**
     * Opens a database.
     *
     * @param file {@code database.db}
     * @return to be closed by the caller
     * @throws IOException if sqlite-jdbc is not there, or the file cannot be read, is no database of COLMAP, or has cameras
     *     or images that are not sound
     */
    public static ColmapDatabase open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        if (!isDatabase(file)) {
            throw new IOException(file + " is no database of SQLite: it does not begin with \"SQLite format 3\"");
        }
        // COLMAP leaves its files in a mode in which SQLite makes files beside them even to read, which a folder may
        // forbid; without a log or journal beside it, which hold what is newer or older, the file is all there is
        boolean whole = isNothing(file, "-wal") && isNothing(file, "-journal");
        String url = "jdbc:sqlite:" + file.toAbsolutePath().toUri() + "?mode=ro" + (whole ? "&immutable=1" : "");
        Properties properties = new Properties();
        properties.setProperty("open_mode", Integer.toString(0x1 | 0x40)); // for reading, by URI
        properties.setProperty("enable_load_extension", "false");
        Connection connection;
        try {
            Driver driver = (Driver) Class.forName(DRIVER, true, ColmapDatabase.class.getClassLoader())
                    .getDeclaredConstructor()
                    .newInstance();
            connection = driver.connect(url, properties);
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new IOException(
                    file + ": to read a database of COLMAP, org.xerial:sqlite-jdbc must be on the class path", e);
        } catch (SQLException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
        if (connection == null) {
            throw new IOException(file + ": " + DRIVER + " does not take " + url);
        }
        try {
            return new ColmapDatabase(file, connection);
        } catch (IOException | RuntimeException e) {
            try {
                connection.close();
            } catch (SQLException second) {
                e.addSuppressed(second);
            }
            throw e;
        }
    }

    private static boolean isNothing(Path file, String suffix) throws IOException {
        Path beside = file.resolveSibling(file.getFileName() + suffix);
        return !Files.exists(beside) || Files.size(beside) == 0;
    }

    /**
     * Tells whether a file is one of SQLite.
     *
     * @param file a regular one
     * @return whether it begins as such
     * @throws IOException if it cannot be read
     */
    public static boolean isDatabase(Path file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(MAGIC.length);
        try (FileChannel channel = FileChannel.open(file)) {
            while (start.hasRemaining() && channel.read(start) >= 0) {
                // until it is full
            }
        }
        return start.flip().equals(ByteBuffer.wrap(MAGIC));
    }

    /** A view of that name could run whatever its maker wanted. */
    private void require(String table) throws IOException {
        String type = first(
                "select type from sqlite_master where name = ?", s -> s.setString(1, table), row -> row.getString(1));
        if (type == null) {
            throw new IOException(file + " is no database of COLMAP: it has no table " + table);
        }
        if (!type.equals("table")) {
            throw new IOException(file + ": " + table + " must be a table, found a " + type);
        }
    }

    private Map<Integer, Camera> readCameras() throws IOException {
        Map<Integer, Camera> found = new LinkedHashMap<>();
        String query = "select camera_id, model, width, height, params from cameras order by camera_id";
        each(query, none -> {}, row -> {
            int id = number(row, 1, "camera_id", 0, Integer.MAX_VALUE);
            try {
                CameraModel model = CameraModel.ofId(number(row, 2, "model", 0, Integer.MAX_VALUE));
                double[] parameters = doubles(
                                row.getBytes(5), model.parameters().size(), "params of camera " + id)
                        .orElse(new double[0]);
                found.put(
                        id,
                        new Camera(
                                model,
                                number(row, 3, "width", 1, Integer.MAX_VALUE),
                                number(row, 4, "height", 1, Integer.MAX_VALUE),
                                parameters));
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": camera " + id + ": " + e.getMessage(), e);
            }
        });
        return Collections.unmodifiableMap(found);
    }

    private Map<Integer, Picture> readImages() throws IOException {
        Map<Integer, Picture> found = new LinkedHashMap<>();
        each("select image_id, name, camera_id from images order by image_id", none -> {}, row -> {
            int id = number(row, 1, "image_id", 0, (int) MOST_IMAGES - 1);
            String name = row.getString(2);
            if (name == null || name.isEmpty() || name.length() > LONGEST_NAME) {
                throw new IOException(
                        file + ": image " + id + " must have a name of 1 to " + LONGEST_NAME + " characters");
            }
            int camera = number(row, 3, "camera_id", 0, Integer.MAX_VALUE);
            if (!cameras.containsKey(camera)) {
                throw new IOException(file + ": image " + id + " (" + name + ") has camera " + camera
                        + ", which the database does not have");
            }
            found.put(id, new Picture(id, name, camera));
        });
        return Collections.unmodifiableMap(found);
    }

    /**
     * The cameras.
     *
     * @return by number
     */
    public Map<Integer, Camera> cameras() {
        return cameras;
    }

    /**
     * The images.
     *
     * @return by number
     */
    public Map<Integer, Picture> images() {
        return images;
    }

    /**
     * An image's keypoints and descriptors.
     *
     * @param image its number
     * @return n keypoints, their scores 0, and n x d descriptors of 0 to 255; empty if one of the two is missing
     * @throws IllegalArgumentException if there is no such image
     * @throws IOException if they cannot be read or do not belong together
     */
    public Optional<ImageFeatures> features(int image) throws IOException {
        Optional<Keypoints> keypoints = keypoints(image);
        Optional<FloatMatrix> descriptors = descriptors(image);
        if (keypoints.isEmpty() || descriptors.isEmpty()) {
            return Optional.empty();
        }
        Camera camera = cameras.get(picture(image).cameraId());
        if (camera == null) {
            throw new IllegalStateException("an image's camera was checked");
        }
        try {
            return Optional.of(new ImageFeatures(
                    camera.width(),
                    camera.height(),
                    Orientation.UPRIGHT,
                    keypoints.get(),
                    descriptors.get(),
                    Optional.empty()));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": image " + image + ": " + e.getMessage(), e);
        }
    }

    /**
     * An image's keypoints: pixels are ours, the diameter is twice COLMAP's scale, and the orientation is that of its affine
     * shape's first axis.
     *
     * @param image its number
     * @return n of them, their scores 0; empty if the database has none of this image
     * @throws IllegalArgumentException if there is no such image
     * @throws IOException if they cannot be read
     */
    public Optional<Keypoints> keypoints(int image) throws IOException {
        picture(image);
        Blob blob = blob("select rows, cols, data from keypoints where image_id = ?", image);
        if (blob == null) {
            return Optional.empty();
        }
        String what = "keypoints of image " + image;
        if (blob.columns != 2 && blob.columns != 4 && blob.columns != 6) {
            throw new IOException(file + ": " + what + " must have 2, 4 or 6 columns, got " + blob.columns);
        }
        ByteBuffer data = blob.shaped(file, what, 4);
        float[] values = new float[Keypoints.COLUMNS * blob.rows];
        for (int i = 0; i < blob.rows; i++) {
            int at = 4 * i * blob.columns;
            double scale = 0;
            double angle = 0;
            if (blob.columns == 4) {
                scale = data.getFloat(at + 8);
                angle = data.getFloat(at + 12);
            } else if (blob.columns == 6) {
                double a11 = data.getFloat(at + 8);
                double a12 = data.getFloat(at + 12);
                double a21 = data.getFloat(at + 16);
                double a22 = data.getFloat(at + 20);
                scale = (Math.hypot(a11, a21) + Math.hypot(a12, a22)) / 2;
                angle = Math.atan2(a21, a11);
            }
            values[Keypoints.COLUMNS * i] = data.getFloat(at);
            values[Keypoints.COLUMNS * i + 1] = data.getFloat(at + 4);
            values[Keypoints.COLUMNS * i + 2] = (float) (2 * scale);
            values[Keypoints.COLUMNS * i + 3] = Keypoints.direction(Math.toDegrees(angle));
        }
        try {
            return Optional.of(new Keypoints(FloatMatrix.of(blob.rows, Keypoints.COLUMNS, values)));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + what + ": " + e.getMessage(), e);
        }
    }

    /**
     * An image's descriptors.
     *
     * @param image its number
     * @return n x d, of 0 to 255 each; empty if the database has none of this image
     * @throws IllegalArgumentException if there is no such image
     * @throws IOException if they cannot be read
     */
    public Optional<FloatMatrix> descriptors(int image) throws IOException {
        picture(image);
        Blob blob = blob("select rows, cols, data from descriptors where image_id = ?", image);
        if (blob == null) {
            return Optional.empty();
        }
        ByteBuffer data = blob.shaped(file, "descriptors of image " + image, 1);
        float[] values = new float[data.limit()];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.get(i) & 0xFF;
        }
        return Optional.of(FloatMatrix.of(blob.rows, blob.columns, values));
    }

    private Picture picture(int image) {
        Picture picture = images.get(image);
        if (picture == null) {
            throw new IllegalArgumentException(
                    "image must be one of the " + images.size() + " of " + file + ", got " + image);
        }
        return picture;
    }

    /**
     * Pairs of images that were matched.
     *
     * @return in the order of their numbers
     * @throws IOException if they cannot be read, or one names an image that is not there
     */
    public List<Pair> matched() throws IOException {
        return pairs("select pair_id from matches order by pair_id");
    }

    /**
     * Pairs of images whose matches were verified, successfully or not.
     *
     * @return in the order of their numbers
     * @throws IOException if they cannot be read, or one names an image that is not there
     */
    public List<Pair> verified() throws IOException {
        return pairs("select pair_id from two_view_geometries order by pair_id");
    }

    private List<Pair> pairs(String query) throws IOException {
        List<Pair> found = new ArrayList<>();
        each(query, none -> {}, row -> {
            long number = row.getLong(1);
            long second = Math.floorMod(number, MOST_IMAGES);
            long first = Math.floorDiv(number, MOST_IMAGES);
            if (first >= second || first < 0 || !images.containsKey((int) first) || !images.containsKey((int) second)) {
                throw new IOException(file + ": pair " + number + " must be of two images of the database, got " + first
                        + " and " + second);
            }
            found.add(new Pair((int) first, (int) second));
        });
        return found;
    }

    /**
     * The matches of a pair before they were verified.
     *
     * @param pair of images of the database
     * @return the first image's keypoints as query's, the second's as reference's; all scores are 0; none if the pair was
     *     not matched
     * @throws IOException if they cannot be read or name keypoints that are not there
     */
    public Matches matches(Pair pair) throws IOException {
        Blob blob = blob("select rows, cols, data from matches where pair_id = ?", pair.number());
        return blob == null ? Matches.NONE : matches(pair, blob);
    }

    /**
     * The verified geometry of a pair.
     *
     * @param pair of images of the database
     * @return empty if there is none
     * @throws IOException if it cannot be read or names keypoints that are not there
     */
    public Optional<Geometry> geometry(Pair pair) throws IOException {
        Blob blob = blob("select rows, cols, data from two_view_geometries where pair_id = ?", pair.number());
        if (blob == null) {
            return Optional.empty();
        }
        Matches inliers = matches(pair, blob);
        String what = " of images " + pair.first + " and " + pair.second;
        Geometry geometry = first(
                "select config, F, E, H from two_view_geometries where pair_id = ?",
                statement -> statement.setLong(1, pair.number()),
                row -> new Geometry(
                        number(row, 1, "config", 0, Integer.MAX_VALUE),
                        inliers,
                        doubles(row.getBytes(2), 9, "F" + what),
                        doubles(row.getBytes(3), 9, "E" + what),
                        doubles(row.getBytes(4), 9, "H" + what)));
        return Optional.ofNullable(geometry);
    }

    private Matches matches(Pair pair, Blob blob) throws IOException {
        String what = "matches of images " + pair.first + " and " + pair.second;
        if (blob.columns != 2 && blob.rows > 0) {
            throw new IOException(file + ": " + what + " must have 2 columns, got " + blob.columns);
        }
        ByteBuffer data = blob.shaped(file, what, 4);
        int[] bounds = {keypointCount(pair.first), keypointCount(pair.second)};
        int[] queries = new int[blob.rows];
        int[] references = new int[blob.rows];
        for (int i = 0; i < blob.rows; i++) {
            queries[i] = data.getInt(8 * i);
            references[i] = data.getInt(8 * i + 4);
            if (queries[i] < 0 || queries[i] >= bounds[0] || references[i] < 0 || references[i] >= bounds[1]) {
                throw new IOException(file + ": " + what + " must be of " + bounds[0] + " and " + bounds[1]
                        + " keypoints, got " + Integer.toUnsignedString(queries[i]) + " and "
                        + Integer.toUnsignedString(references[i]));
            }
        }
        return new Matches(queries, references, new float[blob.rows]);
    }

    private int keypointCount(int image) throws IOException {
        Integer rows = first(
                "select rows from keypoints where image_id = ?",
                statement -> statement.setInt(1, image),
                row -> number(row, 1, "rows", 0, Integer.MAX_VALUE));
        return rows == null ? 0 : rows;
    }

    /** @param data null where there are none */
    private record Blob(int rows, int columns, byte @Nullable [] data) {
        /** Checks that the bytes are as many as rows and columns say. */
        ByteBuffer shaped(Path file, String what, int bytes) throws IOException {
            byte[] found = data == null ? new byte[0] : data;
            if ((long) rows * columns != found.length / bytes || found.length % bytes != 0) {
                throw new IOException(file + ": " + what + " must have " + rows + " x " + columns + " values of "
                        + bytes + " bytes, got " + found.length + " bytes");
            }
            return ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    private @Nullable Blob blob(String query, long id) throws IOException {
        return first(
                query,
                statement -> statement.setLong(1, id),
                row -> new Blob(
                        number(row, 1, "rows", 0, Integer.MAX_VALUE),
                        number(row, 2, "cols", 0, Integer.MAX_VALUE),
                        row.getBytes(3)));
    }

    /** Doubles of COLMAP, little-endian; empty if there are no bytes. */
    private Optional<double[]> doubles(byte @Nullable [] bytes, int count, String what) throws IOException {
        if (bytes == null || bytes.length == 0) {
            return Optional.empty();
        }
        if (bytes.length != 8 * count) {
            throw new IOException(file + ": " + what + " must have " + 8 * count + " bytes, got " + bytes.length);
        }
        double[] values = new double[count];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
        for (double value : values) {
            if (!Double.isFinite(value)) {
                throw new IOException(file + ": " + what + " must be finite, got " + value);
            }
        }
        return Optional.of(values);
    }

    private int number(ResultSet row, int column, String name, int least, int most) throws SQLException, IOException {
        long value = row.getLong(column);
        if (value < least || value > most) {
            throw new IOException(file + ": " + name + " must be " + least + " to " + most + ", got " + value);
        }
        return (int) value;
    }

    private interface Filled {
        void fill(PreparedStatement statement) throws SQLException;
    }

    private interface Row {
        void take(ResultSet row) throws SQLException, IOException;
    }

    private interface Made<T> {
        T make(ResultSet row) throws SQLException, IOException;
    }

    private void each(String query, Filled filled, Row taken) throws IOException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            filled.fill(statement);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    taken.take(row);
                }
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private <T> @Nullable T first(String query, Filled filled, Made<T> made) throws IOException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            filled.fill(statement);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? made.make(row) : null;
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private IOException failed(SQLException e) {
        return new IOException(file + ": " + e.getMessage(), e);
    }

    @Override
    public void close() throws IOException {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failed(e);
        }
    }
}
