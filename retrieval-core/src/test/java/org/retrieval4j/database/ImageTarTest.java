package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.storage.CorruptFileException;

class ImageTarTest {
    private static byte[] resource(String name) throws IOException {
        try (InputStream in = ImageTarTest.class.getResourceAsStream("/tar/" + name)) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ustar", "gnu", "pax"})
    void picturesAreReadWhereTheyLie(String format, @TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("t.tar"), resource(format + ".tar"));
        List<ImageSource> pictures = ImageTar.read("t.tar", file);
        assertThat(pictures.subList(0, 4).stream().map(ImageSource::name))
                .containsExactly(
                        "t.tar/0/0/0/000abc.jpg",
                        "t.tar/0/0/1/001abc.JPG",
                        "t.tar/" + "a/".repeat(60) + "0123456789abcdef.jpg",
                        "t.tar/0/0/0/empty.png");
        assertThat(pictures).hasSize(format.equals("pax") ? 5 : 4);
        ImageReader reader = ImageReader.load(ImageLimits.defaults());
        assertThat(text(pictures.get(0), reader)).isEqualTo("first");
        assertThat(text(pictures.get(1), reader)).isEqualTo("x".repeat(1000));
        assertThat(text(pictures.get(2), reader)).isEqualTo("deep");
        assertThatThrownBy(() -> pictures.get(3).bytes(reader)).hasMessage("empty file");
        if (format.equals("pax")) {
            assertThat(pictures.get(4).name()).isEqualTo("t.tar/0/Köln.png");
            assertThat(text(pictures.get(4), reader)).isEqualTo("umlaut");
        }
    }

    @Test
    void aPartMustLieInItsFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("f"), "0123456789");
        ImageReader reader = ImageReader.load(ImageLimits.defaults());
        assertThat(text(new ImageSource("a", file, 3, 4), reader)).isEqualTo("3456");
        assertThat(text(new ImageSource("a", file), reader)).isEqualTo("0123456789");
        assertThatThrownBy(() -> new ImageSource("a", file, 7, 4).bytes(reader))
                .hasMessage("a part of 4 bytes at 7 is not inside a file of 10 bytes");
        assertThatThrownBy(() -> new ImageSource("a", file, 0, 1L << 40).bytes(reader))
                .hasMessageContaining("exceeds the limit");
        assertThatThrownBy(() -> new ImageSource("a", file, -1, 4))
                .hasMessageStartingWith("offset and length must not be negative, got -1 and 4");
    }

    private static String text(ImageSource picture, ImageReader reader) throws IOException {
        return new String(picture.bytes(reader), StandardCharsets.UTF_8);
    }

    @Test
    void cutAndDamagedArchivesAreRefusedOrRead(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("t.tar");
        for (String format : List.of("ustar", "gnu", "pax")) {
            byte[] whole = resource(format + ".tar");
            int end = whole.length - 1;
            while (whole[end] == 0) {
                end--;
            }
            for (int length = 0; length < end; length += 97) {
                Files.write(file, Arrays.copyOf(whole, length));
                assertThatThrownBy(() -> ImageTar.read("t", file)).isInstanceOf(CorruptFileException.class);
            }
            Random random = new Random(1);
            for (int i = 0; i < 2000; i++) {
                byte[] damaged = whole.clone();
                damaged[random.nextInt(end)] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, damaged);
                try {
                    for (ImageSource picture : ImageTar.read("t", file)) {
                        assertThat(picture.offset() + picture.length()).isLessThanOrEqualTo(whole.length);
                    }
                } catch (CorruptFileException refused) {
                    assertThat(refused).hasMessageContaining(file.toString());
                }
            }
        }
        Files.writeString(file, "no archive at all".repeat(100));
        assertThatThrownBy(() -> ImageTar.read("t", file))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("a member of a tar");
    }
}
