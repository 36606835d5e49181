package org.retrieval4j.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.GlobalDescriptor.Regions;
import org.retrieval4j.api.GlobalDescriptor.Sparse;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.Transform;
import org.retrieval4j.index.AsmkIndex;
import org.retrieval4j.index.FlatIndex;
import org.retrieval4j.index.HammingEmbeddingIndex;
import org.retrieval4j.index.InvertedIndex;

/**
 * Files of every version that was ever written are kept under {@code formats} and read for ever; today's version is
 * also written again and compared byte by byte. If the latter fails because a format was changed on purpose: give it a
 * new version, keep the old file, add the new one, and a line to {@code docs/formats.md}.
 */
class KeptFormatsTest {
    private final Path folder;

    KeptFormatsTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private static Path kept(String name) {
        try {
            return Path.of(Objects.requireNonNull(KeptFormatsTest.class.getResource("/formats/" + name))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Indexes open a copy, so that nothing is ever written among the kept files. */
    private BuildContext copyOf(String name) throws IOException {
        Path copy = Files.createDirectories(folder.resolve(name));
        try (var files = Files.list(kept(name))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(String.valueOf(file.getFileName())));
            }
        }
        return BuildContext.defaults().withDirectory(copy);
    }

    private static void assertSameFiles(Path written, Path kept) throws IOException {
        try (var files = Files.list(kept)) {
            for (Path file : files.toList()) {
                assertThat(written.resolve(String.valueOf(file.getFileName()))).hasSameBinaryContentAs(file);
            }
        }
    }

    private record Shift(FloatMatrix by) implements Transform {
        @Override
        public ComponentSpec spec() {
            return ComponentSpec.parse("shift(scale=2,name=\"a b\")");
        }

        @Override
        public ComponentState state() {
            return ComponentState.ofArrays(Map.of("by", by, "none", FloatMatrix.empty(3)));
        }

        @Override
        public List<GlobalDescriptor> applyAll(List<? extends GlobalDescriptor> descriptors) {
            return List.copyOf(descriptors);
        }
    }

    @Test
    void component1() throws IOException {
        Shift shift = new Shift(FloatMatrix.of(2, 3, new float[] {1, -2, 3e30f, 4e-45f, 0.1f, -0f}));
        ComponentFile.Saved saved = ComponentFile.read(kept("component-v1/a.r4j"));
        assertThat(saved.kind()).isEqualTo("Transform");
        assertThat(saved.spec()).isEqualTo(shift.spec());
        assertThat(saved.fingerprint()).isEqualTo(shift.fingerprint());
        assertThat(saved.state()).isEqualTo(shift.state());
        ComponentFile.save(Transform.class, shift, folder.resolve("a.r4j"));
        assertSameFiles(folder, kept("component-v1"));
    }

    private void writeFlat(Path directory) throws IOException {
        try (Index index = FlatIndex.open(
                FlatIndex.Options.defaults(), BuildContext.defaults().withDirectory(directory))) {
            index.putAll(
                    new long[] {1L << 40, 3, 8},
                    List.of(
                            new Dense(new float[] {1, 0}),
                            new Regions(FloatMatrix.of(2, 2, new float[] {0, 2, -1, 0})),
                            new Dense(new float[] {0.5f, 0.5f})));
            index.flush();
            index.removeAll(new long[] {8});
            index.putAll(new long[] {9}, List.of(new Dense(new float[] {3, 4})));
            index.flush();
        }
    }

    @Test
    void indexFlat1() throws IOException {
        try (Index index = FlatIndex.open(FlatIndex.Options.defaults(), copyOf("index-flat-v1"))) {
            assertThat(index.search(new Dense(new float[] {0, 7}), SearchOptions.top(9))
                            .hits())
                    .containsExactly(new Hit(3, 1), new Hit(9, 0.8f), new Hit(1L << 40, 0));
        }
        writeFlat(folder.resolve("again"));
        assertSameFiles(folder.resolve("again"), kept("index-flat-v1"));
    }

    private void writeInverted(Path directory) throws IOException {
        try (Index index = InvertedIndex.open(
                InvertedIndex.Options.defaults(), BuildContext.defaults().withDirectory(directory))) {
            index.putAll(
                    new long[] {2, 4, 6},
                    List.of(
                            new Sparse(1000, new int[] {0, 999}, new float[] {1, -2}),
                            new Sparse(1000, new int[0], new float[0]),
                            new Sparse(1000, new int[] {7, 999}, new float[] {0.25f, 8})));
            index.flush();
            index.removeAll(new long[] {2});
            index.putAll(new long[] {5}, List.of(new Sparse(1000, new int[] {7}, new float[] {3})));
            index.flush();
        }
    }

    @Test
    void indexInverted1() throws IOException {
        try (Index index = InvertedIndex.open(InvertedIndex.Options.defaults(), copyOf("index-inverted-v1"))) {
            Sparse query = new Sparse(1000, new int[] {7, 999}, new float[] {4, 1});
            assertThat(index.search(query, SearchOptions.top(9)).hits())
                    .containsExactly(new Hit(5, 12), new Hit(6, 9), new Hit(4, 0));
        }
        writeInverted(folder.resolve("again"));
        assertSameFiles(folder.resolve("again"), kept("index-inverted-v1"));
    }

    private void writeWords(Path directory) throws IOException {
        Words one = new Words(1000, new int[] {0, 999}, new Signatures(40, new long[] {1, 1L << 39}));
        Words none = new Words(1000, new int[0], new Signatures(40, new long[0]));
        Words other = new Words(1000, new int[] {7, 7, 999}, new Signatures(40, new long[] {3, 1, 1L << 38}));
        try (Index index = HammingEmbeddingIndex.open(
                HammingEmbeddingIndex.Options.defaults(),
                BuildContext.defaults().withDescriptors(List.of(one, other)).withDirectory(directory))) {
            index.putAll(new long[] {2, 4, 6}, List.of(one, none, other));
            index.flush();
            index.removeAll(new long[] {2});
            index.putAll(new long[] {5}, List.of(new Words(1000, new int[] {7}, new Signatures(40, new long[] {3}))));
            index.flush();
        }
    }

    @Test
    void indexHammingEmbedding1() throws IOException {
        HammingEmbeddingIndex.Options options = HammingEmbeddingIndex.Options.defaults();
        try (Index index = HammingEmbeddingIndex.open(options, copyOf("index-hamming-embedding-v1"))) {
            Words query = new Words(1000, new int[] {7}, new Signatures(40, new long[] {3}));
            List<Hit> hits = index.search(query, SearchOptions.top(9)).hits();
            assertThat(hits).extracting(Hit::imageId).containsExactly(5L, 6L, 4L);
            assertThat(hits).extracting(Hit::score).startsWith(1f).endsWith(0f);
        }
        writeWords(folder.resolve("again"));
        assertSameFiles(folder.resolve("again"), kept("index-hamming-embedding-v1"));
    }

    private void writeResiduals(Path directory) throws IOException {
        try (Index index = AsmkIndex.open(
                AsmkIndex.Options.defaults(), BuildContext.defaults().withDirectory(directory))) {
            index.putAll(
                    new long[] {2, 4},
                    List.of(
                            new Words(
                                    9, new int[] {0, 8}, new Residuals(FloatMatrix.of(2, 2, new float[] {0, 1, 1, 0}))),
                            new Words(9, new int[] {8}, new Residuals(FloatMatrix.of(1, 2, new float[] {0.5f, -0f})))));
            index.flush();
        }
    }

    @Test
    void indexAsmk1() throws IOException {
        try (Index index = AsmkIndex.open(AsmkIndex.Options.defaults(), copyOf("index-asmk-v1"))) {
            Words query = new Words(9, new int[] {8}, new Residuals(FloatMatrix.of(1, 2, new float[] {1, 0})));
            assertThat(index.search(query, SearchOptions.top(9)).hits())
                    .containsExactly(new Hit(2, (float) Math.sqrt(0.5)), new Hit(4, 0.125f));
        }
        writeResiduals(folder.resolve("again"));
        assertSameFiles(folder.resolve("again"), kept("index-asmk-v1"));
    }
}
