package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SearchOptions;

/** Databases of every version that was ever written are opened. They stay as they are, for ever. */
class KeptFormatsTest {
    @Test
    void opensVersion1(@TempDir Path folder) throws IOException, URISyntaxException {
        Path directory = folder.resolve("database");
        copy("/formats/image-database-v1", directory);
        try (ImageDatabase database =
                ImageDatabase.openForReading(directory, TestComponents.all(), BuildContext.defaults())) {
            database.verify();
            requireContent(database);
        }
        try (ImageDatabase database = ImageDatabase.open(directory, TestComponents.all(), BuildContext.defaults())) {
            requireContent(database);
            database.compact();
            requireContent(database);
        }
    }

    /** Three images in a segment, one of which was removed in the log, and two in the log. */
    private static void requireContent(ImageDatabase database) throws IOException {
        assertThat(database.images())
                .extracting(ImageRecord::name)
                .containsExactly("0-0.png", "1-0.png", "1-1.png", "2-0.png");
        assertThat(database.images()).extracting(ImageRecord::id).containsExactly(0L, 2L, 3L, 4L);
        for (ImageRecord image : database.images()) {
            int scene = image.name().charAt(0) - '0';
            int view = image.name().charAt(2) - '0';
            Image picture = Photos.view(scene, view);
            Extraction query = database.extract(picture);
            ImageFeatures features = query.local().orElseThrow();
            assertThat(database.features(image.id()))
                    .contains(FeatureCodec.decode(ByteBuffer.wrap(FeatureCodec.encode(features, Keep.COMPACT))));
            RankedImage first =
                    database.search(query, SearchOptions.top(1), 1).images().get(0);
            assertThat(first.image()).isEqualTo(image);
            assertThat(first.inliers()).hasValue(144);
        }
    }

    private static void copy(String resource, Path target) throws IOException, URISyntaxException {
        Path source = Path.of(Objects.requireNonNull(KeptFormatsTest.class.getResource(resource))
                .toURI());
        List<Path> paths;
        try (Stream<Path> all = Files.walk(source)) {
            paths = all.toList();
        }
        for (Path path : paths) {
            Files.copy(path, target.resolve(source.relativize(path).toString()));
        }
    }
}
