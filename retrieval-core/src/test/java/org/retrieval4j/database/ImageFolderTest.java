package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @BeforeEach
    void writeFiles() throws IOException {
        for (String name : List.of("b.JPG", "a.png", "notes.txt", ".hidden.png", "sub/c.webp", ".git/d.png")) {
            Files.createDirectories(folder.resolve(name).getParent());
            Files.writeString(folder.resolve(name), "");
        }
    }

    @Test
    void takesThePicturesInTheOrderOfTheirNames() throws IOException {
        assertThat(ImageSource.folder(folder))
                .extracting(ImageSource::name)
                .containsExactly(folder + "/a.png", folder + "/b.JPG", folder + "/sub/c.webp");
        assertThat(ImageFolder.read("photos/", folder).pictures())
                .extracting(ImageSource::name)
                .containsExactly("photos/a.png", "photos/b.JPG", "photos/sub/c.webp");
    }

    @Test
    void followsLinksButNotBackUp() throws IOException {
        Path outside = Files.createDirectory(folder.resolve(".outside"));
        Files.writeString(outside.resolve("e.png"), "");
        Files.createSymbolicLink(folder.resolve("sub/link"), outside);
        Files.createSymbolicLink(folder.resolve("sub/up"), folder);
        assertThat(ImageFolder.read("f", folder).pictures())
                .extracting(ImageSource::name)
                .containsExactly("f/a.png", "f/b.JPG", "f/sub/c.webp", "f/sub/link/e.png");
    }

    @Test
    void namesABrokenLink() throws IOException {
        Files.createSymbolicLink(folder.resolve("gone.png"), folder.resolve("nothing"));
        ImageFolder found = ImageFolder.read("f", folder);
        assertThat(found.pictures()).hasSize(3);
        assertThat(found.unreadable()).containsExactly(new Skipped("f/gone.png", "a link that leads nowhere"));
        assertThatThrownBy(() -> ImageSource.folder(folder))
                .hasMessageContainingAll("gone.png", "a link that leads nowhere");
    }

    @Test
    void failsWhereThereIsNoFolder() {
        assertThatThrownBy(() -> ImageFolder.read("f", folder.resolve("nothing")))
                .isInstanceOf(NoSuchFileException.class);
    }
}
