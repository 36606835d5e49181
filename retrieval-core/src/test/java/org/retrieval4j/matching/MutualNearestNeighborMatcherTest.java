package org.retrieval4j.matching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.MatcherContract;
import org.retrieval4j.api.Matches;
import org.retrieval4j.kernel.ScalarKernels;

class MutualNearestNeighborMatcherTest extends MatcherContract {
    @Override
    protected String spec() {
        return "mutual-nearest-neighbor";
    }

    @Test
    void agreesWithPlainDoubleLoops() {
        Random random = new Random(1);
        for (int[] shape : new int[][] {{1, 1, 3}, {1, 5, 3}, {7, 1, 3}, {2, 2, 1}, {60, 90, 16}, {200, 100, 130}}) {
            FloatMatrix query = gaussian(random, shape[0], shape[2]);
            FloatMatrix reference = gaussian(random, shape[1], shape[2]);
            assertThat(match(1, query, reference)).isEqualTo(plain(1, query, reference));
            assertThat(match(0.8, query, reference)).isEqualTo(plain(0.8, query, reference));
        }
    }

    @Test
    void decidesNearAndExactTiesAsPlainDoubleLoopsDo() {
        Random random = new Random(2);
        float[] values = new float[300 * 80];
        for (int i = 0; i < values.length; i++) {
            values[i] = 10 + Math.ulp(10f) * random.nextInt(3);
        }
        FloatMatrix close = FloatMatrix.of(300, 80, values);
        assertThat(match(1, close.rows(0, 140), close.rows(140, 300)))
                .isEqualTo(plain(1, close.rows(0, 140), close.rows(140, 300)));
        float[] few = new float[200 * 2];
        for (int i = 0; i < few.length; i++) {
            few[i] = random.nextInt(4);
        }
        FloatMatrix repeated = FloatMatrix.of(200, 2, few);
        assertThat(match(1, repeated.rows(0, 90), repeated.rows(90, 200)))
                .isEqualTo(plain(1, repeated.rows(0, 90), repeated.rows(90, 200)));
    }

    @Test
    void matchesDescriptorsWhoseProductsOverflow() {
        FloatMatrix huge =
                FloatMatrix.ofRows(new float[] {3e38f, -3e38f}, new float[] {3e38f, 3e38f}, new float[] {-3e38f, 1});
        assertThat(match(1, huge, huge)).isEqualTo(plain(1, huge, huge));
        assertThat(match(1, huge, huge).size()).isEqualTo(3);
    }

    @Test
    void isTheSameWithQueryAndReferenceExchanged() {
        Random random = new Random(3);
        FloatMatrix a = gaussian(random, 150, 20);
        FloatMatrix b = gaussian(random, 170, 20);
        Matches there = match(0.95, a, b);
        Matches back = match(0.95, b, a);
        assertThat(back.scores()).isEqualTo(there.scores());
        assertThat(back.queryIndices()).containsExactlyInAnyOrder(box(there.referenceIndices()));
    }

    @Test
    void scoresByTheGeometricMeanOfBothRatios() {
        // the pair (0, 0) is 1 apart; the query's second nearest is 4 away, the reference's 9
        FloatMatrix query = FloatMatrix.ofRows(new float[] {0}, new float[] {-8});
        FloatMatrix reference = FloatMatrix.ofRows(new float[] {1}, new float[] {4});
        Matches matches = match(1, query, reference);
        assertThat(matches.queryIndices()).containsExactly(0);
        assertThat(matches.referenceIndices()).containsExactly(0);
        assertThat(matches.scores()[0]).isCloseTo(1 - 1f / 6, within(1e-6f));
        assertThat(match(0.166, query, reference)).isEqualTo(Matches.NONE);
        assertThat(match(0.167, query, reference).size()).isEqualTo(1);
    }

    @Test
    void aRepeatedFeatureScoresZero() {
        FloatMatrix query = FloatMatrix.ofRows(new float[] {0}, new float[] {5});
        FloatMatrix reference = FloatMatrix.ofRows(new float[] {0}, new float[] {0}, new float[] {5});
        Matches matches = match(1, query, reference);
        assertThat(matches.queryIndices()).containsExactly(1, 0);
        assertThat(matches.referenceIndices()).containsExactly(2, 0);
        assertThat(matches.scores()).containsExactly(1, 0);
    }

    @Test
    void refusesARatioOutsideItsRange() {
        Components components = Components.load();
        for (String ratio : new String[] {"0", "-1", "1.01"}) {
            assertThatThrownBy(() -> components.create(Matcher.class, "mutual-nearest-neighbor(ratio=" + ratio + ")"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("ratio must be above 0 and at most 1, got " + Double.parseDouble(ratio));
        }
    }

    private static Matches match(double ratio, FloatMatrix query, FloatMatrix reference) {
        try (Matcher matcher = new MutualNearestNeighborMatcher(
                MutualNearestNeighborMatcher.Options.defaults().withRatio(ratio), new ScalarKernels())) {
            return matcher.match(ImageFeatures.ofDescriptors(query), ImageFeatures.ofDescriptors(reference));
        }
    }

    private static Matches plain(double ratio, FloatMatrix query, FloatMatrix reference) {
        int[] queries = new int[query.rows()];
        int[] references = new int[query.rows()];
        double[] ratios = new double[query.rows()];
        int size = 0;
        for (int q = 0; q < query.rows(); q++) {
            double[] there = two(query, q, reference);
            int r = (int) there[0];
            double[] back = two(reference, r, query);
            double mean = there[2] == 0 || back[2] == 0
                    ? 1
                    : Math.sqrt(Math.sqrt((there[1] / there[2]) * (there[1] / back[2])));
            if ((int) back[0] == q && mean <= ratio) {
                int at = size++;
                for (; at > 0 && (float) ratios[at - 1] > (float) mean; at--) {
                    queries[at] = queries[at - 1];
                    references[at] = references[at - 1];
                    ratios[at] = ratios[at - 1];
                }
                queries[at] = q;
                references[at] = r;
                ratios[at] = mean;
            }
        }
        Matches all = new Matches(queries, references, scores(ratios));
        int[] found = new int[size];
        for (int i = 0; i < size; i++) {
            found[i] = i;
        }
        return all.select(found);
    }

    private static float[] scores(double[] ratios) {
        float[] scores = new float[ratios.length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = 1 - (float) ratios[i];
        }
        return scores;
    }

    // the nearest, its squared distance, that of the second nearest
    private static double[] two(FloatMatrix own, int i, FloatMatrix others) {
        double first = Double.POSITIVE_INFINITY;
        double second = Double.POSITIVE_INFINITY;
        int id = 0;
        for (int j = 0; j < others.rows(); j++) {
            double[] partial = new double[4];
            for (int k = 0; k < own.columns(); k++) {
                double difference = (double) own.get(i, k) - others.get(j, k);
                partial[k < own.columns() / 4 * 4 ? k % 4 : 0] += difference * difference;
            }
            double distance = (partial[0] + partial[1]) + (partial[2] + partial[3]);
            if (distance < first) {
                second = first;
                first = distance;
                id = j;
            } else if (distance < second) {
                second = distance;
            }
        }
        return new double[] {id, first, second};
    }

    private static Integer[] box(int[] values) {
        return java.util.Arrays.stream(values).boxed().toArray(Integer[]::new);
    }

    private static FloatMatrix gaussian(Random random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(rows, columns, values);
    }
}
