package org.retrieval4j.opencv;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.opencv.core.CvException;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.Size;
import org.opencv.imgproc.Imgproc;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Dense SIFT: upright descriptors on a grid, in patches of several sizes. Aggregated by VLAD it is DenseVLAD, which finds
 * places by day and night where keypoints are not found again (Torii et al., 24/7 place recognition by view synthesis,
 * CVPR 2015, section 3). It is not for verification: its places are the grid's.
 *
 * <p>Works on the upright picture in gray, reduced like {@link SiftExtractor}'s. Each size has a grid of its own, centered
 * in the picture; patches lie inside it. The picture is smoothed by a sixth of a cell's side before, as VLFeat's
 * {@code vl_phow} does. Patches without any gradient have no descriptor and are left out. Descriptors come size by size,
 * in each row by row. A keypoint's scale is the side of its patch; its score is the patch's contrast, a mean
 * of its gradients where black to white is 1.
 *
 * <p>The output is {@link Extraction#MAP}; it is a grid if there is one size and no patch was left out. Without
 * {@code root} descriptors have the length 512, as those of {@link SiftExtractor} have.
 *
 * <p>Thread-safe; holds nothing between calls.
 */
public final class DenseSiftExtractor implements Extractor {
    private static final int CELLS = 4;
    // Lowe 2004, section 6.1: large gradients (glare) are cut so that their size matters less than their direction
    private static final float MOST = 0.2f;
    private static final float UNIT = 512;
    // Far below a step of one gray level, far above what rounding makes of a flat patch.
    private static final float LEAST_CONTRAST = 1e-5f;

    private final ComponentSpec spec;
    private final Options options;

    /**
     * What to sample.
     *
     * @param step distance of neighboring patches in pixels of the reduced picture; larger gives fewer descriptors, by
     *     the square
     * @param minSize side of the smallest patches in pixels, a multiple of 4; larger sees coarser structure
     * @param sizeStep by how much each size is larger than the one before, a multiple of 4
     * @param scales number of sizes; more give more descriptors and stand more change of distance
     * @param maxSize longest side in pixels to which pictures are reduced; larger gives more descriptors
     * @param root whether descriptors become RootSIFT
     */
    public record Options(int step, int minSize, int sizeStep, int scales, int maxSize, boolean root) {
        /** Checks the bounds. */
        public Options {
            requireAtLeast("step", step, 1);
            requireMultiple("min-size", minSize);
            requireMultiple("size-step", sizeStep);
            requireAtLeast("scales", scales, 1);
            requireAtLeast("max-size", maxSize, 16);
            long side = maxSize / step + 1L;
            if (side * side > Integer.MAX_VALUE / (long) RootSift.DIMENSION / scales) {
                throw new IllegalArgumentException("step must be larger for max-size " + maxSize + " and " + scales
                        + " scales, whose descriptors would not fit an array; got " + step);
            }
        }

        private static void requireAtLeast(String name, int value, int least) {
            if (value < least) {
                throw new IllegalArgumentException(name + " must be at least " + least + ", got " + value);
            }
        }

        private static void requireMultiple(String name, int value) {
            requireAtLeast(name, value, CELLS);
            if (value % CELLS != 0) {
                throw new IllegalArgumentException(name + " must be a multiple of " + CELLS + ", got " + value);
            }
        }

        /**
         * Every 8 pixels, patches of 16, 24, 32 and 40 pixels, pictures of at most 640 pixels, RootSIFT.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(8, 16, 8, 4, 640, true);
        }

        /**
         * With another distance of patches.
         *
         * @param value in pixels
         * @return the changed options
         */
        public Options withStep(int value) {
            return new Options(value, minSize, sizeStep, scales, maxSize, root);
        }

        /**
         * With other sizes of patches.
         *
         * @param least side of the smallest, a multiple of 4
         * @param increment by how much each is larger than the one before, a multiple of 4
         * @param number how many sizes
         * @return the changed options
         */
        public Options withSizes(int least, int increment, int number) {
            return new Options(step, least, increment, number, maxSize, root);
        }

        /**
         * With another longest side.
         *
         * @param value in pixels
         * @return the changed options
         */
        public Options withMaxSize(int value) {
            return new Options(step, minSize, sizeStep, scales, value, root);
        }

        /**
         * With or without the square root.
         *
         * @param value whether descriptors become RootSIFT
         * @return the changed options
         */
        public Options withRoot(boolean value) {
            return new Options(step, minSize, sizeStep, scales, maxSize, value);
        }
    }

    /** Makes {@code dense-sift(…)}. */
    public static final class Provider extends ComponentProvider<Extractor, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Extractor.class, "dense-sift", Options.defaults());
        }

        @Override
        public Extractor create(Options options, BuildContext context) {
            return new DenseSiftExtractor(options);
        }
    }

    /**
     * An extractor.
     *
     * @param options what to sample
     * @throws BackendException if OpenCV's native library cannot be loaded
     */
    public DenseSiftExtractor(Options options) {
        this.spec = new Provider().specOf(options);
        this.options = options;
        OpenCvRuntime.require();
    }

    @Override
    public ComponentSpec spec() {
        return spec;
    }

    @Override
    public Set<String> outputs() {
        return Set.of(Extraction.MAP);
    }

    @Override
    public List<Extraction> extractAll(List<Image> images) {
        List<Extraction> extractions = new ArrayList<>(images.size());
        for (Image image : images) {
            extractions.add(extract(image));
        }
        return extractions;
    }

    @Override
    public Extraction extract(Image image) {
        requireNonNull(image, "image");
        try (GrayPicture gray = new GrayPicture(image, options.maxSize)) {
            List<FloatMatrix> keypoints = new ArrayList<>();
            List<FloatMatrix> descriptors = new ArrayList<>();
            Optional<Grid> grid = Optional.empty();
            for (int scale = 0; scale < options.scales; scale++) {
                grid = addSize(gray, options.minSize + scale * options.sizeStep, keypoints, descriptors);
            }
            ImageFeatures features = new ImageFeatures(
                    image.width(),
                    image.height(),
                    image.orientation(),
                    new Keypoints(FloatMatrix.concat(keypoints)),
                    FloatMatrix.concat(descriptors),
                    options.scales == 1 ? grid : Optional.empty());
            return new Extraction(Map.of(Extraction.MAP, features), Optional.empty());
        } catch (CvException e) {
            throw new BackendException("OpenCV failed on " + image, e);
        }
    }

    private Optional<Grid> addSize(
            GrayPicture gray, int size, List<FloatMatrix> keypoints, List<FloatMatrix> descriptors) {
        int cell = size / CELLS;
        int width = gray.pixels.cols();
        int height = gray.pixels.rows();
        GradientHistograms.Axis rows = GradientHistograms.Axis.of(height, cell, options.step);
        GradientHistograms.Axis columns = GradientHistograms.Axis.of(width, cell, options.step);
        int cells = rows.count() * columns.count();
        float[] places = new float[cells * Keypoints.COLUMNS];
        float[] vectors = new float[0];
        int kept = 0;
        if (cells > 0) {
            vectors = new GradientHistograms(smooth(gray.pixels, cell / 6.0), width, height)
                    .describe(cell, rows, columns);
            for (int i = 0; i < cells; i++) {
                float contrast = normalize(vectors, RootSift.DIMENSION * i) / (cell * cell);
                if (contrast > LEAST_CONTRAST) {
                    System.arraycopy(
                            vectors, RootSift.DIMENSION * i, vectors, RootSift.DIMENSION * kept, RootSift.DIMENSION);
                    float x = columns.center(i % columns.count(), cell);
                    float y = rows.center(i / columns.count(), cell);
                    gray.toStored(x, y, size, 0, contrast, places, Keypoints.COLUMNS * kept);
                    kept++;
                }
            }
        }
        keypoints.add(FloatMatrix.of(kept, Keypoints.COLUMNS, places));
        descriptors.add(FloatMatrix.of(kept, RootSift.DIMENSION, vectors));
        return kept > 0 && kept == cells ? Optional.of(new Grid(rows.count(), columns.count())) : Optional.empty();
    }

    // A camera's picture counts as smoothed by half a pixel already.
    private static float[] smooth(Mat gray, double deviation) {
        Mat smoothed = new Mat();
        try {
            gray.convertTo(smoothed, CvType.CV_32F, 1 / 255.0);
            double missing = deviation * deviation - 0.25;
            if (missing > 0) {
                Imgproc.GaussianBlur(smoothed, smoothed, new Size(0, 0), Math.sqrt(missing));
            }
            float[] values = new float[smoothed.rows() * smoothed.cols()];
            smoothed.get(0, 0, values);
            return values;
        } finally {
            smoothed.release();
        }
    }

    /** Normalizes one descriptor in place; returns its length before. */
    private float normalize(float[] values, int from) {
        float length = length(values, from);
        if (!(length > 0)) {
            return 0;
        }
        for (int i = from; i < from + RootSift.DIMENSION; i++) {
            values[i] = Math.min(values[i] / length, MOST);
        }
        if (options.root) {
            RootSift.apply(values, from); // its own sum takes the place of the second normalization
            return length;
        }
        float scale = UNIT / length(values, from);
        for (int i = from; i < from + RootSift.DIMENSION; i++) {
            values[i] *= scale;
        }
        return length;
    }

    private static float length(float[] values, int from) {
        float sum = 0;
        for (int i = from; i < from + RootSift.DIMENSION; i++) {
            sum += values[i] * values[i];
        }
        return (float) Math.sqrt(sum);
    }
}
