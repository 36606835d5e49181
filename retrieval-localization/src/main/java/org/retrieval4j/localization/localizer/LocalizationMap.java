package org.retrieval4j.localization.localizer;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.localization.map.PointMap;

/**
 * What localizers look into: posed pictures and their points, the pictures' features and descriptors, and what pairs features.
 * Nothing of it is closed or changed by a localizer.
 *
 * @param points posed pictures and points
 * @param features of the pictures, by {@link org.retrieval4j.localization.map.MapImage#id()}; {@link PointMap#checked} tells
 *     where they are not those that the map was made of
 * @param matcher pairs features of a query with those of a picture
 */
public record LocalizationMap(PointMap points, FeatureSource features, Matcher matcher) {
    /** Checks that nothing is missing. */
    public LocalizationMap {
        requireNonNull(points, "points");
        requireNonNull(features, "features");
        requireNonNull(matcher, "matcher");
    }

    /** Numbers of the map's pictures among the hits, best first, each once. */
    List<Integer> images(List<Hit> ranked) {
        List<Integer> images = new ArrayList<>();
        for (Hit hit : ranked) {
            int image = points.indexOf(hit.imageId());
            if (image >= 0 && !images.contains(image)) {
                images.add(image);
            }
        }
        return images;
    }

    /**
     * Features of a picture of the map.
     *
     * @throws IOException if they cannot be read
     */
    ImageFeatures featuresOf(int image) throws IOException {
        String name = points.images().get(image).name();
        return features.features(points.images().get(image).id())
                .orElseThrow(() -> new IOException("the map's picture " + name + " has no features beside it"));
    }
}
