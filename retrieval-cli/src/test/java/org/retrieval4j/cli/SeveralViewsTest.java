package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.TestPictures;

/** Multi-scale and multi-crop extraction with SIFT, in Java and on the command line. */
class SeveralViewsTest {
    private static ImageFeatures local(String spec, Image image) {
        try (Extractor extractor = Components.load().create(Extractor.class, spec)) {
            return extractor.extract(image).local().orElseThrow();
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneScaleOfSiftIsSift(Orientation orientation) {
        Image image = TestPictures.stored(TestPictures.textured(240, 180, 4), orientation);
        assertThat(local("multi-scale(extractor=sift,scales=1)", image)).isEqualTo(local("sift", image));
        assertThat(local("multi-crop(extractor=sift,rows=1,columns=1)", image)).isEqualTo(local("sift", image));
    }

    @Test
    void keypointsOfTheSmallerPictureLieOnThoseOfTheLarger() {
        Image image = TestPictures.textured(400, 300, 4);
        ImageFeatures large = local("sift", image);
        ImageFeatures small = local("multi-scale(extractor=sift,scales=1,max-size=283)", image);
        int same = 0;
        double shiftX = 0;
        double shiftY = 0;
        for (int i = 0; i < small.size(); i++) {
            double nearest = 1;
            double x = 0;
            double y = 0;
            for (int j = 0; j < large.size(); j++) {
                double dx = small.keypoints().x(i) - large.keypoints().x(j);
                double dy = small.keypoints().y(i) - large.keypoints().y(j);
                if (Math.hypot(dx, dy) < nearest) {
                    nearest = Math.hypot(dx, dy);
                    x = dx;
                    y = dy;
                }
            }
            same += nearest < 1 ? 1 : 0;
            shiftX += x;
            shiftY += y;
        }
        assertThat(small.size()).isGreaterThan(50);
        assertThat(same).isGreaterThan(small.size() / 2);
        assertThat(shiftX / same).isBetween(-0.1, 0.1);
        assertThat(shiftY / same).isBetween(-0.1, 0.1);
    }

    @Test
    void aDatabaseIsMadeOfThemAndIndexedAgain(@TempDir Path folder) throws IOException {
        Path photographs = folder.resolve("photographs");
        Path database = folder.resolve("database");
        Photographs.writeSmallCollection(photographs);
        List<Object> index = List.of(
                "index",
                "--database",
                database,
                "--extractor",
                "multi-scale(extractor=multi-crop(extractor=sift(max-keypoints=300),columns=2,rows=1),scales=2)",
                "--aggregator",
                "vlad(clusters=16,normalization=intra)",
                photographs);
        Cli first = Cli.run(index.toArray());
        assertThat(first.err()).doesNotContain("retrieval: ");
        assertThat(first.out()).contains("indexed 6 images");
        Cli again = Cli.run(index.toArray()); // the spec agrees with that of the database, defaults filled in
        assertThat(again.err()).isEmpty();
        assertThat(again.out()).contains("indexed 0 images, 6 unchanged");
        Cli found =
                Cli.run("search", "--database", database, "-k", "3", "--verify", "3", photographs + "/wall/graf1.png");
        assertThat(found.code()).isZero();
        assertThat(found.out()).contains("graf2.png", "graf3.png");
    }
}
