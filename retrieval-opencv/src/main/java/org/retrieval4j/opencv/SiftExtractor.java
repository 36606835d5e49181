package org.retrieval4j.opencv;

import static java.util.Objects.requireNonNull;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.opencv.core.CvException;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.MatOfKeyPoint;
import org.opencv.features2d.SIFT;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.spi.ComponentProvider;

/**
 * SIFT: keypoints at extrema of differences of Gaussians, each with a histogram of gradient directions around it (Lowe,
 * Distinctive image features from scale-invariant keypoints, IJCV 2004), computed by OpenCV. Robust against turning and
 * scaling, good for verification by geometry and for aggregation; learned features stand more change of light and view.
 *
 * <p>Works on the upright picture in gray, its longest side reduced to {@code max-size} by averaging areas, never
 * enlarged. Keypoints come by falling response, equal responses by place, and are cut to {@code max-keypoints} in that
 * order (OpenCV keeps all of the last response). A point's several directions are several keypoints. Without
 * {@code root}, descriptors are OpenCV's: whole numbers, their length about 512.
 *
 * <p>OpenCV's exact enlargement of the first octave is used: its default moves every keypoint by a quarter of a pixel.
 *
 * <p>Thread-safe; holds nothing between calls. Descriptors may differ in the last bits between processors, because
 * OpenCV's inner loops exist for several instruction sets.
 */
public final class SiftExtractor implements Extractor {
    // OpenCV's precise upscaling finds a tenth fewer keypoints; without it all lie a quarter of a pixel too far to the
    // right and down (the picture is doubled about its corner), which is known and taken off again.
    private static final boolean PRECISE_UPSCALE = false;

    // from OpenCV's count (0 at the center of the first pixel) to ours (0 at its corner), less that quarter
    private static final float SHIFT = 0.5f - 0.25f;

    private static final int OCTAVE_LAYERS = 3;
    private static final double EDGE_THRESHOLD = 10;
    private static final double SIGMA = 1.6;
    // A keypoint of OpenCV: x, y, size, angle, response, octave, class.
    private static final int FIELDS = 7;
    private static final int[] TIE_FIELDS = {1, 0, 2, 3};

    private final ComponentSpec spec;
    private final Options options;

    /**
     * What to find.
     *
     * @param maxKeypoints how many keypoints are kept, those of strongest response; more cost time and space in
     *     proportion and add weaker ones
     * @param maxSize longest side in pixels to which pictures are reduced; larger finds finer detail, in time
     *     proportional to the area
     * @param contrastThreshold least contrast of a keypoint; larger drops keypoints of weak contrast
     * @param root whether descriptors become RootSIFT, which compares better under the Euclidean distance
     */
    public record Options(int maxKeypoints, int maxSize, double contrastThreshold, boolean root) {
        /** Checks the bounds. */
        public Options {
            if (maxKeypoints < 1) {
                throw new IllegalArgumentException("max-keypoints must be at least 1, got " + maxKeypoints);
            }
            if (maxSize < 16) {
                throw new IllegalArgumentException("max-size must be at least 16, got " + maxSize);
            }
            if (!(contrastThreshold >= 0 && contrastThreshold < 1)) {
                throw new IllegalArgumentException(
                        "contrast-threshold must be at least 0 and below 1, got " + contrastThreshold);
            }
        }

        /**
         * 2000 keypoints, 1024 pixels, contrast 0.04, RootSIFT.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(2000, 1024, 0.04, true);
        }

        /**
         * With another number of keypoints.
         *
         * @param value how many are kept
         * @return the changed options
         */
        public Options withMaxKeypoints(int value) {
            return new Options(value, maxSize, contrastThreshold, root);
        }

        /**
         * With another longest side.
         *
         * @param value in pixels
         * @return the changed options
         */
        public Options withMaxSize(int value) {
            return new Options(maxKeypoints, value, contrastThreshold, root);
        }

        /**
         * With another contrast threshold.
         *
         * @param value least contrast of a keypoint
         * @return the changed options
         */
        public Options withContrastThreshold(double value) {
            return new Options(maxKeypoints, maxSize, value, root);
        }

        /**
         * With or without the square root.
         *
         * @param value whether descriptors become RootSIFT
         * @return the changed options
         */
        public Options withRoot(boolean value) {
            return new Options(maxKeypoints, maxSize, contrastThreshold, value);
        }
    }

