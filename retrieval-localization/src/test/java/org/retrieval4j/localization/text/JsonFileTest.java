package org.retrieval4j.localization.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonFileTest {
    private static JsonValue value(Path temp, String text) throws IOException {
        Path file = temp.resolve("a.json");
        Files.writeString(file, text);
        try (JsonFile json = new JsonFile(file)) {
            JsonValue value = json.value();
            json.end();
            return value;
        }
    }

    @Test
    void readsValues(@TempDir Path temp) throws IOException {
        JsonValue value = value(
                temp,
                " {\"a\": [1, -2.5e-3, 0], \"b\\u00e4\\n\\/\\\"\": \"\", \"c\": {\"d\": null, \"e\": true}, \"f\": []}\n");
        assertThat(value.member("a").numbers(3)).containsExactly(1, -2.5e-3, 0);
        assertThat(value.member("a").elements().get(0).integer(1, 1)).isOne();
        assertThat(value.member("bä\n/\"").text()).isEmpty();
        assertThat(value.optional("g")).isEmpty();
        assertThat(value.member("f").elements()).isEmpty();
        assertThatThrownBy(() -> value.member("g"))
                .isInstanceOf(IOException.class)
                .hasMessage(temp.resolve("a.json")
                        + ", line 1: expected an object with \"g\", found one with [a, bä\n/\", c, f]");
        assertThatThrownBy(() -> value.member("a").elements().get(1).integer(-5, 5))
                .hasMessageContaining("expected a whole number from -5 to 5, found -2.5e-3");
        assertThatThrownBy(() -> value.member("c").member("e").number())
                .hasMessageContaining("expected a finite number, found true");
    }

    @Test
    void passesOverWhatIsNotRead(@TempDir Path temp) throws IOException {
        Path file = temp.resolve("a.json");
        Files.writeString(
                file, "{\"a\": {\"x\": [1, {}, [2]]},\n\"b\": [[1], [2, 3], [{\"z\": 4}]], \"c\": \"t\", \"d\": 7}");
        List<String> names = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        try (JsonFile json = new JsonFile(file)) {
            json.members(name -> {
                names.add(name);
                if (name.equals("b")) {
                    json.elements(() -> {
                        if (sizes.isEmpty()) {
                            sizes.add(json.value().elements().size());
                        }
                    });
                } else if (name.equals("d")) {
                    sizes.add((int) json.value().integer(0, 9));
                }
            });
            json.end();
        }
        assertThat(names).containsExactly("a", "b", "c", "d");
        assertThat(sizes).containsExactly(1, 7);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | expected a value, found the end",
                "[1, 2 | \"]\", found the end",
                "[1,] | expected a value, found \"]\"",
                "[1] 2 | expected the end, found \"2\"",
                "{\"a\" 1} | expected \":\" after \"a\"",
                "{a: 1} | expected a member's name, found \"a\"",
                "{\"a\": 1, \"a\": 2} | expected each member once, found \"a\" again",
                "01 | expected a value, found \"01\"",
                "1. | expected a value, found \"1.\"",
                "+1 | expected a value, found \"+1\"",
                "NaN | expected a value, found \"NaN\"",
                "-Infinity | expected a value, found \"-Infinity\"",
                "nul | expected a value, found \"nul\"",
                "\"a | found the end",
                "\"\\x\" | expected an escaped character, found \"x\"",
                "\"\\u12g4\" | four hexadecimal digits"
            })
    void saysWhatIsWrong(String text, String message, @TempDir Path temp) {
        assertThatThrownBy(() -> value(temp, text))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(temp.resolve("a.json") + ", line 1: ")
                .hasMessageContaining(message);
    }

    @Test
    void boundsWhatItTakes(@TempDir Path temp) throws IOException {
        assertThat(value(temp, "[".repeat(64) + "]".repeat(64)).elements()).hasSize(1);
        assertThatThrownBy(() -> value(temp, "[".repeat(100_000))).hasMessageContaining("a depth of at most 64");
        assertThatThrownBy(() -> value(temp, "\"" + "a".repeat(70_000) + "\""))
                .hasMessageContaining("a text of at most 65536 characters");
        assertThatThrownBy(() -> value(temp, "1".repeat(1000))).hasMessageContaining("a number of at most 400");
        assertThatThrownBy(() -> value(temp, "[" + "1,".repeat(1 << 20) + "1]"))
                .hasMessageContaining("a value of at most 1048576 values");
        Files.write(temp.resolve("b.json"), new byte[] {'"', (byte) 0xff, '"'});
        try (JsonFile json = new JsonFile(temp.resolve("b.json"))) {
            assertThatThrownBy(json::value).hasMessageContaining("is not text in UTF-8");
        }
        Files.write(temp.resolve("c.json"), "\n\n  \"a\nb\"".getBytes(StandardCharsets.UTF_8));
        try (JsonFile json = new JsonFile(temp.resolve("c.json"))) {
            assertThatThrownBy(json::value).hasMessageContaining("line 3").hasMessageContaining("found character 10");
        }
    }
}
