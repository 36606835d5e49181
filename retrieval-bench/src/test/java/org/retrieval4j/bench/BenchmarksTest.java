package org.retrieval4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.FloatMatrix;

/** Runs every benchmark once, so that none rots between measurements. */
class BenchmarksTest {
    @ParameterizedTest
    @ValueSource(strings = {"scalar", "blas"})
    void kernelsRun(String kernel) {
        ProductsBenchmark products = new ProductsBenchmark();
        products.kernel = kernel;
        products.shape = "3x5x7";
        products.prepare();
        assertThat(products.products()).hasSize(15).doesNotContain(0f);
        products.close();

        AssignBenchmark assign = new AssignBenchmark();
        assign.kernel = kernel;
        assign.shape = "9x4x8";
        assign.prepare();
        assertThat(assign.assign()).hasSize(9);
        assign.close();
    }

    @Test
    void aggregationRuns() {
        VladBenchmark vlad = new VladBenchmark();
        vlad.kernel = "scalar";
        vlad.aggregator = "vlad(clusters=2)";
        vlad.prepare();
        assertThat(vlad.aggregate()).hasSize(20);
        vlad.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"scalar", "arrays"})
    void batchesAndLearningRun(String kernel) {
        BatchBenchmark batch = new BatchBenchmark();
        batch.kernel = kernel;
        batch.aggregator = "netvlad(clusters=2)";
        batch.batch = 3;
        batch.prepare();
        assertThat(batch.aggregate()).hasSize(3);
        batch.close();

        KMeansBenchmark learning = new KMeansBenchmark();
        learning.kernel = kernel;
        learning.shape = "90x4x8";
        learning.prepare();
        assertThat(learning.iterate().centroids().rows()).isEqualTo(4);
    }

    @Test
    void verificationRunsOnPhotographsOfWhichSomeMatch() throws Exception {
        VerificationBenchmark verification = new VerificationBenchmark();
        verification.kernel = "scalar";
        verification.matcher = "mutual-nearest-neighbor";
        verification.verifier = "homography";
        verification.images = "";
        verification.prepare();
        assertThat(verification.verify()).hasSize(20).contains(Optional.empty()).satisfies(all -> assertThat(all.get(0))
                .isPresent());
        verification.close();
    }

    @Test
    void madeUpVectorsLieInClustersAndComeAgain() {
        FloatMatrix vectors = Vectors.clustered(1, 300, 16);
        assertThat(Vectors.clustered(1, 300, 16)).isEqualTo(vectors);
        assertThat(Vectors.clustered(2, 300, 16)).isNotEqualTo(vectors);
        double norm = 0;
        for (float value : vectors.row(7)) {
            assertThat(value).isGreaterThanOrEqualTo(0);
            norm += value * value;
        }
        assertThat(norm).isBetween(0.99999, 1.00001);
    }

    @Test
    void refusesAShapeThatIsNone() {
        assertThatThrownBy(() -> Shape.parse("12x3"))
                .hasMessageContaining("m x n x d")
                .hasMessageContaining("12x3");
    }
}
