package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSourceTest {
    @Test
    void takesThePicturesOfAFolderInOrder(@TempDir Path folder) throws IOException {
        for (String name : new String[] {"b.JPG", "a.png", "notes.txt", ".hidden.png", "sub/c.webp", ".git/d.png"}) {
            Files.createDirectories(folder.resolve(name).getParent());
            Files.writeString(folder.resolve(name), "");
        }

        assertThat(ImageSource.folder(folder))
                .extracting(ImageSource::name)
                .containsExactly(folder + "/a.png", folder + "/b.JPG", folder + "/sub/c.webp");
    }
}
