package org.retrieval4j.opencv;

import java.util.Arrays;

/**
 * Upright SIFT descriptors on a regular grid: 4 x 4 cells of 8 directions, each the sum of the gradients around the
 * cell's center, weighted by a tent of the cell's width (what linear interpolation between cells amounts to) and by the
 * patch's Gaussian window at the cell's center. Since all patches are upright and of one size, the tent is a convolution
 * that neighboring patches share (the "flat window" of Vedaldi and Fulkerson, VLFeat, vl_dsift).
 *
 * <p>Layout and sense of the directions are those of OpenCV's SIFT, so that a descriptor compares with one of its.
 */
final class GradientHistograms {
    private static final int CELLS = 4;
    private static final int DIRECTIONS = 8;

    private final int width;
    private final int height;
    private final float[] magnitude;
    // Direction in units of an eighth of a turn, counter-clockwise as seen, in [0, 8).
    private final float[] direction;

    /**
     * Gradients of a picture.
     *
     * @param gray row-major values
     * @param width in pixels
     * @param height in pixels
     */
    GradientHistograms(float[] gray, int width, int height) {
        this.width = width;
        this.height = height;
        magnitude = new float[gray.length];
        direction = new float[gray.length];
        for (int y = 0; y < height; y++) {
            int up = Math.max(y - 1, 0) * width;
            int down = Math.min(y + 1, height - 1) * width;
            for (int x = 0, at = y * width; x < width; x++, at++) {
                int left = Math.max(x - 1, 0) - x;
                int right = Math.min(x + 1, width - 1) - x;
                float dx = gray[at + right] - gray[at + left];
                float dy = gray[up + x] - gray[down + x];
                magnitude[at] = (float) Math.sqrt(dx * dx + dy * dy);
                direction[at] = eighths(dx, dy);
            }
        }
    }

    /** One side of a grid: where the first cell's center of each patch lies, in pixel indices. */
    record Axis(int first, int step, int count) {
        /** Patches of four cells that lie inside a side of the picture, the rest split between both ends. */
        static Axis of(int length, int cell, int step) {
            // the first cell covers first + 0.5 ± cell / 2, the last one ends at first + 0.5 + 3.5 cells
            int least = (cell + 1) / 2 - (cell % 2 == 0 ? 0 : 1);
            int most = (int) Math.floor(length - 3.5 * cell - 0.5);
            int count = most < least ? 0 : (most - least) / step + 1;
            return new Axis(least + Math.max(0, most - least - (count - 1) * step) / 2, step, count);
        }

        /** Center of a patch in continuous coordinates. */
        float center(int index, int cell) {
            return first + index * step + 1.5f * cell + 0.5f;
        }

        /** Sorted pixel indices at which any patch has a cell's center. */
        int[] centers(int cell) {
            int[] all = new int[CELLS * count];
            for (int i = 0; i < count; i++) {
                for (int c = 0; c < CELLS; c++) {
                    all[CELLS * i + c] = first + i * step + c * cell;
                }
            }
            return Arrays.stream(all).sorted().distinct().toArray();
        }
    }

    /**
     * Descriptors before normalization.
     *
     * @param cell side of a cell in pixels
     * @param rows vertical axis of the grid
     * @param columns horizontal axis of the grid
     * @return 128 values a patch, row by row of the grid
     */
    float[] describe(int cell, Axis rows, Axis columns) {
        float[] descriptors = new float[rows.count * columns.count * RootSift.DIMENSION];
        int[] rowCenters = rows.centers(cell);
        int[] columnCenters = columns.centers(cell);
        int[] rowSlots = slots(rowCenters, height);
        int[] columnSlots = slots(columnCenters, width);
        float[] plane = new float[width * height];
        float[] band = new float[width];
        float[] sums = new float[rowCenters.length * columnCenters.length];
        for (int d = 0; d < DIRECTIONS; d++) {
            fillPlane(d, plane);
            for (int r = 0; r < rowCenters.length; r++) {
                sumRows(plane, rowCenters[r], cell, band);
                for (int c = 0; c < columnCenters.length; c++) {
                    sums[r * columnCenters.length + c] = sumColumns(band, columnCenters[c], cell);
                }
            }
            for (int i = 0, at = d; i < rows.count; i++) {
                for (int j = 0; j < columns.count; j++) {
                    for (int cy = 0; cy < CELLS; cy++) {
                        int row = rowSlots[rows.first + i * rows.step + cy * cell] * columnCenters.length;
                        for (int cx = 0; cx < CELLS; cx++, at += DIRECTIONS) {
                            int column = columnSlots[columns.first + j * columns.step + cx * cell];
                            descriptors[at] = window(cy) * window(cx) * sums[row + column];
                        }
                    }
                }
            }
        }
        return descriptors;
    }

    // Each gradient goes to the two neighboring directions, in proportion to nearness.
    private void fillPlane(int d, float[] plane) {
        for (int i = 0; i < plane.length; i++) {
            float distance = Math.abs(direction[i] - d);
            distance = Math.min(distance, DIRECTIONS - distance);
            plane[i] = Math.max(0, 1 - distance) * magnitude[i];
        }
    }

    private void sumRows(float[] plane, int center, int cell, float[] band) {
        Arrays.fill(band, 0);
        for (int k = Math.max(1 - cell, -center); k < cell && center + k < height; k++) {
            float weight = 1 - Math.abs(k) / (float) cell;
            int from = (center + k) * width;
            for (int x = 0; x < width; x++) {
                band[x] += weight * plane[from + x];
            }
        }
    }

    private static float sumColumns(float[] band, int center, int cell) {
        float sum = 0;
        for (int k = Math.max(1 - cell, -center); k < cell && center + k < band.length; k++) {
            sum += (1 - Math.abs(k) / (float) cell) * band[center + k];
        }
        return sum;
    }

    private static int[] slots(int[] centers, int length) {
        int[] slots = new int[length];
        for (int i = 0; i < centers.length; i++) {
            slots[centers[i]] = i;
        }
        return slots;
    }

    // The patch's Gaussian, of half its width, at a cell's center (Lowe 2004, section 6.1).
    private static float window(int cell) {
        double offset = cell - (CELLS - 1) / 2.0;
        return (float) Math.exp(-offset * offset / (CELLS * CELLS / 2.0));
    }

    /** The direction of a vector in eighths of a turn, from +x towards +y, in [0, 8); 0 for the zero vector. */
    static float eighths(float x, float y) {
        float ax = Math.abs(x);
        float ay = Math.abs(y);
        float larger = Math.max(ax, ay);
        if (larger == 0) {
            return 0;
        }
        float a = Math.min(ax, ay) / larger;
        float s = a * a;
        // arc tangent on [0, 1] to 1e-5 (Abramowitz and Stegun 4.4.49)
        float angle = a * (0.9998660f + s * (-0.3302995f + s * (0.1801410f + s * (-0.0851330f + s * 0.0208351f))));
        angle *= (float) (4 / Math.PI);
        angle = ay > ax ? 2 - angle : angle;
        angle = x < 0 ? 4 - angle : angle;
        angle = y < 0 ? 8 - angle : angle;
        return angle >= 8 ? 0 : angle;
    }
}
