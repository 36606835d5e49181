package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.storage.NpyFile;

/**
 * Why NetVLAD scales each cluster's sum to length 1 (intra-normalization) and then the whole vector (L2): they act on
 * different things, and neither replaces the other.
 */
class IntraNormalizationTest {
    private static final int CLUSTERS = 16;
    private static final int WIDTH = 8;

    private final Path directory;
    private final float[][] centers = new float[CLUSTERS][WIDTH];

    IntraNormalizationTest(@TempDir Path directory) throws IOException {
        this.directory = directory;
        for (int c = 0; c < CLUSTERS; c++) {
            centers[c][c % WIDTH] = c < WIDTH ? 10 : -10; // far apart
        }
        NpyFile.write(directory.resolve("centers.npy"), FloatMatrix.ofRows(centers));
    }

    private Aggregator made(String spec) {
        return Components.load()
                .create(Aggregator.class, spec, BuildContext.defaults().withBaseDirectory(directory));
    }

    private float[] vlad(String normalization, List<float[]> descriptors) {
        try (Aggregator vlad = made("vlad(codebook=centers.npy," + normalization + ")")) {
            return values(vlad, descriptors);
        }
    }

    private static float[] values(Aggregator aggregator, List<float[]> descriptors) {
        FloatMatrix rows = FloatMatrix.ofRows(descriptors.toArray(new float[0][]));
        return ((GlobalDescriptor.Dense) aggregator.aggregate(ImageFeatures.ofDescriptors(rows))).values();
    }

    /** A descriptor beside a center, in a direction that the seed decides. */
    private float[] beside(int center, long seed) {
        float[] descriptor = centers[center].clone();
        Random random = new Random(seed);
        for (int j = 0; j < WIDTH; j++) {
            descriptor[j] += 0.3f * (float) random.nextGaussian();
        }
        return descriptor;
    }

