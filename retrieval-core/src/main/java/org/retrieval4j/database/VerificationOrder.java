package org.retrieval4j.database;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The order after verification: among the first N of a ranked list, images with an accepted model come first, by number
 * of inliers, equal ones by retrieval score and then by id; the others keep their order, behind them. What is accepted
 * is the verifier's decision; scores stay retrieval scores.
 */
final class VerificationOrder {
    private static final Comparator<RankedImage> ACCEPTED = Comparator.comparingInt(
                    (RankedImage image) -> image.inliers().orElse(0))
            .reversed()
            .thenComparing(Comparator.comparingDouble(RankedImage::score).reversed())
            .thenComparingLong(image -> image.image().id());

    private VerificationOrder() {}

    /** Reorders the images that were verified; whatever was not follows in its order. */
    static List<RankedImage> order(List<RankedImage> ranked) {
        List<RankedImage> ordered = new ArrayList<>();
        List<RankedImage> others = new ArrayList<>();
        for (RankedImage image : ranked) {
            (image.verification().isPresent() ? ordered : others).add(image);
        }
        ordered.sort(ACCEPTED);
        ordered.addAll(others);
        return ordered;
    }
}
