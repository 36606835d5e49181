package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.storage.NpyFile;

/** {@code retrieval bench knn}. */
class BenchKnnCommandTest {
    private static final int N = 400;
    private static final int D = 8;

    @TempDir
    Path folder;

    @BeforeEach
    void writeArrays() throws IOException {
        Random random = new Random(8);
        for (String name : List.of("x", "q")) {
            int n = name.equals("x") ? N : 20;
            float[] values = new float[n * D];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            NpyFile.write(folder.resolve(name + ".npy"), values, n, D);
        }
    }

    private Cli run(Object... more) {
        List<Object> arguments = new ArrayList<>(List.of(
                "bench",
                "knn",
                "--base",
                folder.resolve("x.npy"),
                "--queries",
                folder.resolve("q.npy"),
                "--metric",
                "l2"));
        arguments.addAll(List.of("--repeat", 1, "--threads", 1, "-k", 5));
        arguments.addAll(List.of(more));
        return Cli.run(arguments.toArray());
    }

    private static List<Double> recalls(Cli run) {
        List<Double> recalls = new ArrayList<>();
        Matcher matcher = Pattern.compile("\"recall\":([0-9.]+)").matcher(run.out());
        while (matcher.find()) {
            recalls.add(Double.valueOf(matcher.group(1)));
        }
        return recalls;
    }

    @Test
    void sweepsAndDraws() throws IOException {
        Path png = folder.resolve("frontier.png");
        Path html = folder.resolve("frontier.html");
        Cli run = run(
                "--index",
                "flat",
                "--index",
                "ivf-flat(lists=16)",
                "--sweep",
                "probes=1,16",
                "--json",
                "--png",
                png,
                "--html",
                html);
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.outLines()).hasSize(3).allMatch(line -> line.contains("\"memoryBytes\":"));
        assertThat(run.outLines().get(0)).contains("\"index\":\"flat(metric=l2)\"", "\"k\":5");
        List<Double> recalls = recalls(run);
        assertThat(recalls.get(0)).isEqualTo(1);
        assertThat(recalls.get(1)).isLessThan(1);
        assertThat(recalls.get(2)).isEqualTo(1);
        assertThat(ImageIO.read(png.toFile()).getWidth()).isEqualTo(1080);
        assertThat(Files.readString(html))
                .contains("ivf-flat(lists=16,metric=l2)", "data:image/png;base64,", "20 queries in 400 x 8 by l2")
                .doesNotContain("http");
    }

    @Test
    void candidatesNeedNoNewIndex() {
        Cli run = run("--index", "binary(bits=64,refine=1)", "--candidates", "5,400");
        assertThat(run.err()).isEmpty();
        assertThat(run.outLines()).hasSize(2);
        assertThat(run.outLines().get(1)).contains("candidates=400: recall@5 1.0000");
    }

    @Test
    void filesOfFaissAreMeasuredBesideIndexes() throws IOException {
        Path file = folder.resolve("index.faiss");
        Cli written = Cli.run(
                "knn",
                "--base",
                folder.resolve("x.npy"),
                "--queries",
                folder.resolve("q.npy"),
                "--metric",
                "l2",
                "--index",
                "hnsw(m=4)",
                "-k",
                5,
                "--repeat",
                1,
                "--write-faiss",
                file,
                "--output-ids",
                folder.resolve("i.npy"),
                "--output-scores",
                folder.resolve("s.npy"));
        assertThat(written.err()).isEmpty();
        Cli run = run("--index", "faiss:" + file, "--index", "hnsw(m=4)", "--candidates", "5,50", "--json");
        assertThat(run.err()).isEmpty();
        List<Double> recalls = recalls(run);
        assertThat(recalls).hasSize(4);
        assertThat(recalls.subList(0, 2)).isEqualTo(recalls.subList(2, 4));
        assertThat(run.out()).contains("\"index\":\"faiss:");
        Cli other = run("--index", "faiss:" + file, "--index", "flat(metric=ip)");
        assertThat(other.code()).isEqualTo(2);
    }

    @Test
    void truthMayBeGiven() throws IOException {
        long[] wrong = new long[20 * 5]; // all are row 0: at most one of five can be found
        NpyFile.write(folder.resolve("t.npy"), wrong, 20, 5);
        Cli run = run("--index", "flat", "--truth", folder.resolve("t.npy"), "--json");
        assertThat(run.err()).isEmpty();
        assertThat(recalls(run).get(0)).isLessThan(0.9);
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        assertThat(run("--index", "flat", "--sweep", "probes").code()).isEqualTo(2);
        assertThat(run("--index", "flat", "--candidates", 0).code()).isEqualTo(2);
        assertThat(run("--index", "ivf-flat(lists=4)", "--sweep", "probes=a").err())
                .contains("must be a whole number");
        NpyFile.write(folder.resolve("t.npy"), new long[6], 2, 3);
        assertThat(run("--index", "flat", "--truth", folder.resolve("t.npy")).err())
                .contains("20 queries, got 2");
        assertThat(run("--index", "ivf-flat(lists=500)").err()).contains("500 clusters");
    }

    @Test
    void withoutMetricTheIndexSaysWhatIsCompared() {
        Object[] files = {
            "bench",
            "knn",
            "--base",
            folder.resolve("x.npy"),
            "--queries",
            folder.resolve("q.npy"),
            "-k",
            5,
            "--repeat",
            1
        };
        Cli one = Cli.run(with(files, "--index", "flat(metric=ip)", "--json"));
        assertThat(one.err()).isEmpty();
        assertThat(one.code()).isZero();
        assertThat(one.out()).contains("flat(metric=ip)");
        Cli two = Cli.run(with(files, "--index", "flat(metric=ip)", "--index", "ivf-flat(lists=16,metric=l2)"));
        assertThat(two.code()).isEqualTo(2);
        assertThat(two.err()).contains("--index names the metric l2, --metric or an index before it another: ip");
    }

    private static Object[] with(Object[] first, Object... more) {
        return Stream.concat(Arrays.stream(first), Arrays.stream(more)).toArray();
    }
}
