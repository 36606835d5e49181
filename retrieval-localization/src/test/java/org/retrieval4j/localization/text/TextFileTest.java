package org.retrieval4j.localization.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFileTest {
    @Test
    void fieldsBetweenCommasAreStripped(@TempDir Path temp) throws IOException {
        Path file = Files.writeString(temp.resolve("table.txt"), "# a\n\n a b ,\u2003c\t,, d,\n");
        try (TextFile text = TextFile.commas(file)) {
            assertThat(text.next()).containsExactly("a b", "c", "", "d", "");
            assertThat(text.next()).isNull();
        }
    }

    /** A pattern that tries each space as the first before a comma would need the square: minutes. */
    @Test
    void aMillionSpacesAreReadOnce(@TempDir Path temp) throws IOException {
        String spaces = " ".repeat(1 << 20);
        Path file = Files.writeString(temp.resolve("table.txt"), "a" + spaces + "b, c" + spaces + ",d\n");
        try (TextFile text = TextFile.commas(file)) {
            assertThat(text.next()).containsExactly("a" + spaces + "b", "c", "d");
        }
    }
}
