package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PictureFolderTest {
    @Test
    void picturesOfTheFolderHaveFiles() throws IOException {
        assertThat(new PictureFolder(Path.of("a/b")).file("c/../d.png")).isEqualTo(Path.of("a/b/d.png"));
        assertThat(new PictureFolder(Path.of(".")).file("sub/d.png")).isEqualTo(Path.of("sub/d.png"));
        assertThat(new PictureFolder(Path.of("..")).file("d.png")).isEqualTo(Path.of("../d.png"));
    }

    @Test
    void othersAreRefused() {
        PictureFolder folder = new PictureFolder(Path.of("a/b"));
        String absolute = Path.of("d.png").toAbsolutePath().toString();
        for (String name : new String[] {"../d.png", "../bc/d.png", "c/../../d.png", absolute}) {
            assertThatThrownBy(() -> folder.file(name))
                    .isInstanceOf(IOException.class)
                    .hasMessage(name + " lies outside " + folder.path());
        }
        assertThatThrownBy(() -> folder.file("d\0.png")).isInstanceOf(IOException.class);
    }
}
