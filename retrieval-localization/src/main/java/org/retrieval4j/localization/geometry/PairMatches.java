package org.retrieval4j.localization.geometry;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Model;

/**
 * The matches of two pictures, made ready for geometry: as points in normalized upright units, each pair of places once,
 * however many keypoints a detector gave for it; and the way back, from inliers and a model to matches and stored pixels.
 */
final class PairMatches {
    private final ImageFeatures query;
    private final ImageFeatures candidate;
    private final Matches matches;
    private final int[] chosen;
    private final int[] queryPlaces;
    private final int[] candidatePlaces;
    private final Correspondences data;

    PairMatches(ImageFeatures query, ImageFeatures candidate, Matches matches) {
        this.query = requireNonNull(query, "query");
        this.candidate = requireNonNull(candidate, "candidate");
        this.matches = requireNonNull(matches, "matches");
        int[] allQueryPlaces = places(query, matches.queryIndices());
        int[] allCandidatePlaces = places(candidate, matches.referenceIndices());
        chosen = distinct(allQueryPlaces, allCandidatePlaces);
        queryPlaces = Correspondences.select(allQueryPlaces, chosen);
        candidatePlaces = Correspondences.select(allCandidatePlaces, chosen);
        data = Correspondences.of(query, candidate, matches, chosen);
    }

    int size() {
        return chosen.length;
    }

    /** The distinct matches, best first. */
    Correspondences data() {
        return data;
    }

    /** Data within the error, each place at most once, the better match first. */
    int[] oneToOne(double[] errors, double squaredError) {
        boolean[] queryUsed = new boolean[matches.size()];
        boolean[] candidateUsed = new boolean[matches.size()];
        int[] kept = new int[errors.length];
        int count = 0;
        for (int i = 0; i < errors.length; i++) {
            if (errors[i] < squaredError && !queryUsed[queryPlaces[i]] && !candidateUsed[candidatePlaces[i]]) {
                queryUsed[queryPlaces[i]] = true;
                candidateUsed[candidatePlaces[i]] = true;
                kept[count++] = i;
            }
        }
        return Arrays.copyOf(kept, count);
    }

    /** Points on a line or in one place agree with far too many models: their spread across must exceed an error. */
    boolean isThin(int[] inliers, double error) {
        Correspondences points = data.select(inliers);
        return Correspondences.varianceAcross(points.x1(), points.y1()) < error * error
                || Correspondences.varianceAcross(points.x2(), points.y2()) < error * error;
    }

    /** Data as the matches that were given. */
    Matches matches(int[] inliers) {
        return matches.select(Correspondences.select(chosen, inliers));
    }

    /** A map between normalized units as one between stored pixels, with h₃₃ = 1. */
    Model map(String kind, double[] model) {
        double[] h = multiply(
                inverseAffine(Correspondences.fromStored(candidate)),
                multiply(model, Correspondences.fromStored(query)));
        return new Model(kind, scaled(h, h[8] == 0 ? 1 : 1 / h[8]));
    }

    /** An epipolar geometry between normalized units as one between stored pixels, with Frobenius norm 1. */
    Model epipolar(String kind, double[] model) {
        double[] f = multiply(
                transpose(Correspondences.fromStored(candidate)), multiply(model, Correspondences.fromStored(query)));
        double squared = 0;
        for (double value : f) {
            squared += value * value;
        }
        return new Model(kind, scaled(f, 1 / Math.sqrt(squared)));
    }

    /** A number for each match: equal for keypoints at one place, as detectors give for several directions. */
    private static int[] places(ImageFeatures features, int[] indices) {
        int n = indices.length;
        long[] keys = new long[n];
        for (int i = 0; i < n; i++) {
            long x = Float.floatToIntBits(features.keypoints().x(indices[i]));
            long y = Float.floatToIntBits(features.keypoints().y(indices[i]));
            keys[i] = x << 32 | y & 0xFFFFFFFFL;
        }
        return firsts(keys);
    }

    /** The matches without those that repeat an earlier one between the same two places. */
    private static int[] distinct(int[] queryPlaces, int[] candidatePlaces) {
        int n = queryPlaces.length;
        long[] pairs = new long[n];
        for (int i = 0; i < n; i++) {
            pairs[i] = (long) queryPlaces[i] << 32 | candidatePlaces[i];
        }
        int[] firsts = firsts(pairs);
        return IntStream.range(0, n).filter(i -> firsts[i] == i).toArray();
    }

    /** For each key, where an equal one stands first; by open addressing. */
    private static int[] firsts(long[] keys) {
        int n = keys.length;
        int[] table = new int[Integer.highestOneBit(Math.max(1, n)) * 4];
        int[] firsts = new int[n];
        for (int i = 0; i < n; i++) {
            int slot = (int) (keys[i] * 0x9E3779B97F4A7C15L >>> 40) & table.length - 1;
            while (table[slot] != 0 && keys[table[slot] - 1] != keys[i]) {
                slot = slot + 1 & table.length - 1;
            }
            if (table[slot] == 0) {
                table[slot] = i + 1;
            }
            firsts[i] = table[slot] - 1;
        }
        return firsts;
    }

    private static double[] scaled(double[] m, double scale) {
        for (int i = 0; i < 9; i++) {
            m[i] *= scale;
        }
        return m;
    }

    private static double[] multiply(double[] a, double[] b) {
        double[] product = new double[9];
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                product[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
            }
        }
        return product;
    }

    private static double[] transpose(double[] m) {
        return new double[] {m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]};
    }

    private static double[] inverseAffine(double[] a) {
        double determinant = a[0] * a[4] - a[1] * a[3];
        double b0 = a[4] / determinant;
        double b1 = -a[1] / determinant;
        double b3 = -a[3] / determinant;
        double b4 = a[0] / determinant;
        return new double[] {b0, b1, -b0 * a[2] - b1 * a[5], b3, b4, -b3 * a[2] - b4 * a[5], 0, 0, 1};
    }
}
