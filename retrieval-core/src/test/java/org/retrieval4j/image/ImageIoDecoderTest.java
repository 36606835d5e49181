package org.retrieval4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.TestPictures;

class ImageIoDecoderTest {
    private static final Image PICTURE = TestPictures.textured(67, 45, 5);

    private final ImageReader reader = new ImageReader(
            List.of(new ImageIoDecoder(), new PnmDecoder()),
            ImageLimits.defaults().withUncommonFormats(true));

    @Test
    void isFound() {
        assertThat(ImageReader.load(ImageLimits.defaults()).decoders())
                .anySatisfy(decoder -> assertThat(decoder).isInstanceOf(ImageIoDecoder.class))
                .anySatisfy(decoder -> assertThat(decoder).isInstanceOf(PnmDecoder.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp", "tiff"})
    void losslessFilesComeBackBitByBit(String format) throws Exception {
        assertThat(reader.read(TestPictures.encode(PICTURE, format)).rgb()).isEqualTo(PICTURE.rgb());
    }

    @Test
    void gifHasItsPalettesColors() throws Exception {
        byte[] red = {1, 2};
        byte[] green = {40, 50};
        byte[] blue = {100, 110};
        BufferedImage indexed =
                new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 2, red, green, blue));
        indexed.getRaster().setSample(1, 0, 0, 1);
        assertThat(reader.read(TestPictures.encode(indexed, "gif")).rgb())
                .containsExactly(1, 40, 100, 2, 50, 110, 1, 40, 100);
    }

    @Test
    void jpegComesBackNearly() throws Exception {
        for (byte[] file : List.of(TestPictures.encode(PICTURE, "jpeg"), TestPictures.progressiveJpeg(PICTURE))) {
            byte[] rgb = reader.read(file).rgb();
            double sum = 0;
            for (int i = 0; i < rgb.length; i++) {
                sum += Math.abs((rgb[i] & 0xFF) - (PICTURE.rgb()[i] & 0xFF));
            }
            assertThat(sum / rgb.length).isLessThan(12);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "tiff", "bmp"})
    void grayHasNoGammaApplied(String format) throws Exception {
        BufferedImage gray = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 256; i++) {
            gray.getRaster().setSample(i % 16, i / 16, 0, i);
        }
        byte[] rgb = reader.read(TestPictures.encode(gray, format)).rgb();
        for (int i = 0; i < 768; i++) {
            assertThat(rgb[i] & 0xFF).isEqualTo(i / 3);
        }
    }

    @Test
    void sixteenBitsAreRoundedToEight() throws Exception {
        ComponentColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        WritableRaster raster = model.createCompatibleWritableRaster(256, 256);
        for (int i = 0; i < 65536; i++) {
            raster.setPixel(i % 256, i / 256, new int[] {i, 65535 - i, 0});
        }
        byte[] rgb = reader.read(TestPictures.encode(new BufferedImage(model, raster, false, null), "png"))
                .rgb();
        for (int i = 0; i < 65536; i++) {
            int expected = (int) Math.round(i / 257.0);
            assertThat(rgb[3 * i] & 0xFF).isEqualTo(expected);
            assertThat(rgb[3 * i + 1] & 0xFF).isEqualTo(255 - expected);
        }
    }

    @Test
    void bitsAndAlphaBecomeOpaqueBytes() throws Exception {
        BufferedImage bits = new BufferedImage(9, 1, BufferedImage.TYPE_BYTE_BINARY);
        bits.setRGB(3, 0, -1);
        byte[] rgb = reader.read(TestPictures.encode(bits, "png")).rgb();
        for (int i = 0; i < 9; i++) {
            assertThat(rgb[3 * i]).isEqualTo((byte) (i == 3 ? -1 : 0));
        }
        BufferedImage clear = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
        clear.setRGB(0, 0, 0x00102030);
        assertThat(reader.read(TestPictures.encode(clear, "png")).rgb()).containsExactly(0x10, 0x20, 0x30);
    }

    @Test
    void cmykJpegIsRefusedBecauseItsColorsWouldBeWrong() throws Exception {
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 16, 16, 4, null);
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(raster, null, null), null);
        } finally {
            writer.dispose();
        }
        assertThatThrownBy(() -> reader.read(out.toByteArray()))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("CMYK");
    }

    @Test
    void aJpegWhoseDataEndEarlyIsRefused() {
        byte[] file = TestPictures.encode(TestPictures.textured(200, 200, 5), "jpeg");
        byte[] cut = Arrays.copyOf(file, file.length / 2);
        cut[cut.length - 2] = (byte) 0xFF;
        cut[cut.length - 1] = (byte) 0xD9; // whole by its markers
        assertThatThrownBy(() -> reader.read(cut))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("premature end");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jpeg", "png", "gif", "bmp", "tiff"})
    void damagedFilesEndInTheOneException(String format) {
        byte[] file = TestPictures.encode(TestPictures.textured(20, 15, 5), format);
        Random random = new Random(99);
        for (int i = 0; i < 300; i++) {
            byte[] changed = file.clone();
            for (int n = random.nextInt(3); n >= 0; n--) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
            }
            try {
                ImageHeader header = ImageHeader.read(changed);
                if ((long) header.width() * header.height() < 1_000_000) {
                    assertThat(new ImageIoDecoder().decode(changed, header).width())
                            .isEqualTo(header.width());
                }
            } catch (ImageFormatException e) {
                assertThat(e.getMessage()).isNotEmpty();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void readsPortableMaps() throws Exception {
        byte[] color = concat("P6\n# comment 9\n2 1\n255\n", 1, 2, 3, 250, 251, 252);
        assertThat(reader.read(color).rgb()).containsExactly(1, 2, 3, 250, 251, 252);
        byte[] gray = concat("P5 3 1 1023 ", 0, 0, 2, 0, 3, 255);
        assertThat(reader.read(gray).rgb()).containsExactly(0, 0, 0, 128, 128, 128, 255, 255, 255);
        byte[] few = concat("P5\t2\n1\r15\n", 15, 5);
        assertThat(reader.read(few).rgb()).containsExactly(255, 255, 255, 85, 85, 85);
    }

    private static byte[] concat(String header, int... values) {
        byte[] start = header.getBytes(StandardCharsets.US_ASCII);
        byte[] file = Arrays.copyOf(start, start.length + values.length);
        for (int i = 0; i < values.length; i++) {
            file[start.length + i] = (byte) values[i];
        }
        return file;
    }
}
