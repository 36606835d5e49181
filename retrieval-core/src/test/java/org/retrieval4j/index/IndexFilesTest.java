package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.Damage;
import org.retrieval4j.storage.DirectoryLockedException;
import org.retrieval4j.storage.UnsupportedVersionException;

/** Indexes in directories: damage, locks, and directories of other indexes. */
class IndexFilesTest {
    private final Path folder;

    IndexFilesTest(@TempDir Path folder) {
        this.folder = folder.resolve("index");
    }

    private BuildContext context() {
        return BuildContext.defaults().withDirectory(folder);
    }

    private Index flat() throws IOException {
        return FlatIndex.open(FlatIndex.Options.defaults(), context());
    }

    private Index inverted() throws IOException {
        return InvertedIndex.open(InvertedIndex.Options.defaults(), context());
    }

    private interface Opener {
        Index open() throws IOException;
    }

    @Test
    void aDamagedFlatIndexIsRefusedOrGivesTheSame() throws IOException {
        try (Index index = flat()) {
            index.putAll(
                    new long[] {7, 9},
                    List.of(
                            new GlobalDescriptor.Regions(FloatMatrix.of(2, 2, new float[] {1, 2, 3, 4})),
                            new Dense(new float[] {-1, 1})));
            index.flush();
        }
        assertDamageIsFound(this::flat, new Dense(new float[] {1, 0}));
    }

    @Test
    void aDamagedInvertedIndexIsRefusedOrGivesTheSame() throws IOException {
        try (Index index = inverted()) {
            index.putAll(
                    new long[] {7, 9},
                    List.of(
                            new GlobalDescriptor.Sparse(5, new int[] {0, 3}, new float[] {1, 2}),
                            new GlobalDescriptor.Sparse(5, new int[] {3}, new float[] {-1})));
            index.flush();
        }
        assertDamageIsFound(this::inverted, new GlobalDescriptor.Sparse(5, new int[] {3}, new float[] {2}));
    }

    @Test
    void aDamagedIndexOfWordsIsRefusedOrGivesTheSame() throws IOException {
        Opener asmk = () -> AsmkIndex.open(AsmkIndex.Options.defaults(), context());
        Words query = new Words(5, new int[] {3}, new Signatures(40, new long[] {6}));
        try (Index index = asmk.open()) {
            index.putAll(
                    new long[] {7, 9},
                    List.of(new Words(5, new int[] {0, 3}, new Signatures(40, new long[] {5, 1L << 39})), query));
            index.flush();
        }
        assertDamageIsFound(asmk, query);
    }

    private void assertDamageIsFound(Opener opener, GlobalDescriptor query) throws IOException {
        Path file = folder.resolve("segment-00000001.r4j");
        SearchResult expected;
        try (Index index = opener.open()) {
            expected = index.search(query, SearchOptions.top(5));
            assertThat(expected.hits()).hasSize(2);
        }
        int length = (int) Files.size(file);
        Damage.Check check = () -> isRefused(opener, query, expected);
        assertThat(Damage.flipBits(file, 1, check)).isGreaterThan(4 * length);
        assertThat(Damage.cut(file, check)).isEqualTo(length);
    }

    private static boolean isRefused(Opener opener, GlobalDescriptor query, SearchResult expected) throws IOException {
        try (Index index = opener.open()) {
            ((SegmentedIndex<?>) index).verify();
            assertThat(index.search(query, SearchOptions.top(5))).isEqualTo(expected);
            return false;
        } catch (CorruptFileException | UnsupportedVersionException e) {
            return true;
        }
    }

    @Test
    void aCompactedIndexHasTheSameBytesHoweverItWasBuilt() throws IOException {
        byte[][] compacted = new byte[2][];
        for (int batch : new int[] {1, 7}) {
            BuildContext context = BuildContext.defaults().withDirectory(folder.resolve("batches of " + batch));
            try (Index index = InvertedIndex.open(InvertedIndex.Options.defaults(), context)) {
                for (int from = 0; from < 14; from += batch) {
                    long[] ids = new long[batch];
                    List<GlobalDescriptor> descriptors = new ArrayList<>();
                    for (int i = 0; i < batch; i++) {
                        // odd ids first, so that the rows of one segment come between those of another
                        ids[i] = (from + i) < 7 ? 2 * (from + i) + 1 : 2 * (from + i - 7);
                        int[] words = {0, 1 + (int) ids[i] % 3, 9};
                        descriptors.add(new GlobalDescriptor.Sparse(10, words, new float[] {ids[i], 1, 2}));
                    }
                    index.putAll(ids, descriptors);
                }
                index.compact();
            }
            try (var files = Files.list(context.directory().orElseThrow())) {
                Path segment = files.filter(file -> file.toString().contains("segment"))
                        .findFirst()
                        .orElseThrow();
                compacted[batch / 7] = Files.readAllBytes(segment);
            }
        }
        assertThat(compacted[0]).isEqualTo(compacted[1]);
    }

    @Test
    void refusesADirectoryOfAnotherIndex() throws IOException {
        try (Index index = flat()) {
            index.putAll(new long[] {1}, List.of(new Dense(new float[] {1})));
            index.flush();
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FlatIndex.open(FlatIndex.Options.defaults().withMetric(Metric.L2), context()))
                .withMessageContaining("holds the index flat(metric=cosine) with fingerprint")
                .withMessageContaining("not flat(metric=l2) with fingerprint");
        assertThatThrownBy(this::inverted)
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("expected content index-inverted, found index-flat");
        try (Index index = flat()) {
            assertThat(index.size()).isEqualTo(1);
        }
    }

    @Test
    void oneIndexWritesAndOthersRead() throws IOException {
        try (Index writer = flat()) {
            writer.putAll(new long[] {1}, List.of(new Dense(new float[] {1})));
            writer.flush();
            try (Index reader = flat()) {
                assertThat(reader.search(new Dense(new float[] {1}), SearchOptions.top(1))
                                .hits())
                        .hasSize(1);
                reader.flush();
                assertThatThrownBy(() -> reader.removeAll(new long[] {1}))
                        .isInstanceOf(UncheckedIOException.class)
                        .hasCauseInstanceOf(DirectoryLockedException.class);
                assertThat(reader.size()).isEqualTo(1);
            }
            writer.removeAll(new long[] {1});
        }
    }

    @Test
    void anInterruptedSearchEndsAndLeavesTheIndexUsable() throws IOException {
        try (Index index = flat()) {
            index.putAll(new long[] {1}, List.of(new Dense(new float[] {1})));
            index.flush();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> index.search(new Dense(new float[] {1}), SearchOptions.top(1)))
                    .isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(index.search(new Dense(new float[] {1}), SearchOptions.top(1))
                            .hits())
                    .hasSize(1);
        }
    }

    @Test
    void aFilterMayUseTheIndex() throws IOException {
        try (Index index = flat()) {
            index.putAll(new long[] {1, 2}, List.of(new Dense(new float[] {1}), new Dense(new float[] {2})));
            SearchOptions options = SearchOptions.top(5).withFilter(id -> id == index.size());
            assertThat(index.search(new Dense(new float[] {1}), options).hits())
                    .hasSize(1)
                    .allMatch(hit -> hit.imageId() == 2);
        }
    }
}