    /** Makes {@code sift(…)}. */
    public static final class Provider extends ComponentProvider<Extractor, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Extractor.class, "sift", Options.defaults());
        }

        @Override
        public Extractor create(Options options, BuildContext context) {
            return new SiftExtractor(specOf(options), options);
        }
    }

    /**
     * An extractor.
     *
     * @param options what to find
     * @throws BackendException if OpenCV's native library cannot be loaded
     */
    public SiftExtractor(Options options) {
        this(new Provider().specOf(options), options);
    }

    private SiftExtractor(ComponentSpec spec, Options options) {
        this.spec = spec;
        this.options = options;
        OpenCvRuntime.require();
    }

    @Override
    public ComponentSpec spec() {
        return spec;
    }

    @Override
    public Set<String> outputs() {
        return Set.of(Extraction.LOCAL);
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
        MatOfKeyPoint keypoints = new MatOfKeyPoint();
        Mat descriptors = new Mat();
        Mat noMask = new Mat();
        // One object a call: it is small, and nothing is shared between threads.
        SIFT sift = SIFT.create(
                options.maxKeypoints,
                OCTAVE_LAYERS,
                options.contrastThreshold,
                EDGE_THRESHOLD,
                SIGMA,
                CvType.CV_32F,
                PRECISE_UPSCALE);
        try (GrayPicture gray = new GrayPicture(image, options.maxSize)) {
            sift.detectAndCompute(gray.pixels, noMask, keypoints, descriptors);
            return Extraction.ofLocal(features(image, gray, keypoints, descriptors));
        } catch (CvException e) {
            throw new BackendException("OpenCV's SIFT failed on " + image, e);
        } finally {
            // the finalizer must not delete the native object while it computes
            Reference.reachabilityFence(sift);
            keypoints.release();
            descriptors.release();
            noMask.release();
        }
    }

    private ImageFeatures features(Image image, GrayPicture gray, Mat keypoints, Mat descriptors) {
        int found = keypoints.rows();
        float[] points = new float[found * FIELDS];
        float[] vectors = new float[found * RootSift.DIMENSION];
        if (found > 0) {
            keypoints.get(0, 0, points);
            descriptors.get(0, 0, vectors);
        }
        int[] order = order(points, found);
        int n = Math.min(found, options.maxKeypoints);
        float[] places = new float[n * Keypoints.COLUMNS];
        float[] sorted = new float[n * RootSift.DIMENSION];
        for (int i = 0; i < n; i++) {
            int at = FIELDS * order[i];
            gray.toStored(
                    points[at] + SHIFT,
                    points[at + 1] + SHIFT,
                    points[at + 2],
                    points[at + 3],
                    points[at + 4],
                    places,
                    Keypoints.COLUMNS * i);
            System.arraycopy(
                    vectors, RootSift.DIMENSION * order[i], sorted, RootSift.DIMENSION * i, RootSift.DIMENSION);
            if (options.root) {
                RootSift.apply(sorted, RootSift.DIMENSION * i);
            }
        }
        return new ImageFeatures(
                image.width(),
                image.height(),
                image.orientation(),
                new Keypoints(FloatMatrix.of(n, Keypoints.COLUMNS, places)),
                FloatMatrix.of(n, RootSift.DIMENSION, sorted),
                Optional.empty());
    }

    // By falling response; equal ones by y, x, size, angle, so that no sort of OpenCV's decides what is kept.
    private static int[] order(float[] points, int n) {
        long[] keys = new long[n];
        for (int i = 0; i < n; i++) {
            // a response is positive, so that its bits are in its order
            keys[i] = (long) ~Float.floatToRawIntBits(points[FIELDS * i + 4]) << 32 | i;
        }
        Arrays.sort(keys);
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = (int) keys[i];
        }
        for (int from = 0; from < n; ) {
            int to = from + 1;
            while (to < n && keys[to] >> 32 == keys[from] >> 32) {
                to++;
            }
            for (int i = from + 1; i < to; i++) { // by insertion: mostly the directions of one point
                int moved = order[i];
                int at = i;
                while (at > from && isBefore(points, moved, order[at - 1])) {
                    order[at] = order[at - 1];
                    at--;
                }
                order[at] = moved;
            }
            from = to;
        }
        return order;
    }

    private static boolean isBefore(float[] points, int a, int b) {
        for (int field : TIE_FIELDS) {
            int difference = Float.compare(points[FIELDS * a + field], points[FIELDS * b + field]);
            if (difference != 0) {
                return difference < 0;
            }
        }
        return false;
    }
}
