package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;

/** How large a picture is when it enters a network, and how it is fitted in. */
public sealed interface InputSize {
    /** The longest side of a network's input. */
    int MAX_SIDE = 4096;

    /**
     * Where an upright picture comes to lie.
     *
     * @param width its width in pixels
     * @param height its height in pixels
     * @return the place
     */
    Placement place(int width, int height);

    /** What happens to a picture of another shape than the input. */
    enum Fit {
        /** Both sides are scaled by themselves; the whole picture is seen, distorted. */
        SQUASH,
        /** The whole picture in its own proportions, centered, the rest filled. */
        LETTERBOX,
        /** The largest centered part of the input's proportions. */
        CROP
    }

    /**
     * Always the same size.
     *
     * @param width of the input, 1 to 4096 pixels
     * @param height of the input, 1 to 4096 pixels
     * @param fit what happens to other proportions
     * @param padding gray value 0 to 255 that fills what a letterbox leaves; 0 unless said otherwise
     */
    record Fixed(int width, int height, Fit fit, double padding) implements InputSize {
        /** Checks the bounds. */
        public Fixed {
            requireSide("width", width);
            requireSide("height", height);
            requireNonNull(fit, "fit");
            if (!(padding >= 0 && padding <= 255)) {
                throw new IllegalArgumentException("padding must be 0 to 255, got " + padding);
            }
        }

        @Override
        public Placement place(int pictureWidth, int pictureHeight) {
            double scaleX = (double) width / pictureWidth;
            double scaleY = (double) height / pictureHeight;
            switch (fit) {
                case LETTERBOX -> {
                    double scale = Math.min(scaleX, scaleY);
                    int insideWidth = clamp(Math.round(pictureWidth * scale), 1, width);
                    int insideHeight = clamp(Math.round(pictureHeight * scale), 1, height);
                    return new Placement(
                            width,
                            height,
                            (width - insideWidth) / 2,
                            (height - insideHeight) / 2,
                            insideWidth,
                            insideHeight,
                            new Placement.Part(0, 0, pictureWidth, pictureHeight));
                }
                case CROP -> {
                    double scale = Math.max(scaleX, scaleY);
                    double partWidth = Math.min(pictureWidth, width / scale);
                    double partHeight = Math.min(pictureHeight, height / scale);
                    Placement.Part part = new Placement.Part(
                            (pictureWidth - partWidth) / 2, (pictureHeight - partHeight) / 2, partWidth, partHeight);
                    return new Placement(width, height, 0, 0, width, height, part);
                }
                default -> {
                    return Placement.squash(width, height, pictureWidth, pictureHeight);
                }
            }
        }
    }

    /**
     * In the picture's own proportions, up to a limit. Each side is then rounded to the nearest multiple, at least one,
     * and the picture squashed by that little.
     *
     * @param shorter what the shorter side becomes, as far as the longer one stays in its limit; 0 for no such goal
     * @param longer what the longer side becomes at most (or exactly, if {@code shorter} is 0); 4096 unless said
     *     otherwise. Larger finds finer detail and costs time with the square
     * @param multipleOf what both sides are multiples of; 1 unless said otherwise
     * @param enlarge whether smaller pictures are enlarged; no unless said otherwise
     */
    record Limited(int shorter, int longer, int multipleOf, boolean enlarge) implements InputSize {
        /** Checks the bounds. */
        public Limited {
            requireSide("longer", longer);
            if (shorter < 0 || shorter > longer) {
                throw new IllegalArgumentException("shorter must be 1 to longer (" + longer + "), got " + shorter);
            }
            if (multipleOf < 1 || multipleOf > longer) {
                throw new IllegalArgumentException(
                        "multiple-of must be 1 to longer (" + longer + "), got " + multipleOf);
            }
        }

        @Override
        public Placement place(int pictureWidth, int pictureHeight) {
            double scale = (double) longer / Math.max(pictureWidth, pictureHeight);
            if (shorter > 0) {
                scale = Math.min(scale, (double) shorter / Math.min(pictureWidth, pictureHeight));
            }
            if (!enlarge) {
                scale = Math.min(scale, 1);
            }
            return Placement.squash(
                    rounded(pictureWidth * scale), rounded(pictureHeight * scale), pictureWidth, pictureHeight);
        }

        private int rounded(double side) {
            return multipleOf * clamp(Math.round(side / multipleOf), 1, longer / multipleOf);
        }
    }

    private static int clamp(long value, int least, int most) {
        return (int) Math.max(least, Math.min(most, value));
    }

    private static void requireSide(String what, int side) {
        if (side < 1 || side > MAX_SIDE) {
            throw new IllegalArgumentException(what + " must be 1 to " + MAX_SIDE + ", got " + side);
        }
    }
}
