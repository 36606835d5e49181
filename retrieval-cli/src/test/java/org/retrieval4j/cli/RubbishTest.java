package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.TestPictures;

/** Folders as they are found in the world. */
class RubbishTest {
    @TempDir
    static Path folder;

    private static Map<String, Object> report;

    @BeforeAll
    static void index() throws IOException {
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        byte[] wall = TestPictures.encode(Photographs.smallGraf(1), "jpeg");
        Files.write(pictures.resolve("good.jpg"), wall);
        Files.write(pictures.resolve("zero.jpg"), new byte[0]);
        Files.write(pictures.resolve("truncated.jpg"), Arrays.copyOf(wall, wall.length / 2));
        Files.writeString(pictures.resolve("text.png"), "a text");
        Files.write(pictures.resolve("map.bmp"), TestPictures.encode(Photographs.smallGraf(2), "bmp"));
        Files.write(pictures.resolve("deep.png"), TestPictures.encode(deep(Photographs.smallGraf(1)), "png"));
        Files.write(pictures.resolve("print.jpg"), cmyk(Photographs.smallGraf(1)));
        Files.write(pictures.resolve("large.png"), TestPictures.encode(TestPictures.flat(1000, 500, 90), "png"));
        Files.write(pictures.resolve("plain.png"), TestPictures.encode(TestPictures.flat(200, 200, 128), "png"));
        Files.writeString(pictures.resolve("notes.txt"), "no picture");
        Cli run = Cli.run(
                "index",
                "--database",
                folder.resolve("database"),
                "--aggregator",
                "vlad(clusters=8)",
                "--max-megapixels",
                "0.4",
                pictures,
                "--json");
        assertThat(run.err()).doesNotContain("retrieval: ");
        assertThat(run.code()).isZero();
        report = Parsed.object(run.out());
    }

    private static String reason(String name) {
        return Parsed.list(report, "skipped").stream()
                .filter(skipped -> skipped.get("image").equals(folder + "/pictures/" + name))
                .map(skipped -> (String) skipped.get("reason"))
                .findFirst()
                .orElse("not skipped");
    }

    @Test
    void whatIsNoWholePictureIsSkippedWithItsReason() {
        assertThat(reason("zero.jpg")).isEqualTo("empty file");
        assertThat(reason("truncated.jpg")).isEqualTo("truncated JPEG");
        assertThat(reason("text.png")).isEqualTo("not an image of a known format");
        assertThat(reason("map.bmp")).contains("BMP");
        assertThat(reason("large.png")).contains("1000 x 500").contains("0.4");
        assertThat(Parsed.list(report, "skipped")).hasSize(5);
    }

    @Test
    void theRestIsIndexedUncommonColorsAndEmptyWallsToo() {
        assertThat(report).containsEntry("indexed", 4);
        Cli list = Cli.run("list", "--database", folder.resolve("database"));
        assertThat(list.outLines())
                .containsExactly(
                        folder + "/pictures/deep.png",
                        folder + "/pictures/good.jpg",
                        folder + "/pictures/plain.png",
                        folder + "/pictures/print.jpg");
    }

    @Test
    void pictureOfSixteenBitsAndOfFourInksLookLikeThePlainOne() {
        Cli run = Cli.run(
                "search",
                "--database",
                folder.resolve("database"),
                "--json",
                "--verify",
                "4",
                folder + "/pictures/good.jpg");
        List<Map<String, Object>> hits = Parsed.list(Parsed.object(run.out()), "hits");
        assertThat(hits).hasSize(4);
        for (Map<String, Object> hit : hits.subList(0, 3)) {
            assertThat((String) hit.get("image")).isNotEqualTo(folder + "/pictures/plain.png");
            assertThat((Integer) hit.get("inliers")).isGreaterThan(200);
        }
        assertThat(hits.get(3)).containsEntry("inliers", 0);
    }

    @Test
    void uncommonFormatsAreReadOnDemand() {
        Cli run = Cli.run(
                "index",
                "--database",
                folder.resolve("uncommon"),
                "--aggregator",
                "vlad(clusters=8)",
                "--formats",
                "all",
                folder + "/pictures/map.bmp",
                "--json");
        assertThat(Parsed.object(run.out())).containsEntry("indexed", 1);
    }

