package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.storage.ComponentFile;
import org.retrieval4j.storage.NpyFile;

class SecondOrderAttentionTest extends AggregatorContract {
    private final Fixture fixture = Fixture.of("solar");
    private final Kernels kernels = KernelCatalog.of(BuildContext.defaults());

    @Override
    protected String spec() {
        return "second-order-attention(aggregator=netvlad(clusters=3),reduction=4)";
    }

    @Nested
    class Trained extends AggregatorContract {
        private final Path directory;

        Trained(@TempDir Path directory) {
            this.directory = directory;
        }

        @Override
        protected String spec() {
            return "second-order-attention(weights=block.npz)";
        }

        @Override
        protected BuildContext context(List<ImageFeatures> sample) throws IOException {
            fixture.npz(directory.resolve("block.npz"), files());
            return BuildContext.ofSample(sample).withBaseDirectory(directory);
        }

        @Override
        protected int width() {
            return 8;
        }

        @Override
        protected boolean learns() {
            return false;
        }
    }

    /** The fixture's names, some with a hyphen, as they stand in the state. */
    private static Map<String, String> files() {
        Map<String, String> files = new HashMap<>();
        for (String name : SecondOrderAttention.ARRAYS) {
            String file = name.replace('-', '_');
            files.put(name.startsWith("bnf") ? name : file, file);
        }
        return files;
    }

    private ComponentState state() {
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        for (String name : SecondOrderAttention.ARRAYS) {
            String file = name.replace('-', '_');
            arrays.put(
                    name,
                    name.startsWith("w")
                            ? fixture.matrix(file)
                            : fixture.array(file).toRowMatrix());
        }
        return ComponentState.ofArrays(arrays);
    }

