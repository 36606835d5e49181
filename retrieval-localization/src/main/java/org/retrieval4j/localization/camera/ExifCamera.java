package org.retrieval4j.localization.camera;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.OptionalDouble;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;

/**
 * A camera where no calibration is given: SIMPLE_RADIAL without distortion, the principal point in the middle, the focal length
 * from the picture's EXIF data (CIPA DC-008). Good to start from, never as good as a calibration: zoom lenses round, and
 * programs that crop pictures leave the data as they were.
 */
public final class ExifCamera {
    /** Focal length in longer sides that is assumed of pictures that tell none, as COLMAP does. */
    public static final double ASSUMED = 1.2;

    /** Diagonal of 35 mm film in millimeters. */
    private static final double FILM_DIAGONAL = Math.hypot(36, 24);

    private static final int FOCAL_LENGTH = 0x920A;
    private static final int FOCAL_LENGTH_35 = 0xA405;
    private static final int FOCAL_PLANE_X = 0xA20E;
    private static final int FOCAL_PLANE_UNIT = 0xA210;
    private static final int PIXELS_X = 0xA002;
    private static final int EXIF = 0x8769;

    /** Entries of a directory that are looked at: real ones have some dozens. */
    private static final int MOST_ENTRIES = 1000;

    private ExifCamera() {}

    /**
     * The camera of a picture file.
     *
     * @param file all its bytes: JPEG; other formats have no EXIF data here
     * @return the camera for the pixels as stored; empty if the file does not tell the focal length
     * @throws ImageFormatException if the bytes are no picture
     */
    public static Optional<Camera> of(byte[] file) throws ImageFormatException {
        ImageHeader header = ImageHeader.read(requireNonNull(file, "file"));
        OptionalDouble focal = OptionalDouble.empty();
        if (header.format() == ImageHeader.Format.JPEG) {
            focal = new Tags(file).focalLength(header.width(), header.height());
        }
        return focal.isPresent()
                ? Optional.of(camera(header.width(), header.height(), focal.getAsDouble()))
                : Optional.empty();
    }

    /**
     * The camera that is assumed of pictures that tell nothing.
     *
     * @param width in pixels
     * @param height in pixels
     * @return a focal length of {@value #ASSUMED} longer sides
     */
    public static Camera assumed(int width, int height) {
        return camera(width, height, ASSUMED * Math.max(width, height));
    }

    private static Camera camera(int width, int height, double focal) {
        return new Camera(CameraModel.SIMPLE_RADIAL, width, height, focal, width / 2.0, height / 2.0, 0);
    }

    /** The tags of the first EXIF segment. Every place is checked against the segment before it is read. */
    private static final class Tags {
        private final byte[] bytes;
        private int base;
        private int end;
        private boolean big;
        private double millimeters = Double.NaN;
        private double film = Double.NaN;
        private double perUnit = Double.NaN;
        private double unit = 2;
        private double pixels = Double.NaN;

        Tags(byte[] bytes) {
            this.bytes = bytes;
            for (int at = 2; at + 4 <= bytes.length && (bytes[at] & 0xFF) == 0xFF; ) {
                int marker = bytes[at + 1] & 0xFF;
                int length = (bytes[at + 2] & 0xFF) << 8 | bytes[at + 3] & 0xFF;
                if (marker == 0xDA || length < 2) {
                    return;
                }
                if (marker == 0xE1 && length >= 16 && at + 2 + length <= bytes.length && isExif(at + 4)) {
                    base = at + 10;
                    end = at + 2 + length;
                    big = bytes[base] == 'M';
                    directory(u32(4), true);
                    return;
                }
                at += 2 + length;
            }
        }

        private boolean isExif(int at) {
            String name = "Exif\0\0";
            for (int i = 0; i < name.length(); i++) {
                if (bytes[at + i] != name.charAt(i)) {
                    return false;
                }
            }
            return true;
        }

        private void directory(long offset, boolean first) {
            int count = Math.min(MOST_ENTRIES, u16(offset));
            for (int i = 0; i < count; i++) {
                long entry = offset + 2 + 12L * i;
                int tag = u16(entry);
                if (tag == EXIF && first) {
                    directory(u32(entry + 8), false);
                } else if (tag == FOCAL_LENGTH) {
                    millimeters = number(entry);
                } else if (tag == FOCAL_LENGTH_35) {
                    film = number(entry);
                } else if (tag == FOCAL_PLANE_X) {
                    perUnit = number(entry);
                } else if (tag == FOCAL_PLANE_UNIT) {
                    unit = number(entry);
                } else if (tag == PIXELS_X) {
                    pixels = number(entry);
                }
            }
        }

        /** A SHORT, a LONG or a RATIONAL. */
        private double number(long entry) {
            return switch (u16(entry + 2)) {
                case 3 -> u16(entry + 8);
                case 4 -> u32(entry + 8);
                case 5 -> (double) u32(u32(entry + 8)) / u32(u32(entry + 8) + 4);
                default -> Double.NaN;
            };
        }

        private int u16(long offset) {
            if (offset < 0 || offset + 2 > end - base) {
                return 0;
            }
            int at = base + (int) offset;
            int a = bytes[at] & 0xFF;
            int b = bytes[at + 1] & 0xFF;
            return big ? a << 8 | b : b << 8 | a;
        }

        private long u32(long offset) {
            long a = u16(offset);
            long b = u16(offset + 2);
            return big ? a << 16 | b : b << 16 | a;
        }

        OptionalDouble focalLength(int width, int height) {
            double diagonal = Math.hypot(width, height);
            if (film > 0 && film < 10_000) {
                return OptionalDouble.of(film / FILM_DIAGONAL * diagonal);
            }
            // resolution of the sensor in pixels an inch, a centimeter, a millimeter, a micrometer
            double size = unit == 2 ? 25.4 : unit == 3 ? 10 : unit == 4 ? 1 : unit == 5 ? 1e-3 : Double.NaN;
            double focal = millimeters * perUnit / size;
            if (pixels > 0) {
                focal *= width / pixels; // the picture may have been scaled down since
            }
            boolean sound = focal > 0.1 * diagonal && focal < 100 * diagonal;
            return sound ? OptionalDouble.of(focal) : OptionalDouble.empty();
        }
    }
}
