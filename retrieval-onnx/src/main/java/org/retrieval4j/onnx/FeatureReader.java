package org.retrieval4j.onnx;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.onnx.NetworkOutput.DescriptorOutput;
import org.retrieval4j.onnx.NetworkOutput.KeypointOutput;
import org.retrieval4j.onnx.NetworkOutput.MapOutput;

/** Turns one picture's outputs into features in stored pixels. */
final class FeatureReader {
    private final Image stored;
    private final Placement placement;

    /**
     * For one picture.
     *
     * @param stored the picture as it was given
     * @param placement where it lies in the network's input
     */
    FeatureReader(Image stored, Placement placement) {
        this.stored = stored;
        this.placement = placement;
    }

    /**
     * Feature maps as one grid, that of the finest: the channels of the first, then those of the next. A coarser map is
     * read at the center of each cell (nearest neighbor), so that where the finest grid is a multiple of it each of its
     * cells stands equally often and means over the grid stay what they were. Cells whose centers show padding are left
     * out.
     */
    ImageFeatures map(List<Tensor> tensors, List<MapOutput> outputs) {
        MapView[] maps = new MapView[tensors.size()];
        int channels = 0;
        int rows = 0;
        int columns = 0;
        for (int i = 0; i < maps.length; i++) {
            maps[i] = MapView.of(tensors.get(i), outputs.get(i));
            channels = Math.addExact(channels, maps[i].channels());
            rows = Math.max(rows, maps[i].rows());
            columns = Math.max(columns, maps[i].columns());
        }
        double cellWidth = (double) placement.width() / columns;
        double cellHeight = (double) placement.height() / rows;
        int left = Math.min(columns - 1, cellsBefore(placement.left(), cellWidth));
        int right = cellsBefore(placement.left() + placement.insideWidth(), cellWidth);
        int top = Math.min(rows - 1, cellsBefore(placement.top(), cellHeight));
        int bottom = cellsBefore(placement.top() + placement.insideHeight(), cellHeight);
        right = Math.max(left + 1, Math.min(columns, right)); // a thin picture may lie between two centers
        bottom = Math.max(top + 1, Math.min(rows, bottom));
        long values = (long) (right - left) * (bottom - top) * channels;
        if (values > Tensor.MAX_VALUES) {
            throw tensors.get(0)
                    .unexpected("gives, joined with the others of its features, a map of " + (right - left)
                            + " x " + (bottom - top) + " cells and " + channels + " channels, more than "
                            + Tensor.MAX_VALUES
                            + " values");
        }
        int cells = (right - left) * (bottom - top);
        float[] places = new float[cells * Keypoints.COLUMNS];
        float[] descriptors = new float[(int) values];
        for (int row = top, cell = 0; row < bottom; row++) {
            for (int column = left; column < right; column++, cell++) {
                place(places, cell, (column + 0.5) * cellWidth, (row + 0.5) * cellHeight, 0);
                int to = cell * channels;
                for (MapView map : maps) {
                    map.copyCell(
                            centered(row, map.rows(), rows), centered(column, map.columns(), columns), descriptors, to);
                    to += map.channels();
                }
            }
        }
        return features(places, descriptors, cells, channels, Optional.of(new Grid(bottom - top, right - left)));
    }

    // The cell of a coarser axis that holds the center of a cell of the finer one.
    private static int centered(int cell, int coarse, int fine) {
        return (int) ((2L * cell + 1) * coarse / (2L * fine));
    }

    /** One map's values, whatever their order. */
    private record MapView(Tensor tensor, int channels, int rows, int columns, boolean channelsFirst, boolean l2) {
        static MapView of(Tensor tensor, MapOutput output) {
            boolean first = output.layout() == NetworkInput.Layout.NCHW;
            MapView view = new MapView(
                    tensor,
                    tensor.side(first ? 0 : 2),
                    tensor.side(first ? 1 : 0),
                    tensor.side(first ? 2 : 1),
                    first,
                    output.l2());
            if (view.channels < 1 || view.rows < 1 || view.columns < 1) {
                throw tensor.unexpected("is an empty feature map");
            }
            return view;
        }

        void copyCell(int row, int column, float[] values, int to) {
            int step = channelsFirst ? rows * columns : 1;
            int from = tensor.offset() + (row * columns + column) * (channelsFirst ? 1 : channels);
            for (int c = 0; c < channels; c++, from += step) {
                values[to + c] = tensor.values()[from];
            }
            if (l2) {
                FeatureReader.l2(values, to, channels);
            }
        }
    }

    // How many cells have their center before an edge.
    private static int cellsBefore(int edge, double cell) {
        return (int) Math.ceil(edge / cell - 0.5);
    }

