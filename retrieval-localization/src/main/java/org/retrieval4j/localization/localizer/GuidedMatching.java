package org.retrieval4j.localization.localizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;

/**
 * What a pose says that the query must show, and what of it is there: the points that a place's pictures observe from a
 * similar direction and distance are projected, and the keypoint near each that looks most like it is its match if it is as
 * like as the pairs that led to the pose, and no other keypoint near it is about as like. These are many more pairs than a
 * search over the whole picture finds, since a neighborhood has few look-alikes; and where a whole region's points are
 * missing, the query shows another place (our own test).
 */
final class GuidedMatching {
    /** Observations from directions farther apart than this do not tell what a query shows. */
    private static final double LIKE_DIRECTION = Math.cos(Math.toRadians(35));

    /** Nor from distances of another ratio. */
    private static final double LIKE_DISTANCE = 1.6;

    /** Of the first pairs' squared distances, the one that bounds those of new pairs. */
    private static final double ACCEPTED_PART = 0.8;

    /** A match is this much nearer, squared, than the second keypoint near the point. */
    private static final double RATIO = 0.8 * 0.8;

    /** Keypoints nearer than this are at one place: the same corner at two scales or orientations. */
    private static final double SAME_PLACE = 1.5;

    /** Cells along the longer side of the picture for the test of regions. */
    private static final int CELLS = 10;

    /** Cells along it in which keypoints are found again, at most. */
    private static final double MOST_CELLS = 1000;

    /** What fewer pictures observe, others may not find either. */
    private static final int LEAST_OBSERVERS = 3;

    /** Regions are not compared by fewer points expected. */
    private static final int LEAST_EXPECTED = 60;

    /** Nor if their rates differ by less, in standard deviations of what chance makes them differ (chi-squared). */
    private static final double LEAST_DIFFERENCE = 4;

    /** Nearly here: a point seen from such a direction and distance is found again as a rule. */
    private static final double HERE_DIRECTION = Math.cos(Math.toRadians(25));

    private static final double HERE_DISTANCE = 1.4;

    /** A region misses its points if its rate is below this part of the rate that the better half of what is found has. */
    private static final double MISSED_RATE = 0.4;

    private final PointMap map;
    private final Camera camera;
    private final double radius;
    private final double[] rotation;
    private final double[] center;
    private final FloatMatrix keypoints;
    private final FloatMatrix descriptors;
    /** Keypoints by cells, row after row, with a cell more on every side of the picture; where each cell's begin in them. */
    private final int[] byCell;

    private final int[] cellFrom;
    private final double side;
    private final int across;
    private final int down;
    private final Map<Integer, Candidate> byPoint = new HashMap<>();
    private final double[] pixel = new double[2];
    private double cosine;
    private double ratio;

    /** A point in the query's picture. */
    private static final class Candidate {
        final double x;
        final double y;
        int keypoint = -1;
        float distance = Float.POSITIVE_INFINITY;
        float second = Float.POSITIVE_INFINITY;
        boolean seenFromHere;
        float strength = Float.MIN_NORMAL; // largest score of its keypoints; all alike without scores

        Candidate(double x, double y) {
            this.x = x;
            this.y = y;
        }
    }

    /**
     * Pairs found.
     *
     * @param keypoints of the query
     * @param points of the map
     * @param missed of what speaks for and against the pose, the part against: points missing region by region, 0 to 1
     */
    record Found(int[] keypoints, int[] points, double missed) {}

    GuidedMatching(LocalizationMap map, ImageFeatures query, Camera camera, Pose pose, double radius) {
        this.map = map.points();
        this.radius = radius;
        this.camera = camera;
        rotation = pose.rotation();
        center = pose.center();
        keypoints = query.keypoints().values();
        descriptors = query.descriptors();
        // at least the radius, so that what is near a place lies in its cell or the eight around it
        side = Math.max(radius, Math.max(camera.width(), camera.height()) / MOST_CELLS);
        across = (int) (camera.width() / side) + 3;
        down = (int) (camera.height() / side) + 3;
        int n = keypoints.rows();
        int[] cells = new int[n];
        cellFrom = new int[across * down + 1];
        for (int k = 0; k < n; k++) {
            cells[k] = cell(keypoints.get(k, 0), keypoints.get(k, 1));
            if (cells[k] >= 0) {
                cellFrom[cells[k] + 1]++;
            }
        }
        for (int cell = 0; cell < across * down; cell++) {
            cellFrom[cell + 1] += cellFrom[cell];
        }
        byCell = new int[cellFrom[across * down]];
        int[] next = cellFrom.clone();
        for (int k = 0; k < n; k++) {
            if (cells[k] >= 0) {
                byCell[next[cells[k]]++] = k;
            }
        }
    }

