package org.retrieval4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;

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

    @Test
    void selectiveMatchKernelsRun() throws Exception {
        AsmkBenchmark asmk = new AsmkBenchmark();
        AsmkBenchmark.Stored stored = new AsmkBenchmark.Stored();
        stored.words = 3000;
        stored.images = 70;
        stored.prepare();
        assertThat(asmk.search(stored).hits()).hasSize(70).allMatch(hit -> hit.score() > 0);
        stored.close();

        AsmkBenchmark.Codebook codebook = new AsmkBenchmark.Codebook();
        codebook.kernel = "scalar";
        codebook.words = 500;
        codebook.probes = 4;
        codebook.assignments = 5;
        codebook.prepare();
        assertThat(((GlobalDescriptor.Words) asmk.aggregate(codebook)).words()).hasSizeBetween(300, 500);
        codebook.close();
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
    void posesAreFound() {
        PoseBenchmark pose = new PoseBenchmark();
        pose.outliers = 0.5;
        pose.size = 100;
        pose.camera = "OPENCV 1024 768 800 800 512 384 -0.1 0.02 0 0";
        pose.estimator = "ransac";
        pose.prepare();
        assertThat(pose.estimate().inliers()).hasSizeBetween(48, 52);
    }

    @Test
    void theQueryOfAMadeUpMapIsLocalized() throws Exception {
        LocalizationBenchmark localization = new LocalizationBenchmark();
        localization.kernel = "scalar";
        localization.localizer = "sfm";
        localization.images = 40;
        localization.keypoints = "200,120";
        localization.queryKeypoints = 150;
        localization.prepare();
        assertThat(localization.search()).hasSize(20);
        assertThat(localization.read()).hasSize(20);
        assertThat(localization.query().pose().orElseThrow().positionError(localization.truth()))
                .isLessThan(0.1);
        localization.close();
    }

    @Test
    void manyPoseProblemsAreSolvedEachForItself() {
        double[] points = {0, 0, 5, 1, 0, 6, 0, 1, 7, 1, 1, 4, -1, 0, 5, 0, -1, 8};
        double[] twice = new double[36];
        double[] pixels = new double[24];
        for (int i = 0; i < 12; i++) {
            System.arraycopy(points, i % 6 * 3, twice, 3 * i, 3);
            boolean wrong = i >= 6;
            pixels[2 * i] = wrong ? 37 * i * i % 640 : 500 * twice[3 * i] / twice[3 * i + 2] + 320;
            pixels[2 * i + 1] = wrong ? 61 * i * i % 480 : 500 * twice[3 * i + 1] / twice[3 * i + 2] + 240;
        }
        double[] found = PoseProblems.solve(
                2,
                twice,
                pixels,
                org.retrieval4j.localization.camera.Camera.parse("SIMPLE_PINHOLE 640 480 500 320 240"),
                0);
        assertThat(found).hasSize(20);
        assertThat(found[0]).isEqualTo(1);
        assertThat(Math.abs(found[1])).isCloseTo(1, org.assertj.core.api.Assertions.within(1e-9));
        assertThat(found[8]).isEqualTo(6);
        assertThat(found[10]).isZero();
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
