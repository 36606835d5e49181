package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.ImageHeader.Format;

class ImageHeaderTest {
    private static final Image PICTURE = TestPictures.textured(7, 5, 1);
    private static final byte[] JPEG = TestPictures.encode(PICTURE, "jpeg");
    private static final byte[] PNG = TestPictures.encode(PICTURE, "png");
    private static final byte[] LOSSY_WEBP = Base64.getDecoder()
            .decode("UklGRj4AAABXRUJQVlA4IDIAAADQAQCdASoHAAUAAsBMJZQAEOAJ/K1oAAD+9v4Z/XFfGHSv69AvO5HI"
                    + "WXLlfrykWAAAAA==");
    private static final byte[] LOSSLESS_WEBP =
            Base64.getDecoder().decode("UklGRiAAAABXRUJQVlA4TBQAAAAvBgABAA8wyKM1CvMfeBiOiP6HAQ==");
    private static final byte[] JP2 = jpeg2000(7, 5);

    static Stream<Arguments> files() {
        Map<String, byte[]> pnm = new LinkedHashMap<>();
        pnm.put("P6", concat(ascii("P6\n# a comment\n7 5\n255\n"), PICTURE.rgb()));
        pnm.put("P5", concat(ascii("P5 7 5 65535\n"), new byte[70]));
        int codestream = new String(JP2, StandardCharsets.ISO_8859_1).indexOf("jp2c") + 4;
        return Stream.of(
                arguments("jpeg", Format.JPEG, JPEG),
                arguments("progressive jpeg", Format.JPEG, TestPictures.progressiveJpeg(PICTURE)),
                arguments(
                        "jpeg with EXIF",
                        Format.JPEG,
                        TestPictures.withExif(JPEG, TestPictures.exif(1, ByteOrder.BIG_ENDIAN))),
                arguments("png", Format.PNG, PNG),
                arguments("lossy webp", Format.WEBP, LOSSY_WEBP),
                arguments("lossless webp", Format.WEBP, LOSSLESS_WEBP),
                arguments("extended webp", Format.WEBP, extendedWebp(LOSSY_WEBP, 7, 5, 1, true)),
                arguments("tiff", Format.TIFF, TestPictures.encode(PICTURE, "tiff")),
                arguments("bmp", Format.BMP, TestPictures.encode(PICTURE, "bmp")),
                arguments("gif", Format.GIF, TestPictures.encode(PICTURE, "gif")),
                arguments("jp2", Format.JPEG2000, JP2),
                arguments("jpeg 2000 codestream", Format.JPEG2000, Arrays.copyOfRange(JP2, codestream, JP2.length)),
                arguments("color pnm", Format.PNM, pnm.get("P6")),
                arguments("gray pnm", Format.PNM, pnm.get("P5")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void readsFormatAndSize(String name, Format format, byte[] file) throws Exception {
        assertThat(ImageHeader.read(file)).isEqualTo(new ImageHeader(format, 7, 5, Orientation.UPRIGHT));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void everyCutIsRefused(String name, Format format, byte[] file) {
        // A GIF is whole where its first frame is, and the JDK's TIFF writer puts the directory last.
        int whole = format == Format.GIF ? file.length - 1 : file.length;
        for (int length = 0; length < whole; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> ImageHeader.read(cut))
                    .as("cut to %d of %d", cut.length, file.length)
                    .isInstanceOf(ImageFormatException.class);
        }
        byte[] half = Arrays.copyOf(file, file.length * 2 / 3);
        assertThatThrownBy(() -> ImageHeader.read(half)).hasMessageStartingWith("truncated ");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void whatFollowsTheEndIsNotLookedAt(String name, Format format, byte[] file) throws Exception {
        byte[] longer = concat(file, new byte[] {(byte) 0xFF, (byte) 0xD8, 1, 2, 3});
        assertThat(ImageHeader.read(longer)).isEqualTo(ImageHeader.read(file));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void anyFlippedBitsEndInAHeaderOrTheOneException(String name, Format format, byte[] file) {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        int reads = 0;
        for (int bit = 0; bit < 8 * file.length; bit++, reads++) {
            byte[] changed = file.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            readOrRefuse(changed);
        }
        long seed = 20260101;
        Random random = new Random(seed);
        for (int i = 0; i < 3000; i++, reads++) {
            byte[] changed = Arrays.copyOf(file, random.nextInt(10) == 0 ? random.nextInt(file.length) : file.length);
            for (int n = 1 + random.nextInt(8); n > 0 && changed.length > 0; n--) {
                // lengths and offsets are what hurts: large, small and negative values
                int at = random.nextInt(changed.length);
                changed[at] = (byte) new int[] {0, 1, 0x7F, 0x80, 0xFF, random.nextInt(256)}[random.nextInt(6)];
            }
            readOrRefuse(changed);
        }
        long perRead = (threads.getCurrentThreadAllocatedBytes() - before) / reads;
        assertThat(perRead).as("bytes allocated a read, seed %d", seed).isLessThan(file.length + 20_000L);
    }

    private static void readOrRefuse(byte[] file) {
        try {
            ImageHeader header = ImageHeader.read(file);
            assertThat(header.width()).isPositive();
        } catch (ImageFormatException e) {
            assertThat(e).hasMessageMatching("(?s).{5,}");
        }
    }

    static Stream<Arguments> orientations() {
        return Stream.of(Orientation.values())
                .flatMap(o -> Stream.of(arguments(o, ByteOrder.BIG_ENDIAN), arguments(o, ByteOrder.LITTLE_ENDIAN)));
    }

    @ParameterizedTest
    @MethodSource("orientations")
    void readsTheOrientationOfJpegPngAndWebp(Orientation orientation, ByteOrder order) throws Exception {
        byte[] exif = TestPictures.exif(orientation.exif(), order);
        assertThat(ImageHeader.read(TestPictures.withExif(JPEG, exif)).orientation())
                .isEqualTo(orientation);
        assertThat(ImageHeader.read(TestPictures.withChunk(PNG, "eXIf", exif)).orientation())
                .isEqualTo(orientation);
        for (boolean prefix : new boolean[] {true, false}) {
            assertThat(ImageHeader.read(extendedWebp(LOSSLESS_WEBP, 7, 5, orientation.exif(), prefix))
                            .orientation())
                    .isEqualTo(orientation);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9, 255, 65535})
    void anImpossibleOrientationIsUpright(int value) throws Exception {
        byte[] file = TestPictures.withExif(JPEG, TestPictures.exif(value, ByteOrder.LITTLE_ENDIAN));
        assertThat(ImageHeader.read(file).orientation()).isEqualTo(Orientation.UPRIGHT);
    }

    @Test
    void damagedMetadataDoNotMakeAPictureUnreadable() throws Exception {
        byte[] exif = TestPictures.exif(6, ByteOrder.BIG_ENDIAN);
        for (int i = 0; i < exif.length; i++) {
            for (int value : new int[] {0, 0x7F, 0xFF}) {
                byte[] changed = exif.clone();
                changed[i] = (byte) value;
                assertThat(ImageHeader.read(TestPictures.withExif(JPEG, changed))
                                .width())
                        .isEqualTo(7);
            }
            byte[] cut = Arrays.copyOf(exif, i);
            assertThat(ImageHeader.read(TestPictures.withExif(JPEG, cut)).width())
                    .isEqualTo(7);
        }
    }

    @Test
    void readsTheOrientationOfTiff() throws Exception {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            ByteBuffer tiff = ByteBuffer.allocate(8 + 2 + 12 * 5 + 4 + 6).order(order);
            tiff.put(ascii(order == ByteOrder.BIG_ENDIAN ? "MM" : "II"));
            tiff.putShort((short) 42).putInt(8).putShort((short) 5);
            int[][] entries = {{256, 3}, {257, 2}, {273, 74}, {274, 6}, {279, 6}};
            for (int[] entry : entries) {
                tiff.putShort((short) entry[0]).putShort((short) 4).putInt(1).putInt(entry[1]);
            }
            assertThat(ImageHeader.read(tiff.array()))
                    .isEqualTo(new ImageHeader(Format.TIFF, 3, 2, Orientation.CLOCKWISE_90));
        }
    }

    @Test
    void aThumbnailInsideTheMetadataFoolsNobody() throws Exception {
        byte[] thumbnail = TestPictures.encode(TestPictures.textured(3, 2, 1), "jpeg");
        byte[] exif = concat(TestPictures.exif(8, ByteOrder.BIG_ENDIAN), thumbnail);
        byte[] file = TestPictures.withExif(JPEG, exif);
        assertThat(ImageHeader.read(file))
                .isEqualTo(new ImageHeader(Format.JPEG, 7, 5, Orientation.COUNTER_CLOCKWISE_90));
        // cut behind the thumbnail, whose own end is inside
        for (int length = 2 + 10 + exif.length; length < file.length; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> ImageHeader.read(cut)).hasMessage("truncated JPEG");
        }
    }

    @Test
    void saysWhatAFileIsNot() {
        assertThatThrownBy(() -> ImageHeader.read(new byte[0]))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("empty file");
        assertThatThrownBy(() -> ImageHeader.read("just some words".getBytes(StandardCharsets.UTF_8)))
                .hasMessage("not an image of a known format");
        assertThatThrownBy(() -> ImageHeader.read(new byte[100_000])).hasMessage("not an image of a known format");
        assertThatThrownBy(() -> ImageHeader.read("\0\0\0\u0018ftypheic\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1)))
                .hasMessage("HEIF is not a supported format");
    }

    @Test
    void aWrongChecksumInAPngIsDamage() {
        byte[] changed = PNG.clone();
        changed[50] ^= 1;
        assertThatThrownBy(() -> ImageHeader.read(changed)).hasMessage("damaged PNG: a chunk has a wrong checksum");
    }

    @Test
    void thousandsOfScansAreAnAttack() {
        byte[] scan = {(byte) 0xFF, (byte) 0xDA, 0, 2};
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(JPEG, 0, JPEG.length - 2);
        for (int i = 0; i < 1000; i++) {
            file.writeBytes(scan);
        }
        file.write(JPEG, JPEG.length - 2, 2);
        assertThatThrownBy(() -> ImageHeader.read(file.toByteArray())).hasMessage("damaged JPEG: more than 500 scans");
    }

    @Test
    void aJpegWithoutPictureDataIsDamaged() {
        assertThatThrownBy(() -> ImageHeader.read(new byte[] {-1, -40, -1, -39}))
                .hasMessage("damaged JPEG: no picture data");
    }

    private static byte[] extendedWebp(byte[] simple, int width, int height, int orientation, boolean prefix) {
        byte[] exif = TestPictures.exif(orientation, ByteOrder.LITTLE_ENDIAN);
        byte[] start = prefix ? new byte[] {'E', 'x', 'i', 'f', 0, 0} : new byte[0];
        int frame = simple.length - 12;
        ByteBuffer out = ByteBuffer.allocate(12 + 18 + frame + 8 + start.length + exif.length)
                .order(ByteOrder.LITTLE_ENDIAN);
        out.put(ascii("RIFF")).putInt(out.capacity() - 8);
        out.put(ascii("WEBPVP8X")).putInt(10).putInt(0x08);
        out.put((byte) (width - 1)).putShort((short) 0);
        out.put((byte) (height - 1)).putShort((short) 0);
        out.put(simple, 12, frame);
        out.put(ascii("EXIF")).putInt(start.length + exif.length);
        return out.put(start).put(exif).array();
    }

    // Boxes and markers as they stand in a real file; the tile's content is not looked at.
    private static byte[] jpeg2000(int width, int height) {
        ByteBuffer out = ByteBuffer.allocate(200);
        out.putInt(12).put(ascii("jP  ")).putInt(0x0D0A870A);
        out.putInt(20).put(ascii("ftypjp2 ")).putInt(0).put(ascii("jp2 "));
        out.putInt(30).put(ascii("jp2h")).put(new byte[22]);
        int box = out.position();
        out.putInt(0).put(ascii("jp2c")).putShort((short) 0xFF4F);
        out.putShort((short) 0xFF51).putShort((short) 41).putShort((short) 0);
        out.putInt(width + 2)
                .putInt(height + 1)
                .putInt(2)
                .putInt(1)
                .put(new byte[16])
                .putShort((short) 1);
        out.put(new byte[] {7, 1, 1});
        out.putShort((short) 0xFF52).putShort((short) 12).put(new byte[10]);
        out.putShort((short) 0xFF90)
                .putShort((short) 10)
                .putShort((short) 0)
                .putInt(12 + 2 + 9)
                .putShort((short) 1);
        out.putShort((short) 0xFF93).put(new byte[9]).putShort((short) 0xFFD9);
        out.putInt(box, out.position() - box);
        return Arrays.copyOf(out.array(), out.position());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
