package org.retrieval4j.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.FloatMatrix;

class SectionFileTest {
    private static final FloatMatrix MATRIX = FloatMatrix.of(2, 3, new float[] {1, 2, 3, 4, 5, Float.MIN_VALUE});

    private final Path folder;

    SectionFileTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private Path written() throws IOException {
        Path file = folder.resolve("a.r4j");
        try (SectionWriter writer = SectionWriter.create(file, "test", 3)) {
            writer.header("spec", "vlad(clusters=64) | pca(dimension=8)").header("text", "two\nlines = \\ ü");
            writer.bytes("bytes", new byte[] {1, 2, 3});
            writer.ints("ints", new int[] {-1, 7});
            writer.longs("longs", new long[] {Long.MIN_VALUE});
            writer.floats("floats", new float[] {0.5f, -0f});
            writer.doubles("doubles", new double[] {Math.E});
            writer.matrix("matrix", MATRIX);
            writer.matrix("no columns", FloatMatrix.of(5, 0, new float[0]));
            writer.ints("nothing", new int[0]);
            writer.commit();
        }
        return file;
    }

    private static void assertSame(Path path) throws IOException {
        try (SectionFile file = SectionFile.open(path, "test", 1, 3)) {
            file.verify();
            assertThat(file.header())
                    .containsEntry("spec", "vlad(clusters=64) | pca(dimension=8)")
                    .containsEntry("text", "two\nlines = \\ ü")
                    .hasSize(4);
            assertThat(file.kindVersion()).isEqualTo(3);
            assertThat(file.bytes("bytes")).containsExactly(1, 2, 3);
            assertThat(file.ints("ints")).containsExactly(-1, 7);
            assertThat(file.longs("longs")).containsExactly(Long.MIN_VALUE);
            assertThat(file.floats("floats")).containsExactly(0.5f, -0f);
            assertThat(file.doubles("doubles")).containsExactly(Math.E);
            assertThat(file.matrix("matrix")).isEqualTo(MATRIX);
            assertThat(file.matrix("no columns")).isEqualTo(FloatMatrix.of(5, 0, new float[0]));
            assertThat(file.ints("nothing")).isEmpty();
            assertThat(file.sections()).hasSize(8);
        }
    }

    @Test
    void givesBackWhatWasWritten() throws IOException {
        assertSame(written());
    }

    @Test
    void startsWithTextThatPeopleCanRead() throws IOException {
        String head = new String(Arrays.copyOf(Files.readAllBytes(written()), 200), StandardCharsets.UTF_8);
        assertThat(head)
                .startsWith("retrieval4j container 1\nkind=test\nkind.version=3\n"
                        + "spec=vlad(clusters=64) | pca(dimension=8)\ntext=two\\nlines = \\\\ ü\n\n");
    }

