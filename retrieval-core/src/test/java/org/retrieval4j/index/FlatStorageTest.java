package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.GlobalDescriptor.Regions;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.IndexContract;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.storage.NpyFile;

/** Flat search through codes: the contract of all indexes, and the results of float32. */
class FlatStorageTest extends IndexContract {
    private static final int D = 24;

    @Override
    protected Index open(BuildContext context) throws IOException {
        return FlatIndex.open(FlatIndex.Options.defaults().withStorage(Storage.INT8), context);
    }

    @Override
    protected GlobalDescriptor descriptor(long seed) {
        return new Dense(gaussian(new Random(seed), 1));
    }

    @Override
    protected GlobalDescriptor otherDimension() {
        return new Dense(new float[D - 1]);
    }

    private static float[] gaussian(Random random, double scale) {
        float[] values = new float[D];
        for (int j = 0; j < D; j++) {
            values[j] = (float) (scale * random.nextGaussian());
        }
        return values;
    }

    private static Index flat(Metric metric, BuildContext context) throws IOException {
        return FlatIndex.open(FlatIndex.Options.defaults().withMetric(metric), context);
    }

    private static Index flat(Metric metric, Storage storage, BuildContext context) throws IOException {
        return FlatIndex.open(FlatIndex.Options.defaults().withMetric(metric).withStorage(storage), context);
    }

    /** Clusters, equal vectors, zero, and lengths that no half can hold. */
    private static List<Dense> vectors() {
        List<Dense> vectors = new ArrayList<>(new Clustered(D, 12, 3).next(600));
        Random random = new Random(4);
        for (double scale : new double[] {1e-44, 1e-12, 1e-6, 1e-3, 1e3, 1e6, 1e30}) {
            for (int i = 0; i < 5; i++) {
                vectors.add(new Dense(gaussian(random, scale)));
            }
        }
        for (int i = 0; i < 5; i++) {
            vectors.add(new Dense(new float[D]));
            vectors.add(vectors.get(17));
        }
        return vectors;
    }

    private static Dense rounded(Storage storage, Dense vector) {
        byte[] code = new byte[storage.codeBytes(D)];
        float[] decoded = new float[D];
        storage.encode(vector.values(), 0, D, code, 0);
        storage.decode(code, D, decoded, 0);
        return new Dense(decoded);
    }

