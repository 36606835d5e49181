package org.retrieval4j.localization.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.localization.pose.Pose;

/** Miniature folders, laid out as published. */
class PublishedDatasetTest {
    /** A quarter turn about z, world to camera: the camera at (1, 2, 3) has t = −R c = (2, −1, −3). */
    private static final String TURNED = "0.70710678118654752 0 0 0.70710678118654752";

    private static final Pose AT_123 = new Pose(1, 0, 0, 1, 2, -1, -3);

    private static void write(Path folder, String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, text);
    }

    private static void assertPose(@Nullable Pose pose, Pose expected) {
        assertThat(pose).isNotNull();
        if (pose != null) {
            assertThat(pose.positionError(expected)).isCloseTo(0, within(1e-12));
            assertThat(pose.rotationErrorDegrees(expected)).isCloseTo(0, within(1e-9));
        }
    }

    private static String nvm(String... entries) {
        return "NVM_V3 \n\n" + entries.length + "\n" + String.join("\n", entries) + "\n\n1\n0 0 0 1 2 3 0\n";
    }

    private static void aachen(Path folder) throws IOException {
        write(folder, "3D-models/aachen_cvpr2018_db.nvm", nvm("db/1.jpg 999 " + TURNED + " 1 2 3 0.5 0"));
        write(folder, "3D-models/database_intrinsics.txt", "db/1.jpg SIMPLE_RADIAL 1600 1200 1500 800 600 -0.01\n");
        write(
                folder,
                "queries/day_time_queries_with_intrinsics.txt",
                "query/day/nexus4/a.jpg SIMPLE_RADIAL 1600 1200 1469.2 800 600 -0.0353019\n");
        write(
                folder,
                "queries/night_time_queries_with_intrinsics.txt",
                "query/night/nexus5x/b.jpg SIMPLE_RADIAL 1600 1200 1469.2 800 600 -0.0353019\n");
        Files.createDirectories(folder.resolve("images/images_upright"));
    }

    @Test
    void aachen10(@TempDir Path folder) throws IOException {
        aachen(folder);

        LocalizationDataset set = PublishedDataset.AACHEN.read(folder);

        assertThat(set.images()).isEqualTo(folder.resolve("images/images_upright"));
        assertPose(set.poses().get("db/1.jpg"), AT_123);
        // the list's intrinsics count, not the model's
        assertThat(set.cameras().get("db/1.jpg")).hasToString("SIMPLE_RADIAL 1600 1200 1500.0 800.0 600.0 -0.01");
        assertThat(set.queries()).containsOnlyKeys("query/day/nexus4/a.jpg", "query/night/nexus5x/b.jpg");
        assertThat(set.conditions())
                .isEqualTo(Map.of("query/day/nexus4/a.jpg", "day", "query/night/nexus5x/b.jpg", "night"));
        assertThat(set.truth()).isEmpty();
    }

    @Test
    void bundlersFilesOfAachenGiveThePosesOfItsNvm(@TempDir Path folder) throws IOException {
        aachen(folder);
        Files.delete(folder.resolve("3D-models/aachen_cvpr2018_db.nvm"));
        // R of the NVM with entries 01, 02, 10 and 20 negated; c = (1, −2, −3); t = −R c
        write(
                folder,
                "3D-models/aachen_cvpr2018_db.out",
                "# Bundle file v0.3\n2 0\n0 0 0\n0 0 0\n0 0 0\n0 0 0\n0 0 0\n"
                        + "999 0 0\n0 1 0\n-1 0 0\n0 0 1\n2 1 3\n");
        write(folder, "3D-models/aachen_cvpr2018_db.list.txt", "db/unplaced.jpg\ndb/1.jpg 0 999\n");

        assertPose(PublishedDataset.AACHEN.read(folder).poses().get("db/1.jpg"), AT_123);
        // the same camera where the world stays as it is: its center remains (1, −2, −3)
        Pose kept = BundlerFile.read(
                        folder.resolve("3D-models/aachen_cvpr2018_db.out"),
                        folder.resolve("3D-models/aachen_cvpr2018_db.list.txt"),
                        BundlerFile.World.KEPT)
                .values()
                .iterator()
                .next();
        assertThat(kept.center()).containsExactly(new double[] {1, -2, -3}, within(1e-12));
    }

    @Test
    void robotCarSeasons(@TempDir Path folder) throws IOException {
        for (String side : new String[] {"left", "rear", "right"}) {
            write(
                    folder,
                    "intrinsics/" + side + "_intrinsics.txt",
                    "fx 400.0\nfy 400.0\ncx 508.222931\ncy 498.187378\n");
            write(folder, "extrinsics/" + side + "_extrinsics.txt", "0,1,0,1\n-1,0,0,2\n0,0,1,3\n0,0,0,1\n");
        }
        write(
                folder,
                "3D-models/all-merged/all.nvm",
                nvm("./overcast-reference/rear/1417176458999821.png 400 " + TURNED + " 1 2 3 0 0"));
        write(folder, "images/overcast-reference/rear/1417176458999821.jpg", "");
        write(folder, "images/night-rain/left/1418840538012865.jpg", "");
        write(folder, "images/sun/rear/1425997391860579.jpg", "");
        write(folder, "robotcar_v2_train.txt", "sun/rear/1425997391860579.jpg 0 1 0 1 -1 0 0 2 0 0 1 3 0 0 0 1\n");

        LocalizationDataset set = PublishedDataset.ROBOTCAR.read(folder);

        assertPose(set.poses().get("overcast-reference/rear/1417176458999821.jpg"), AT_123);
        assertThat(set.cameras().get("overcast-reference/rear/1417176458999821.jpg"))
                .hasToString("PINHOLE 1024 1024 400.0 400.0 508.222931 498.187378");
        assertThat(set.conditions())
                .isEqualTo(Map.of(
                        "night-rain/left/1418840538012865.jpg", "night-rain", "sun/rear/1425997391860579.jpg", "sun"));
        assertThat(set.queries()).hasSize(2);
        // matrices from camera to car and from camera to world are turned round
        assertPose(set.rig().get("rear"), AT_123);
        assertPose(set.truth().get("sun/rear/1425997391860579.jpg"), AT_123);
    }

    @Test
    void cmuSeasons(@TempDir Path folder) throws IOException {
        String query = "query/img_01555_c1_1283347879534213us_rect.jpg";
        write(folder, "query_lists/queries_slice2.txt", query + " PINHOLE 1024 768 873.38 876.49 529.32 397.27\n");
        write(
                folder,
                "3D-models/slice2/slice2.nvm",
                nvm("img_00122_c1_1303398475046031us_rect.jpg 870 " + TURNED + " 1 2 3 0 0"));

        LocalizationDataset set = PublishedDataset.CMU.read(folder);

        String image = "slice2/database/img_00122_c1_1303398475046031us_rect.jpg";
        assertPose(set.poses().get(image), AT_123);
        assertThat(set.cameras().get(image)).hasToString("PINHOLE 1024 768 873.38 876.49 529.32 397.27");
        assertThat(set.conditions()).isEqualTo(Map.of("slice2/" + query, "urban"));
    }

    @Test
    void extendedCmuSeasons(@TempDir Path folder) throws IOException {
        write(
                folder,
                "intrinsics.txt",
                "# id model w h\nc0 OPENCV 1024 768 868.99 866.06 525.94 420.04 -0.39 0.18 0 0\n");
        write(
                folder,
                "slice24/ground-truth-database-images-slice24.txt",
                "img_00122_c0_1303398475046031us.jpg " + TURNED + " 1 2 3\n");
        write(folder, "slice24/test-images-slice24.txt", "img_00200_c0_1283347879534213us.jpg\n");
        write(
                folder,
                "slice24/camera-poses/slice-24-gt-query-images.txt",
                "img_00300_c0_1283347879534299us.jpg " + TURNED + " 1 2 3\n");

        LocalizationDataset set = PublishedDataset.CMU.read(folder);

        assertPose(set.poses().get("slice24/database/img_00122_c0_1303398475046031us.jpg"), AT_123);
        assertPose(set.truth().get("slice24/query/img_00300_c0_1283347879534299us.jpg"), AT_123);
        assertThat(set.queries()).hasSize(2);
        assertThat(set.conditions().values()).containsOnly("park");
    }

    @Test
    void inLoc(@TempDir Path folder) throws IOException {
        write(folder, "query/iphone7/IMG_0731.JPG", "");
        write(
                folder,
                "database/alignments/DUC1/transformations/DUC_trans_000.txt",
                "Before\n1 0 0 9\n0 1 0 9\n0 0 1 9\n0 0 0 1\n\nAfter\n0 1 0 1\n-1 0 0 2\n0 0 1 3\n0 0 0 1\n");

        LocalizationDataset set = PublishedDataset.INLOC.read(folder);

        assertThat(set.queries().get("query/iphone7/IMG_0731.JPG"))
                .hasToString("SIMPLE_PINHOLE 4032 3024 3136.0 2016.0 1512.0");
        assertPose(set.scans().get("DUC1/000"), AT_123);
    }

    @Test
    void cambridgeLandmarks(@TempDir Path folder) throws IOException {
        String head = "Visual Landmark Dataset V1\nImageFile, Camera Position [X Y Z W P Q R]\n\n";
        write(folder, "dataset_train.txt", head + "seq1/frame00001.png 1 2 3 " + TURNED + "\n");
        write(folder, "dataset_test.txt", head + "seq3/frame00007.png 1 2 3 " + TURNED + "\n");
        write(folder, "reconstruction.nvm", nvm("seq1/frame00001.jpg 1670.5 " + TURNED + " 1 2 3 0.05 0"));

        LocalizationDataset set = PublishedDataset.CAMBRIDGE.read(folder);

        assertPose(set.poses().get("seq1/frame00001.png"), AT_123);
        assertPose(set.truth().get("seq3/frame00007.png"), AT_123);
        assertThat(set.cameras().get("seq1/frame00001.png"))
                .hasToString("SIMPLE_RADIAL 1920 1080 1670.5 960.0 540.0 -0.05");
        assertThat(set.queries().get("seq3/frame00007.png"))
                .hasToString("SIMPLE_RADIAL 1920 1080 1670.5 960.0 540.0 0.0");
    }

    @Test
    void sevenScenes(@TempDir Path folder) throws IOException {
        write(folder, "TrainSplit.txt", "sequence1\n");
        write(folder, "TestSplit.txt", "sequence12\n");
        String matrix = "0\t1\t0\t1\t\n-1\t0\t0\t2\t\n0\t0\t1\t3\t\n0\t0\t0\t1\t\n";
        write(folder, "seq-01/frame-000000.pose.txt", matrix);
        write(folder, "seq-12/frame-000003.pose.txt", matrix);

        LocalizationDataset set = PublishedDataset.SEVEN_SCENES.read(folder);

        assertPose(set.poses().get("seq-01/frame-000000.color.png"), AT_123);
        assertPose(set.truth().get("seq-12/frame-000003.color.png"), AT_123);
        assertThat(set.queries().get("seq-12/frame-000003.color.png"))
                .hasToString("SIMPLE_PINHOLE 640 480 525.0 320.0 240.0");
    }

    @Test
    void whatIsWrongIsToldWithItsLine(@TempDir Path folder) throws IOException {
        aachen(folder);
        String model = "3D-models/aachen_cvpr2018_db.nvm";
        Path file = folder.resolve(model);
        write(folder, model, "NVM_V3\n\n2\ndb/1.jpg 999 " + TURNED + " 1 2 3 0 0\n");
        fails(folder, file + ", line 5: expected \"name f qw qx qy qz cx cy cz radial 0\", found the end");
        write(folder, model, nvm("db/1.jpg 999 1 0 0 0 1 2 x 0 0"));
        fails(folder, file + ", line 4: expected a number, found \"x\"");
        write(folder, model, nvm("db/1.jpg 999 0 0 0 0 1 2 3 0 0"));
        fails(folder, file + ", line 4: a pose's quaternion must be finite and not zero");
        write(folder, model, nvm("db/2.jpg 999 " + TURNED + " 1 2 3 0 0"));
        fails(folder, "has no camera of db/2.jpg");
        write(folder, model, "NVM_V3\n-4\n");
        fails(folder, file + ", line 2: expected a count from 0 to 10000000, found \"-4\"");
        write(folder, model, "NVM_V3\n" + "1".repeat(70_000));
        fails(folder, file + ", line 2: longer than 65536 characters");
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        fails(folder, file + " is not text in UTF-8");
    }

    private static void fails(Path folder, String message) {
        assertThatIOException()
                .isThrownBy(() -> PublishedDataset.AACHEN.read(folder))
                .withMessageContaining(message);
    }

    @Test
    void aFolderOfSomethingElseIsToldApart(@TempDir Path folder) {
        for (PublishedDataset dataset : PublishedDataset.values()) {
            assertThatIOException().as(dataset.toString()).isThrownBy(() -> dataset.read(folder));
        }
    }

    @Test
    void listsAreWritten(@TempDir Path folder) throws IOException {
        aachen(folder.resolve("in"));

        PublishedDataset.AACHEN.read(folder.resolve("in")).write(folder.resolve("out"));

        assertThat(folder.resolve("out/conditions.txt"))
                .hasContent("query/day/nexus4/a.jpg day\nquery/night/nexus5x/b.jpg night\n");
        assertThat(folder.resolve("out/cameras.txt"))
                .hasContent("db/1.jpg SIMPLE_RADIAL 1600 1200 1500.0 800.0 600.0 -0.01\n");
        assertThat(folder.resolve("out")).isDirectoryNotContaining(file -> file.endsWith("truth.txt"));
    }
}
