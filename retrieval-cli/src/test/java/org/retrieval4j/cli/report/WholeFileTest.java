package org.retrieval4j.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
    private static final BufferedImage PICTURE = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);

    /** The second name of the old file still has the old bytes: nobody wrote into them. */
    @Test
    void aPictureIsReplacedInOneStep(@TempDir Path temp) throws IOException {
        Path file = Files.writeString(temp.resolve("a.png"), "old");
        Path second = Files.createLink(temp.resolve("b.png"), file);
        WholeFile.png(file, PICTURE);
        assertThat(ImageIO.read(file.toFile()).getWidth()).isEqualTo(3);
        assertThat(second).hasContent("old");
        assertThat(temp.toFile().list()).containsExactlyInAnyOrder("a.png", "b.png");
    }

    @Test
    void nothingRemainsOfAPageThatCannotTakeItsPlace(@TempDir Path temp) throws IOException {
        Path page = temp.resolve("page.html");
        Files.createDirectories(page.resolve("folder"));
        assertThatThrownBy(() -> ChartPage.write(page, "title", PICTURE, "")).isInstanceOf(IOException.class);
        assertThat(temp.toFile().list()).containsExactly("page.html");
    }
}