    /** The cell of a place; −1 if it is farther from the picture than a cell. */
    private int cell(double x, double y) {
        int column = (int) Math.floor(x / side) + 1;
        int row = (int) Math.floor(y / side) + 1;
        return column < 0 || row < 0 || column >= across || row >= down ? -1 : row * across + column;
    }

    /** Looks at all points that a picture of the place observes. */
    void look(int image, ImageFeatures features) {
        int[] observed = map.observed(image);
        int[] seen = map.keypoints(image);
        double[] from = map.images().get(image).pose().center();
        for (int i = 0; i < observed.length; i++) {
            int point = observed[i];
            if (!isSeenAlike(point, from)) {
                continue;
            }
            Candidate candidate = byPoint.get(point);
            if (candidate == null) {
                if (!project(point)) {
                    continue;
                }
                candidate = new Candidate(pixel[0], pixel[1]);
                byPoint.put(point, candidate);
            }
            candidate.strength =
                    Math.max(candidate.strength, features.keypoints().score(seen[i]));
            candidate.seenFromHere |= cosine > HERE_DIRECTION && ratio < HERE_DISTANCE;
            compare(candidate, features.descriptors(), seen[i]);
        }
    }

    /** Sets cosine and ratio of directions and distances from which the point is seen here and there. */
    private boolean isSeenAlike(int point, double[] from) {
        double dot = 0;
        double here = 0;
        double there = 0;
        for (int i = 0; i < 3; i++) {
            double x = map.coordinate(point, i);
            dot += (x - center[i]) * (x - from[i]);
            here += (x - center[i]) * (x - center[i]);
            there += (x - from[i]) * (x - from[i]);
        }
        cosine = dot / Math.sqrt(here * there);
        ratio = Math.sqrt(Math.max(here / there, there / here));
        return cosine > LIKE_DIRECTION && ratio < LIKE_DISTANCE;
    }

    private boolean project(int point) {
        double x = map.coordinate(point, 0) - center[0];
        double y = map.coordinate(point, 1) - center[1];
        double z = map.coordinate(point, 2) - center[2];
        double[] r = rotation;
        return camera.project(
                        r[0] * x + r[1] * y + r[2] * z,
                        r[3] * x + r[4] * y + r[5] * z,
                        r[6] * x + r[7] * y + r[8] * z,
                        pixel)
                && pixel[0] >= 0
                && pixel[1] >= 0
                && pixel[0] < camera.width()
                && pixel[1] < camera.height();
    }

    private void compare(Candidate candidate, FloatMatrix references, int reference) {
        int middle = cell(candidate.x, candidate.y); // of a place in the picture: its neighbors are in the grid
        for (int cell = middle - across; cell <= middle + across; cell += across) {
            for (int at = cellFrom[cell - 1]; at < cellFrom[cell + 2]; at++) {
                int k = byCell[at];
                double u = keypoints.get(k, 0) - candidate.x;
                double v = keypoints.get(k, 1) - candidate.y;
                if (u * u + v * v < radius * radius) {
                    offer(candidate, k, squaredDistance(k, references, reference));
                }
            }
        }
    }

    private void offer(Candidate candidate, int k, float distance) {
        if (distance < candidate.distance) {
            if (candidate.keypoint >= 0 && !isSamePlace(candidate.keypoint, k)) {
                candidate.second = candidate.distance;
            }
            candidate.keypoint = k;
            candidate.distance = distance;
        } else if (distance < candidate.second && !isSamePlace(candidate.keypoint, k)) {
            candidate.second = distance;
        }
    }

    private boolean isSamePlace(int a, int b) {
        double u = keypoints.get(a, 0) - keypoints.get(b, 0);
        double v = keypoints.get(a, 1) - keypoints.get(b, 1);
        return u * u + v * v < SAME_PLACE * SAME_PLACE;
    }

    private float squaredDistance(int k, FloatMatrix references, int row) {
        float[] a = descriptors.array();
        float[] b = references.array();
        int width = descriptors.columns();
        int i = descriptors.offset() + k * width;
        int j = references.offset() + row * width;
        float sum = 0;
        for (int c = 0; c < width; c++) {
            float d = a[i + c] - b[j + c];
            sum += d * d;
        }
        return sum;
    }

