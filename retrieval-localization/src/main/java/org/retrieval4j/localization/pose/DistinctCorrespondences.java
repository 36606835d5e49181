package org.retrieval4j.localization.pose;

import java.util.Arrays;
import org.retrieval4j.localization.camera.Camera;

/**
 * The rows of a list of correspondences that count: finite ones whose pixel has a direction, and of those that say nearly
 * the same (one point, and keypoints within the largest error) the first. Tells which of them share a point or a keypoint.
 */
final class DistinctCorrespondences {
    /** Rows of one point that are compared with a new one, at most: keeps the time linear. */
    private static final int COMPARED = 16;

    private final double[] points;
    private final double[] pixels;
    private final int[] rows;
    private final double[] rays;
    private final int[] pointIds;
    private final int[] pixelIds;
    private int count;
    private boolean shared;

    /**
     * Looks through the rows.
     *
     * @param order rows in the order in which they are preferred, or empty for that of the list
     */
    DistinctCorrespondences(Camera camera, double[] points, double[] pixels, int[] order, double maxError) {
        this.points = points;
        this.pixels = pixels;
        int n = pixels.length / 2;
        rows = new int[n];
        rays = new double[3 * n];
        pointIds = new int[n];
        pixelIds = new int[n];
        int[] nextOfPoint = new int[n];
        int[] heads = new int[n];
        Groups byPoint = new Groups(points, 3, n);
        Groups byPixel = new Groups(pixels, 2, n);
        double[] ray = new double[3];
        for (int i = 0; i < n; i++) {
            int row = order.length > 0 ? order[i] : i;
            if (!isFinite(row) || !camera.unproject(pixels[2 * row], pixels[2 * row + 1], ray)) {
                continue;
            }
            int known = byPoint.size();
            int id = byPoint.id(row);
            boolean isNew = id == known;
            if (!isNew && isNear(row, heads[id], nextOfPoint, maxError)) {
                continue;
            }
            int pixelsKnown = byPixel.size();
            int pixelId = byPixel.id(row);
            shared |= !isNew || pixelId < pixelsKnown;
            nextOfPoint[count] = isNew ? -1 : heads[id];
            heads[id] = count;
            pointIds[count] = id;
            pixelIds[count] = pixelId;
            rows[count] = row;
            System.arraycopy(ray, 0, rays, 3 * count, 3);
            count++;
        }
    }

    private boolean isFinite(int row) {
        // the sum of finite numbers may overflow: such coordinates are no use either
        return Double.isFinite(
                points[3 * row] + points[3 * row + 1] + points[3 * row + 2] + pixels[2 * row] + pixels[2 * row + 1]);
    }

    private boolean isNear(int row, int head, int[] next, double maxError) {
        int compared = 0;
        for (int at = head; at >= 0 && compared < COMPARED; at = next[at], compared++) {
            double du = pixels[2 * row] - pixels[2 * rows[at]];
            double dv = pixels[2 * row + 1] - pixels[2 * rows[at] + 1];
            if (du * du + dv * dv <= maxError * maxError) {
                return true;
            }
        }
        return false;
    }

    int count() {
        return count;
    }

    /** The row of the k-th. */
    int row(int k) {
        return rows[k];
    }

    double[] rays() {
        return rays;
    }

    /**
     * Of correspondences within an error those with the smallest, each point and each keypoint at most once.
     *
     * @param errors squared errors, one each
     * @param limit largest squared error, exclusive
     * @return places, ascending
     */
    int[] oneToOne(double[] errors, double limit) {
        int[] found = new int[count];
        int n = 0;
        for (int k = 0; k < count; k++) {
            if (errors[k] < limit) {
                found[n++] = k;
            }
        }
        if (!shared) {
            return Arrays.copyOf(found, n);
        }
        Integer[] sorted = new Integer[n];
        for (int i = 0; i < n; i++) {
            sorted[i] = found[i];
        }
        Arrays.sort(sorted, (a, b) -> Double.compare(errors[a], errors[b]));
        boolean[] pointTaken = new boolean[count];
        boolean[] pixelTaken = new boolean[count];
        int kept = 0;
        for (int k : sorted) {
            if (!pointTaken[pointIds[k]] && !pixelTaken[pixelIds[k]]) {
                pointTaken[pointIds[k]] = true;
                pixelTaken[pixelIds[k]] = true;
                found[kept++] = k;
            }
        }
        int[] result = Arrays.copyOf(found, kept);
        Arrays.sort(result);
        return result;
    }

    /** Numbers equal groups of doubles in the order in which they come: a table with open addresses. */
    private static final class Groups {
        private final double[] values;
        private final int width;
        private final int[] table;
        private final int[] first;
        private int size;

        Groups(double[] values, int width, int n) {
            this.values = values;
            this.width = width;
            table = new int[Math.max(4, Integer.highestOneBit(Math.max(1, n)) * 4)];
            first = new int[n];
        }

        int size() {
            return size;
        }

        int id(int row) {
            long hash = 0;
            for (int i = 0; i < width; i++) {
                // 0.0 and -0.0 are equal
                hash = (hash ^ Double.doubleToRawLongBits(values[width * row + i] + 0.0)) * 0x9E3779B97F4A7C15L;
                hash ^= hash >>> 32;
            }
            int at = (int) hash & table.length - 1;
            for (; table[at] != 0; at = at + 1 & table.length - 1) {
                if (isSame(row, first[table[at] - 1])) {
                    return table[at] - 1;
                }
            }
            first[size] = row;
            table[at] = ++size;
            return size - 1;
        }

        private boolean isSame(int a, int b) {
            for (int i = 0; i < width; i++) {
                if (values[width * a + i] != values[width * b + i]) {
                    return false;
                }
            }
            return true;
        }
    }
}
