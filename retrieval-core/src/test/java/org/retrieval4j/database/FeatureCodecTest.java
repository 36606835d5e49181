package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;

class FeatureCodecTest {
    @Test
    void keepsFloatFeaturesBitByBit() {
        ImageFeatures features = rootSiftLike(50, 1);
        assertThat(decoded(features, Keep.FLOAT)).isEqualTo(features);
    }

    @Test
    void keepsShapeAndPlacesOfCompactFeatures() {
        ImageFeatures sparse = rootSiftLike(12, 2);
        ImageFeatures map = new ImageFeatures(
                640,
                480,
                Orientation.CLOCKWISE_90,
                sparse.keypoints(),
                sparse.descriptors(),
                Optional.of(new Grid(3, 4)));
        ImageFeatures decoded = decoded(map, Keep.COMPACT);
        assertThat(decoded.keypoints()).isEqualTo(map.keypoints());
        assertThat(decoded.grid()).contains(new Grid(3, 4));
        assertThat(decoded.orientation()).isEqualTo(Orientation.CLOCKWISE_90);
        assertThat(decoded.width()).isEqualTo(640);
        assertThat(decoded.height()).isEqualTo(480);
    }

    @Test
    void keepsPicturesWithoutFeatures() {
        ImageFeatures none =
                new ImageFeatures(10, 20, new Keypoints(FloatMatrix.empty(Keypoints.COLUMNS)), FloatMatrix.empty(128));
        assertThat(decoded(none, Keep.COMPACT)).isEqualTo(none);
        assertThat(decoded(none, Keep.FLOAT)).isEqualTo(none);
    }

    @Test
    void movesNoValueByMoreThanHalfAStepOfItsColumn() {
        Random random = new Random(3);
        int n = 200;
        int d = 30;
        float[] values = new float[n * d];
        for (int i = 0; i < values.length; i++) {
            // columns of very different place and size, one of them constant
            int column = i % d;
            values[i] = column == 7 ? 3.5f : (float) (random.nextGaussian() * Math.pow(10, column % 9 - 4) + column);
        }
        ImageFeatures features = ImageFeatures.ofDescriptors(FloatMatrix.of(n, d, values));
        FloatMatrix decoded = decoded(features, Keep.COMPACT).descriptors();
        for (int j = 0; j < d; j++) {
            float least = Float.MAX_VALUE;
            float most = -Float.MAX_VALUE;
            for (int i = 0; i < n; i++) {
                least = Math.min(least, values[i * d + j]);
                most = Math.max(most, values[i * d + j]);
            }
            for (int i = 0; i < n; i++) {
                // the decoded value is rounded to float once more
                double bound = (most - least) / 510.0 + 2 * Math.ulp(Math.max(Math.abs(most), Math.abs(least)));
                assertThat((double) decoded.get(i, j)).isBetween(values[i * d + j] - bound, values[i * d + j] + bound);
            }
        }
    }

    @Test
    void needsLessThan300KilobytesFor2000SiftFeatures() {
        assertThat(FeatureCodec.encode(rootSiftLike(2000, 4), Keep.COMPACT)).hasSizeLessThan(300_000);
    }

    @Test
    void leavesNearestNeighborsOfRootSiftAlmostUnchanged() {
        // descriptors of one picture, and a second time with the changes that another view brings
        ImageFeatures one = rootSiftLike(600, 5);
        ImageFeatures other = changed(one, 0.02, 6);
        int[] exact = nearest(one.descriptors(), other.descriptors());
        int[] compact = nearest(
                decoded(one, Keep.COMPACT).descriptors(),
                decoded(other, Keep.COMPACT).descriptors());
        int different = 0;
        for (int i = 0; i < exact.length; i++) {
            different += exact[i] == compact[i] ? 0 : 1;
        }
        assertThat(different).isLessThanOrEqualTo(exact.length / 100);
        double worst = 0;
        FloatMatrix decoded = decoded(one, Keep.COMPACT).descriptors();
        for (int i = 0; i < one.size(); i++) {
            worst = Math.max(worst, Math.sqrt(squared(one.descriptors(), i, decoded, i)));
        }
        // unit vectors: half a step of 1/255 of the range, at random, over 128 columns
        assertThat(worst).isLessThan(0.02);
    }

    @Test
    void refusesBytesThatAreNoFeatures() {
        byte[] bytes = FeatureCodec.encode(rootSiftLike(3, 7), Keep.COMPACT);
        for (int length = 0; length < bytes.length; length++) {
            ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length).slice();
            assertThatThrownBy(() -> FeatureCodec.decode(cut)).isInstanceOf(IllegalArgumentException.class);
        }
        bytes[12] = 127; // more features than there are bytes for
        bytes[15] = 127;
        assertThatThrownBy(() -> FeatureCodec.decode(ByteBuffer.wrap(bytes)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static ImageFeatures decoded(ImageFeatures features, Keep keep) {
        return FeatureCodec.decode(ByteBuffer.wrap(FeatureCodec.encode(features, keep)));
    }

    /** Square roots of sparse histograms of sum 1, as RootSIFT has them. */
    static ImageFeatures rootSiftLike(int n, long seed) {
        Random random = new Random(seed);
        float[] descriptors = new float[n * 128];
        float[] keypoints = new float[n * Keypoints.COLUMNS];
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = 0; j < 128; j++) {
                double value = random.nextInt(4) == 0 ? 0 : -Math.log(1 - random.nextDouble());
                descriptors[i * 128 + j] = (float) value;
                sum += value;
            }
            for (int j = 0; j < 128; j++) {
                descriptors[i * 128 + j] = (float) Math.sqrt(descriptors[i * 128 + j] / sum);
            }
            for (int j = 0; j < Keypoints.COLUMNS; j++) {
                keypoints[i * Keypoints.COLUMNS + j] = random.nextFloat() * 400;
            }
        }
        return new ImageFeatures(
                1024,
                768,
                new Keypoints(FloatMatrix.of(n, Keypoints.COLUMNS, keypoints)),
                FloatMatrix.of(n, 128, descriptors));
    }

    private static ImageFeatures changed(ImageFeatures features, double noise, long seed) {
        Random random = new Random(seed);
        float[] values = features.descriptors().toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.max(0, values[i] + noise * random.nextGaussian());
        }
        return new ImageFeatures(
                features.width(),
                features.height(),
                features.keypoints(),
                FloatMatrix.of(features.size(), 128, values));
    }

    private static int[] nearest(FloatMatrix from, FloatMatrix to) {
        int[] nearest = new int[from.rows()];
        for (int i = 0; i < from.rows(); i++) {
            double best = Double.MAX_VALUE;
            for (int j = 0; j < to.rows(); j++) {
                double distance = squared(from, i, to, j);
                if (distance < best) {
                    best = distance;
                    nearest[i] = j;
                }
            }
        }
        return nearest;
    }

    private static double squared(FloatMatrix a, int i, FloatMatrix b, int j) {
        double sum = 0;
        for (int c = 0; c < a.columns(); c++) {
            double difference = a.array()[i * a.columns() + c] - b.array()[j * b.columns() + c];
            sum += difference * difference;
        }
        return sum;
    }
}
