package org.retrieval4j.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.retrieval4j.fixtures.Fixture.assertClose;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Transform;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.learning.PrincipalComponents;
import org.retrieval4j.learning.SymmetricEigen;

class WhiteningFixtureTest {
    private final Fixture fixture = Fixture.of("whitening");
    private final BuildContext context = fixture.context();

    static List<GlobalDescriptor> dense(FloatMatrix rows) {
        List<GlobalDescriptor> descriptors = new ArrayList<>();
        for (int i = 0; i < rows.rows(); i++) {
            descriptors.add(new GlobalDescriptor.Dense(rows.row(i)));
        }
        return descriptors;
    }

    private List<GlobalDescriptor> transformed(String spec, String sample, String input) {
        BuildContext learning = context.withDescriptors(dense(fixture.matrix(sample)));
        try (Transform transform = Components.load().create(Transform.class, spec, learning)) {
            return transform.applyAll(dense(fixture.matrix(input)));
        }
    }

    private void assertRows(List<GlobalDescriptor> actual, String expected, double tolerance) {
        assertThat(actual).hasSize(fixture.array(expected).shape()[0]);
        for (int i = 0; i < actual.size(); i++) {
            double[] row = fixture.row(expected, i);
            assertClose(
                    ((GlobalDescriptor.Dense) actual.get(i)).values(), row, tolerance * Math.max(1, Fixture.norm(row)));
        }
    }

    @Test
    void theOracleAgreesToDoublePrecision() {
        double[] x = fixture.doubles("x");
        double[] mean = new double[12];
        for (int i = 0; i < x.length; i++) {
            mean[i % 12] += x[i] / 120;
        }
        assertClose(mean, fixture.doubles("mean"), 1e-12);
        double[][] covariance = new double[12][12];
        for (int i = 0; i < 120; i++) {
            for (int a = 0; a < 12; a++) {
                for (int b = 0; b < 12; b++) {
                    covariance[a][b] += (x[i * 12 + a] - mean[a]) * (x[i * 12 + b] - mean[b]) / 120;
                }
            }
        }
        SymmetricEigen eigen = SymmetricEigen.of(covariance, context);
        double[] values = fixture.doubles("eigenvalues");
        double[] vectors = fixture.doubles("eigenvectors");
        double[] y = fixture.doubles("y");
        double[] white = fixture.doubles("y_white");
        double[] components = fixture.doubles("y_pca");
        for (int k = 0; k < 12; k++) {
            assertThat(eigen.value(k)).isCloseTo(values[k], within(1e-10 * values[k]));
            double[] direction = eigen.vector(k);
            for (int j = 0; j < 12; j++) {
                assertThat(direction[j]).isCloseTo(vectors[j * 12 + k], within(1e-8));
            }
            for (int i = 0; i < 20 && k < 6; i++) {
                double component = 0;
                for (int j = 0; j < 12; j++) {
                    component += direction[j] * (y[i * 12 + j] - mean[j]);
                }
                assertThat(component).isCloseTo(components[i * 6 + k], within(1e-8));
                assertThat(component / Math.sqrt(eigen.value(k) + 1e-9)).isCloseTo(white[i * 6 + k], within(1e-8));
            }
        }
    }

    @Test
    void pcaAgrees() {
        assertRows(transformed("pca(dimension=6)", "x", "y"), "y_pca", Fixture.FLOAT_TOLERANCE);
    }

    @Test
    void pcaWhiteningAgrees() {
        assertRows(transformed("pca-whiten(dimension=6)", "x", "y"), "y_white_l2", Fixture.FLOAT_TOLERANCE);
        assertRows(
                transformed("pca-whiten(dimension=6,strength=0.5)", "x", "y"),
                "y_white_power05",
                Fixture.FLOAT_TOLERANCE);
        assertThat(gram(transformed("pca-whiten(dimension=6)", "x", "y")))
                .satisfies(gram -> assertClose(gram, fixture.doubles("y_white_l2_gram"), Fixture.FLOAT_TOLERANCE));
    }

    @Test
    void fewerVectorsThanDimensionsAgree() {
        PrincipalComponents components = PrincipalComponents.learn(fixture.matrix("small_x"), 7, context);
        double[] values = fixture.doubles("small_eigenvalues");
        double[] vectors = fixture.doubles("small_eigenvectors");
        FloatMatrix rows = components.projection(0, 0);
        for (int k = 0; k < 7; k++) {
            assertThat(components.variance(k)).isCloseTo(values[k], within(1e-6 * values[k]));
            for (int j = 0; j < 20; j++) {
                assertThat((double) rows.get(k, j)).isCloseTo(vectors[j * 7 + k], within(Fixture.FLOAT_TOLERANCE));
            }
        }
    }

    @Test
    void learnedWhiteningAgrees() {
        String pairs = "queries=lw_q.npy,positives=lw_p.npy";
        assertRows(
                transformed("learned-whiten(" + pairs + ")", "lw_x", "lw_x"), "lw_out_full", Fixture.FLOAT_TOLERANCE);
        assertRows(
                transformed("learned-whiten(dimension=6," + pairs + ")", "lw_x", "lw_x"),
                "lw_out_truncated",
                Fixture.FLOAT_TOLERANCE);
    }

    @Test
    void learnedWhiteningFromPairsThatDifferInNoWayInOneDirectionAgrees() {
        List<GlobalDescriptor> actual = transformed(
                "learned-whiten(dimension=6,queries=lw_q.npy,positives=lw_p.npy)", "lw_singular_x", "lw_singular_x");
        assertClose(gram(actual), fixture.doubles("lw_singular_gram"), Fixture.FLOAT_TOLERANCE);
    }

    @Test
    void aGivenProjectionEqualsTheLearnedOne() {
        List<GlobalDescriptor> learned =
                transformed("learned-whiten(dimension=6,queries=lw_q.npy,positives=lw_p.npy)", "lw_x", "lw_x");
        List<GlobalDescriptor> given =
                transformed("learned-whiten(dimension=6,mean=lw_mean.npy,projection=lw_p_matrix.npy)", "lw_x", "lw_x");
        for (int i = 0; i < given.size(); i++) {
            float[] expected = ((GlobalDescriptor.Dense) learned.get(i)).values();
            double[] doubles = new double[expected.length];
            for (int j = 0; j < doubles.length; j++) {
                doubles[j] = expected[j];
            }
            assertClose(((GlobalDescriptor.Dense) given.get(i)).values(), doubles, Fixture.FLOAT_TOLERANCE);
        }
    }

    private static double[] gram(List<GlobalDescriptor> descriptors) {
        int n = descriptors.size();
        double[] gram = new double[n * n];
        for (int i = 0; i < n; i++) {
            float[] a = ((GlobalDescriptor.Dense) descriptors.get(i)).values();
            for (int j = 0; j < n; j++) {
                float[] b = ((GlobalDescriptor.Dense) descriptors.get(j)).values();
                for (int k = 0; k < a.length; k++) {
                    gram[i * n + j] += (double) a[k] * b[k];
                }
            }
        }
        return gram;
    }
}
