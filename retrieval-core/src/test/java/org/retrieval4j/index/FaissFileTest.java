package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.GlobalDescriptor.Regions;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.NpyFile;

/** Files that FAISS wrote are read, and written again byte by byte. */
class FaissFileTest {
    private final Path folder;

    FaissFileTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private static Path resource(String name) {
        try {
            return Path.of(Objects.requireNonNull(FaissFileTest.class.getResource("/faiss/" + name))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Index read(Path file) throws IOException {
        return FaissFile.read(file, BuildContext.defaults());
    }

    private static List<Dense> queries() throws IOException {
        FloatMatrix matrix = NpyFile.read(resource("queries.npy")).toFloatMatrix();
        List<Dense> queries = new ArrayList<>();
        for (int q = 0; q < matrix.rows(); q++) {
            queries.add(new Dense(matrix.row(q)));
        }
        return queries;
    }

    private static void assertFindsWhatFaissFound(Index index, String name) throws IOException {
        long[] ids = NpyFile.read(resource(name + "-ids.npy")).toLongs();
        float[] distances = NpyFile.read(resource(name + "-distances.npy")).toFloats();
        boolean products = name.endsWith("ip");
        List<Dense> queries = queries();
        for (int q = 0; q < queries.size(); q++) {
            List<Hit> hits = index.search(queries.get(q), SearchOptions.top(5)).hits();
            List<Long> expected = Arrays.stream(ids, 5 * q, 5 * q + 5).boxed().toList();
            if (name.contains("pq")) { // vectors of one code are equally near; FAISS has them in any order
                float last = hits.get(4).score();
                assertThat(hits)
                        .allMatch(hit -> expected.contains(hit.imageId()) || Math.abs(hit.score() - last) < 1e-5);
            } else {
                assertThat(hits).extracting(Hit::imageId).containsExactlyElementsOf(expected);
            }
            for (int i = 0; i < 5; i++) {
                float distance = distances[5 * q + i];
                assertThat(hits.get(i).score()).isCloseTo(products ? distance : -distance, within(1e-5f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flat-l2",
                "flat-ip",
                "ivf-flat-l2",
                "ivf-flat-ip",
                "id-map",
                "ivf-pq-l2",
                "ivf-pq-ip",
                "ivf-pq-l2-whole",
                "ivf-pq-opq",
                "hnsw-l2",
                "hnsw-ip"
            })
    void findsWhatFaissFoundAndWritesWhatFaissWrote(String name) throws IOException {
        Path written = folder.resolve("written.faiss");
        Path directory = folder.resolve("index");
        try (Index index = FaissFile.read(
                resource(name + ".faiss"), BuildContext.defaults().withDirectory(directory))) {
            assertFindsWhatFaissFound(index, name);
            FaissFile.write(index, written);
            index.flush();
        }
        if (name.equals("id-map")) {
            // FAISS keeps the order of additions, this index that of ids
            try (Index again = read(written)) {
                assertFindsWhatFaissFound(again, name);
            }
        } else {
            byte[] expected = Files.readAllBytes(resource(name + ".faiss"));
            byte[] bytes = Files.readAllBytes(written);
            if (name.startsWith("hnsw")) { // probabilities of levels, which nobody's exponential gives twice
                int at = (name.equals("hnsw-ip") ? 2 : 1) * 37 + Long.BYTES;
                ByteBuffer numbers = ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = at; i < at + 15 * Double.BYTES; i += Double.BYTES) {
                    double ours = ByteBuffer.wrap(bytes)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getDouble(i);
                    assertThat(ours).isCloseTo(numbers.getDouble(i), withinPercentage(1e-4));
                    System.arraycopy(expected, i, bytes, i, Double.BYTES);
                }
            }
            assertThat(bytes).isEqualTo(expected);
        }
        String metric = ",metric=" + (name.endsWith("ip") ? "ip" : "l2") + ")";
        String spec = name.startsWith("ivf-flat")
                ? "ivf-flat(lists=4,probes=2" + metric
                : name.equals("ivf-pq-l2-whole")
                        ? "ivf-pq(lists=4,probes=2,subquantizers=3,residual=false,refine=0" + metric
                        : name.startsWith("ivf-pq")
                                ? "ivf-pq(lists=4,probes=2,subquantizers=2,bits=4,refine=0,opq=" + name.endsWith("opq")
                                        + metric
                                : name.startsWith("hnsw")
                                        ? "hnsw(m=4,ef-construction=20,ef-search=12" + metric
                                        : "flat(metric=" + metric.substring(8);
        try (Index opened = Components.load()
                .create(Index.class, spec, BuildContext.defaults().withDirectory(directory))) {
            assertFindsWhatFaissFound(opened, name);
        }
    }

    @Test
    void aChangedIndexIsWrittenWithoutWhatWasRemoved() throws IOException {
        Path written = folder.resolve("written.faiss");
        for (String name : List.of("flat-l2", "ivf-flat-l2")) {
            try (Index index = read(resource(name + ".faiss"))) {
                long[] ids = index.ids();
                index.removeAll(Arrays.copyOf(ids, 30));
                index.putAll(new long[] {ids[0]}, List.of(queries().get(0)));
                FaissFile.write(index, written);
                try (Index again = read(written)) {
                    assertThat(again.ids()).isEqualTo(index.ids()).hasSize(31);
                    for (Dense query : queries()) {
                        assertThat(again.search(query, SearchOptions.top(31)))
                                .isEqualTo(index.search(query, SearchOptions.top(31)));
                    }
                }
            }
        }
    }

    @Test
    void manyEmptyListsAreWrittenSparsely() throws IOException {
        try (Index index = read(resource("ivf-flat-l2.faiss"))) {
            Dense one = queries().get(0);
            index.removeAll(index.ids());
            index.putAll(new long[] {4, 9}, List.of(one, one));
            Path written = folder.resolve("written.faiss");
            FaissFile.write(index, written);
            assertThat(new String(Files.readAllBytes(written), java.nio.charset.StandardCharsets.ISO_8859_1))
                    .contains("sprs");
            try (Index again = read(written)) {
                assertThat(again.search(one, SearchOptions.top(3)).hits())
                        .containsExactly(new Hit(4, 0), new Hit(9, 0));
            }
        }
    }

    @Test
    void whatFaissHasNotIsRefused() throws IOException {
        Path target = folder.resolve("x.faiss");
        Dense vector = new Dense(new float[] {1, 2});
        for (String spec : List.of("flat(metric=cosine)", "hnsw(metric=cosine)")) {
            try (Index index = Components.load().create(Index.class, spec)) {
                index.putAll(new long[] {1}, List.of(vector));
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> FaissFile.write(index, target))
                        .withMessageContaining(index.spec().toString());
            }
        }
        try (Index index = Components.load().create(Index.class, "flat(metric=l2)")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FaissFile.write(index, target))
                    .withMessageContaining("0 images");
            index.putAll(new long[] {1}, List.of(new Regions(FloatMatrix.of(2, 2, new float[4]))));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FaissFile.write(index, target))
                    .withMessageContaining("regions");
        }
        assertThat(target).doesNotExist();
    }

    /** Every cut and every flipped bit of a byte: our exception, or an index that can be searched. */
    @ParameterizedTest
    @ValueSource(strings = {"ivf-flat-l2", "id-map", "ivf-pq-opq", "hnsw-ip"})
    void damageIsAnErrorOrOtherValues(String name) throws IOException {
        byte[] whole = Files.readAllBytes(resource(name + ".faiss"));
        Path damaged = folder.resolve("damaged.faiss");
        for (int cut = 0; cut < whole.length; cut += cut < 320 ? 1 : 97) {
            Files.write(damaged, Arrays.copyOf(whole, cut));
            assertThatThrownBy(() -> read(damaged)).isInstanceOf(CorruptFileException.class);
        }
        List<Dense> queries = queries();
        int refused = 0;
        for (int at = 0; at < whole.length; at += at < 320 ? 1 : 29) {
            byte[] bytes = whole.clone();
            bytes[at] ^= (byte) (1 << at % 8);
            Files.write(damaged, bytes);
            try (Index index = read(damaged)) {
                index.search(new Dense(Arrays.copyOf(queries.get(0).values(), 6)), SearchOptions.top(5));
            } catch (CorruptFileException expected) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(40);
        Files.write(damaged, Arrays.copyOf(whole, whole.length + 1));
        assertThatThrownBy(() -> read(damaged)).hasMessageContaining("the end of the file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"flat-l2", "ivf-flat-l2"})
    void valuesThatAreNotFiniteAreTold(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(resource(name + ".faiss"));
        // after the last header stand the number of values and the values: of the vectors, or of the centroids
        int header = name.equals("flat-l2") ? 37 : 37 + 16 + 37;
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(header + Long.BYTES, Float.NaN);
        Path file = Files.write(folder.resolve("nan.faiss"), bytes);
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("finite");
    }

    @Test
    void largeNumbersTakeNoMemory() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("IxF2".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1))
                .putInt(1 << 20)
                .putLong(1L << 30)
                .putLong(0)
                .putLong(0)
                .put((byte) 1)
                .putInt(1)
                .putLong(1L << 60);
        Path file = Files.write(folder.resolve("huge.faiss"), bytes.array());
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("1152921504606846976");
        Path other = Files.writeString(folder.resolve("other.faiss"), "IxPq and more");
        assertThatThrownBy(() -> read(other))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("IxF2")
                .hasMessageContaining("IxPq");
    }
}
