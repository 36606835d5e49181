package org.retrieval4j.opencv;

import org.opencv.core.Core;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.Size;
import org.opencv.imgproc.Imgproc;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;

/**
 * The upright picture in gray, reduced to a longest side, and the way back to stored pixels. Belongs to one thread; to
 * be closed.
 *
 * <p>The order is gray, turn, reduce: only then are the pixels of a photograph that is stored in any of the eight
 * orientations the same to the last bit.
 */
final class GrayPicture implements AutoCloseable {
    private static final int BLOCK = 1 << 18;

    final Mat pixels;
    private final int storedWidth;
    private final int storedHeight;
    private final Orientation orientation;
    private final double scaleX;
    private final double scaleY;

    GrayPicture(Image image, int maxSize) {
        storedWidth = image.width();
        storedHeight = image.height();
        orientation = image.orientation();
        int width = orientation.uprightWidth(storedWidth, storedHeight);
        int height = orientation.uprightHeight(storedWidth, storedHeight);
        Mat gray = toGray(image);
        turn(gray, orientation);
        int longest = Math.max(width, height);
        if (longest > maxSize) {
            double factor = (double) maxSize / longest;
            Size reduced = new Size(Math.max(1, Math.round(width * factor)), Math.max(1, Math.round(height * factor)));
            Mat small = new Mat();
            Imgproc.resize(gray, small, reduced, 0, 0, Imgproc.INTER_AREA);
            gray.release();
            gray = small;
        }
        pixels = gray;
        scaleX = (double) width / gray.cols();
        scaleY = (double) height / gray.rows();
    }

    // In blocks that stay in the processor's cache: the colors never lie in native memory as a whole.
    private static Mat toGray(Image image) {
        int width = image.width();
        int height = image.height();
        int blockRows = Math.min(height, Math.max(1, BLOCK / (3 * width)));
        Mat gray = new Mat(height, width, CvType.CV_8U);
        Mat block = new Mat(blockRows, width, CvType.CV_8UC3);
        try {
            for (int y = 0; y < height; y += blockRows) {
                int rows = Math.min(blockRows, height - y);
                Mat colors = rows == blockRows ? block : block.rowRange(0, rows);
                Mat target = gray.rowRange(y, y + rows);
                colors.put(0, 0, image.rgb(), 3 * width * y, 3 * width * rows);
                Imgproc.cvtColor(colors, target, Imgproc.COLOR_RGB2GRAY);
                target.release();
                if (colors != block) {
                    colors.release();
                }
            }
        } finally {
            block.release();
        }
        return gray;
    }

    // Transposition and flips of the enum's own description: upright (u, v) is stored (x', y'), swapped or not.
    private static void turn(Mat gray, Orientation orientation) {
        boolean reverseX = orientation.storedX(0, 0, 1, 1) != 0;
        boolean reverseY = orientation.storedY(0, 0, 1, 1) != 0;
        if (reverseX || reverseY) {
            Core.flip(gray, gray, reverseX && reverseY ? -1 : reverseX ? 1 : 0);
        }
        if (orientation.swapsSides()) {
            Core.transpose(gray, gray);
        }
    }

    /**
     * Writes a keypoint's row in stored pixels.
     *
     * @param x place in the reduced picture, the center of the first pixel at 0.5
     * @param y likewise
     * @param diameter in reduced pixels
     * @param degrees direction in the upright picture
     */
    void toStored(float x, float y, float diameter, float degrees, float score, float[] rows, int at) {
        // Reduced pixel i covers [i, i + 1) * scale of the original one, so that continuous coordinates just scale.
        double u = x * scaleX;
        double v = y * scaleY;
        rows[at] = (float) orientation.storedX(u, v, storedWidth, storedHeight);
        rows[at + 1] = (float) orientation.storedY(u, v, storedWidth, storedHeight);
        rows[at + 2] = (float) (diameter * Math.sqrt(scaleX * scaleY));
        rows[at + 3] = Keypoints.direction(orientation.storedAngle(degrees));
        rows[at + 4] = score;
    }

    @Override
    public void close() {
        pixels.release();
    }
}