    /** A facade: a window that is there 500 times, and one thing in each of the other cells. */
    private List<float[]> facade(long things) {
        List<float[]> descriptors = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            descriptors.add(beside(0, 7));
        }
        for (int c = 1; c < CLUSTERS; c++) {
            descriptors.add(beside(c, things + c));
        }
        return descriptors;
    }

    @Test
    void aBurstIsTheWholeVectorUnlessClustersAreScaled() {
        // two facades with the same window and nothing else in common
        float[] plain = vlad("normalization=none", facade(1000));
        assertThat(blockEnergy(plain, 0)).isGreaterThan(0.999);
        assertThat(dot(plain, vlad("normalization=none", facade(2000)))).isGreaterThan(0.999);

        float[] intra = vlad("normalization=intra", facade(1000));
        assertThat(blockEnergy(intra, 0)).isCloseTo(1.0 / CLUSTERS, within(1e-6));
        assertThat(dot(intra, vlad("normalization=intra", facade(2000)))).isLessThan(0.5);
    }

    @Test
    void withHardAssignmentTheLengthTellsHowManyCellsAreNotEmpty() {
        for (int cells = 1; cells <= CLUSTERS; cells++) {
            List<float[]> descriptors = new ArrayList<>();
            for (int c = 0; c < cells; c++) {
                descriptors.add(beside(c, c));
                descriptors.add(beside(c, 100 + c));
            }
            assertThat(norm(vlad("intra=true,l2=false", descriptors))).isCloseTo(Math.sqrt(cells), within(1e-6));
        }
    }

    @Test
    void withHardAssignmentThePictureWithMoreCellsWinsUnlessTheVectorIsScaled() {
        List<float[]> query = new ArrayList<>();
        List<float[]> part = new ArrayList<>(); // two cells of the query, exactly
        List<float[]> clutter = new ArrayList<>(); // all cells, a little alike
        for (int c = 0; c < CLUSTERS; c++) {
            float[] residual = new float[WIDTH];
            residual[(c + 1) % WIDTH] = 0.3f;
            query.add(sum(centers[c], residual));
            if (c < 2) {
                part.add(query.get(c));
            }
            residual = residual.clone();
            residual[(c + 2) % WIDTH] = 1.4f;
            clutter.add(sum(centers[c], residual));
        }
        String withoutL2 = "intra=true,l2=false";
        float[] q = vlad(withoutL2, query);
        assertThat(dot(q, vlad(withoutL2, clutter))).isGreaterThan(dot(q, vlad(withoutL2, part)));
        float[] scaled = vlad("normalization=intra", query);
        assertThat(dot(scaled, vlad("normalization=intra", clutter)))
                .isLessThan(dot(scaled, vlad("normalization=intra", part)));
    }

    @Test
    void withSoftAssignmentTheLengthIsTheRootOfTheNumberOfClustersAndL2ChangesNoRanking() throws IOException {
        // weights small enough that every descriptor belongs to every cluster a little
        double[] weights = new double[CLUSTERS * WIDTH];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = 0.1 * centers[i / WIDTH][i % WIDTH];
        }
        NpyFile.write(directory.resolve("weights.npy"), weights, CLUSTERS, WIDTH);
        String arrays = "netvlad(assignment=weights.npy,centers=centers.npy";
        try (Aggregator intra = made(arrays + ",l2=false)");
                Aggregator both = made(arrays + ")")) {
            for (int cells = 1; cells <= CLUSTERS; cells += 5) {
                List<float[]> descriptors = new ArrayList<>();
                for (int c = 0; c < cells; c++) {
                    descriptors.add(beside(c, c));
                }
                float[] once = values(intra, descriptors);
                float[] twice = values(both, descriptors);
                assertThat(norm(once)).isCloseTo(Math.sqrt(CLUSTERS), within(1e-6));
                for (int i = 0; i < once.length; i++) {
                    assertThat((double) twice[i]).isCloseTo(once[i] / Math.sqrt(CLUSTERS), within(1e-7));
                }
            }
        }
    }

    @Test
    void aNearlyEmptyCellIsBlownUp() {
        List<float[]> descriptors = new ArrayList<>();
        float[] far = centers[0].clone();
        far[1] += 3;
        for (int i = 0; i < 300; i++) {
            descriptors.add(far);
        }
        float[] noise = centers[1].clone();
        noise[2] += 1e-6f;
        descriptors.add(noise);
        float[] plain = vlad("normalization=none", descriptors);
        assertThat(blockEnergy(plain, 1)).isLessThan(1e-15);
        float[] intra = vlad("normalization=intra", descriptors);
        assertThat(blockEnergy(intra, 1)).isCloseTo(0.5, within(1e-6)); // as much as 300 descriptors
        float[] root = vlad("normalization=power", descriptors);
        assertThat(blockEnergy(root, 1)).isLessThan(1e-6); // the square root weakens bursts without that
    }

    @Test
    void scaledVectorsAreTheMoreAlikeTheSmallerTheirDistance() {
        float[] a = vlad("normalization=intra", facade(1000));
        float[] b = vlad("normalization=intra", facade(2000));
        double distance = 0;
        for (int i = 0; i < a.length; i++) {
            distance += (double) (a[i] - b[i]) * (a[i] - b[i]);
        }
        assertThat(distance).isCloseTo(2 - 2 * dot(a, b), within(1e-6));
    }

    private static float[] sum(float[] a, float[] b) {
        float[] sum = a.clone();
        for (int j = 0; j < sum.length; j++) {
            sum[j] += b[j];
        }
        return sum;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private static double norm(float[] a) {
        return Math.sqrt(dot(a, a));
    }

    /** Part of the squared length that lies in one cluster. */
    private static double blockEnergy(float[] vector, int cluster) {
        double sum = 0;
        for (int j = cluster * WIDTH; j < (cluster + 1) * WIDTH; j++) {
            sum += (double) vector[j] * vector[j];
        }
        return sum / dot(vector, vector);
    }
}