    @Test
    void mapsSectionsAtMultiplesOf64() throws IOException {
        try (SectionFile file = SectionFile.open(written())) {
            for (Section section : file.sections()) {
                assertThat(section.offset() % 64).isZero();
            }
            ByteBuffer mapped = file.map("matrix", Section.Type.FLOATS);
            assertThat(mapped.isReadOnly()).isTrue();
            assertThat(mapped.isDirect()).isTrue();
            assertThat(mapped.asFloatBuffer().get(4)).isEqualTo(5);
            Section matrix = file.section("matrix", Section.Type.FLOATS, 2, 3);
            assertThat(file.map(matrix, matrix.rowBytes(), 4).getFloat(0)).isEqualTo(4);
            assertThat(file.map("nothing", Section.Type.INTS).remaining()).isZero();
            assertThatThrownBy(() -> file.map(matrix, 0, 28)).isInstanceOf(IllegalArgumentException.class);
            file.close();
            assertThat(mapped.asFloatBuffer().get(0)).isEqualTo(1);
            assertThatThrownBy(() -> file.ints("ints")).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> file.map(matrix, 0, 4)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void writesSectionsPieceByPiece() throws IOException {
        Path path = folder.resolve("pieces.r4j");
        int rows = 70_000; // more than a buffer
        try (SectionWriter writer = SectionWriter.create(path, "test", 1)) {
            try (SectionWriter.Output output = writer.section("rows", Section.Type.FLOATS, 2)) {
                for (int i = 0; i < rows; i++) {
                    output.writeFloats(new float[] {0, i, -i}, 1, 2);
                }
                assertThatThrownBy(() -> output.writeInts(new int[1], 0, 1))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> writer.ints("other", new int[1])).isInstanceOf(IllegalStateException.class);
            }
            long[] many = new long[20_000];
            Arrays.setAll(many, i -> i);
            writer.longs("many", many);
            writer.commit();
        }
        try (SectionFile file = SectionFile.open(path)) {
            FloatMatrix matrix = file.matrix("rows");
            assertThat(matrix.rows()).isEqualTo(rows);
            assertThat(matrix.row(rows - 1)).containsExactly(rows - 1, 1 - rows);
            assertThat(file.longs("many")[19_999]).isEqualTo(19_999);
            Path copy = folder.resolve("copy.r4j");
            try (SectionWriter writer = SectionWriter.create(copy, "test", 1);
                    SectionWriter.Output output = writer.section("rows", Section.Type.FLOATS, 2)) {
                output.copy(file.map("rows", Section.Type.FLOATS));
                output.close();
                writer.commit();
            }
            try (SectionFile copied = SectionFile.open(copy)) {
                copied.verify();
                assertThat(copied.matrix("rows")).isEqualTo(matrix);
            }
        }
    }

    @Test
    void leavesNothingWhenClosedWithoutCommit() throws IOException {
        Path path = folder.resolve("a.r4j");
        try (SectionWriter writer = SectionWriter.create(path, "test", 1)) {
            writer.ints("ints", new int[1000]);
        }
        try (var left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void keepsTheOldFileUntilTheNewOneIsWhole() throws IOException {
        Path path = written();
        try (SectionWriter writer = SectionWriter.create(path, "test", 1)) {
            writer.ints("ints", new int[1000]);
            assertSame(path);
            writer.commit();
        }
        try (SectionFile file = SectionFile.open(path)) {
            assertThat(file.sections()).hasSize(1);
        }
    }

    @Test
    void refusesOtherKindsAndVersions() throws IOException {
        Path path = written();
        assertThatThrownBy(() -> SectionFile.open(path, "other", 1, 9))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("expected a file of kind other, found kind test");
        assertThatThrownBy(() -> SectionFile.open(path, "test", 4, 5))
                .isInstanceOf(UnsupportedVersionException.class)
                .hasMessageContaining("has test version 3; this library reads versions 4 to 5")
                .satisfies(e ->
                        assertThat(((UnsupportedVersionException) e).found()).isEqualTo(3));
        byte[] bytes = Files.readAllBytes(path);
        bytes["retrieval4j container ".length()] = '7';
        Files.write(path, bytes);
        assertThatThrownBy(() -> SectionFile.open(path))
                .isInstanceOf(UnsupportedVersionException.class)
                .hasMessageContaining("container version 7");
    }

    @Test
    void namesWhatIsMissing() throws IOException {
        try (SectionFile file = SectionFile.open(written())) {
            assertThat(file.find("floats")).isPresent();
            assertThat(file.find("other")).isEmpty();
            assertThatThrownBy(() -> file.ints("other"))
                    .isInstanceOf(CorruptFileException.class)
                    .hasMessageContaining("section other");
            assertThatThrownBy(() -> file.ints("floats")).hasMessageContaining("section floats of INTS, found FLOATS");
            assertThatThrownBy(() -> file.section("matrix", Section.Type.FLOATS, 2, 4))
                    .hasMessageContaining("2 x 4, found 2 x 3");
            assertThatThrownBy(() -> file.header("dimension")).hasMessageContaining("header field dimension");
            assertThatThrownBy(() -> file.headerLong("kind.version", 4, 9)).hasMessageContaining("from 4 to 9");
        }
    }

    @Test
    void refusesNamesAndKeysThatWouldNotRead() throws IOException {
        try (SectionWriter writer = SectionWriter.create(folder.resolve("a"), "test", 1)) {
            for (String key : List.of("", "a=b", "a b", "a\nb", "kind")) {
                assertThatThrownBy(() -> writer.header(key, "x")).isInstanceOf(IllegalArgumentException.class);
            }
            writer.ints("a", new int[1]);
            assertThatThrownBy(() -> writer.ints("a", new int[1])).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.header("late", "x")).isInstanceOf(IllegalStateException.class);
        }
    }

    private static boolean isRefused(Path path) throws IOException {
        try {
            assertSame(path);
            return false;
        } catch (CorruptFileException | UnsupportedVersionException e) {
            return true;
        }
    }

    @Test
    void aFileCutAnywhereIsRefused() throws IOException {
        Path path = written();
        int length = (int) Files.size(path);
        assertThat(Damage.cut(path, () -> isRefused(path))).isEqualTo(length);
    }

    @Test
    void aFlippedBitIsRefusedOrChangesNothing() throws IOException {
        Path path = written();
        int length = (int) Files.size(path);
        assertThat(Damage.flipBits(path, 1, () -> isRefused(path))).isGreaterThan(4 * length);
    }
}