    @Test
    void aFolderOfRubbishAloneIsDoneTooAndSearchedInVain() throws IOException {
        Path rubbish = Files.createDirectories(folder.resolve("rubbish"));
        Files.write(rubbish.resolve("zero.jpg"), new byte[0]);
        Cli run = Cli.run("index", "--database", folder.resolve("empty"), rubbish, "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(Parsed.object(run.out())).containsEntry("indexed", 0);
        Cli search = Cli.run(
                "search",
                "--database",
                folder.resolve("empty"),
                "--json",
                folder + "/pictures/good.jpg",
                "--verify",
                "5");
        assertThat(search.err()).isEmpty();
        assertThat(search.out()).isEqualTo("{\"query\":\"" + folder + "/pictures/good.jpg\",\"hits\":[]}\n");
    }

    @Test
    void aPictureRanksAndVerifiesAlikeHoweverItWasStored() throws IOException {
        Path turned = Files.createDirectories(folder.resolve("turned"));
        BufferedImage wall = Photographs.smallGraf(1);
        byte[] rgb = new byte[3 * wall.getWidth() * wall.getHeight()];
        for (int i = 0; i < rgb.length / 3; i++) {
            int pixel = wall.getRGB(i % wall.getWidth(), i / wall.getWidth());
            rgb[3 * i] = (byte) (pixel >> 16);
            rgb[3 * i + 1] = (byte) (pixel >> 8);
            rgb[3 * i + 2] = (byte) pixel;
        }
        Image upright = new Image(wall.getWidth(), wall.getHeight(), rgb, Orientation.UPRIGHT);
        for (Orientation orientation : Orientation.values()) {
            byte[] png = TestPictures.encode(TestPictures.stored(upright, orientation), "png");
            byte[] exif = TestPictures.exif(orientation.exif(), ByteOrder.BIG_ENDIAN);
            Files.write(
                    turned.resolve("exif" + orientation.exif() + ".png"), TestPictures.withChunk(png, "eXIf", exif));
        }
        Files.write(turned.resolve("other.png"), TestPictures.encode(Photographs.smallGraf(3), "png"));
        Path database = folder.resolve("orientations");
        Cli index = Cli.run(
                "index",
                "--database",
                database,
                "--aggregator",
                "vlad(clusters=8)",
                "--keep",
                "float",
                turned,
                "--json");
        assertThat(Parsed.object(index.out())).containsEntry("indexed", 9);
        for (String query : List.of("/exif1.png", "/exif6.png", "/exif7.png")) {
            Cli run = Cli.run("search", "--database", database, "--json", "--verify", "9", turned + query);
            List<Map<String, Object>> hits = Parsed.list(Parsed.object(run.out()), "hits");
            Object inliers = hits.get(0).get("inliers");
            Object score = hits.get(0).get("score");
            for (Map<String, Object> hit : hits.subList(0, 8)) {
                assertThat((String) hit.get("image")).contains("/exif");
                assertThat(hit).containsEntry("inliers", inliers).containsEntry("score", score);
            }
            assertThat((String) hits.get(8).get("image")).endsWith("other.png");
        }
    }

    private static BufferedImage deep(BufferedImage picture) {
        ComponentColorModel colors = new ComponentColorModel(
                java.awt.color.ColorSpace.getInstance(java.awt.color.ColorSpace.CS_sRGB),
                false,
                false,
                java.awt.Transparency.OPAQUE,
                DataBuffer.TYPE_USHORT);
        WritableRaster raster = colors.createCompatibleWritableRaster(picture.getWidth(), picture.getHeight());
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                int pixel = picture.getRGB(x, y);
                raster.setPixel(
                        x, y, new int[] {257 * (pixel >> 16 & 255), 257 * (pixel >> 8 & 255), 257 * (pixel & 255)});
            }
        }
        return new BufferedImage(colors, raster, false, null);
    }

    // Adobe's four inks: the file holds the paper's share instead of the ink's.
    private static byte[] cmyk(BufferedImage picture) throws IOException {
        WritableRaster raster =
                Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, picture.getWidth(), picture.getHeight(), 4, null);
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                int pixel = picture.getRGB(x, y);
                raster.setPixel(x, y, new int[] {pixel >> 16 & 255, pixel >> 8 & 255, pixel & 255, 255});
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(0.95f);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(raster, null, null), parameters);
        } finally {
            writer.dispose();
        }
        byte[] plain = out.toByteArray();
        ByteBuffer file = ByteBuffer.allocate(plain.length + 16).put(plain, 0, 2);
        file.putShort((short) 0xFFEE).putShort((short) 14).put("Adobe".getBytes(StandardCharsets.US_ASCII));
        file.putShort((short) 100).putInt(0).put((byte) 0);
        return file.put(plain, 2, plain.length - 2).array();
    }
}
