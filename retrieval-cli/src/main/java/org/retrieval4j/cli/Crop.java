package org.retrieval4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A part of the upright picture, in pixels.
 *
 * @param x left side
 * @param y top side
 * @param width at least 1
 * @param height at least 1
 */
record Crop(int x, int y, int width, int height) {
    /** Reads {@code x,y,w,h}. */
    static final class Converter implements ITypeConverter<Crop> {
        @Override
        public Crop convert(String text) {
            String[] parts = text.split(",", -1);
            try {
                if (parts.length == 4) {
                    Crop crop = new Crop(
                            Integer.parseInt(parts[0].strip()),
                            Integer.parseInt(parts[1].strip()),
                            Integer.parseInt(parts[2].strip()),
                            Integer.parseInt(parts[3].strip()));
                    if (crop.x >= 0 && crop.y >= 0 && crop.width >= 1 && crop.height >= 1) {
                        return crop;
                    }
                }
            } catch (NumberFormatException notWhole) {
                throw mistaken(text);
            }
            throw mistaken(text);
        }

        private static TypeConversionException mistaken(String text) {
            return new TypeConversionException(
                    "must be x,y,w,h: whole numbers, w and h at least 1, got \"" + text + "\"");
        }
    }

    @Override
    public String toString() {
        return x + "," + y + "," + width + "," + height;
    }
}
