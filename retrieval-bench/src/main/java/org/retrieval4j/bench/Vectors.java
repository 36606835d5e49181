package org.retrieval4j.bench;

import java.util.Random;
import org.retrieval4j.api.FloatMatrix;

/** Made-up vectors that lie in clusters, as descriptors do: what a ratio test or a margin meets depends on it. */
final class Vectors {
    private static final int CLUSTERS = 200;

    private Vectors() {}

    /**
     * Vectors of unit length and no negative value, like RootSIFT.
     *
     * @param seed of the places in the clusters; the clusters are the same for all seeds
     */
    static FloatMatrix clustered(long seed, int rows, int columns) {
        float[] centers = positive(new Random(7), CLUSTERS * columns);
        Random random = new Random(seed);
        float[] values = positive(random, rows * columns);
        for (int i = 0; i < rows; i++) {
            int center = random.nextInt(CLUSTERS) * columns;
            double norm = 0;
            for (int k = 0; k < columns; k++) {
                float value = centers[center + k] + values[i * columns + k];
                values[i * columns + k] = value;
                norm += value * value;
            }
            float scale = (float) (1 / Math.sqrt(norm));
            for (int k = 0; k < columns; k++) {
                values[i * columns + k] *= scale;
            }
        }
        return FloatMatrix.of(rows, columns, values);
    }

    private static float[] positive(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) Math.abs(random.nextGaussian());
        }
        return values;
    }
}
