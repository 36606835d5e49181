package org.retrieval4j.opencv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.MatOfByte;
import org.opencv.core.MatOfInt;
import org.opencv.imgcodecs.Imgcodecs;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.TestPictures;

class OpenCvImageDecoderTest {
    private static final Image PICTURE = TestPictures.textured(67, 45, 5);

    private final ImageReader reader = new ImageReader(
            List.of(new OpenCvImageDecoder()), ImageLimits.defaults().withUncommonFormats(true));

    @Test
    void isFound() {
        assertThat(ImageReader.load(ImageLimits.defaults()).decoders())
                .anySatisfy(decoder -> assertThat(decoder).isInstanceOf(OpenCvImageDecoder.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp", "tiff"})
    void losslessFilesComeBackBitByBit(String format) throws Exception {
        Image image = reader.read(TestPictures.encode(PICTURE, format));
        assertThat(image.width()).isEqualTo(67);
        assertThat(image.height()).isEqualTo(45);
        assertThat(image.rgb()).isEqualTo(PICTURE.rgb());
    }

    @Test
    void losslessWebpComesBackBitByBit() throws Exception {
        assertThat(reader.read(encodeByOpenCv(".webp", Imgcodecs.IMWRITE_WEBP_QUALITY, 101))
                        .rgb())
                .isEqualTo(PICTURE.rgb());
    }

    @Test
    void lossyFilesComeBackNearly() throws Exception {
        List<byte[]> files = List.of(
                TestPictures.encode(PICTURE, "jpeg"),
                TestPictures.progressiveJpeg(PICTURE),
                encodeByOpenCv(".jp2", Imgcodecs.IMWRITE_JPEG2000_COMPRESSION_X1000, 400),
                encodeByOpenCv(".webp", Imgcodecs.IMWRITE_WEBP_QUALITY, 90));
        for (byte[] file : files) {
            assertThat(meanDifference(reader.read(file).rgb(), PICTURE.rgb())).isLessThan(12);
        }
    }

    @Test
    void grayBecomesRgb() throws Exception {
        BufferedImage gray = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 256; i++) {
            gray.getRaster().setSample(i % 16, i / 16, 0, i);
        }
        byte[] rgb = reader.read(TestPictures.encode(gray, "png")).rgb();
        for (int i = 0; i < 768; i++) {
            assertThat(rgb[i] & 0xFF).isEqualTo(i / 3);
        }
    }

    @Test
    void sixteenBitsAreRoundedToEight() throws Exception {
        BufferedImage gray = new BufferedImage(256, 256, BufferedImage.TYPE_USHORT_GRAY);
        for (int i = 0; i < 65536; i++) {
            gray.getRaster().setSample(i % 256, i / 256, 0, i);
        }
        byte[] rgb = reader.read(TestPictures.encode(gray, "png")).rgb();
        for (int i = 0; i < 65536; i++) {
            int expected = (int) Math.round(i / 257.0);
            assertThat(rgb[3 * i] & 0xFF).isEqualTo(expected);
            assertThat(rgb[3 * i + 2] & 0xFF).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "tiff"})
    void sixteenBitColorsKeepTheirOrder(String format) throws Exception {
        ComponentColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        WritableRaster raster = model.createCompatibleWritableRaster(4, 3);
        for (int i = 0; i < 12; i++) {
            raster.setPixel(i % 4, i / 4, new int[] {5000 * i, 65535 - 3000 * i, 257 * 20 * i + 128});
        }
        byte[] rgb = reader.read(TestPictures.encode(new BufferedImage(model, raster, false, null), format))
                .rgb();
        for (int i = 0; i < 12; i++) {
            assertThat(rgb[3 * i] & 0xFF).isEqualTo((int) Math.round(5000 * i / 257.0));
            assertThat(rgb[3 * i + 1] & 0xFF).isEqualTo((int) Math.round((65535 - 3000 * i) / 257.0));
            assertThat(rgb[3 * i + 2] & 0xFF).isEqualTo(20 * i);
        }
    }

    @Test
    void alphaIsDroppedAndTheColorUnderItStays() throws Exception {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0x00102030);
        image.setRGB(1, 0, 0x80405060);
        image.setRGB(2, 0, 0xFF708090);
        assertThat(reader.read(TestPictures.encode(image, "png")).rgb())
                .isEqualTo(bytes(0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void alphaOfSixteenBitsIsDroppedToo(boolean gray) throws Exception {
        ComponentColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(gray ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB),
                true,
                false,
                Transparency.TRANSLUCENT,
                DataBuffer.TYPE_USHORT);
        WritableRaster raster = model.createCompatibleWritableRaster(2, 1);
        raster.setPixel(0, 0, gray ? new int[] {257 * 90, 0} : new int[] {257 * 90, 257 * 91, 257 * 92, 0});
        raster.setPixel(1, 0, gray ? new int[] {257 * 7, 9999} : new int[] {257 * 7, 257 * 8, 257 * 9, 9999});
        byte[] file = TestPictures.encode(new BufferedImage(model, raster, false, null), "png");
        assertThat(reader.read(file).rgb()).isEqualTo(gray ? bytes(90, 90, 90, 7, 7, 7) : bytes(90, 91, 92, 7, 8, 9));
    }

    @Test
    void palettesBecomeColors() throws Exception {
        byte[] alpha = {0, 100, -1};
        IndexColorModel palette =
                new IndexColorModel(8, 3, bytes(1, 2, 3), bytes(40, 50, 60), bytes(200, 210, 220), alpha);
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
        for (int i = 0; i < 3; i++) {
            image.getRaster().setSample(i, 0, 0, 2 - i);
        }
        assertThat(reader.read(TestPictures.encode(image, "png")).rgb())
                .isEqualTo(bytes(3, 60, 220, 2, 50, 210, 1, 40, 200));
    }

    @Test
    void ancillaryChunksReachNoNativeCode() throws Exception {
        byte[] png = TestPictures.encode(PICTURE, "png");
        byte[] garbage = new byte[100];
        new Random(1).nextBytes(garbage);
        byte[] file = png;
        for (String type : new String[] {"iCCP", "zTXt", "iTXt", "gAMA", "cHRM", "sBIT", "eXIf"}) {
            file = TestPictures.withChunk(file, type, garbage);
        }
        assertThat(reader.read(file).rgb()).isEqualTo(PICTURE.rgb());
    }

    @ParameterizedTest
    @EnumSource
    void pixelsStayAsStored(Orientation orientation) throws Exception {
        byte[] exif = TestPictures.exif(orientation.exif(), ByteOrder.LITTLE_ENDIAN);
        Image png = reader.read(TestPictures.withChunk(TestPictures.encode(PICTURE, "png"), "eXIf", exif));
        assertThat(png.orientation()).isEqualTo(orientation);
        assertThat(png.rgb()).isEqualTo(PICTURE.rgb());
        byte[] plain = TestPictures.encode(PICTURE, "jpeg");
        Image jpeg = reader.read(TestPictures.withExif(plain, exif));
        assertThat(jpeg.orientation()).isEqualTo(orientation);
        assertThat(jpeg.rgb()).isEqualTo(reader.read(plain).rgb());
        Image tiff = reader.read(tiff(PICTURE, orientation));
        assertThat(tiff.orientation()).isEqualTo(orientation);
        assertThat(tiff.rgb()).isEqualTo(PICTURE.rgb());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cmykJpegHasTheRightColors(boolean ycck) throws Exception {
        int[][] inks = {
            {0, 0, 0, 0},
            {255, 0, 0, 0},
            {0, 255, 0, 0},
            {0, 0, 255, 0},
            {0, 0, 0, 255},
            {100, 30, 200, 0},
            {20, 120, 60, 80},
            {255, 255, 0, 0}
        };
        int block = 16;
        WritableRaster raster =
                Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, block * inks.length, block, 4, null);
        for (int i = 0; i < inks.length; i++) {
            // Adobe's way: the file holds the paper's share instead of the ink's.
            int c = 255 - inks[i][0];
            int m = 255 - inks[i][1];
            int y = 255 - inks[i][2];
            int[] stored = {c, m, y, 255 - inks[i][3]};
            if (ycck) {
                // ITU-R BT.601 of the complements
                double r = 255 - c;
                double g = 255 - m;
                double b = 255 - y;
                stored[0] = (int) Math.round(0.299 * r + 0.587 * g + 0.114 * b);
                stored[1] = (int) Math.min(255, Math.round(128 - 0.168736 * r - 0.331264 * g + 0.5 * b));
                stored[2] = (int) Math.min(255, Math.round(128 + 0.5 * r - 0.418688 * g - 0.081312 * b));
            }
            for (int k = 0; k < block * block; k++) {
                raster.setPixel(block * i + k % block, k / block, stored);
            }
        }
        Image image = reader.read(adobeJpeg(raster, ycck ? 2 : 0));
        for (int i = 0; i < inks.length; i++) {
            int center = 3 * (block / 2 * image.width() + block * i + block / 2);
            for (int channel = 0; channel < 3; channel++) {
                double expected = (255 - inks[i][channel]) * (255 - inks[i][3]) / 255.0;
                assertThat((double) (image.rgb()[center + channel] & 0xFF))
                        .as("ink %s, channel %d", Arrays.toString(inks[i]), channel)
                        .isEqualTo(expected, within(4.0));
            }
        }
    }

    @Test
    void damagedFilesEndInTheOneException() {
        List<byte[]> files = List.of(
                encodeByOpenCv(".webp", Imgcodecs.IMWRITE_WEBP_QUALITY, 90),
                TestPictures.encode(PICTURE, "png"),
                TestPictures.encode(PICTURE, "bmp"));
        Random random = new Random(99);
        int refused = 0;
        for (byte[] file : files) {
            for (int i = 0; i < 200; i++) {
                byte[] changed = file.clone();
                changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
                try {
                    assertThat(reader.read(changed).width()).isPositive();
                } catch (ImageFormatException e) {
                    refused++;
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void aSizeThatTheDecoderDoesNotFindIsRefused() {
        byte[] file = TestPictures.encode(PICTURE, "png");
        ImageHeader wrong = new ImageHeader(ImageHeader.Format.PNG, 66, 45, Orientation.UPRIGHT);
        assertThatThrownBy(() -> new OpenCvImageDecoder().decode(file, wrong))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("damaged PNG: its header says 66 x 45 pixels, OpenCV finds 67 x 45");
    }

    private static byte[] encodeByOpenCv(String ending, int parameter, int value) {
        OpenCvRuntime.require();
        byte[] bgr = PICTURE.rgb().clone();
        for (int i = 0; i < bgr.length; i += 3) {
            byte red = bgr[i];
            bgr[i] = bgr[i + 2];
            bgr[i + 2] = red;
        }
        Mat mat = new Mat(PICTURE.height(), PICTURE.width(), CvType.CV_8UC3);
        mat.put(0, 0, bgr);
        MatOfByte file = new MatOfByte();
        assertThat(Imgcodecs.imencode(ending, mat, file, new MatOfInt(parameter, value)))
                .isTrue();
        return file.toArray();
    }

    private static byte[] adobeJpeg(Raster raster, int transform) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(1);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(raster, null, null), parameters);
        } finally {
            writer.dispose();
        }
        byte[] plain = out.toByteArray();
        byte[] marker = ByteBuffer.allocate(16)
                .putShort((short) 0xFFEE)
                .putShort((short) 14)
                .put("Adobe".getBytes(StandardCharsets.US_ASCII))
                .putShort((short) 100)
                .putInt(0)
                .put((byte) transform)
                .array();
        return ByteBuffer.allocate(plain.length + 16)
                .put(plain, 0, 2)
                .put(marker)
                .put(plain, 2, plain.length - 2)
                .array();
    }

    private static byte[] tiff(Image image, Orientation orientation) {
        int[][] entries = {
            {256, 3, 1, image.width()},
            {257, 3, 1, image.height()},
            {258, 3, 3, 8 + 2 + 120 + 4},
            {259, 3, 1, 1},
            {262, 3, 1, 2},
            {273, 4, 1, 8 + 2 + 120 + 4 + 6},
            {274, 3, 1, orientation.exif()},
            {277, 3, 1, 3},
            {278, 3, 1, image.height()},
            {279, 4, 1, image.rgb().length}
        };
        ByteBuffer out =
                ByteBuffer.allocate(8 + 2 + 120 + 4 + 6 + image.rgb().length).order(ByteOrder.LITTLE_ENDIAN);
        out.put("II*\0".getBytes(StandardCharsets.US_ASCII)).putInt(8).putShort((short) entries.length);
        for (int[] entry : entries) {
            out.putShort((short) entry[0]).putShort((short) entry[1]).putInt(entry[2]);
            out.putInt(entry[3]);
        }
        out.putInt(0).putShort((short) 8).putShort((short) 8).putShort((short) 8);
        return out.put(image.rgb()).array();
    }

    private static double meanDifference(byte[] a, byte[] b) {
        assertThat(a).hasSameSizeAs(b);
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.abs((a[i] & 0xFF) - (b[i] & 0xFF));
        }
        return sum / a.length;
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
