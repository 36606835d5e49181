package org.retrieval4j.localization.geometry;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Optional;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Model;
import org.retrieval4j.api.Verification;

/**
 * What all pair verifiers share: matches to normalized upright points, the search, one-to-one inliers, the decision
 * whether they are a proof, and the model in stored pixels.
 */
final class PairVerification {
    private final String name;
    private final PlanarKind kind;
    private final RansacOptions ransac;
    private final int minInliers;

    PairVerification(
            String name,
            PlanarKind kind,
            double maxError,
            double confidence,
            int maxIterations,
            int minInliers,
            long seed) {
        this.name = name;
        this.kind = kind;
        ransac = new RansacOptions(
                maxError / Correspondences.UNIT, confidence, Math.min(10, maxIterations), maxIterations, seed);
        this.minInliers = minInliers;
    }

    Optional<Verification> verify(ImageFeatures query, ImageFeatures candidate, Matches matches) {
        requireNonNull(query, "query");
        requireNonNull(candidate, "candidate");
        requireNonNull(matches, "matches");
        if (matches.size() < minInliers) {
            return Optional.empty();
        }
        int[] queryPlaces = places(query, matches.queryIndices());
        int[] candidatePlaces = places(candidate, matches.referenceIndices());
        int[] chosen = distinct(queryPlaces, candidatePlaces);
        if (chosen.length < minInliers) {
            return Optional.empty();
        }
        Correspondences data = Correspondences.of(query, candidate, matches, chosen);
        Optional<Ransac.Consensus> found = Ransac.estimate(new PlanarEstimator(kind, data), ransac);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        int[] inliers = oneToOne(found.get().inliers(), chosen, queryPlaces, candidatePlaces);
        if (inliers.length < minInliers
                || isThin(data.x1(), data.y1(), found.get().inliers())
                || isThin(data.x2(), data.y2(), found.get().inliers())) {
            return Optional.empty();
        }
        double[] model = toStored(found.get().model(), query, candidate);
        return Optional.of(new Verification(inliers.length, matches.select(inliers), new Model(name, model)));
    }

    /** A number for each match: equal for keypoints at one place, as detectors give for several directions. */
    private static int[] places(ImageFeatures features, int[] indices) {
        long[] keys = new long[indices.length];
        for (int i = 0; i < indices.length; i++) {
            long x = Float.floatToIntBits(features.keypoints().x(indices[i]));
            long y = Float.floatToIntBits(features.keypoints().y(indices[i]));
            keys[i] = x << 32 | y & 0xFFFFFFFFL;
        }
        long[] sorted = keys.clone();
        Arrays.sort(sorted);
        int[] places = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            places[i] = Arrays.binarySearch(sorted, keys[i]);
            while (places[i] > 0 && sorted[places[i] - 1] == keys[i]) {
                places[i]--; // runs are short: the directions of one keypoint
            }
        }
        return places;
    }

    /** The matches without those that repeat an earlier one between the same two places. */
    private static int[] distinct(int[] queryPlaces, int[] candidatePlaces) {
        int[] chosen = new int[queryPlaces.length];
        long[] seen = new long[queryPlaces.length];
        int count = 0;
        for (int i = 0; i < queryPlaces.length; i++) {
            seen[i] = ((long) queryPlaces[i] * queryPlaces.length + candidatePlaces[i]) * queryPlaces.length + i;
        }
        Arrays.sort(seen);
        boolean[] repeats = new boolean[queryPlaces.length];
        for (int i = 1; i < seen.length; i++) {
            if (seen[i] / seen.length == seen[i - 1] / seen.length) {
                repeats[(int) (seen[i] % seen.length)] = true;
            }
        }
        for (int i = 0; i < queryPlaces.length; i++) {
            if (!repeats[i]) {
                chosen[count++] = i;
            }
        }
        return Arrays.copyOf(chosen, count);
    }

    /** Inliers as indices of matches, each place at most once, the best match first. */
    private static int[] oneToOne(int[] inliers, int[] chosen, int[] queryPlaces, int[] candidatePlaces) {
        boolean[] queryUsed = new boolean[queryPlaces.length];
        boolean[] candidateUsed = new boolean[queryPlaces.length];
        int[] kept = new int[inliers.length];
        int count = 0;
        for (int inlier : inliers) {
            int match = chosen[inlier];
            if (!queryUsed[queryPlaces[match]] && !candidateUsed[candidatePlaces[match]]) {
                queryUsed[queryPlaces[match]] = true;
                candidateUsed[candidatePlaces[match]] = true;
                kept[count++] = match;
            }
        }
        return Arrays.copyOf(kept, count);
    }

    /** Points on a line or in one place agree with far too many models: their spread across must exceed the error. */
    private boolean isThin(double[] x, double[] y, int[] inliers) {
        double meanX = 0;
        double meanY = 0;
        for (int i : inliers) {
            meanX += x[i] / inliers.length;
            meanY += y[i] / inliers.length;
        }
        double xx = 0;
        double xy = 0;
        double yy = 0;
        for (int i : inliers) {
            double dx = x[i] - meanX;
            double dy = y[i] - meanY;
            xx += dx * dx / inliers.length;
            xy += dx * dy / inliers.length;
            yy += dy * dy / inliers.length;
        }
        double across = (xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy); // the smaller eigenvalue
        return across < ransac.maxError() * ransac.maxError();
    }

    private static double[] toStored(double[] model, ImageFeatures query, ImageFeatures candidate) {
        double[] h = multiply(
                inverseAffine(Correspondences.fromStored(candidate)),
                multiply(model, Correspondences.fromStored(query)));
        double scale = h[8] == 0 ? 1 : 1 / h[8];
        for (int i = 0; i < 9; i++) {
            h[i] *= scale;
        }
        return h;
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

    private static double[] inverseAffine(double[] a) {
        double determinant = a[0] * a[4] - a[1] * a[3];
        double b0 = a[4] / determinant;
        double b1 = -a[1] / determinant;
        double b3 = -a[3] / determinant;
        double b4 = a[0] / determinant;
        return new double[] {b0, b1, -b0 * a[2] - b1 * a[5], b3, b4, -b3 * a[2] - b4 * a[5], 0, 0, 1};
    }
}
