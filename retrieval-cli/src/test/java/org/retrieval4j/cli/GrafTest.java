package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Verification;
import org.retrieval4j.api.Verifier;

/** The pipeline of verification against the homographies that came with the photographs. */
class GrafTest {
    @ParameterizedTest
    @CsvSource({"2, 2", "3, 6", "4, 6"})
    void findsTheHomographyOfAPaintedWall(int other, double bound) throws Exception {
        Components components = Components.load();
        try (Extractor sift = components.create(Extractor.class, "sift");
                Matcher matcher = components.create(Matcher.class, "mutual-nearest-neighbor");
                Verifier homography = components.create(Verifier.class, "homography")) {
            Image first = Photographs.graf(1);
            ImageFeatures query = sift.extract(first).local().orElseThrow();
            ImageFeatures reference =
                    sift.extract(Photographs.graf(other)).local().orElseThrow();
            Verification proof = homography
                    .verify(query, reference, matcher.match(query, reference))
                    .orElseThrow();
            assertThat(cornerError(
                            first, Photographs.homography(other), proof.model().matrix()))
                    .isLessThan(bound);
        }
    }

    // Ours counts the center of the first pixel as (0.5, 0.5), the files as (0, 0).
    private static double cornerError(Image image, double[] truth, double[] found) {
        double sum = 0;
        for (int corner = 0; corner < 4; corner++) {
            double x = corner % 2 * (image.width() - 1.0);
            double y = corner / 2 * (image.height() - 1.0);
            double[] expected = map(truth, x, y);
            double[] actual = map(found, x + 0.5, y + 0.5);
            sum += Math.hypot(actual[0] - 0.5 - expected[0], actual[1] - 0.5 - expected[1]);
        }
        return sum / 4;
    }

    private static double[] map(double[] h, double x, double y) {
        double w = h[6] * x + h[7] * y + h[8];
        return new double[] {(h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w};
    }
}
