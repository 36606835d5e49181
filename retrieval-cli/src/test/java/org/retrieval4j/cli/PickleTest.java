package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.eval.RevisitedTruth;
import org.retrieval4j.storage.CorruptFileException;

class PickleTest {
    private static byte[] resource(String name) throws IOException {
        try (InputStream in = PickleTest.class.getResourceAsStream("/pickle/" + name)) {
            return in.readAllBytes();
        }
    }

    private static Path copied(Path folder, String name) throws IOException {
        return Files.write(folder.resolve(name), resource(name));
    }

    private static Object read(Path folder, String pickle) throws IOException {
        return Pickle.read(Files.write(folder.resolve("made.pkl"), pickle.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void everyProtocolGivesTheSameGroundTruth(int protocol, @TempDir Path folder) throws IOException {
        RevisitedLists lists = RevisitedLists.read(copied(folder, "protocol" + protocol + ".pkl"));
        assertThat(lists.images()).containsExactly("a", "b", "Köln", "d", "e", "f");
        assertThat(lists.queries()).containsExactly("q0", "q1");
        assertThat(lists.boxes())
                .containsExactly(
                        Optional.of(List.of(136.5, 34.1, 648.5, 955.7)), Optional.of(List.of(1.0, 2.0, 300.0, 400.0)));
        assertThat(lists.truth())
                .isEqualTo(new RevisitedTruth(
                        6,
                        List.of(
                                new RevisitedTruth.Labels(List.of(0, 1), List.of(2), List.of(3)),
                                new RevisitedTruth.Labels(List.of(), List.of(4), List.of(0, 1)))));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void everyProtocolGivesTheSameValues(int protocol, @TempDir Path folder) throws IOException {
        Map<?, ?> all = (Map<?, ?>) Pickle.read(copied(folder, "protocol" + protocol + ".pkl"));
        Map<?, ?> values = (Map<?, ?>) all.get("values");
        assertThat(values.get("none")).isSameAs(Pickle.NONE);
        assertThat(values.get("truth")).isEqualTo(List.of(true, false));
        assertThat(values.get("whole"))
                .isEqualTo(List.of(0L, 255L, 256L, 65535L, 65536L, -5L, 1L << 40, 1L << 62, Long.MIN_VALUE));
        assertThat(values.get("again")).isSameAs(values.get("whole"));
        assertThat(values.get("real")).isEqualTo(List.of(0.1, -2.5e300, Double.POSITIVE_INFINITY));
        List<byte[]> bytes = new ArrayList<>();
        ((List<?>) values.get("bytes")).forEach(one -> bytes.add(((Pickle.Bytes) one).value()));
        assertThat(bytes.get(0)).isEmpty();
        assertThat(bytes.get(1)).containsExactly(0, -1, '\n', '\'', '\\');
        assertThat(values.get("text")).isEqualTo(List.of("", "a\nb\\", "Köln 🏰"));
        assertThat(values.get("nested"))
                .isEqualTo(List.of(
                        List.of(),
                        List.of(1L),
                        List.of(1L, 2L),
                        List.of(1L, 2L, 3L),
                        List.of(1L, 2L, 3L, 4L),
                        List.of(List.of()),
                        Map.of()));
        assertThat(array(values, "half")).isEqualTo(List.of(0.5, -2.0, Double.POSITIVE_INFINITY, 0x1p-24));
        assertThat(array(values, "small")).isEqualTo(List.of(-128L, 127L));
        assertThat(array(values, "unsigned")).isEqualTo(List.of(0L, 65535L));
        assertThat(array(values, "flags")).isEqualTo(List.of(true, false));
        assertThat(array(values, "names")).isEqualTo(List.of("a", "Köln"));
        assertThat(array(values, "tags")).isEqualTo(List.of("a", "bc"));
        assertThat(array(values, "objects")).isEqualTo(List.of("x", Pickle.NONE));
        assertThat(((NumpyArray) values.get("matrix")).shape()).containsExactly(2L, 3L);
        assertThatThrownBy(() -> array(values, "matrix"))
                .hasMessage("an array must have one dimension, got shape [2, 3]");
        assertThat(values.get("scalars")).isEqualTo(List.of(0.5, 7L, true));
        assertThat(values.get("long text")).isEqualTo("x".repeat(300));
    }

    private static List<Object> array(Map<?, ?> values, String name) {
        return ((NumpyArray) values.get(name)).list();
    }

    /** Older NumPy calls its modules otherwise, and Python 2's text is bytes. */
    @Test
    void readsWhatPython2AndOldNumPyWrote(@TempDir Path folder) throws IOException {
        Object value = read(
                folder,
                "(dp0\nS'imlist'\np1\n(lp2\nS'it\\'s \\xc3\\xb6'\np3\nag3\nasS'count'\nL3L\nsS'labels'\n"
                        + "cnumpy.core.multiarray\n_reconstruct\np4\n(cnumpy\nndarray\np5\n(I0\ntS'b'\ntRp6\n"
                        + "(I1\n(I2\ntcnumpy\ndtype\np7\n(S'i4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
                        + "I00\nS'\\x05\\x00\\x00\\x00\\x06\\x00\\x00\\x00'\ntbs.");
        Map<?, ?> map = (Map<?, ?>) value;
        List<?> names = (List<?>) map.get("imlist");
        assertThat(names).hasSize(2);
        assertThat(Pickle.asText(names.get(1))).contains("it's ö");
        assertThat(map.get("count")).isEqualTo(3L);
        assertThat(array(map, "labels")).isEqualTo(List.of(5L, 6L));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void runsNothing(int protocol, @TempDir Path folder) throws IOException {
        Path attack = copied(folder, "attack" + protocol + ".pkl");
        assertThatThrownBy(() -> Pickle.read(attack))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(attack + ": offset ")
                .hasMessageMatching(
                        "(?s).*the pickle has the name (__builtin__|builtins)\\.print, which is not read.*");
    }

    @Test
    void refusesEveryOtherName(@TempDir Path folder) {
        for (String[] refused : new String[][] {
            {"cos\nsystem\n(S'ls'\ntR.", "the name os.system"},
            {"cnumpy\nload\n(S'x'\ntR.", "the name numpy.load"},
            {"(S'ls'\nios\nsystem\n.", "class os system"},
            {"(cnumpy\nndarray\no.", "an object of a class"},
            {"\u0080\u0002cnumpy\nndarray\n)\u0081.", "an object of a class"},
            {"Pfile\n.", "an object that lies outside"},
            {"\u0080\u0002\u0082\u0001.", "a name of the extension registry"},
            {"\u0080\u0004\u008f.", "a set"},
            {"cnumpy\ndtype\n(S'V8'\ntR.", "the type must be numbers, text or objects"},
            {"cnumpy\nndarray\n(I3\ntR.", "a call of numpy.ndarray"},
            {"c_codecs\nencode\n(Vx\nVrot13\ntR.", "a call of _codecs.encode"},
            {"](I1\ntb.", "the state of an object"},
        }) {
            assertThatThrownBy(() -> read(folder, refused[0]))
                    .as(refused[0])
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(refused[1]);
        }
    }

    @Test
    void refusesWhatIsNoPickle(@TempDir Path folder) {
        for (String[] wrong : new String[][] {
            {"", "more bytes"},
            {"N", "more bytes"},
            {".", "a value on the stack"},
            {"\u0080\u0006.", "protocol 0 to 5"},
            {"~", "an opcode"},
            {"I1", "a line break"},
            {"Ix\n.", "a whole number of 64 bits"},
            {"L99999999999999999999L\n.", "a whole number of 64 bits"},
            {"Fx\n.", "a number"},
            {"X\u00ff\u00ff\u00ff\u007fabc", "more bytes"},
            {"\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ffabc", "more bytes"},
            {"\u008c\u0001\u00ff.", "text in UTF-8"},
            {"S'a\n.", "text in quotes"},
            {"S'\\q'\n.", "an escape"},
            {"V\\u12\n.", "hexadecimal digits"},
            {"h\u0007.", "a value remembered as 7"},
            {"e", "a mark"},
            {"(I1\ne.", "a value on the stack"},
            {"I1\n(I2\ne.", "a list on the stack"},
            {"(I1\nd.", "a value for each key"},
            {"}(I1\ntI2\ns.", "text or a number as key"},
            {"I1\n)R.", "a name to call"},
            {"cnumpy\ndtype\nI1\nR.", "a tuple"},
            {"]I1\n\u0093.", "a name"},
        }) {
            assertThatThrownBy(() -> read(folder, wrong[0]))
                    .as(wrong[0])
                    .isInstanceOf(CorruptFileException.class)
                    .hasMessageContaining(wrong[1]);
        }
    }

    @Test
    void bytesThatStandForManyValuesAreBounded(@TempDir Path folder) {
        String type = "cnumpy\ndtype\n(S'i1'\ntRp1\n0";
        String bytes = "B\u0000\u0000\u0010\u0000" + "\0".repeat(1 << 20) + "p2\n0";
        String array = "cnumpy._core.numeric\n_frombuffer\n(g2\ng1\n(I1048576\ntVC\ntR";
        assertThatThrownBy(() -> read(folder, type + bytes + array.repeat(5) + "."))
                .hasMessageContaining("a pickle must have at most 4194304 values");
        assertThatThrownBy(() -> read(folder, "]".repeat(5_000_000) + "."))
                .hasMessageContaining("a pickle must have at most 4194304 values");
        assertThatThrownBy(() -> read(
                        folder,
                        "cnumpy._core.numeric\n_frombuffer\n(C\u0000cnumpy\ndtype\n(S'i1'\ntR"
                                + "(I65536\nI65536\nI65536\ntVC\ntR."))
                .hasMessageContaining("a pickle must have at most");
    }

    /** Lists inside lists cost no stack, and a list inside itself no end. */
    @Test
    void nestingIsNoDanger(@TempDir Path folder) throws IOException {
        Object deep = read(folder, "]".repeat(1_000_000) + "a".repeat(999_999) + ".");
        assertThat((List<?>) deep).hasSize(1);
        Path itself = Files.writeString(folder.resolve("itself.pkl"), "(dp0\nVimlist\n(lp1\ng1\nasVgnd\ng1\ns.");
        assertThatThrownBy(() -> RevisitedLists.read(itself))
                .isInstanceOf(CommandException.class)
                .hasMessage(itself + ": imlist must have text, got a list or tuple");
        Path dict = Files.writeString(folder.resolve("dict.pkl"), "(dp0\nVimlist\n(lVx\nasVgnd\n(lg0\nas.");
        assertThatThrownBy(() -> RevisitedLists.read(dict)).hasMessage(dict + ": easy of query 0 is missing");
    }

    @Test
    void aCutFileIsRefusedAndADamagedOneReadOrRefused(@TempDir Path folder) throws IOException {
        for (int protocol = 0; protocol < 6; protocol++) {
            byte[] whole = resource("protocol" + protocol + ".pkl");
            Path file = folder.resolve("damaged.pkl");
            for (int length = 0; length < whole.length; length += 7) {
                Files.write(file, Arrays.copyOf(whole, length));
                assertThatThrownBy(() -> Pickle.read(file)).isInstanceOf(CorruptFileException.class);
            }
            Random random = new Random(protocol);
            for (int i = 0; i < 1000; i++) {
                byte[] damaged = whole.clone();
                for (int j = 0; j <= i % 3; j++) {
                    damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
                }
                Files.write(file, damaged);
                try {
                    RevisitedLists.read(file);
                } catch (IOException | CommandException refused) {
                    assertThat(refused).hasMessageContaining(file.toString());
                }
            }
        }
    }
}
