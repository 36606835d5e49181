package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.database.ImageSource;

class ImageFilesTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeFiles() throws IOException {
        for (String name : List.of("b.jpg", "a/z.PNG", "a/y.jpeg", "c.txt", "noending", ".hidden.jpg", ".git/x.jpg")) {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, name);
        }
    }

    private static List<String> names(ImageFiles files) {
        return files.sources().stream().map(ImageSource::name).toList();
    }

    private static ImageFiles of(Object... arguments) throws IOException {
        return ImageFiles.of(
                java.util.Arrays.stream(arguments).map(Object::toString).toList(), new LinkedHashMap<>());
    }

    @Test
    void walksFoldersInTheOrderOfTheNames() throws IOException {
        assertThat(names(of(folder))).containsExactly(folder + "/a/y.jpeg", folder + "/a/z.PNG", folder + "/b.jpg");
    }

    @Test
    void addsNoSecondSlashToAFolder() throws IOException {
        assertThat(names(of(folder + "/")))
                .containsExactly(folder + "/a/y.jpeg", folder + "/a/z.PNG", folder + "/b.jpg");
    }

    @Test
    void takesAFileOfAnyEndingThatIsNamed() throws IOException {
        assertThat(names(of(folder.resolve("noending"), folder.resolve(".hidden.jpg"))))
                .containsExactly(folder + "/noending", folder + "/.hidden.jpg");
    }

    @Test
    void takesAFileOnceUnderItsFirstName() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link.jpg"), folder.resolve("b.jpg"));
        ImageFiles files = of(folder.resolve("a") + "/../b.jpg", folder, link);
        assertThat(names(files)).containsExactly(folder + "/a/../b.jpg", folder + "/a/y.jpeg", folder + "/a/z.PNG");
        assertThat(files.repeated()).isEqualTo(3);
    }

    @Test
    void survivesALinkThatLeadsBackUp() throws IOException {
        Files.createSymbolicLink(folder.resolve("a/up"), folder);
        assertThat(names(of(folder))).hasSize(3);
    }

    @Test
    void keepsTheNameThatAFileHasInTheDatabase() throws IOException {
        Map<Path, String> known = new LinkedHashMap<>();
        known.put(folder.resolve("b.jpg").toRealPath(), "old/name.jpg");
        assertThat(names(ImageFiles.of(List.of(folder.toString()), known))).contains("old/name.jpg");
    }

    @Test
    void reportsWhatIsMissingBesideWhatIsThere() throws IOException {
        ImageFiles files = of(folder.resolve("b.jpg"), "no/such.jpg");
        assertThat(names(files)).hasSize(1);
        assertThat(files.missing()).singleElement().satisfies(skipped -> {
            assertThat(skipped.name()).isEqualTo("no/such.jpg");
            assertThat(skipped.reason()).isEqualTo("no such file or folder");
        });
    }

    @Test
    void isAnErrorIfNothingIsThere() {
        assertThatThrownBy(() -> of("no/such", "nor/such"))
                .isInstanceOf(CommandException.class)
                .hasMessage("no such file or folder: no/such, nor/such");
    }
}
