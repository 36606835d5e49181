package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;

/** {@code retrieval aggregate} against plain loops over doubles. */
class AggregateCommandTest {
    private static final int N = 30;
    private static final int D = 8;
    private static final int K = 4;

    @TempDir
    Path folder;

    private double[] x;
    private double[] codebook;

    @BeforeEach
    void writeArrays() throws IOException {
        Random random = new Random(5);
        x = random.doubles(N * D, -1, 1).toArray();
        codebook = random.doubles(K * D, -1, 1).toArray();
        NpyFile.write(folder.resolve("x.npy"), x, N, D);
        NpyFile.write(folder.resolve("c.npy"), codebook, K, D);
    }

    private float[] aggregate(String spec, Object... more) throws IOException {
        Path output = folder.resolve("v.npy");
        Object[] arguments = new Object[7 + more.length];
        System.arraycopy(
                new Object[] {
                    "aggregate", "--aggregator", spec, "--descriptors", folder.resolve("x.npy"), "--output", output
                },
                0,
                arguments,
                0,
                7);
        System.arraycopy(more, 0, arguments, 7, more.length);
        Cli run = Cli.run(arguments);
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.out()).isEmpty();
        byte[] start = Files.readAllBytes(output);
        assertThat(new String(start, 10, 30, java.nio.charset.StandardCharsets.US_ASCII))
                .contains("'<f4'");
        NpyArray vector = NpyFile.read(output);
        assertThat(vector.dimensions()).isEqualTo(1);
        return vector.toFloats();
    }

    private static void assertClose(float[] actual, double[] expected) {
        assertThat(actual).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).as("value %d", i).isEqualTo(expected[i], within(1e-5));
        }
    }

    private double[] vlad(double[] weights) {
        double[] v = new double[K * D];
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < K; k++) {
                for (int d = 0; d < D; d++) {
                    v[k * D + d] += weights[i * K + k] * (x[i * D + d] - codebook[k * D + d]);
                }
            }
        }
        double norm = 0;
        for (double value : v) {
            norm += value * value;
        }
        for (int i = 0; i < v.length; i++) {
            v[i] /= Math.sqrt(norm);
        }
        return v;
    }

    private int[] nearest() {
        int[] nearest = new int[N];
        for (int i = 0; i < N; i++) {
            double best = Double.MAX_VALUE;
            for (int k = 0; k < K; k++) {
                double distance = 0;
                for (int d = 0; d < D; d++) {
                    distance += Math.pow(x[i * D + d] - codebook[k * D + d], 2);
                }
                if (distance < best) {
                    best = distance;
                    nearest[i] = k;
                }
            }
        }
        return nearest;
    }

    private double[] hard(int[] assignments) {
        double[] weights = new double[N * K];
        for (int i = 0; i < N; i++) {
            weights[i * K + assignments[i]] = 1;
        }
        return weights;
    }

    @Test
    void takesAGivenCodebook() throws IOException {
        assertClose(aggregate("vlad(codebook=\"" + folder.resolve("c.npy") + "\")"), vlad(hard(nearest())));
    }

    @Test
    void takesGivenAssignments() throws IOException {
        int[] assignments = new Random(6).ints(N, 0, K).toArray();
        NpyFile.write(folder.resolve("a.npy"), assignments, N);
        assertClose(
                aggregate("vlad(codebook=" + folder.resolve("c.npy") + ")", "--assignments", folder.resolve("a.npy")),
                vlad(hard(assignments)));
    }

    @Test
    void takesGivenWeights() throws IOException {
        double[] weights = new Random(7).doubles(N * K).toArray();
        NpyFile.write(folder.resolve("w.npy"), weights, N, K);
        assertClose(
                aggregate("vlad(codebook=" + folder.resolve("c.npy") + ")", "--assignments", folder.resolve("w.npy")),
                vlad(weights));
    }

    @Test
    void learnsFromASampleTheSameWithEveryNumberOfThreads() throws IOException {
        NpyFile.write(
                folder.resolve("s.npy"), new Random(8).doubles(200 * D, -1, 1).toArray(), 200, D);
        float[] one = aggregate("vlad(clusters=5)", "--sample", folder.resolve("s.npy"), "--threads", "1");
        float[] three = aggregate("vlad(clusters=5)", "--sample", folder.resolve("s.npy"), "--threads", "3");
        assertThat(one).hasSize(5 * D).isEqualTo(three);
        float[] seeded = aggregate("vlad(clusters=5)", "--sample", folder.resolve("s.npy"), "--seed", "7");
        assertThat(seeded).isNotEqualTo(one);
    }

    @Test
    void writesASparseVectorInFull() throws IOException {
        float[] words = aggregate("bow(idf=false,codebook=" + folder.resolve("c.npy") + ")");
        assertThat(words).hasSize(K);
    }

    @Test
    void takesAFeatureMap() throws IOException {
        double[] map = new Random(9).doubles(3 * 4 * D).toArray();
        NpyFile.write(folder.resolve("x.npy"), map, 3, 4, D);
        double[] expected = new double[D];
        for (int cell = 0; cell < 12; cell++) {
            double dx = cell % 4 - 1.5;
            double dy = cell / 4 - 1;
            double weight = Math.exp(-(dx * dx + dy * dy) / (2 * 0.5 * 0.5));
            for (int j = 0; j < D; j++) {
                expected[j] += weight * map[cell * D + j];
            }
        }
        assertClose(aggregate("spoc(center-prior=true,l2=false)"), expected);
        assertThat(aggregate("rmac")).hasSize(D);
    }

    @Test
    void savesAnAggregatorThatAFileSpecOpensAgain() throws IOException {
        NpyFile.write(
                folder.resolve("s.npy"), new Random(8).doubles(200 * D, -1, 1).toArray(), 200, D);
        Path saved = folder.resolve("a.r4j");
        float[] made = aggregate("vlad(clusters=5)", "--sample", folder.resolve("s.npy"), "--save", saved);
        assertThat(aggregate("file(path=" + saved + ")")).isEqualTo(made);
    }

    @Test
    void saysWhatDoesNotFit() throws IOException {
        NpyFile.write(folder.resolve("a.npy"), new int[] {0, 1}, 2);
        Cli run = Cli.run(
                "aggregate",
                "--aggregator",
                "vlad(codebook=" + folder.resolve("c.npy") + ")",
                "--descriptors",
                folder.resolve("x.npy"),
                "--assignments",
                folder.resolve("a.npy"),
                "--output",
                folder.resolve("v.npy"));
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("a.npy", "2", "30");
        assertThat(run.err().lines()).hasSize(1);
        Cli untrained = Cli.run(
                "aggregate",
                "--aggregator",
                "vlad(clusters=5)",
                "--descriptors",
                folder.resolve("x.npy"),
                "--output",
                folder.resolve("v.npy"));
        assertThat(untrained.code()).isEqualTo(1);
        assertThat(untrained.err().lines()).hasSize(1);
    }
}
