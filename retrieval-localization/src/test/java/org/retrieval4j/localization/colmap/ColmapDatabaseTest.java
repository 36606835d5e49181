package org.retrieval4j.localization.colmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matches;
import org.retrieval4j.localization.camera.Camera;

class ColmapDatabaseTest {
    private static Path copy(Path folder) throws IOException {
        try (InputStream in = Objects.requireNonNull(
                ColmapDatabaseTest.class.getResourceAsStream("/fixtures/colmap_database/database.db"))) {
            Path file = folder.resolve("a b?#%c.db");
            Files.copy(in, file);
            return file;
        }
    }

    private static void change(Path file, String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file.toUri());
                Statement statement = connection.createStatement()) {
            statement.execute("pragma journal_mode = delete");
            for (String each : statements) {
                statement.execute(each);
            }
        }
    }

    @Test
    void holdsWhatColmapHolds(@TempDir Path temp) throws IOException {
        Path file = copy(temp);
        byte[] before = Files.readAllBytes(file);
        try (ColmapDatabase database = ColmapDatabase.open(file)) {
            assertThat(database.cameras())
                    .hasSize(1)
                    .containsEntry(1, Camera.parse("SIMPLE_PINHOLE 1919 1079 2302.7999999999997 959.5 539.5"));
            assertThat(database.images()).hasSize(4).containsEntry(2, new ColmapDatabase.Picture(2, "01.jpg", 1));
            ImageFeatures features = database.features(1).orElseThrow();
            assertThat(features.keypoints().size())
                    .isEqualTo(features.descriptors().rows());
            assertThat(features.descriptors().columns()).isEqualTo(128);
            assertThat(database.features(4)).isEmpty();
            assertThat(database.matched())
                    .containsExactly(
                            new ColmapDatabase.Pair(1, 2),
                            new ColmapDatabase.Pair(1, 3),
                            new ColmapDatabase.Pair(2, 3));
            assertThat(database.verified()).isEqualTo(database.matched());
            assertThat(database.matches(new ColmapDatabase.Pair(3, 4))).isEqualTo(Matches.NONE);
            assertThat(database.geometry(new ColmapDatabase.Pair(3, 4))).isEmpty();
            assertThatThrownBy(() -> database.keypoints(9))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("image must be one of the 4 of ")
                    .hasMessageContaining("got 9");
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        assertThat(Objects.requireNonNull(temp.toFile().list())).hasSize(1);
    }

    /** Rows of F and sides of matches are as said: x₂ᵀ F x₁ is near 0 for what was verified. */
    @Test
    void verifiedMatchesLieOnEpipolarLines(@TempDir Path temp) throws IOException {
        try (ColmapDatabase database = ColmapDatabase.open(copy(temp))) {
            for (ColmapDatabase.Pair pair : database.verified()) {
                ColmapDatabase.Geometry geometry = database.geometry(pair).orElseThrow();
                assertThat(geometry.configuration()).isEqualTo(3);
                assertThat(geometry.inliers().size()).isEqualTo(12);
                assertThat(database.matches(pair).size()).isEqualTo(15);
                Keypoints a = database.keypoints(pair.first()).orElseThrow();
                Keypoints b = database.keypoints(pair.second()).orElseThrow();
                for (int i = 0; i < 12; i++) {
                    int q = geometry.inliers().queryIndices()[i];
                    int r = geometry.inliers().referenceIndices()[i];
                    assertThat(distance(geometry.fundamental().orElseThrow(), a.x(q), a.y(q), b.x(r), b.y(r)))
                            .isLessThan(4);
                }
            }
        }
    }

    private static double distance(double[] f, double x, double y, double u, double v) {
        double a = f[0] * x + f[1] * y + f[2];
        double b = f[3] * x + f[4] * y + f[5];
        double c = f[6] * x + f[7] * y + f[8];
        return Math.abs(a * u + b * v + c) / Math.hypot(a, b);
    }

    @Test
    void readsAllOfARealDatabase() throws IOException {
        Path file = Path.of("..", "..", "shared", "localization", "maupertuis", "colmap", "colmap.db");
        assumeTrue(Files.exists(file), "there is no " + file);
        try (ColmapDatabase database = ColmapDatabase.open(file)) {
            int[] keypoints = {6424, 5920, 5576, 6090};
            int[] inliers = {2501, 667, 414, 882, 537, 1035};
            for (int i = 0; i < 4; i++) {
                assertThat(database.features(i + 1).orElseThrow().keypoints().size())
                        .isEqualTo(keypoints[i]);
            }
            for (int i = 0; i < 6; i++) {
                assertThat(database.geometry(database.verified().get(i))
                                .orElseThrow()
                                .inliers()
                                .size())
                        .isEqualTo(inliers[i]);
            }
            // the model was made of this database: its 2D points are the keypoints
            ColmapModel model =
                    ColmapModel.read(Objects.requireNonNull(file.getParent()).resolve("reconstruction"));
            for (ColmapImage image : model.images().values()) {
                Keypoints own = database.keypoints(image.id()).orElseThrow();
                for (int k = 0; k < own.size(); k++) {
                    assertThat((double) own.x(k)).isCloseTo(image.places()[2 * k], within(1e-2));
                }
            }
        }
    }

    private static String hex(ByteBuffer buffer) {
        StringBuilder text = new StringBuilder("x'");
        for (byte b : buffer.array()) {
            text.append(String.format("%02x", b));
        }
        return text.append('\'').toString();
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void readsShapesOfKeypoints(@TempDir Path temp) throws IOException, SQLException {
        Path file = copy(temp);
        ByteBuffer four = little(16).putFloat(10).putFloat(20).putFloat(3).putFloat((float) (-Math.PI / 2));
        // a circle of scale 2, turned by 90°
        ByteBuffer six = little(24)
                .putFloat(10)
                .putFloat(20)
                .putFloat(0)
                .putFloat(-2)
                .putFloat(2)
                .putFloat(0);
        change(
                file,
                "update keypoints set rows = 1, cols = 4, data = " + hex(four) + " where image_id = 1",
                "update keypoints set rows = 1, cols = 6, data = " + hex(six) + " where image_id = 2",
                "update keypoints set rows = 2, cols = 2, data = " + hex(four) + " where image_id = 3",
                "insert into keypoints values (4, 0, 6, null)");
        try (ColmapDatabase database = ColmapDatabase.open(file)) {
            assertThat(database.keypoints(1).orElseThrow().values().toArray()).containsExactly(10, 20, 6, 270, 0);
            assertThat(database.keypoints(2).orElseThrow().values().toArray()).containsExactly(10, 20, 4, 90, 0);
            assertThat(database.keypoints(3).orElseThrow().x(1)).isEqualTo(3);
            assertThat(database.keypoints(4).orElseThrow().size()).isZero();
            assertThatThrownBy(() -> database.matches(new ColmapDatabase.Pair(1, 2)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("matches of images 1 and 2 must be of 1 and 1 keypoints, got ");
            assertThatThrownBy(() -> database.features(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("image 1: there must be one descriptor a keypoint");
        }
    }

    @Test
    void aDirectionIsNeverAWholeTurn(@TempDir Path temp) throws IOException, SQLException {
        Path file = copy(temp);
        ByteBuffer four = little(16).putFloat(10).putFloat(20).putFloat(3).putFloat(-1e-9f);
        change(file, "update keypoints set rows = 1, cols = 4, data = " + hex(four) + " where image_id = 1");
        try (ColmapDatabase database = ColmapDatabase.open(file)) {
            assertThat(database.keypoints(1).orElseThrow().orientation(0)).isZero();
        }
    }

    /** What a program left that was ended while it wrote: the file is half changed, the journal has what it was. */
    @Test
    void refusesADatabaseWhoseJournalIsToBeRolledBack(@TempDir Path temp) throws IOException, SQLException {
        Path file = copy(Files.createDirectories(temp.resolve("written")));
        change(file);
        Path left = temp.resolve("left.db");
        Path journal = temp.resolve("left.db-journal");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file.toUri());
                Statement statement = connection.createStatement()) {
            statement.execute("pragma cache_size = 1"); // so that SQLite writes before the end
            connection.setAutoCommit(false);
            statement.execute("update descriptors set data = zeroblob(length(data))");
            statement.execute("update keypoints set data = zeroblob(length(data))");
            Files.copy(file, left);
            Files.copy(file.resolveSibling(file.getFileName() + "-journal"), journal);
            connection.rollback();
        }
        assertThatThrownBy(() -> ColmapDatabase.open(left))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(left.toString())
                .hasMessageContaining("Hot journal needs to be rolled back");
        // one that was done with, as some programs leave it, begins with zeros
        byte[] cold = Files.readAllBytes(journal);
        Arrays.fill(cold, 0, 28, (byte) 0);
        Files.write(journal, cold);
        Files.copy(file, left, StandardCopyOption.REPLACE_EXISTING);
        try (ColmapDatabase database = ColmapDatabase.open(left)) {
            assertThat(database.images()).hasSize(4);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "drop table matches | is no database of COLMAP: it has no table matches",
                "alter table matches rename to m; create view matches as select * from m | matches must be a table, found a view",
                "update cameras set model = 99 | camera 1: camera model id must be 0 to 17, got 99",
                "update cameras set params = x'00' | params of camera 1 must have 24 bytes, got 1",
                "update cameras set params = null | camera 1: SIMPLE_PINHOLE must have 3 parameters",
                "update cameras set width = 5000000000 | width must be 1 to 2147483647, got 5000000000",
                "update images set camera_id = 7 where image_id = 2 | image 2 (01.jpg) has camera 7, which the database does not have",
                "update images set name = '' where image_id = 2 | image 2 must have a name of 1 to 4096 characters",
                "update keypoints set rows = 1000000000 | keypoints of image 1 must have 1000000000 x 6 values of 4 bytes, got ",
                "update keypoints set cols = 5 | keypoints of image 1 must have 2, 4 or 6 columns, got 5",
                "update keypoints set rows = -1 | rows must be 0 to 2147483647, got -1",
                "update keypoints set data = zeroblob(7) | values of 4 bytes, got 7 bytes",
                "update descriptors set cols = 127 | descriptors of image 1 must have ",
                "update matches set cols = 3 | matches of images 1 and 2 must have 2 columns, got 3",
                "update matches set pair_id = 5 where pair_id = 2147483649 | pair 5 must be of two images of the database, got 0 and 5",
                "update two_view_geometries set F = zeroblob(71) | F of images 1 and 2 must have 72 bytes, got 71"
            })
    void saysWhatIsWrong(String statements, String message, @TempDir Path temp) throws IOException, SQLException {
        Path file = copy(temp);
        change(file, statements.split("; "));
        assertThatThrownBy(() -> {
                    try (ColmapDatabase database = ColmapDatabase.open(file)) {
                        database.features(1);
                        ColmapDatabase.Pair pair = database.matched().get(0);
                        database.matches(pair);
                        database.geometry(pair);
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(message);
    }

    @Test
    void takesNoOtherFiles(@TempDir Path temp) throws IOException {
        assertThatThrownBy(() -> ColmapDatabase.open(temp.resolve("none.db"))).isInstanceOf(NoSuchFileException.class);
        Path other = Files.writeString(temp.resolve("other.db"), "SQLite format");
        assertThatThrownBy(() -> ColmapDatabase.open(other)).hasMessageContaining("is no database of SQLite");
        byte[] bytes = Files.readAllBytes(copy(temp));
        for (int length = 16; length < bytes.length; length += 1000) {
            Path cut = Files.write(temp.resolve("cut" + length), java.util.Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> {
                        try (ColmapDatabase database = ColmapDatabase.open(cut)) {
                            for (int image = 1; image < 4; image++) {
                                database.features(image).orElseThrow(() -> new IOException("missing"));
                            }
                            for (ColmapDatabase.Pair pair : database.verified()) {
                                database.geometry(pair);
                            }
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    /** With the library's classes and without SQLite's. */
    @Test
    void saysWhatIsNeeded(@TempDir Path temp) throws Exception {
        Path file = copy(temp);
        java.util.List<URL> urls = new java.util.ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
            if (!entry.contains("sqlite-jdbc")) {
                urls.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> type = loader.loadClass(ColmapDatabase.class.getName());
            assertThatThrownBy(() -> type.getMethod("open", Path.class).invoke(null, file))
                    .cause()
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            file + ": to read a database of COLMAP, org.xerial:sqlite-jdbc must be on the class path");
        }
    }
}
