package org.retrieval4j.api;

/**
 * Scales a part of a picture: bilinear where it is enlarged, and where it is shrunk with the triangle widened by the
 * factor, so that every pixel counts and fine texture does not alias. This is Pillow's {@code BILINEAR} and torchvision's
 * {@code antialias=True}, in float instead of rounded to 8 bit; where nothing is shrunk it equals OpenCV's
 * {@code INTER_LINEAR}.
 */
final class Resampler {
    /** A side of more is refused: the weights of one axis take memory with the side. */
    private static final int MAX_SIDE = 1 << 20;

    private Resampler() {}

    /** For each target pixel along one axis: which source pixels it takes, from where in {@code weights}. */
    private record Axis(int[] from, int[] to, int[] at, float[] weights) {
        static Axis of(int size, double start, double length, int targets) {
            double ratio = length / targets;
            double support = Math.max(ratio, 1);
            int[] from = new int[targets];
            int[] to = new int[targets];
            int[] at = new int[targets];
            float[] weights = new float[targets * (2 * (int) Math.ceil(support) + 2)];
            int used = 0;
            for (int i = 0; i < targets; i++) {
                double center = start + (i + 0.5) * ratio;
                from[i] = Math.max(0, Math.min(size - 1, (int) Math.floor(center - support + 0.5)));
                to[i] = Math.max(from[i] + 1, Math.min(size, (int) Math.floor(center + support + 0.5)));
                at[i] = used;
                double sum = 0;
                for (int j = from[i]; j < to[i]; j++) {
                    sum += triangle((j + 0.5 - center) / support);
                }
                for (int j = from[i]; j < to[i]; j++) {
                    weights[used++] =
                            sum == 0 ? 1f / (to[i] - from[i]) : (float) (triangle((j + 0.5 - center) / support) / sum);
                }
            }
            return new Axis(from, to, at, weights);
        }

        private static double triangle(double x) {
            return Math.max(0, 1 - Math.abs(x));
        }
    }

    /** What {@link Image#resampled} tells, of an upright picture. */
    static float[] resample(Image picture, double x, double y, double width, double height, int columns, int rows) {
        if (picture.width() > MAX_SIDE || picture.height() > MAX_SIDE) {
            throw new IllegalArgumentException("a side of a picture must be at most " + MAX_SIDE + " pixels, got "
                    + picture.width() + " x " + picture.height());
        }
        Axis across = Axis.of(picture.width(), x, width, columns);
        Axis down = Axis.of(picture.height(), y, height, rows);
        float[] scaled = new float[Math.multiplyExact(3 * columns, rows)];
        float[] line = new float[3 * columns];
        // Source rows in order, each scaled across once and added to the target rows it touches, of which a window
        // [first, …) moves down: no intermediate picture. O(3 · 2 · source pixels).
        int first = 0;
        for (int source = down.from[0]; source < down.to[rows - 1]; source++) {
            while (first < rows && down.to[first] <= source) {
                first++;
            }
            if (first == rows || down.from[first] > source) {
                continue;
            }
            scaleAcross(picture, source, across, line);
            for (int row = first; row < rows && down.from[row] <= source; row++) {
                float weight = down.weights[down.at[row] + source - down.from[row]];
                int target = row * line.length;
                for (int i = 0; i < line.length; i++) {
                    scaled[target + i] += weight * line[i];
                }
            }
        }
        return scaled;
    }

    private static void scaleAcross(Image picture, int y, Axis across, float[] line) {
        byte[] rgb = picture.rgb();
        int start = 3 * y * picture.width();
        for (int column = 0, out = 0; out < line.length; column++, out += 3) {
            int p = start + 3 * across.from[column];
            int at = across.at[column];
            float red = 0;
            float green = 0;
            float blue = 0;
            for (int taps = across.to[column] - across.from[column]; taps > 0; taps--, p += 3, at++) {
                float weight = across.weights[at];
                red += weight * (rgb[p] & 0xff);
                green += weight * (rgb[p + 1] & 0xff);
                blue += weight * (rgb[p + 2] & 0xff);
            }
            line[out] = red;
            line[out + 1] = green;
            line[out + 2] = blue;
        }
    }
}
