package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class MainTest {
    @Test
    void helpNamesTheCommandsAndSucceeds() {
        Cli help = Cli.run("--help");
        assertThat(help.code()).isZero();
        assertThat(help.out()).contains("Usage: retrieval", "doctor");
        assertThat(help.err()).isEmpty();
    }

    @Test
    void versionIsTheOneOfTheBuild() {
        Cli version = Cli.run("--version");
        assertThat(version.code()).isZero();
        assertThat(version.out()).matches("retrieval \\d+\\.\\d+\\.\\d+.*\\R");
    }

    @Test
    void wrongUsageIsTwoWithOneLine() {
        for (Object[] arguments : new Object[][] {{}, {"nonsense"}, {"doctor", "--nonsense"}, {"--nonsense"}}) {
            Cli wrong = Cli.run(arguments);
            assertThat(wrong.code()).isEqualTo(2);
            assertThat(wrong.out()).isEmpty();
            assertThat(wrong.err()).startsWith("retrieval: ").endsWith("--help)\n");
            assertThat(wrong.err().lines()).hasSize(1);
        }
    }

    @Test
    void messagesAreOneLineOfWords() {
        assertThat(Failures.message(new NoSuchFileException("a/b.jpg"))).isEqualTo("no such file or folder: a/b.jpg");
        assertThat(Failures.message(new IllegalStateException("one\ntwo\u001b[31m")))
                .isEqualTo("one two [31m");
        assertThat(Failures.message(new NullPointerException())).isEqualTo("java.lang.NullPointerException");
    }
}
