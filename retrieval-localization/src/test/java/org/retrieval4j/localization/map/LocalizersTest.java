package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Hit;
import org.retrieval4j.localization.localizer.Deadline;
import org.retrieval4j.localization.localizer.Localization;
import org.retrieval4j.localization.localizer.LocalizationMap;
import org.retrieval4j.localization.localizer.Localizer;
import org.retrieval4j.localization.localizer.Query;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.Status;

class LocalizersTest {
    private static final MadeUpWorld WORLD = new MadeUpWorld(6, 120, 1);
    private static final FeatureSource FEATURES = id -> Optional.of(WORLD.features.get((int) id - 100));
    private static final List<Hit> RANKED = List.of(new Hit(101, 3), new Hit(104, 2), new Hit(7, 2), new Hit(103, 1));
    private static final Pose TRUTH = MadeUpWorld.pose(0.6);

    private static PointMap build() {
        return MapBuilder.build(
                WORLD.images, WORLD.features, MadeUpWorld.matcher(5), MapBuilder.Options.defaults(), Runnable::run);
    }

    private static Query query(Pose pose, List<Hit> ranked) {
        return new Query(WORLD.see(pose, 0.3, new Random(3)), MadeUpWorld.CAMERA, ranked);
    }

    private static Localization localize(String spec, Query query) throws IOException {
        try (PointMap points = build();
                Localizer localizer = Components.load().create(Localizer.class, spec)) {
            return localizer.localize(new LocalizationMap(points, FEATURES, MadeUpWorld.matcher(3)), query);
        }
    }

    @Test
    void aQueryIsLocalizedInThePlaceOfItsPictures() throws IOException {
        Localization found = localize("sfm", query(TRUTH, RANKED));
        assertThat(found.status()).isEqualTo(Status.LOCALIZED);
        assertThat(found.localizer()).isEqualTo("sfm");
        assertThat(found.images()).containsExactlyInAnyOrder(1, 4, 3);
        assertThat(found.stageSeconds()).containsOnlyKeys("places", "matching", "estimation", "guided");
        Pose pose = found.pose().orElseThrow();
        assertThat(pose.positionError(TRUTH)).isLessThan(0.02);
        assertThat(pose.rotationErrorDegrees(TRUTH)).isLessThan(0.2);
    }

    @Test
    void lookingAgainFindsWhatTheMatcherMissed() throws IOException {
        Query query = query(TRUTH, RANKED);
        int first = localize("sfm(guided=0)", query).estimate().inliers().length;
        int again = localize("sfm", query).estimate().inliers().length;
        assertThat(first).isLessThan(90); // the matcher pairs two of three right
        assertThat(again).isGreaterThan(first + 10);
    }

    @Test
    void aStrangerIsAStatus() throws IOException {
        Query stranger = new Query(new MadeUpWorld(1, 120, 99).features.get(0), MadeUpWorld.CAMERA, RANKED);
        assertThat(localize("sfm", stranger).status()).isEqualTo(Status.NO_CONSENSUS);
        assertThat(localize("sfm", query(TRUTH, List.of())).status()).isEqualTo(Status.NOTHING_RETRIEVED);
    }

    @Test
    void afterTheDeadlineNothingIsBegun() throws IOException {
        Query late = new Query(
                WORLD.see(TRUTH, 0.3, new Random(3)),
                MadeUpWorld.CAMERA,
                RANKED,
                Optional.empty(),
                new Deadline(true, System.nanoTime() - 1));
        assertThat(localize("sfm", late).status()).isEqualTo(Status.OUT_OF_TIME);
        assertThatThrownBy(() -> Deadline.in(Duration.ZERO)).hasMessageContaining("PT0S");
    }

    @Test
    void whatDoesNotBelongTogetherIsRefused() {
        assertThatThrownBy(() -> localize("sfm(guided=11)", query(TRUTH, RANKED)))
                .hasMessageContaining("guided must be from 0 to 10, got 11");
        assertThatThrownBy(() -> {
                    try (PointMap points = build();
                            Localizer localizer = Components.load().create(Localizer.class, "sfm")) {
                        FeatureSource other = id -> Optional.of(new MadeUpWorld(1, 60, 5).features.get(0));
                        localizer.localize(
                                new LocalizationMap(points, points.checked(other), MadeUpWorld.matcher(3)),
                                query(TRUTH, RANKED));
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the image database is not the map's");
    }
}
