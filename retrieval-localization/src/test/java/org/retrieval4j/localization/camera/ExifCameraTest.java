package org.retrieval4j.localization.camera;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.ImageFormatException;

class ExifCameraTest {
    private static final int SHORT = 3;
    private static final int RATIONAL = 5;

    /** A JPEG of 300 x 200 pixels with EXIF entries: tag, type, numerator, denominator. */
    private static byte[] picture(ByteOrder order, int[]... entries) throws IOException {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(300, 200, BufferedImage.TYPE_INT_RGB), "jpeg", plain);
        byte[] jpeg = plain.toByteArray();
        ByteBuffer tiff = ByteBuffer.allocate(400).order(order);
        tiff.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I'))
                .put(tiff.get(0))
                .putShort((short) 42)
                .putInt(8);
        tiff.putShort((short) 1)
                .putShort((short) 0x8769)
                .putShort((short) 4)
                .putInt(1)
                .putInt(26)
                .putInt(0);
        tiff.putShort((short) entries.length);
        int values = 28 + 12 * entries.length;
        for (int[] entry : entries) {
            tiff.putShort((short) entry[0]).putShort((short) entry[1]).putInt(1);
            if (entry[1] == SHORT) {
                tiff.putShort((short) entry[2]).putShort((short) 0);
            } else {
                tiff.putInt(values);
                tiff.putInt(values, entry[2]).putInt(values + 4, entry[3]);
                values += 8;
            }
        }
        ByteBuffer file = ByteBuffer.allocate(jpeg.length + 410);
        file.put(jpeg, 0, 2).putShort((short) 0xFFE1).putShort((short) 408);
        file.put("Exif\0\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .put(tiff.array());
        return file.put(jpeg, 2, jpeg.length - 2).array();
    }

    @Test
    void readsTheLengthFor35Millimeters() throws IOException {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            Camera camera =
                    ExifCamera.of(picture(order, new int[] {0xA405, SHORT, 36})).orElseThrow();
            // on 36 mm x 24 mm a picture of 3 : 2 has 36 mm on its longer side
            assertThat(camera.toString()).startsWith("SIMPLE_RADIAL 300 200 ");
            assertThat(camera.focalLength()).isCloseTo(300, within(1e-9));
        }
    }

    @Test
    void readsTheLengthAndTheSensor() throws IOException {
        Camera camera = ExifCamera.of(picture(
                        ByteOrder.BIG_ENDIAN,
                        new int[] {0x920A, RATIONAL, 50, 2},
                        new int[] {0xA20E, RATIONAL, 5080, 2},
                        new int[] {0xA210, SHORT, 2},
                        new int[] {0xA002, SHORT, 3000}))
                .orElseThrow();
        // 25 mm at 100 pixels a millimeter, of 3,000 pixels that are 300 now
        assertThat(camera.focalLength()).isCloseTo(250, within(1e-9));
    }

    @Test
    void tellsNothingWhereThePictureDoes() throws IOException {
        assertThat(ExifCamera.of(picture(ByteOrder.BIG_ENDIAN))).isEmpty();
        assertThat(ExifCamera.of(picture(ByteOrder.BIG_ENDIAN, new int[] {0x920A, RATIONAL, 50, 0})))
                .isEmpty();
        assertThat(ExifCamera.assumed(400, 500).focalLength()).isEqualTo(600);
        assertThatThrownBy(() -> ExifCamera.of(new byte[9])).isInstanceOf(ImageFormatException.class);
    }

    @Test
    void bearsDamagedData() throws IOException {
        byte[] whole = picture(
                ByteOrder.LITTLE_ENDIAN,
                new int[] {0x920A, RATIONAL, 50, 2},
                new int[] {0xA20E, RATIONAL, 5080, 2},
                new int[] {0xA405, SHORT, 30});
        for (int at = 12; at < 120; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] flipped = Arrays.copyOf(whole, whole.length);
                flipped[at] ^= (byte) (1 << bit);
                ExifCamera.of(flipped)
                        .ifPresent(camera ->
                                assertThat(camera.focalLength()).isPositive().isFinite());
            }
        }
    }
}
