package org.retrieval4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What README shows is what is compiled here. */
class ReadmeTest {
    private final String readme = read(Path.of("..", "README.md"));

    @Test
    void showsTheProgramThatIsCompiled() {
        String source = read(Path.of("src/main/java/org/retrieval4j/examples/SearchFolder.java"));
        String program = between(source, "// README starts\n", "        // README ends");

        assertThat(between(readme, "```java\n", "```"))
                .isEqualTo(program.stripTrailing().stripIndent() + "\n");
    }

    @Test
    void firstTwoShellBlocksAreTheDemoAndTheTests() {
        Matcher blocks = Pattern.compile("(?s)```sh\n(.*?)```").matcher(readme);
        assertThat(blocks.find()).isTrue();
        assertThat(blocks.group(1)).contains("retrieval.jar demo");
        assertThat(blocks.find()).isTrue();
        String tests = blocks.group(1).strip();
        assertThat(tests).contains("verify");
        assertThat(read(Path.of("..", ".ci", "run"))).endsWith(tests + "\n");
    }

    @Test
    void countsTheLinesOfTheAggregatorRightly() {
        String source = read(Path.of("src/main/java/org/retrieval4j/examples/MeanAggregator.java"));

        assertThat(source.lines().count()).isLessThan(40);
        assertThat(readme).contains("in " + source.lines().count() + " lines");
    }

    private static String between(String text, String from, String to) {
        int start = text.indexOf(from);
        assertThat(start).as(from).isNotNegative();
        int end = text.indexOf(to, start + from.length());
        assertThat(end).as(to).isNotNegative();
        return text.substring(start + from.length(), end);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
