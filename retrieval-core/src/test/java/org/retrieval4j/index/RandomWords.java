package org.retrieval4j.index;

import java.util.Arrays;
import java.util.Random;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;

/** Made-up visual words, and their Hamming distances. */
final class RandomWords {
    private RandomWords() {}

    /** Words that may come several times, in one with every word once. */
    static int[] words(Random random, int dimension, int count, boolean once) {
        int[] words = random.ints(count, 0, dimension).sorted().toArray();
        return once ? Arrays.stream(words).distinct().toArray() : words;
    }

    static Words binary(Random random, int dimension, int[] words, int width) {
        int longs = Signatures.longs(width);
        long[] packed = new long[words.length * longs];
        for (int b = 0; b < words.length * width; b++) {
            int bit = b % width;
            packed[b / width * longs + bit / 64] |= (random.nextInt(3) / 2L) << bit; // some alike, some not
        }
        return new Words(dimension, words, new Signatures(width, packed));
    }

    static Words real(Random random, int dimension, int[] words, int width) {
        float[][] rows = new float[words.length][width];
        for (float[] row : rows) {
            double square = 0;
            for (int j = 0; j < width; j++) {
                row[j] = (float) random.nextGaussian() + 1;
                square += row[j] * row[j];
            }
            for (int j = 0; j < width; j++) {
                row[j] /= (float) Math.sqrt(square);
            }
        }
        return new Words(
                dimension,
                words,
                new Residuals(words.length == 0 ? FloatMatrix.empty(width) : FloatMatrix.ofRows(rows)));
    }

    static int distance(Words a, int i, Words b, int j) {
        Signatures x = (Signatures) a.values();
        Signatures y = (Signatures) b.values();
        int longs = Signatures.longs(x.width());
        int distance = 0;
        for (int at = 0; at < longs; at++) {
            distance += Long.bitCount(x.packed()[i * longs + at] ^ y.packed()[j * longs + at]);
        }
        return distance;
    }
}
