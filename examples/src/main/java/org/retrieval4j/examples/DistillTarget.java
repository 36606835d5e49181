package org.retrieval4j.examples;

import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;

/**
 * What a teacher says of one picture, laid out as the student's feature map: what {@link DistillStudent} shall say.
 *
 * @param global the vector of the picture
 * @param descriptors of each cell that of the strongest keypoint in it; of length 0 where there is none
 * @param labels of each cell how likely the keypoint is at each of its 4 x 4 places, row by row, and that there is none;
 *     they sum to 1
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record DistillTarget(double[] global, double[][] descriptors, double[][] labels) {
    /** Places along each side of a cell. */
    static final int SIDE = 4;
    /** Values of a label. */
    static final int LABELS = SIDE * SIDE + 1;

    /**
     * Lays out keypoints. Cells are equal parts of the upright picture, as those of a network that sees all of it, squashed;
     * keypoints are in the stored one.
     *
     * @param global the teacher's vector
     * @param local the teacher's keypoints and descriptors
     * @param map the student's feature map of the same picture
     * @param usual a keypoint's usual score: the weight of there being none
     */
    static DistillTarget of(float[] global, ImageFeatures local, ImageFeatures map, double usual) {
        Grid grid = map.grid().orElseThrow(() -> new IllegalArgumentException("the student needs a feature map"));
        int cells = grid.rows() * grid.columns();
        double[][] descriptors = new double[cells][0];
        double[][] labels = new double[cells][LABELS];
        float[] best = new float[cells];
        int w = local.width();
        int h = local.height();
        for (int i = 0; i < local.size(); i++) {
            double x = local.keypoints().x(i);
            double y = local.keypoints().y(i);
            double u = local.orientation().uprightX(x, y, w, h)
                    / local.orientation().uprightWidth(w, h);
            double v = local.orientation().uprightY(x, y, w, h)
                    / local.orientation().uprightHeight(w, h);
            int column = place(u, grid.columns() * SIDE);
            int row = place(v, grid.rows() * SIDE);
            int cell = row / SIDE * grid.columns() + column / SIDE;
            float score = local.keypoints().score(i);
            labels[cell][row % SIDE * SIDE + column % SIDE] += Math.max(0, score);
            if (descriptors[cell].length == 0 || score > best[cell]) {
                best[cell] = score;
                descriptors[cell] = doubles(local.descriptors().row(i));
            }
        }
        for (double[] label : labels) {
            label[LABELS - 1] = usual;
            double sum = 0;
            for (double value : label) {
                sum += value;
            }
            for (int i = 0; i < LABELS; i++) {
                label[i] /= sum;
            }
        }
        return new DistillTarget(doubles(global), descriptors, labels);
    }

    private static int place(double part, int places) {
        return Math.max(0, Math.min(places - 1, (int) (part * places)));
    }

    private static double[] doubles(float[] values) {
        double[] copy = new double[values.length];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = values[i];
        }
        return copy;
    }

    /** The mean score of keypoints, above 0. */
    static double usualScore(Iterable<ImageFeatures> pictures) {
        double sum = 0;
        long count = 0;
        for (ImageFeatures picture : pictures) {
            FloatMatrix values = picture.keypoints().values();
            for (int i = 0; i < values.rows(); i++) {
                sum += Math.max(0, picture.keypoints().score(i));
                count++;
            }
        }
        if (!(sum > 0)) {
            throw new IllegalArgumentException("the teacher's keypoints have no scores above 0");
        }
        return sum / count;
    }
}
