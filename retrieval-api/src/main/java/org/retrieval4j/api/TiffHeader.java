package org.retrieval4j.api;

/**
 * Size and orientation of a TIFF file, and whether its strips or tiles lie inside it (TIFF 6.0); also the orientation in
 * EXIF data, which are a TIFF file inside another one.
 */
final class TiffHeader {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int STRIP_OFFSETS = 273;
    private static final int ORIENTATION = 274;
    private static final int STRIP_LENGTHS = 279;
    private static final int TILE_OFFSETS = 324;
    private static final int TILE_LENGTHS = 325;
    private static final int BYTE = 1;
    private static final int SHORT = 3;
    private static final int LONG = 4;

    private TiffHeader() {}

    static ImageHeader read(HeaderBytes in) throws ImageFormatException {
        boolean bigEndian = in.matches(0, "MM");
        long directory = in.u32(4, bigEndian);
        int entries = in.u16(directory, bigEndian);
        in.require(directory + 2, 12L * entries);
        long width = 0;
        long height = 0;
        int orientation = 1;
        long offsets = 0;
        long lengths = 0;
        for (long at = directory + 2, end = at + 12L * entries; at < end; at += 12) {
            switch (in.u16(at, bigEndian)) {
                case WIDTH -> width = value(in, at, 0, bigEndian);
                case HEIGHT -> height = value(in, at, 0, bigEndian);
                case ORIENTATION -> orientation = (int) value(in, at, 0, bigEndian);
                case STRIP_OFFSETS, TILE_OFFSETS -> offsets = at;
                case STRIP_LENGTHS, TILE_LENGTHS -> lengths = at;
                default -> {
                    // says nothing about size, place or orientation
                }
            }
        }
        if (offsets == 0 || lengths == 0) {
            throw in.damaged("no picture data");
        }
        long parts = in.u32(offsets + 4, bigEndian);
        if (parts == 0 || in.u32(lengths + 4, bigEndian) != parts) {
            throw in.damaged("its strips have no places");
        }
        // bounded by the file: the array of the offsets must lie inside it, or the read fails
        for (long i = 0; i < parts; i++) {
            in.require(value(in, offsets, i, bigEndian), value(in, lengths, i, bigEndian));
        }
        return in.header(ImageHeader.Format.TIFF, width, height, Orientation.ofExif(orientation));
    }

    /**
     * The orientation in EXIF data. Metadata that cannot be understood do not make a picture unreadable: it is upright
     * then.
     *
     * @param in the file around the data
     * @param start where the data start, at their byte order
     * @param length length of the data
     * @return the orientation
     */
    static Orientation exifOrientation(HeaderBytes in, long start, long length) throws ImageFormatException {
        if (length < 14 || !in.has(start, length)) {
            return Orientation.UPRIGHT;
        }
        boolean bigEndian = in.matches(start, "MM\0*");
        if (!bigEndian && !in.matches(start, "II*\0")) {
            return Orientation.UPRIGHT;
        }
        long directory = in.u32(start + 4, bigEndian);
        if (directory > length - 2) {
            return Orientation.UPRIGHT;
        }
        int entries = in.u16(start + directory, bigEndian);
        for (long i = 0; i < entries && directory + 2 + 12 * (i + 1) <= length; i++) {
            long at = start + directory + 2 + 12 * i;
            if (in.u16(at, bigEndian) == ORIENTATION) {
                int type = in.u16(at + 2, bigEndian);
                boolean one = in.u32(at + 4, bigEndian) == 1;
                return one && (type == BYTE || type == SHORT || type == LONG)
                        ? Orientation.ofExif((int) Math.min(value(in, at, 0, bigEndian), 9))
                        : Orientation.UPRIGHT;
            }
        }
        return Orientation.UPRIGHT;
    }

    // The value of an entry's array; values that fit four bytes stand in the entry itself.
    private static long value(HeaderBytes in, long entry, long index, boolean bigEndian) throws ImageFormatException {
        int type = in.u16(entry + 2, bigEndian);
        long count = in.u32(entry + 4, bigEndian);
        int size =
                switch (type) {
                    case BYTE -> 1;
                    case SHORT -> 2;
                    case LONG -> 4;
                    default -> throw in.damaged("an entry of type " + type);
                };
        long at = (count * size <= 4 ? entry + 8 : in.u32(entry + 8, bigEndian)) + index * size;
        return switch (type) {
            case BYTE -> in.u8(at);
            case SHORT -> in.u16(at, bigEndian);
            default -> in.u32(at, bigEndian);
        };
    }
}
