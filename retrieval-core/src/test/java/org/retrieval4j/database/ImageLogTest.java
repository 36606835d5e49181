package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.UnsupportedVersionException;

class ImageLogTest {
    private final Path folder;

    ImageLogTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /** Writes down in words what it is told. */
    private static final class Told implements LogRecord.Sink {
        final List<String> words = new ArrayList<>();

        @Override
        public void added(Entry entry, long replaces) {
            Blobs blobs = java.util.Objects.requireNonNull(entry.logged());
            words.add("added " + entry.image().name() + " for " + replaces + " " + text(blobs.features()) + " "
                    + text(blobs.pending()) + " " + text(blobs.vector()));
        }

        @Override
        public void removed(long id) {
            words.add("removed " + id);
        }

        @Override
        public void described(long id, Blob vector) {
            words.add("described " + id + " " + text(vector));
        }

        private static String text(@org.jspecify.annotations.Nullable Blob blob) {
            try {
                return blob == null ? "-" : new String(bytes(blob), java.nio.charset.StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        private static byte[] bytes(Blob blob) throws IOException {
            java.nio.ByteBuffer buffer = blob.read();
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            return bytes;
        }
    }

    private static LogRecord.Added added(long id, String features) {
        ImageRecord image = new ImageRecord(id, "image " + id, 3, 4, Orientation.UPRIGHT);
        return new LogRecord.Added(
                Entry.encode(image, new Stamp(1, 2, 3, 4, 5, 6)),
                id == 2 ? 1 : -1,
                features.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                id == 0 ? "pending".getBytes(java.nio.charset.StandardCharsets.UTF_8) : null,
                null);
    }

    /** Three groups; returns where each ends, with its closing frame. */
    private static List<Long> write(Path file) throws IOException {
        List<Long> ends = new ArrayList<>();
        Told told = new Told();
        try (ImageLog log = ImageLog.create(file)) {
            log.append(added(0, "zero"), told);
            log.append(added(1, "one"), told);
            log.force();
            ends.add(log.length());
            log.append(added(2, "two"), told);
            log.force();
            ends.add(log.length());
            log.append(new LogRecord.Described(0, new byte[] {65, 66}), told);
            log.append(new LogRecord.Removed(2), told);
            log.force();
            ends.add(log.length());
        }
        return ends;
    }

    private static final List<String> WORDS = List.of(
            "added image 0 for -1 zero pending -",
            "added image 1 for -1 one - -",
            "added image 2 for 1 two - -",
            "described 0 AB",
            "removed 2");

    @Test
    void tellsWhatWasWritten() throws IOException {
        Path file = folder.resolve("log");
        write(file);
        Told told = new Told();
        try (ImageLog log = ImageLog.open(file, true, told)) {
            assertThat(told.words).isEqualTo(WORDS);
            log.append(added(7, "seven"), told);
            log.force();
        }
        Told again = new Told();
        ImageLog.open(file, false, again).close();
        assertThat(again.words).hasSize(6).startsWith(WORDS.toArray(String[]::new));
    }

    @Test
    void cutsATornTailWhereverItIsTorn() throws IOException {
        Path file = folder.resolve("log");
        write(file);
        byte[] whole = Files.readAllBytes(file);
        for (int length = 16; length < whole.length; length++) {
            Path torn = folder.resolve("torn");
            Files.write(torn, java.util.Arrays.copyOf(whole, length));
            Told told = new Told();
            try (ImageLog log = ImageLog.open(torn, true, told)) {
                assertThat(told.words).isEqualTo(WORDS.subList(0, told.words.size()));
                if (length % 16 == 0) {
                    log.append(added(9, "nine"), told);
                    log.force();
                }
            }
            Told again = new Told();
            ImageLog.open(torn, false, again).close();
            assertThat(again.words).isEqualTo(told.words);
        }
    }

    @Test
    void losesNoGroupThatWasForcedBeforeTheTear() throws IOException {
        Path file = folder.resolve("log");
        List<Long> ends = write(file);
        byte[] whole = Files.readAllBytes(file);
        int[] records = {2, 3, 5};
        for (int group = 0; group < 3; group++) {
            for (int more = 0; more < 30 && ends.get(group) + more < whole.length; more++) {
                Path torn = folder.resolve("torn");
                Files.write(torn, java.util.Arrays.copyOf(whole, (int) (ends.get(group) + more)));
                Told told = new Told();
                ImageLog.open(torn, false, told).close();
                assertThat(told.words).hasSizeGreaterThanOrEqualTo(records[group]);
            }
        }
    }

    @Test
    void noticesEveryDamagedByteInWhatWasAcknowledged() throws IOException {
        Path file = folder.resolve("log");
        write(file);
        byte[] whole = Files.readAllBytes(file);
        int closing = whole.length - 20; // the last closing frame protects nothing behind it
        for (int bit = 0; bit < 8 * closing; bit += bit % 3 == 0 ? 5 : 6) {
            byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Path other = folder.resolve("damaged");
            Files.write(other, damaged);
            Told told = new Told();
            int at = bit;
            assertThatThrownBy(() -> {
                        ImageLog.open(other, false, told).close();
                        // a closing frame in the middle may be damaged without a loss
                        if (told.words.equals(WORDS)) {
                            throw new CorruptFileException(other, at / 8, "nothing lost", "nothing lost");
                        }
                    })
                    .as("bit %d", bit)
                    .isInstanceOfAny(CorruptFileException.class, UnsupportedVersionException.class);
        }
    }

    @Test
    void refusesOtherFiles() throws IOException {
        Path file = folder.resolve("log");
        Files.write(file, new byte[100]);
        assertThatThrownBy(() -> ImageLog.open(file, true, new Told())).isInstanceOf(CorruptFileException.class);
        Files.write(file, new byte[3]);
        assertThatThrownBy(() -> ImageLog.open(file, true, new Told())).isInstanceOf(CorruptFileException.class);
    }

    @Test
    void staysOpenForItsUsers() throws IOException {
        Path file = folder.resolve("log");
        Told told = new Told();
        ImageLog log = ImageLog.create(file);
        List<Blobs> entries = new ArrayList<>();
        log.append(added(0, "zero"), new LogRecord.Sink() {
            @Override
            public void added(Entry entry, long replaces) {
                entries.add(java.util.Objects.requireNonNull(entry.logged()));
            }

            @Override
            public void removed(long id) {
                told.removed(id);
            }

            @Override
            public void described(long id, Blob vector) {
                told.described(id, vector);
            }
        });
        assertThat(log.tryUse()).isTrue();
        log.close();
        assertThat(entries.get(0).featuresBlob().orElseThrow().read().remaining())
                .isEqualTo(4);
        log.close();
        assertThat(log.tryUse()).isFalse();
        assertThatThrownBy(() -> entries.get(0).featuresBlob().orElseThrow().read())
                .isInstanceOf(IOException.class);
    }
}
