package org.retrieval4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.TestPictures;
import org.retrieval4j.spi.ImageDecoder;

class ChildProcessDecoderTest {
    private static final int CRASHING = 13;
    private static final int HANGING = 14;
    private static final int BROKEN = 15;
    private static final int PRINTING = 16;
    private static final int LYING = 17;

    /** Does to its JVM what the width of the picture says. */
    public static final class Hostile implements ImageDecoder {
        private final ImageIoDecoder decoder = new ImageIoDecoder();

        @Override
        public String name() {
            return "hostile";
        }

        @Override
        public int priority() {
            return 7;
        }

        @Override
        public boolean supports(ImageHeader.Format format) {
            return format == ImageHeader.Format.PNG;
        }

        @Override
        public Image decode(byte[] bytes, ImageHeader header) throws IOException {
            switch (header.width()) {
                case CRASHING -> Runtime.getRuntime().halt(134);
                case HANGING -> java.util.concurrent.locks.LockSupport.parkNanos(Long.MAX_VALUE);
                case BROKEN -> throw new BackendException("no such library");
                case PRINTING -> System.out.println("hello");
                case LYING -> {
                    return TestPictures.flat(header.width() + 1, header.height(), 0);
                }
                default -> {
                    // decodes
                }
            }
            return decoder.decode(bytes, header);
        }
    }

    @Test
    void givesTheSamePixelsAsTheDecoderItself() throws Exception {
        Image picture = TestPictures.textured(300, 200, 3);
        byte[] png = TestPictures.encode(picture, "png");
        byte[] jpeg = TestPictures.encode(picture, "jpeg");
        ImageIoDecoder here = new ImageIoDecoder();
        try (ChildProcessDecoder child = new ChildProcessDecoder(here, ChildProcessDecoder.Options.defaults())) {
            assertThat(child.name()).isEqualTo(here.name());
            assertThat(child.priority()).isEqualTo(here.priority());
            assertThat(child.supports(ImageHeader.Format.WEBP)).isFalse();
            ImageReader reader = new ImageReader(List.of(child), ImageLimits.defaults());
            assertThat(reader.read(png).rgb()).isEqualTo(picture.rgb());
            assertThat(reader.read(jpeg).rgb())
                    .isEqualTo(here.decode(jpeg, ImageHeader.read(jpeg)).rgb());
            assertThat(children()).isEqualTo(1);
        }
        assertThat(children()).isZero();
    }

    @Test
    void aCrashCostsOnePicture() throws Exception {
        try (ChildProcessDecoder child = hostile(Duration.ofMinutes(1))) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> decode(child, CRASHING))
                        .isInstanceOf(ImageFormatException.class)
                        .hasMessage("decoder crashed");
                assertThat(decode(child, 20).width()).isEqualTo(20);
            }
        }
        assertThat(children()).isZero();
    }

    @Test
    void aPictureThatTakesTooLongIsGivenUp() throws Exception {
        try (ChildProcessDecoder child = hostile(Duration.ofSeconds(5))) {
            assertThatThrownBy(() -> decode(child, HANGING))
                    .isInstanceOf(ImageFormatException.class)
                    .hasMessage("decoder took too long");
            assertThat(children()).isZero();
            assertThat(decode(child, 20).width()).isEqualTo(20);
        }
    }

    @Test
    void refusalsComeBackInTheirWordsAndTheChildStays() throws Exception {
        try (ChildProcessDecoder child = hostile(Duration.ofMinutes(1))) {
            assertThat(decode(child, 20).width()).isEqualTo(20);
            long pid = onlyChild();
            assertThatThrownBy(() -> decode(child, BROKEN))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("no such library");
            byte[] png = TestPictures.encode(TestPictures.flat(21, 5, 9), "png");
            byte[] damaged = png.clone();
            damaged[50] ^= 1;
            assertThatThrownBy(() -> child.decode(damaged, ImageHeader.read(png)))
                    .isInstanceOf(ImageFormatException.class)
                    .hasMessage("damaged PNG: a chunk has a wrong checksum");
            assertThat(decode(child, 22).width()).isEqualTo(22);
            assertThat(onlyChild()).isEqualTo(pid);
        }
    }

    @Test
    void whatADecoderPrintsIsNoAnswer() throws Exception {
        try (ChildProcessDecoder child = hostile(Duration.ofMinutes(1))) {
            assertThat(decode(child, PRINTING).width()).isEqualTo(PRINTING);
        }
    }

    @Test
    void aSizeOtherThanTheHeadersIsRefused() {
        try (ChildProcessDecoder child = hostile(Duration.ofMinutes(1))) {
            assertThatThrownBy(() -> decode(child, LYING))
                    .isInstanceOf(ImageFormatException.class)
                    .hasMessageContaining("another size");
            assertThat(decode(child, 20).width()).isEqualTo(20);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void manyThreadsShareTheChildren() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (ChildProcessDecoder child = new ChildProcessDecoder(
                new Hostile(), ChildProcessDecoder.Options.defaults().withProcesses(2))) {
            List<Callable<Image>> calls = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                int width = 20 + i;
                calls.add(() -> decode(child, width));
            }
            List<Future<Image>> results = threads.invokeAll(calls);
            for (int i = 0; i < 24; i++) {
                assertThat(results.get(i).get().width()).isEqualTo(20 + i);
            }
            assertThat(children()).isBetween(1L, 2L);
        } finally {
            threads.shutdownNow();
        }
        assertThat(children()).isZero();
    }

    @Test
    void saysWhatIsMissing() {
        ChildProcessDecoder.Options defaults = ChildProcessDecoder.Options.defaults();
        try (ChildProcessDecoder child = new ChildProcessDecoder(new Hostile(), defaults.withClassPath("nowhere"))) {
            assertThatThrownBy(() -> decode(child, 20))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("nowhere");
        }
        ImageDecoder nameless = new ImageDecoder() {
            @Override
            public String name() {
                return "nameless";
            }

            @Override
            public int priority() {
                return 0;
            }

            @Override
            public boolean supports(ImageHeader.Format format) {
                return true;
            }

            @Override
            public Image decode(byte[] bytes, ImageHeader header) {
                return TestPictures.flat(1, 1, 0);
            }
        };
        assertThatThrownBy(() -> new ChildProcessDecoder(nameless, defaults))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> defaults.withProcesses(0)).hasMessage("processes must be at least 1, got 0");
    }

    @Test
    void refusesWorkAfterItIsClosed() {
        ChildProcessDecoder child = hostile(Duration.ofMinutes(1));
        child.close();
        child.close();
        assertThatThrownBy(() -> decode(child, 20)).isInstanceOf(IllegalStateException.class);
    }

    private static ChildProcessDecoder hostile(Duration timeout) {
        return new ChildProcessDecoder(
                new Hostile(), ChildProcessDecoder.Options.defaults().withTimeout(timeout));
    }

    private static Image decode(ChildProcessDecoder decoder, int width) throws IOException {
        byte[] file = TestPictures.encode(TestPictures.flat(width, 5, 100), "png");
        return decoder.decode(file, ImageHeader.read(file));
    }

    private static long children() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive).count();
    }

    private static long onlyChild() {
        return ProcessHandle.current().children().findFirst().orElseThrow().pid();
    }
}