    /** All pairs, given the keypoint of each point among the inliers that led to the pose. */
    Found find(Map<Integer, Integer> inliers) {
        List<Float> known = new ArrayList<>();
        inliers.forEach((point, keypoint) -> {
            Candidate candidate = byPoint.get(point);
            if (candidate != null && candidate.keypoint >= 0 && isSamePlace(candidate.keypoint, keypoint)) {
                known.add(candidate.distance);
            }
        });
        if (known.isEmpty()) {
            return new Found(new int[0], new int[0], 0);
        }
        Collections.sort(known);
        float accepted = known.get((int) (ACCEPTED_PART * (known.size() - 1)));
        Map<Integer, Integer> byKeypoint = new HashMap<>(); // keypoint → point that is most like
        List<Integer> points = new ArrayList<>(byPoint.keySet());
        Collections.sort(points);
        for (int point : points) {
            Candidate candidate = required(point);
            if (candidate.distance <= accepted && candidate.distance <= RATIO * candidate.second) {
                Integer rival = byKeypoint.get(candidate.keypoint);
                if (rival == null || candidate.distance < required(rival).distance) {
                    byKeypoint.put(candidate.keypoint, point);
                }
            }
        }
        int[] pairedKeypoints = byKeypoint.keySet().stream()
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
        int[] pairedPoints = new int[pairedKeypoints.length];
        for (int i = 0; i < pairedPoints.length; i++) {
            pairedPoints[i] = byKeypoint.getOrDefault(pairedKeypoints[i], -1);
        }
        return new Found(pairedKeypoints, pairedPoints, missed(points, accepted, inliers.size()));
    }

    private Candidate required(int point) {
        Candidate candidate = byPoint.get(point);
        if (candidate == null) {
            throw new IllegalStateException("point " + point);
        }
        return candidate;
    }

    /**
     * Of what speaks for and against the pose, the part against. For it speak the points that are found; against it all points
     * expected in cells of the picture where far fewer are found than usual, less what chance leaves empty. Counted are points
     * that three pictures or more observe, one of them from nearly here, each by the score of its keypoints: a strong one is
     * found again more surely, and what tells places apart is a sign or a picture rather than the grain of a wall. Nothing
     * speaks against a pose where the map knows too little of its view, or where chance makes cells differ as much.
     */
    private double missed(List<Integer> points, float accepted, int inliers) {
        double size = Math.max(camera.width(), camera.height()) / (double) CELLS;
        int columns = (int) Math.ceil(camera.width() / size);
        int rows = (int) Math.ceil(camera.height() / size);
        int[] members = new int[columns * rows];
        int[] cellsFound = new int[columns * rows];
        double[] expected = new double[columns * rows];
        double[] confirmed = new double[columns * rows];
        double allConfirmed = 0;
        int all = 0;
        int found = 0;
        for (int point : points) {
            Candidate candidate = required(point);
            if (candidate.seenFromHere && map.imagesOf(point).length >= LEAST_OBSERVERS) {
                int cell = (int) (candidate.y / size) * columns + (int) (candidate.x / size);
                boolean there = candidate.distance <= accepted;
                members[cell]++;
                expected[cell] += candidate.strength;
                confirmed[cell] += there ? candidate.strength : 0;
                allConfirmed += there ? candidate.strength : 0;
                all++;
                cellsFound[cell] += there ? 1 : 0;
                found += there ? 1 : 0;
            }
        }
        if (all < LEAST_EXPECTED || all < inliers) {
            return 0;
        }
        if (found == 0) {
            return 1;
        }
        if (!differ(members, cellsFound, (double) found / all)) {
            return 0;
        }
        Integer[] cells = new Integer[members.length];
        Arrays.setAll(cells, i -> i);
        Arrays.sort(cells, (a, b) -> Double.compare(rate(confirmed, expected, b), rate(confirmed, expected, a)));
        double usual = 0; // in the cells where the better half of what is found lies
        double counted = 0;
        for (int i = 0; i < cells.length && counted < allConfirmed / 2; i++) {
            counted += confirmed[cells[i]];
            usual = rate(confirmed, expected, cells[i]);
        }
        double missing = 0;
        double byChance = 0;
        for (int cell = 0; cell < members.length; cell++) {
            missing += rate(confirmed, expected, cell) < MISSED_RATE * usual ? expected[cell] : 0;
            byChance += expected[cell] * Math.pow(1 - (double) found / all, members[cell]);
        }
        missing = Math.max(0, missing - byChance);
        return missing / (missing + allConfirmed);
    }

    /** Whether the cells' rates differ by more than those of chance (Pearson's test, its sum as a normal variable). */
    private static boolean differ(int[] members, int[] found, double rate) {
        double sum = 0;
        int cells = 0;
        for (int cell = 0; cell < members.length; cell++) {
            if (members[cell] > 0) {
                double excess = found[cell] - members[cell] * rate;
                sum += excess * excess / (members[cell] * rate * (1 - rate));
                cells++;
            }
        }
        return sum - cells > LEAST_DIFFERENCE * Math.sqrt(2.0 * cells); // not a number where all are found: they do not
    }

    private static double rate(double[] confirmed, double[] expected, int cell) {
        return expected[cell] == 0 ? 0 : confirmed[cell] / expected[cell];
    }
}
