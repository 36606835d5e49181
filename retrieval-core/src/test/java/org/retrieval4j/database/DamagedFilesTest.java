package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.UnsupportedVersionException;

/** Damages each file of a small database, and sees that it is refused or still says the same. */
class DamagedFilesTest {
    private static final Components COMPONENTS = TestComponents.all();

    private final Path directory;
    private final Image query = Photos.view(1, 1);

    DamagedFilesTest(@TempDir Path folder) throws IOException {
        directory = folder.resolve("database");
        List<ImageSource> sources = Photos.write(folder.resolve("photos"), 2, 2);
        try (ImageDatabase database = ImageDatabase.create(
                directory,
                TestComponents.options(),
                COMPONENTS,
                BuildContext.defaults(),
                new Store.Limits(0, 1, 1, 1))) {
            database.addAll(sources.subList(0, 3), Photos.reader(), IndexingOptions.defaults());
        }
        // three images in a segment, one in the log
        try (ImageDatabase database = ImageDatabase.open(directory, COMPONENTS, BuildContext.defaults())) {
            database.addAll(sources, Photos.reader(), IndexingOptions.defaults());
        }
    }

    /** All that a database says. */
    private record Content(List<ImageRecord> images, List<ImageFeatures> features, List<RankedImage> ranking) {}

    private Content content() throws IOException {
        try (ImageDatabase database = ImageDatabase.openForReading(directory, COMPONENTS, BuildContext.defaults())) {
            List<ImageFeatures> features = new ArrayList<>();
            for (ImageRecord image : database.images()) {
                features.add(database.features(image.id()).orElseThrow());
            }
            Extraction extraction = extract(database);
            List<RankedImage> ranking =
                    database.search(extraction, SearchOptions.top(10), 3).images();
            database.info();
            database.verify();
            return new Content(database.images(), features, ranking);
        }
    }

    private Extraction extract(ImageDatabase database) throws IOException {
        try {
            return database.extract(query);
        } catch (UncheckedIOException e) {
            throw java.util.Objects.requireNonNull(e.getCause());
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    void areRefusedOrReadAlike() throws IOException {
        damage(20);
    }

    @Test
    @Tag("soak")
    void areRefusedOrReadAlikeHoweverTheyAreDamaged() throws IOException {
        damage(4000);
    }

    private void damage(int times) throws IOException {
        Content expected = content();
        assertThat(expected.images()).hasSize(4);
        long seed = 12;
        Random random = new Random(seed);
        for (Path file : files()) {
            byte[] whole = Files.readAllBytes(file);
            for (int i = 0; i < times; i++) {
                byte[] damaged = whole.clone();
                boolean cut = random.nextInt(4) == 0;
                int at = whole.length == 0 ? 0 : random.nextInt(whole.length);
                if (cut) {
                    damaged = Arrays.copyOf(whole, at);
                } else if (whole.length > 0) {
                    damaged[at] ^= (byte) (1 << random.nextInt(8));
                }
                Files.write(file, damaged);
                String what = directory.relativize(file) + (cut ? " cut at " : " damaged at ") + at;
                try {
                    Content found = content();
                    // the tail of a log may be torn off without being missed
                    if (cut && file.toString().endsWith(".r4l")) {
                        assertThat(expected.images()).as(what).containsAll(found.images());
                    } else {
                        assertThat(found).as(what).isEqualTo(expected);
                    }
                } catch (CorruptFileException | UnsupportedVersionException | FingerprintMismatchException e) {
                    assertThat(e).as(what).hasMessageNotContaining("null");
                }
            }
            Files.write(file, whole);
        }
        assertThat(content()).isEqualTo(expected);
    }

    @Test
    void areMissedWhereTheyAreNeeded() throws IOException {
        Content expected = content();
        for (Path file : files()) {
            byte[] whole = Files.readAllBytes(file);
            Files.delete(file);
            try {
                Content found = content();
                // the locks, and an index that can be filled again, are not needed
                assertThat(found).as(file.toString()).isEqualTo(expected);
            } catch (NoSuchFileException | CorruptFileException e) {
                assertThat(e.getMessage()).as(file.toString()).isNotBlank();
            }
            Files.write(file, whole);
        }
    }
}
