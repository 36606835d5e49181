package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Model;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.Verification;

class VerificationOrderTest {
    private static RankedImage image(long id, float score, int inliers) {
        ImageRecord record = new ImageRecord(id, "image " + id, 1, 1, Orientation.UPRIGHT);
        if (inliers == 0) {
            return new RankedImage(record, score, OptionalInt.of(0), Optional.empty());
        }
        Matches matches = new Matches(new int[inliers], new int[inliers], new float[inliers]);
        Model model = new Model("homography", new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
        return new RankedImage(
                record, score, OptionalInt.of(inliers), Optional.of(new Verification(1, matches, model)));
    }

    @Test
    void putsAcceptedImagesFirstByInliersThenByScoreThenById() {
        List<RankedImage> ordered = VerificationOrder.order(List.of(
                image(1, 0.9f, 0),
                image(2, 0.8f, 10),
                image(3, 0.7f, 0),
                image(4, 0.6f, 30),
                image(6, 0.5f, 10),
                image(5, 0.5f, 10)));
        assertThat(ordered).extracting(image -> image.image().id()).containsExactly(4L, 2L, 5L, 6L, 1L, 3L);
    }

    @Test
    void keepsTheOrderWhereNothingWasAccepted() {
        List<RankedImage> ranked = List.of(image(3, 0.9f, 0), image(1, 0.8f, 0), image(2, 0.7f, 0));
        assertThat(VerificationOrder.order(ranked)).isEqualTo(ranked);
    }
}