    /** Sparse features, best scores first; those in the padding or below the smallest score are left out. */
    ImageFeatures local(
            Tensor keypoints,
            KeypointOutput keypointOutput,
            Tensor descriptors,
            DescriptorOutput descriptorOutput,
            @Nullable Tensor scores,
            double minScore) {
        int n = keypoints.side(0);
        if ((n > 0 && keypoints.side(1) != 2) || n > KeypointOutput.LIMIT) {
            throw keypoints.unexpected("must be n x 2, n at most " + KeypointOutput.LIMIT);
        }
        boolean first = descriptorOutput.channelsFirst();
        int channels = descriptors.side(first ? 0 : 1);
        if (descriptors.side(first ? 1 : 0) != n) {
            throw descriptors.unexpected("must have one descriptor for each of " + n + " keypoints");
        }
        if (scores != null && scores.size() != n) {
            throw scores.unexpected("must have one score for each of " + n + " keypoints");
        }
        int[] kept = kept(keypoints, keypointOutput, scores, minScore);
        float[] places = new float[kept.length * Keypoints.COLUMNS];
        float[] values = new float[kept.length * channels];
        for (int i = 0; i < kept.length; i++) {
            int k = kept[i];
            double x = inputX(keypoints, keypointOutput.form(), k);
            double y = inputY(keypoints, keypointOutput.form(), k);
            place(places, i, x, y, scores == null ? 0 : scores.get(k));
            for (int c = 0; c < channels; c++) {
                values[i * channels + c] = descriptors.get(first ? c * n + k : k * channels + c);
            }
            if (descriptorOutput.l2()) {
                l2(values, i * channels, channels);
            }
        }
        return features(places, values, kept.length, channels, Optional.empty());
    }

    private int[] kept(Tensor keypoints, KeypointOutput output, @Nullable Tensor scores, double minScore) {
        int n = keypoints.side(0);
        Integer[] inside = new Integer[n];
        int count = 0;
        for (int k = 0; k < n; k++) {
            double x = inputX(keypoints, output.form(), k) - placement.left();
            double y = inputY(keypoints, output.form(), k) - placement.top();
            boolean isInside = x >= 0 && y >= 0 && x <= placement.insideWidth() && y <= placement.insideHeight();
            if (isInside && (scores == null || scores.get(k) >= minScore)) {
                inside[count++] = k;
            }
        }
        if (scores != null) {
            Arrays.sort(
                    inside,
                    0,
                    count,
                    Comparator.<Integer>comparingDouble(k -> -scores.get(k)).thenComparingInt(k -> k));
        }
        int[] kept = new int[Math.min(count, output.maxKeypoints())];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = inside[i];
        }
        return kept;
    }

    private double inputX(Tensor keypoints, KeypointForm form, int k) {
        int longer = Math.max(placement.width(), placement.height());
        return form.toPixels(keypoints.get(2 * k + (form.yFirst() ? 1 : 0)), placement.width(), longer);
    }

    private double inputY(Tensor keypoints, KeypointForm form, int k) {
        int longer = Math.max(placement.width(), placement.height());
        return form.toPixels(keypoints.get(2 * k + (form.yFirst() ? 0 : 1)), placement.height(), longer);
    }

    private void place(float[] places, int index, double inputX, double inputY, float score) {
        double u = placement.uprightX(inputX);
        double v = placement.uprightY(inputY);
        int at = index * Keypoints.COLUMNS;
        places[at] = (float) stored.orientation().storedX(u, v, stored.width(), stored.height());
        places[at + 1] = (float) stored.orientation().storedY(u, v, stored.width(), stored.height());
        // Descriptors are computed upright: their direction is the upright x axis, wherever that points as stored.
        places[at + 3] = (float) stored.orientation().storedAngle(0);
        places[at + 4] = score;
    }

    private ImageFeatures features(float[] places, float[] descriptors, int count, int channels, Optional<Grid> grid) {
        return new ImageFeatures(
                stored.width(),
                stored.height(),
                stored.orientation(),
                new Keypoints(FloatMatrix.of(count, Keypoints.COLUMNS, places)),
                FloatMatrix.of(count, channels, descriptors),
                grid);
    }

    /** Divides a vector by its length; one of zeros stays. */
    static void l2(float[] values, int from, int size) {
        double sum = 0;
        for (int i = from; i < from + size; i++) {
            sum += (double) values[i] * values[i];
        }
        if (sum == 0) {
            return;
        }
        double length = Math.sqrt(sum);
        for (int i = from; i < from + size; i++) {
            values[i] = (float) (values[i] / length);
        }
    }
}
