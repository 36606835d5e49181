package org.retrieval4j.extraction;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;

/** The features of several views as features of the picture: keypoints in its stored pixels, view after view. */
final class UnitedFeatures {
    private final Optional<Integer> most;
    private final Counts counts;

    /** Tells whether what a view shows at a place of the upright picture counts. */
    interface Counts {
        boolean counts(List<View> views, View view, double x, double y);
    }

    /** With the largest number of local features, and the rule where views overlap. */
    UnitedFeatures(Optional<Integer> most, Counts counts) {
        this.most = most;
        this.counts = counts;
    }

    /**
     * Unites.
     *
     * @param image the picture
     * @param views what was looked at
     * @param sets features of each view
     * @param limited whether the largest number is for these features
     */
    ImageFeatures of(Image image, List<View> views, List<ImageFeatures> sets, boolean limited) {
        boolean plain = views.size() == 1 && isAsStored(image, views.get(0));
        ImageFeatures united = plain ? sets.get(0) : united(image, views, sets);
        return limited && most.isPresent() && united.size() > most.get() ? best(united, most.get()) : united;
    }

    private ImageFeatures united(Image image, List<View> views, List<ImageFeatures> sets) {
        List<FloatMatrix> places = new ArrayList<>();
        List<FloatMatrix> descriptors = new ArrayList<>();
        for (int i = 0; i < sets.size(); i++) {
            View view = views.get(i);
            ImageFeatures set = sets.get(i);
            float[] rows = isAsStored(image, view) ? set.keypoints().values().toArray() : stored(image, view, set);
            int[] kept = counted(image, views, view, rows);
            places.add(FloatMatrix.of(set.size(), Keypoints.COLUMNS, rows).select(kept));
            descriptors.add(set.descriptors().select(kept));
        }
        return new ImageFeatures(
                image.width(),
                image.height(),
                image.orientation(),
                new Keypoints(FloatMatrix.concat(places)),
                FloatMatrix.concat(descriptors),
                Optional.empty());
    }

    private static boolean isAsStored(Image image, View view) {
        Orientation orientation = image.orientation();
        return view.isWhole(
                orientation.uprightWidth(image.width(), image.height()),
                orientation.uprightHeight(image.width(), image.height()));
    }

    /** Keypoints of a view, which stands upright, in stored pixels of the picture. */
    private static float[] stored(Image image, View view, ImageFeatures set) {
        Orientation orientation = image.orientation();
        float[] rows = set.keypoints().values().toArray();
        double size = view.pixelSize();
        for (int at = 0; at < rows.length; at += Keypoints.COLUMNS) {
            double u = view.uprightX(rows[at]);
            double v = view.uprightY(rows[at + 1]);
            rows[at] = (float) orientation.storedX(u, v, image.width(), image.height());
            rows[at + 1] = (float) orientation.storedY(u, v, image.width(), image.height());
            rows[at + 2] = (float) (rows[at + 2] * size);
            rows[at + 3] = Keypoints.direction(orientation.storedAngle(rows[at + 3]));
        }
        return rows;
    }

    private int[] counted(Image image, List<View> views, View view, float[] rows) {
        Orientation orientation = image.orientation();
        int[] kept = new int[rows.length / Keypoints.COLUMNS];
        int n = 0;
        for (int i = 0; i < kept.length; i++) {
            float x = rows[Keypoints.COLUMNS * i];
            float y = rows[Keypoints.COLUMNS * i + 1];
            double u = orientation.uprightX(x, y, image.width(), image.height());
            double v = orientation.uprightY(x, y, image.width(), image.height());
            if (counts.counts(views, view, u, v)) {
                kept[n++] = i;
            }
        }
        return Arrays.copyOf(kept, n);
    }

    // those of the best scores, equal ones by place in the list; they stay in order
    private static ImageFeatures best(ImageFeatures features, int most) {
        Integer[] order = new Integer[features.size()];
        Arrays.setAll(order, i -> i);
        Keypoints keypoints = features.keypoints();
        Arrays.sort(order, (a, b) -> Float.compare(keypoints.score(b), keypoints.score(a))); // stable
        int[] kept = new int[most];
        Arrays.setAll(kept, i -> order[i]);
        Arrays.sort(kept);
        return features.select(kept);
    }
}