    @ParameterizedTest
    @EnumSource(Storage.class)
    void findsWhatFloatsFind(Storage storage) throws IOException {
        List<Dense> vectors = vectors();
        List<Dense> expectedOf = storage.keepsVectors()
                ? vectors
                : vectors.stream().map(vector -> rounded(storage, vector)).toList();
        List<Dense> queries = new ArrayList<>(new Clustered(D, 12, 3).next(40));
        queries.addAll(vectors.subList(590, vectors.size()));
        for (Metric metric : Metric.values()) {
            try (Index floats = flat(metric, BuildContext.defaults());
                    Index codes = flat(metric, storage, BuildContext.defaults())) {
                Clustered.put(floats, 0, expectedOf);
                Clustered.put(codes, 0, vectors);
                for (int k : new int[] {1, 10, vectors.size()}) {
                    SearchOptions options = SearchOptions.top(k).withFilter(id -> k == 1 || id % 7 != 0);
                    assertThat(codes.searchAll(queries, options))
                            .as("%s %s", metric, k)
                            .isEqualTo(floats.searchAll(queries, options));
                    assertThat(codes.search(queries.get(3), options)).isEqualTo(floats.search(queries.get(3), options));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Storage.class)
    void segmentsMergesAndFilesChangeNothing(Storage storage) throws IOException {
        List<Dense> vectors = new Clustered(D, 12, 5).next(300);
        BuildContext directory = BuildContext.defaults().withDirectory(folder.resolve("coded"));
        SearchOptions options = SearchOptions.top(20);
        try (Index memory = flat(Metric.L2, storage, BuildContext.defaults());
                Index mapped = flat(Metric.L2, storage, directory)) {
            Clustered.put(memory, 0, vectors);
            memory.removeAll(new long[] {5, 100, 299});
            for (int from = 0; from < 300; from += 50) {
                Clustered.put(mapped, from, vectors.subList(from, from + 50));
            }
            mapped.removeAll(new long[] {5, 100, 299});
            var expected = memory.searchAll(vectors, options);
            assertThat(mapped.searchAll(vectors, options)).isEqualTo(expected);
            mapped.flush();
            mapped.compact();
            assertThat(mapped.searchAll(vectors, options)).isEqualTo(expected);
            ((SegmentedIndex<?>) mapped).verify();
        }
        try (Index again = flat(Metric.L2, storage, directory)) {
            assertThat(again.size()).isEqualTo(297);
            assertThat(again.spec())
                    .hasToString("flat(metric=l2,storage="
                            + storage.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-') + ")");
        }
    }

    @ParameterizedTest
    @EnumSource(Storage.class)
    void regionsAreComparedByTheirCodesToo(Storage storage) throws IOException {
        Clustered clustered = new Clustered(D, 12, 6);
        List<Regions> images = new ArrayList<>();
        List<Regions> rounded = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            List<Dense> regions = clustered.next(1 + i % 3);
            images.add(new Regions(QueryVector.matrix(regions)));
            rounded.add(new Regions(QueryVector.matrix(
                    regions.stream().map(region -> rounded(storage, region)).toList())));
        }
        long[] ids = IntStream.range(0, 200).asLongStream().toArray();
        try (Index floats = flat(Metric.COSINE, BuildContext.defaults());
                Index codes = flat(Metric.COSINE, storage, BuildContext.defaults())) {
            floats.putAll(ids, storage.keepsVectors() ? images : rounded);
            codes.putAll(ids, images);
            assertThat(codes.searchAll(images, SearchOptions.top(9)))
                    .isEqualTo(floats.searchAll(images, SearchOptions.top(9)));
        }
    }

    @Test
    void halvesAreThoseOfNumPy(@org.junit.jupiter.api.io.TempDir java.nio.file.Path here) throws IOException {
        // NumPy's float16 as this library reads it gives each half's value; the nearest half of it is itself
        byte[] file = new byte[128 + 2 * 0x10000];
        String header = "\u0093NUMPY\u0001\u0000v\u0000{'descr': '<f2', 'fortran_order': False, 'shape': (65536,), }";
        byte[] head = header.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        java.util.Arrays.fill(file, 0, 128, (byte) ' ');
        System.arraycopy(head, 0, file, 0, head.length);
        file[127] = '\n';
        for (int h = 0; h < 0x10000; h++) {
            file[128 + 2 * h] = (byte) h;
            file[129 + 2 * h] = (byte) (h >> 8);
        }
        float[] values =
                NpyFile.read(Files.write(here.resolve("halves.npy"), file)).toFloats();
        float before = 0;
        for (int h = 0; h < 0x7c00; h++) {
            assertThat(Storage.ofHalf(h)).isEqualTo(values[h]);
            assertThat(Storage.ofHalf(h | 0x8000)).isEqualTo(-values[h]);
            assertThat(Storage.half(values[h])).isEqualTo((short) h);
            if (h > 0) {
                float middle = (before + values[h]) / 2; // exact in float32; the even one is taken
                assertThat((int) Storage.half(middle)).isEqualTo(h % 2 == 0 ? h : h - 1);
                assertThat((int) Storage.half(Math.nextUp(middle))).isEqualTo(h);
                assertThat(Storage.half(-middle)).isEqualTo((short) ((h % 2 == 0 ? h : h - 1) | 0x8000));
            }
            before = values[h];
        }
        assertThat(Storage.ofHalf(Storage.half(Float.MAX_VALUE))).isEqualTo(65504f);
        assertThat(Storage.ofHalf(Storage.half(-70000))).isEqualTo(-65504f);
    }

    @Test
    void takesTheMemoryThatWasEstimated() throws IOException {
        List<Dense> vectors = new Clustered(D, 12, 7).next(2000);
        for (String spec : List.of(
                "flat",
                "flat(storage=half)",
                "flat(storage=int8)",
                "flat(storage=half-only)",
                "flat(storage=int8-only)")) {
            BuildContext directory = BuildContext.defaults().withDirectory(folder.resolve(spec));
            try (Index index = Components.load().create(Index.class, spec);
                    Index onDisk = Components.load().create(Index.class, spec, directory)) {
                Clustered.put(index, 0, vectors);
                Clustered.put(onDisk, 0, vectors);
                onDisk.flush();
                double estimated = IndexMemory.estimate(Components.load(), spec, 2000, D);
                assertThat((double) IndexMemory.used(index)).isBetween(0.9 * estimated, 1.1 * estimated);
                assertThat(IndexMemory.used(onDisk)).isZero();
                double file = Files.size(folder.resolve(spec).resolve("segment-00000001.r4j"));
                assertThat(file).isBetween(0.9 * estimated, 1.1 * estimated);
            }
        }
    }

    @Test
    void anIndexOfAnotherStorageIsRefused() throws IOException {
        BuildContext directory = BuildContext.defaults().withDirectory(folder.resolve("index"));
        try (Index index = flat(Metric.L2, Storage.HALF, directory)) {
            Clustered.put(index, 0, new Clustered(D, 2, 8).next(5));
            index.flush();
        }
        org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
                .isThrownBy(() -> flat(Metric.L2, directory))
                .withMessageContaining("flat(metric=l2,storage=half)");
    }

    @Test
    void int8UsesAllOfItsRange() {
        float[] vector = {-127, 63.5f, 1, 0.4f};
        byte[] code = new byte[Storage.INT8.codeBytes(4)];
        Storage.INT8.encode(vector, 0, 4, code, 0);
        float[] decoded = new float[4];
        Storage.INT8.decode(code, 4, decoded, 0);
        assertThat(decoded).containsExactly(-127, 64, 1, 0);
        assertThat(FloatMatrix.ofRows(decoded).isFinite()).isTrue();
    }
}
