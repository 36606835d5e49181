package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.FloatMatrix;

class NpyFileTest {
    private final Path folder;

    NpyFileTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private static byte[] npy(int version, String type, boolean fortran, String shape, ByteBuffer data) {
        String header = "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': "
                + shape + ", }\n";
        ByteBuffer file = ByteBuffer.allocate(20 + header.length() + data.remaining())
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) version)
                .put((byte) 0);
        if (version == 1) {
            file.putShort((short) header.length());
        } else {
            file.putInt(header.length());
        }
        file.put(header.getBytes(StandardCharsets.US_ASCII)).put(data).flip();
        byte[] bytes = new byte[file.remaining()];
        file.get(bytes);
        return bytes;
    }

    private NpyArray read(byte[] bytes) throws IOException {
        Path file = folder.resolve("a.npy");
        Files.write(file, bytes);
        return NpyFile.read(file);
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void readsWhatItWrote() throws IOException {
        Path file = folder.resolve("x.npy");
        FloatMatrix matrix = FloatMatrix.of(2, 3, new float[] {9, 1, -2.5f, 3, 4, 5, 1e-30f}, 1);
        NpyFile.write(file, matrix);
        assertThat(NpyFile.read(file).toFloatMatrix()).isEqualTo(matrix);
        assertThat(Files.size(file)).isEqualTo(128 + 24);
        NpyFile.write(file, new double[] {Math.PI});
        assertThat(NpyFile.read(file).shape()).isEmpty();
        assertThat(NpyFile.read(file).toDoubles()).containsExactly(Math.PI);
        NpyFile.write(file, new long[] {1, -2, Long.MIN_VALUE}, 3);
        assertThat(NpyFile.read(file).toLongs()).containsExactly(1, -2, Long.MIN_VALUE);
        NpyFile.write(file, new int[] {1, -2, 3, 4}, 2, 1, 2);
        assertThat(NpyFile.read(file).shape()).containsExactly(2, 1, 2);
        assertThat(NpyFile.read(file).toInts()).containsExactly(1, -2, 3, 4);
        NpyFile.write(file, new float[0], 0, 5);
        assertThat(NpyFile.read(file).toFloatMatrix()).isEqualTo(FloatMatrix.empty(5));
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(file);
        }
    }

    @Test
    void readsBothByteOrdersAndAllVersions() throws IOException {
        ByteBuffer big = ByteBuffer.allocate(16).putDouble(1.5).putDouble(-2).flip();
        assertThat(read(npy(1, ">f8", false, "(2,)", big)).toDoubles()).containsExactly(1.5, -2);
        ByteBuffer floats = little(8).putFloat(1.5f).putFloat(-2).flip();
        assertThat(read(npy(2, "<f4", false, "(2,)", floats.duplicate())).toFloats())
                .containsExactly(1.5f, -2);
        assertThat(read(npy(3, "<f4", false, "(1, 2)", floats)).toFloats()).containsExactly(1.5f, -2);
    }

    @Test
    void readsFortranOrder() throws IOException {
        ByteBuffer data = little(48);
        // element (i, j, k) of a 2 x 3 x 2 array is 100 i + 10 j + k; the first index runs fastest
        for (int k = 0; k < 2; k++) {
            for (int j = 0; j < 3; j++) {
                for (int i = 0; i < 2; i++) {
                    data.putInt(100 * i + 10 * j + k);
                }
            }
        }
        NpyArray array = read(npy(1, "<i4", true, "(2, 3, 2)", data.flip()));
        assertThat(array.toInts()).containsExactly(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121);
        assertThat(array.toStackedMatrix().rows()).isEqualTo(6);
        assertThat(array.toStackedMatrix().get(5, 1)).isEqualTo(121);
    }

    @Test
    void readsSmallIntegersAndBooleans() throws IOException {
        byte[] bytes = {-1, 0, 1, 127};
        assertThat(read(npy(1, "|i1", false, "(4,)", ByteBuffer.wrap(bytes))).toInts())
                .containsExactly(-1, 0, 1, 127);
        assertThat(read(npy(1, "|u1", false, "(4,)", ByteBuffer.wrap(bytes))).toInts())
                .containsExactly(255, 0, 1, 127);
        assertThat(read(npy(1, "|b1", false, "(4,)", ByteBuffer.wrap(bytes))).toInts())
                .containsExactly(1, 0, 1, 1);
        assertThat(read(npy(1, "<u2", false, "(2,)", ByteBuffer.wrap(bytes))).toInts())
                .containsExactly(255, 127 * 256 + 1);
        assertThat(read(npy(1, "<i2", false, "(1,)", ByteBuffer.wrap(new byte[] {-2, -1})))
                        .toInts())
                .containsExactly(-2);
        assertThat(read(npy(1, "<u4", false, "(1,)", little(4).putInt(-1).flip()))
                        .toLongs())
                .containsExactly(0xffffffffL);
    }

    @Test
    void readsHalfPrecision() throws IOException {
        short[] bits = {0x0000, (short) 0x8000, 0x3c00, (short) 0xc000, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0x3555};
        float[] values = {0f, -0f, 1f, -2f, 0x1p-24f, 0x1.ff8p-15f, 65504f, Float.POSITIVE_INFINITY, 0.333251953125f};
        ByteBuffer data = little(2 * bits.length);
        data.asShortBuffer().put(bits);
        assertThat(read(npy(1, "<f2", false, "(9,)", data)).toFloats()).containsExactly(values);
        assertThat(NpyReader.half((short) 0x7e00)).isNaN();
    }

    @Test
    void refusesNumbersThatDoNotFit() throws IOException {
        NpyArray large =
                read(npy(1, "<i8", false, "(1,)", little(8).putLong(1L << 40).flip()));
        assertThatThrownBy(large::toInts)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("value 0 must be -2147483648 to 2147483647, got 1099511627776");
        NpyArray fraction =
                read(npy(1, "<f8", false, "(1,)", little(8).putDouble(1.5).flip()));
        assertThatThrownBy(fraction::toLongs).hasMessageContaining("value 0 must be a whole number, got 1.5");
        NpyArray huge =
                read(npy(1, "<f8", false, "(1,)", little(8).putDouble(1e300).flip()));
        assertThatThrownBy(huge::toFloats).hasMessageContaining("must fit a float");
        assertThatThrownBy(huge::toFloatMatrix).hasMessageContaining("2 dimensions (n x d), got shape [1]");
        assertThat(fraction.toRowMatrix().get(0, 0)).isEqualTo(1.5f);
    }

    @Test
    void believesNoShapeThatTheFileCannotHold() {
        for (String shape : new String[] {
            "(2147483647,)", "(99999999999,)", "(2147483647, 2147483647)", "(0, 2147483647, 2147483647)", "(3,)", "(1,)"
        }) {
            assertThatThrownBy(() -> read(npy(1, "<f4", false, shape, little(8))))
                    .as(shape)
                    .isInstanceOf(CorruptFileException.class);
        }
    }

    @Test
    void refusesWhatIsNoArrayOfNumbers() {
        assertThatThrownBy(() -> read(npy(1, "|O", false, "(1,)", little(8))))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("found '|O'");
        assertThatThrownBy(() -> read(npy(9, "<f4", false, "(2,)", little(8))))
                .isInstanceOf(UnsupportedVersionException.class)
                .hasMessageContaining("npy version 9");
        assertThatThrownBy(() -> read("hello, world".getBytes(StandardCharsets.US_ASCII)))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("hello");
        assertThatThrownBy(() -> read(new byte[0])).isInstanceOf(CorruptFileException.class);
    }

    @Test
    void refusesFilesCutAnywhere() throws IOException {
        byte[] whole =
                npy(1, "<f4", false, "(2, 1)", little(8).putInt(1).putInt(2).flip());
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> read(cut)).isInstanceOf(CorruptFileException.class);
        }
        assertThat(read(whole).size()).isEqualTo(2);
    }

    private static byte[] npz(int method, Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setMethod(method);
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                ZipEntry named = new ZipEntry(entry.getKey());
                if (method == ZipEntry.STORED) {
                    java.util.zip.CRC32 crc = new java.util.zip.CRC32();
                    crc.update(entry.getValue());
                    named.setCrc(crc.getValue());
                    named.setSize(entry.getValue().length);
                }
                zip.putNextEntry(named);
                zip.write(entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    @Test
    void readsArchivesCompressedOrNot() throws IOException {
        byte[] one =
                npy(1, "<f4", false, "(2,)", little(8).putFloat(1).putFloat(2).flip());
        byte[] many = npy(1, "<i4", false, "(1000,)", little(4000));
        for (int method : new int[] {ZipEntry.STORED, ZipEntry.DEFLATED}) {
            Path file = folder.resolve("a.npz");
            Files.write(file, npz(method, Map.of("one.npy", one, "dir/many.npy", many, "readme.txt", new byte[3])));
            Map<String, NpyArray> arrays = NpzFile.read(file);
            assertThat(arrays).containsOnlyKeys("dir/many", "one");
            assertThat(requireNonNull(arrays.get("one")).toFloats()).containsExactly(1, 2);
            assertThat(requireNonNull(arrays.get("dir/many")).size()).isEqualTo(1000);
            assertThatThrownBy(() -> NpzFile.read(file, 4000))
                    .isInstanceOf(CorruptFileException.class)
                    .hasMessageContaining("at most 4000 bytes");
        }
    }

    @Test
    void refusesArchivesThatAreDamaged() throws IOException {
        byte[] one =
                npy(1, "<f4", false, "(2,)", little(8).putFloat(1).putFloat(2).flip());
        Path file = folder.resolve("a.npz");
        byte[] whole = npz(ZipEntry.DEFLATED, Map.of("one.npy", one));
        Files.write(file, whole);
        int refused = Damage.flipBits(file, 1, () -> {
            try {
                Map<String, NpyArray> arrays = NpzFile.read(file);
                if (arrays.containsKey("one")) {
                    assertThat(requireNonNull(arrays.get("one")).toFloats()).containsExactly(1, 2);
                }
                return false;
            } catch (CorruptFileException | UnsupportedVersionException e) {
                return true;
            }
        });
        assertThat(refused).isGreaterThan(whole.length);
    }
}