    private static FloatMatrix cells(Fixture fixture, String name, int b) {
        double[] values = fixture.doubles(name);
        float[] cells = new float[12 * 8];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = (float) values[(b * 8 + i % 8) * 12 + i / 8];
        }
        return FloatMatrix.of(12, 8, cells);
    }

    private static double[] doubles(FloatMatrix matrix) {
        double[] doubles = new double[matrix.rows() * matrix.columns()];
        for (int i = 0; i < doubles.length; i++) {
            doubles[i] = matrix.toArray()[i];
        }
        return doubles;
    }

    @Test
    void agreesWithTheReference() {
        for (String name : List.of("auto", "scalar")) {
            try (SecondOrderAttention block = SecondOrderAttention.of(
                    state(), 1e-5, KernelCatalog.of(BuildContext.defaults().withKernel(name)))) {
                for (int b = 0; b < 2; b++) {
                    double[] expected = doubles(cells(fixture, "out", b));
                    Fixture.assertClose(
                            block.apply(cells(fixture, "x", b)).toArray(),
                            expected,
                            Fixture.FLOAT_TOLERANCE * Fixture.norm(expected));
                }
            }
        }
    }

    @Test
    void whatItAggregatesIsTheBlocksMap(@TempDir Path directory) throws IOException {
        fixture.npz(directory.resolve("block.npz"), files());
        BuildContext context = BuildContext.defaults().withBaseDirectory(directory);
        ImageFeatures map = ImageFeatures.ofMap(new Grid(3, 4), cells(fixture, "x", 0));
        ImageFeatures out = ImageFeatures.ofMap(new Grid(3, 4), cells(fixture, "out", 0));
        for (String pooling : List.of("gem", "rmac", "crow")) { // the last two need the grid
            try (Aggregator both = Components.load()
                            .create(
                                    Aggregator.class,
                                    "second-order-attention(aggregator=" + pooling + ",weights=block.npz)",
                                    context);
                    Aggregator alone = Components.load().create(Aggregator.class, pooling)) {
                Fixture.assertWithinFloatTolerance(
                        both.aggregate(map),
                        doubles(FloatMatrix.ofRows(
                                ((org.retrieval4j.api.GlobalDescriptor.Dense) alone.aggregate(out)).values())));
                ComponentFile.save(Aggregator.class, both, directory.resolve("saved"));
                try (Aggregator opened = ComponentFile.open(
                        Aggregator.class, directory.resolve("saved"), Components.load(), BuildContext.defaults())) {
                    assertThat(opened.aggregate(map)).isEqualTo(both.aggregate(map));
                }
            }
        }
    }

    /** More cells than a tile, against plain loops in double. */
    @Test
    void tilesDoNotShow() {
        Random random = new Random(5);
        int n = 150;
        float[] values = new float[n * 8];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        FloatMatrix x = FloatMatrix.of(n, 8, values);
        double[][] f = layer(x, "f", true);
        double[][] g = layer(x, "g", true);
        double[][] h = layer(x, "h", false);
        double[] expected = new double[n * 8];
        for (int i = 0; i < n; i++) {
            double[] share = new double[n];
            double sum = 0;
            for (int j = 0; j < n; j++) {
                for (int m = 0; m < 4; m++) {
                    share[j] += f[i][m] * g[j][m] / 2;
                }
                share[j] = Math.exp(share[j]);
                sum += share[j];
            }
            for (int c = 0; c < 8; c++) {
                expected[i * 8 + c] = x.get(i, c) + fixture.doubles("bv")[c];
                for (int m = 0; m < 4; m++) {
                    double attended = 0;
                    for (int j = 0; j < n; j++) {
                        attended += share[j] / sum * h[j][m];
                    }
                    expected[i * 8 + c] += fixture.matrix("wv").get(c, m) * attended;
                }
            }
        }
        try (SecondOrderAttention block = SecondOrderAttention.of(state(), 1e-5, kernels)) {
            Fixture.assertClose(
                    block.apply(x).toArray(), expected, Fixture.FLOAT_TOLERANCE * Fixture.norm(expected) / 8);
        }
    }

    private double[][] layer(FloatMatrix x, String name, boolean normalized) {
        double[][] result = new double[x.rows()][4];
        for (int i = 0; i < x.rows(); i++) {
            for (int m = 0; m < 4; m++) {
                double y = fixture.doubles("b" + name)[m];
                for (int c = 0; c < 8; c++) {
                    y += fixture.row("w" + name, m)[c] * x.get(i, c);
                }
                if (normalized) {
                    String norm = "bn" + name + "_";
                    y = (y - fixture.doubles(norm + "mean")[m]) / Math.sqrt(fixture.doubles(norm + "var")[m] + 1e-5);
                    y = Math.max(0, y * fixture.doubles(norm + "gamma")[m] + fixture.doubles(norm + "beta")[m]);
                }
                result[i][m] = y;
            }
        }
        return result;
    }

    @Test
    void zeroOutputWeightsAreTheIdentity() {
        FloatMatrix x = cells(fixture, "x", 0);
        try (SecondOrderAttention block =
                SecondOrderAttention.of(SecondOrderAttention.initial(8, 4, 3), 1e-5, kernels)) {
            assertThat(block.apply(x)).isEqualTo(x);
        }
        Map<String, FloatMatrix> arrays = new TreeMap<>(state().arrays());
        arrays.put("wv", FloatMatrix.of(8, 4, new float[32]));
        arrays.put("bv", FloatMatrix.of(1, 8, new float[8]));
        try (SecondOrderAttention block = SecondOrderAttention.of(ComponentState.ofArrays(arrays), 1e-5, kernels)) {
            assertThat(block.apply(x)).isEqualTo(x);
        }
    }

    @Test
    void itsSeedDecidesWhereItStarts() {
        assertThat(SecondOrderAttention.initial(8, 4, 3)).isEqualTo(SecondOrderAttention.initial(8, 4, 3));
        assertThat(SecondOrderAttention.initial(8, 4, 3)).isNotEqualTo(SecondOrderAttention.initial(8, 4, 4));
        double square = 0;
        for (float value : SecondOrderAttention.initial(512, 64, 1).array("wg").toArray()) {
            square += value * value;
        }
        assertThat(Math.sqrt(square / (512 * 64) * 256)).isBetween(0.97, 1.03);
    }

    @Test
    void theAttentionOfAllCellsIsNeverInMemory() {
        int n = 4000;
        FloatMatrix map = FloatMatrix.of(n, 8, new float[n * 8]);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (SecondOrderAttention block =
                SecondOrderAttention.of(state(), 1e-5, new org.retrieval4j.kernel.ScalarKernels())) {
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            block.apply(map);
            long allocated =
                    threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
            assertThat(allocated).isLessThan(4L * n * n / 4);
        }
    }

    @Test
    void tellsWhatDoesNotFit(@TempDir Path directory) throws IOException {
        BuildContext context = BuildContext.defaults().withBaseDirectory(directory);
        fixture.npz(directory.resolve("few.npz"), Map.of("wf", "wf"));
        assertRefused("second-order-attention(weights=few.npz)", context, "must have an array \"bf\"; it has: wf");
        Map<String, String> wrong = new HashMap<>(files());
        wrong.put("wv", "wf");
        fixture.npz(directory.resolve("wrong.npz"), wrong);
        assertRefused("second-order-attention(weights=wrong.npz)", context, "wv must be 8 x 4, got 4 x 8");
        wrong.put("extra", "wf");
        fixture.npz(directory.resolve("extra.npz"), wrong);
        assertRefused("second-order-attention(weights=extra.npz)", context, "has an array \"extra\"; known: wf, bf");
        assertRefused("second-order-attention", context, "give sample pictures, or weights=FILE.npz");
        BuildContext sample = context.withImages(List.of(picture(new Random(1), 5)));
        assertRefused("second-order-attention(reduction=17)", sample, "reduction must be at most 16", "got 17");
        assertRefused("second-order-attention(reduction=0)", sample, "reduction must be at least 1, got 0");
        NpyFile.write(directory.resolve("a.npy"), new double[] {1}, 1);
        try (SecondOrderAttention block = SecondOrderAttention.of(state(), 1e-5, kernels)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> block.apply(FloatMatrix.of(1, 7, new float[7])))
                    .withMessage("the map must have 8 channels, got 7");
        }
    }

    private static void assertRefused(String spec, BuildContext context, String... parts) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Aggregator.class, spec, context))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    @Test
    void itsOptionsAreThoseOfTheOtherAggregatorToo() {
        assertThat(Components.load()
                        .canonical(
                                Aggregator.class,
                                org.retrieval4j.api.ComponentSpec.parse("second-order-attention(aggregator=gem)"))
                        .toString())
                .contains("aggregator=gem(p=3,epsilon=1.0E-6,l2=true)");
        assertThat(SecondOrderAttentionAggregator.Options.defaults().weights()).isEqualTo(Optional.empty());
    }
}
