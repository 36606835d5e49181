package org.retrieval4j.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.FloatMatrix;

@SuppressWarnings("NullAway.Init") // JUnit sets the folder
class VecsFileTest {
    @TempDir
    Path folder;

    private Path write(String name, ByteBuffer bytes) throws IOException {
        return Files.write(folder.resolve(name), Arrays.copyOf(bytes.array(), bytes.position()));
    }

    private static ByteBuffer buffer() {
        return ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void readsFloatsBytesAndInts() throws IOException {
        FloatMatrix floats = VecsFile.readFloats(write(
                "a.fvecs",
                buffer().putInt(2)
                        .putFloat(1.5f)
                        .putFloat(-2)
                        .putInt(2)
                        .putFloat(3)
                        .putFloat(4)));
        assertThat(floats.rows()).isEqualTo(2);
        assertThat(floats.toArray()).containsExactly(1.5f, -2, 3, 4);
        FloatMatrix bytes = VecsFile.readFloats(write(
                "a.bvecs", buffer().putInt(3).put((byte) 1).put((byte) 200).put((byte) 255)));
        assertThat(bytes.toArray()).containsExactly(1, 200, 255);
        int[][] ints = VecsFile.readInts(
                write("a.ivecs", buffer().putInt(1).putInt(-7).putInt(1).putInt(8)));
        assertThat(ints).isDeepEqualTo(new int[][] {{-7}, {8}});
        assertThat(VecsFile.readFloats(write("empty.fvecs", buffer())).rows()).isZero();
    }

    @Test
    void refusesWhatIsCutOrMixedOrLies() throws IOException {
        ByteBuffer whole =
                buffer().putInt(2).putFloat(1).putFloat(2).putInt(2).putFloat(3).putFloat(4);
        for (int length = 1; length < whole.position(); length++) {
            if (length == whole.position() / 2) {
                continue; // one whole vector
            }
            Path cut = Files.write(folder.resolve("cut.fvecs"), Arrays.copyOf(whole.array(), length));
            assertThatThrownBy(() -> VecsFile.readFloats(cut)).isInstanceOf(CorruptFileException.class);
        }
        Path mixed = write(
                "mixed.fvecs",
                buffer().putInt(2).putFloat(1).putFloat(2).putInt(1).putFloat(3).putFloat(4));
        assertThatThrownBy(() -> VecsFile.readFloats(mixed))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("dimension 2");
        for (int dimension : new int[] {0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            Path lie = write("lie.fvecs", buffer().putInt(dimension).putFloat(1));
            assertThatThrownBy(() -> VecsFile.readFloats(lie)).isInstanceOf(CorruptFileException.class);
        }
        assertThatThrownBy(() -> VecsFile.readFloats(folder.resolve("a.npy")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a.npy");
    }
}
