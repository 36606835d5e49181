package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;

/** {@code retrieval knn} against plain loops over doubles. */
class KnnCommandTest {
    private static final int N = 300;
    private static final int Q = 7;
    private static final int D = 12;
    private static final int K = 5;

    @TempDir
    Path folder;

    private float[] base;
    private float[] queries;

    @BeforeEach
    void writeArrays() throws IOException {
        Random random = new Random(8);
        base = gaussian(random, N * D);
        queries = gaussian(random, Q * D);
        NpyFile.write(folder.resolve("x.npy"), base, N, D);
        NpyFile.write(folder.resolve("q.npy"), queries, Q, D);
    }

    @ParameterizedTest
    @CsvSource({"l2,flat,1", "ip,flat(kernel=scalar),2", "cosine,flat(metric=cosine),1"})
    void findsTheNearest(String metric, String index, int threads) throws IOException {
        Cli run = run("--metric", metric, "--index", index, "-k", K, "--threads", threads, "--repeat", 2, "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.outLines()).hasSize(1);
        assertThat(run.out())
                .matches("(?s)\\{\"buildSeconds\":\\s?[0-9.E-]+,\\s?\"searchSeconds\":\\s?[0-9.E-]+,"
                        + "\\s?\"peakMemoryBytes\":\\s?[0-9]+,\\s?\"kernel\":\\s?\"[a-z]+\"}\\s*");
        NpyArray ids = NpyFile.read(folder.resolve("i.npy"));
        NpyArray scores = NpyFile.read(folder.resolve("s.npy"));
        assertThat(ids.shape()).containsExactly(Q, K);
        assertThat(scores.shape()).containsExactly(Q, K);
        assertThat(ids.isInteger()).isTrue();
        for (int q = 0; q < Q; q++) {
            int query = q;
            List<Integer> expected = IntStream.range(0, N)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -score(metric, query, i)))
                    .limit(K)
                    .toList();
            for (int i = 0; i < K; i++) {
                assertThat(ids.toLongs()[q * K + i]).isEqualTo((long) expected.get(i));
                assertThat((double) scores.toFloats()[q * K + i])
                        .isCloseTo(score(metric, q, expected.get(i)), org.assertj.core.api.Assertions.within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ivf-flat(lists=4,probes=4)",
                "hnsw",
                "ivf-pq(lists=4,probes=4,subquantizers=4,refine=60)",
                "binary(refine=60)"
            })
    void anIndexThatMustLearnDoesSoFromTheBase(String index) throws IOException {
        Cli run = run("--metric", "l2", "--index", index, "-k", K, "--repeat", 1);
        assertThat(run.err()).isEmpty();
        long[] found = NpyFile.read(folder.resolve("i.npy")).toLongs();
        run("--metric", "l2", "-k", K, "--repeat", 1);
        assertThat(found).isEqualTo(NpyFile.read(folder.resolve("i.npy")).toLongs());
    }

    @Test
    void stagesStandBehindAnIndex() throws IOException {
        Cli run = run("--metric", "cosine", "--index", "flat | qe(k=3,alpha=0)", "-k", 1, "--repeat", 1);
        assertThat(run.err()).isEmpty();
        long[] found = NpyFile.read(folder.resolve("i.npy")).toLongs();
        for (int q = 0; q < Q; q++) {
            int query = q;
            double[] expanded = normalized(queries, q);
            IntStream.range(0, N)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -score("cosine", query, i)))
                    .limit(3)
                    .forEach(i -> {
                        for (int d = 0; d < D; d++) {
                            expanded[d] += normalized(base, i)[d];
                        }
                    });
            long best = IntStream.range(0, N)
                    .boxed()
                    .min(Comparator.comparingDouble(i -> {
                        double sum = 0;
                        for (int d = 0; d < D; d++) {
                            sum -= expanded[d] * normalized(base, i)[d];
                        }
                        return sum;
                    }))
                    .orElseThrow();
            assertThat(found[q]).isEqualTo(best);
        }
    }

    private static double[] normalized(float[] rows, int row) {
        double[] vector = new double[D];
        double square = 0;
        for (int d = 0; d < D; d++) {
            vector[d] = rows[row * D + d];
            square += vector[d] * vector[d];
        }
        for (int d = 0; d < D; d++) {
            vector[d] /= Math.sqrt(square);
        }
        return vector;
    }

    @Test
    void saysWhichValueIsNotFinite() throws IOException {
        base[3 * D + 5] = Float.NaN;
        NpyFile.write(folder.resolve("x.npy"), base, N, D);
        Cli run = run("--metric", "l2", "-k", 1);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .endsWith("x.npy: value 5 of vector 3 must be finite, got NaN\n")
                .containsOnlyOnce("\n");
    }

    @Test
    void saysWhatIsWrong() {
        assertThat(run("--metric", "l3", "-k", 1).code()).isEqualTo(2);
        assertThat(run("--metric", "l2", "-k", 0).err()).contains("-k must be at least 1, got 0");
        assertThat(run("--metric", "l2", "-k", N + 1).err()).contains(N + "", (N + 1) + "");
        assertThat(run("--metric", "l2", "--index", "flat(metric=ip)", "-k", 1).code())
                .isEqualTo(2);
        assertThat(run("--metric", "l2", "-k", 1, "--threads", 0).code()).isEqualTo(2);
        assertThat(run("--metric", "l2", "-k", 1, "--repeat", 0).code()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"flat", "ivf-flat(lists=4,probes=2)", "ivf-pq(lists=4,subquantizers=4,refine=0)", "hnsw(m=4)"})
    void filesOfFaissAreWrittenAndSearched(String index) throws IOException {
        Path file = folder.resolve("index.faiss");
        Cli built = run("--metric", "l2", "--index", index, "-k", K, "--repeat", 1, "--write-faiss", file);
        assertThat(built.err()).isEmpty();
        long[] ids = NpyFile.read(folder.resolve("i.npy")).toLongs();
        float[] scores = NpyFile.read(folder.resolve("s.npy")).toFloats();
        Cli read = fromFile(file, "-k", K, "--repeat", 1);
        assertThat(read.err()).isEmpty();
        assertThat(NpyFile.read(folder.resolve("i.npy")).toLongs()).isEqualTo(ids);
        assertThat(NpyFile.read(folder.resolve("s.npy")).toFloats()).isEqualTo(scores);
        assertThat(fromFile(file, "-k", K, "--metric", "ip").err()).contains("--metric is ip", "compares by l2");
        assertThat(fromFile(file, "-k", K, "--base", folder.resolve("x.npy")).code())
                .isEqualTo(2);
    }

    @Test
    void saysWhatIsWrongWithFilesOfFaiss() {
        assertThat(fromFile(folder.resolve("none.faiss"), "-k", 1).err()).contains("none.faiss");
        assertThat(fromFile(folder.resolve("q.npy"), "-k", 1).err()).contains("q.npy", "FAISS");
        Cli missing = Cli.run(
                "knn",
                "--queries",
                folder.resolve("q.npy"),
                "-k",
                1,
                "--output-ids",
                folder.resolve("i.npy"),
                "--output-scores",
                folder.resolve("s.npy"));
        assertThat(missing.code()).isEqualTo(2);
        assertThat(missing.err()).contains("--base must be given");
        assertThat(run("--index", "flat(metric=cosine)", "-k", 1, "--write-faiss", folder.resolve("x.faiss"))
                        .err())
                .contains("l2 or ip");
    }

    private Cli fromFile(Path file, Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("knn", "--index", "faiss:" + file));
        arguments.addAll(List.of("--queries", folder.resolve("q.npy"), "--output-ids", folder.resolve("i.npy")));
        arguments.addAll(List.of("--output-scores", folder.resolve("s.npy")));
        arguments.addAll(List.of(more));
        return Cli.run(arguments.toArray());
    }

    private Cli run(Object... more) {
        Object[] arguments = new Object[9 + more.length];
        System.arraycopy(
                new Object[] {
                    "knn",
                    "--base",
                    folder.resolve("x.npy"),
                    "--queries",
                    folder.resolve("q.npy"),
                    "--output-ids",
                    folder.resolve("i.npy"),
                    "--output-scores",
                    folder.resolve("s.npy")
                },
                0,
                arguments,
                0,
                9);
        System.arraycopy(more, 0, arguments, 9, more.length);
        return Cli.run(arguments);
    }

    private double score(String metric, int q, int i) {
        double dot = 0;
        double distance = 0;
        double x = 0;
        double y = 0;
        for (int k = 0; k < D; k++) {
            double a = queries[q * D + k];
            double b = base[i * D + k];
            dot += a * b;
            distance += (a - b) * (a - b);
            x += a * a;
            y += b * b;
        }
        return switch (metric) {
            case "l2" -> -distance;
            case "ip" -> dot;
            default -> dot / Math.sqrt(x * y);
        };
    }

    private static float[] gaussian(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
