package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.ImageHeader.Format;
import org.retrieval4j.spi.ImageDecoder;

class ImageReaderTest {
    private static final byte[] PNG = TestPictures.encode(TestPictures.flat(40, 30, 9), "png");

    /** Answers with a flat picture whose gray says which decoder was asked. */
    private record Fake(String name, int priority, Set<Format> formats, int gray, int grow) implements ImageDecoder {
        @Override
        public boolean supports(Format format) {
            return formats.contains(format);
        }

        @Override
        public Image decode(byte[] bytes, ImageHeader header) {
            return TestPictures.flat(header.width() + grow, header.height(), gray);
        }
    }

    private final Fake low = new Fake("low", 0, EnumSet.allOf(Format.class), 1, 0);
    private final Fake high = new Fake("high", 5, EnumSet.of(Format.JPEG), 2, 0);
    private final ImageReader reader = new ImageReader(List.of(low, high), ImageLimits.defaults());

    @Test
    void asksTheDecoderOfHighestPriorityThatSupportsTheFormat() throws Exception {
        assertThat(reader.decoders()).containsExactly(high, low);
        assertThat(reader.read(PNG).rgb()[0]).isEqualTo((byte) 1);
        assertThat(reader.read(TestPictures.encode(TestPictures.flat(4, 3, 9), "jpeg"))
                        .rgb()[0])
                .isEqualTo((byte) 2);
    }

    @Test
    void refusesMorePixelsThanTheLimitBeforeDecoding() {
        ImageReader small = new ImageReader(List.of(), ImageLimits.defaults().withMaxPixels(1_000_000));
        byte[] file = TestPictures.encode(TestPictures.flat(1500, 1000, 9), "png");
        assertThatThrownBy(() -> small.read(file))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("1500 x 1000 = 1.5 megapixels exceed the limit of 1.0");
    }

    @Test
    void readsUncommonFormatsOnlyWhereAllowed() throws Exception {
        byte[] bmp = TestPictures.encode(TestPictures.flat(4, 3, 9), "bmp");
        assertThatThrownBy(() -> reader.read(bmp))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("BMP is read only where uncommon formats are allowed");
        ImageReader all = new ImageReader(List.of(low), ImageLimits.defaults().withUncommonFormats(true));
        assertThat(all.read(bmp).width()).isEqualTo(4);
    }

    @Test
    void saysWhichDecodersThereAre() {
        ImageReader jpegOnly = new ImageReader(List.of(high), ImageLimits.defaults());
        assertThatThrownBy(() -> jpegOnly.read(PNG)).hasMessage("no decoder for PNG among [high]");
    }

    @Test
    void aDecoderMustFindTheHeadersSize() {
        Fake growing = new Fake("growing", 0, EnumSet.allOf(Format.class), 1, 1);
        assertThatThrownBy(() -> new ImageReader(List.of(growing), ImageLimits.defaults()).read(PNG))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("damaged PNG: its header says 40 x 30 pixels, growing finds 41 x 30");
    }

    @Test
    void readsFilesAndGivesReasonsWithoutTheirNames(@TempDir Path directory) throws Exception {
        assertThat(reader.read(Files.write(directory.resolve("a.jpg"), PNG)).width())
                .isEqualTo(40);
        Path empty = Files.createFile(directory.resolve("empty.jpg"));
        assertThatThrownBy(() -> reader.read(empty))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("empty file");
        Path text = Files.writeString(directory.resolve("text.png"), "no picture at all");
        assertThatThrownBy(() -> reader.read(text)).hasMessage("not an image of a known format");
        Path large = Files.write(directory.resolve("large.png"), PNG);
        ImageReader bounded = new ImageReader(List.of(low), new ImageLimits(1_000_000, 50, false));
        assertThatThrownBy(() -> bounded.read(large))
                .hasMessage("file of " + PNG.length + " bytes exceeds the limit of 50");
        assertThatThrownBy(() -> reader.read(directory.resolve("missing.png"))).isInstanceOf(NoSuchFileException.class);
    }
}
