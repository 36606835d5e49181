package org.retrieval4j.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads one array of NumPy from a stream whose length is known or bounded. */
final class NpyReader {
    private static final int MAX_HEADER = 1 << 16;
    private static final int MAX_VALUES = Integer.MAX_VALUE - 8;

    // the header is a Python dictionary; NumPy writes its three keys in this order and reads no others
    private static final Pattern HEADER = Pattern.compile("\\s*\\{\\s*'descr'\\s*:\\s*'(?<type>[^']*)'\\s*,"
            + "\\s*'fortran_order'\\s*:\\s*(?<fortran>True|False)\\s*,"
            + "\\s*'shape'\\s*:\\s*\\((?<shape>[0-9L,\\s]*)\\)\\s*,?\\s*}\\s*");

    private final InputStream in;
    private final Path path;
    private final long start;
    private final byte[] chunk = new byte[1 << 16];
    private long at;

    private NpyReader(InputStream in, Path path, long start) {
        this.in = in;
        this.path = path;
        this.start = start;
    }

    /**
     * Reads an array.
     *
     * @param in the bytes, from the magic on
     * @param length of the array's file; exactly so many bytes must be used
     * @param path for messages
     * @param start offset of the array in the file at {@code path}, for messages
     */
    static NpyArray read(InputStream in, long length, Path path, long start) throws IOException {
        return new NpyReader(in, path, start).array(length);
    }

    private NpyArray array(long length) throws IOException {
        byte[] magic = bytes(8, length);
        if ((magic[0] & 0xff) != 0x93 || !new String(magic, 1, 5, StandardCharsets.US_ASCII).equals("NUMPY")) {
            throw new CorruptFileException(path, start, "an array file of NumPy (\\x93NUMPY)", shown(magic));
        }
        int version = magic[6];
        if (version < 1 || version > 3) {
            throw new UnsupportedVersionException(path, "npy", version & 0xff, 1, 3);
        }
        ByteBuffer size = ByteBuffer.wrap(bytes(version == 1 ? 2 : 4, length)).order(ByteOrder.LITTLE_ENDIAN);
        long headerLength = version == 1 ? size.getShort() & 0xffff : size.getInt() & 0xffffffffL;
        if (headerLength > MAX_HEADER) {
            throw corrupt("a header of at most " + MAX_HEADER + " bytes", headerLength + " bytes");
        }
        String header = new String(bytes((int) headerLength, length), StandardCharsets.UTF_8);
        Matcher fields = HEADER.matcher(header);
        if (!fields.matches()) {
            throw corrupt("a dictionary of descr, fortran_order and shape", shown(header.strip()));
        }
        int[] shape = shape(fields.group("shape"));
        NpyType type = type(fields.group("type"));
        long count = 1;
        for (int n : shape) {
            count *= n;
        }
        if (count * type.bytes != length - at) {
            throw corrupt(
                    count * type.bytes + " bytes of data for shape " + Arrays.toString(shape), (length - at) + "");
        }
        ByteOrder order = fields.group("type").charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        Object values = values(type, order, (int) count, length);
        if (fields.group("fortran").equals("True") && shape.length > 1) {
            values = cOrder(values, shape);
        }
        return new NpyArray(shape, values);
    }

    private int[] shape(String text) throws IOException {
        if (text.isBlank()) {
            return new int[0];
        }
        String[] sizes = text.strip().split("\\s*,\\s*", -1);
        int dimensions = sizes[sizes.length - 1].isEmpty() ? sizes.length - 1 : sizes.length;
        if (dimensions > 32) {
            throw corrupt("at most 32 dimensions", dimensions + "");
        }
        int[] shape = new int[dimensions];
        long product = 1;
        for (int i = 0; i < dimensions; i++) {
            try {
                shape[i] = Integer.parseInt(
                        sizes[i].endsWith("L") ? sizes[i].substring(0, sizes[i].length() - 1) : sizes[i]);
            } catch (NumberFormatException e) {
                throw corrupt("a shape of numbers below 2^31", "(" + text + ")");
            }
            // zero sizes count as one here, so that (0, 2^31 - 1, 2^31 - 1) is refused too
            product = Math.multiplyExact(product, Math.max(shape[i], 1));
            if (product > MAX_VALUES) {
                throw corrupt("at most " + MAX_VALUES + " values", "shape (" + text + ")");
            }
        }
        return shape;
    }

    private NpyType type(String text) throws IOException {
        for (NpyType type : NpyType.values()) {
            boolean order = text.length() == 3 && "<>=|".indexOf(text.charAt(0)) >= 0;
            if (order && text.substring(1).equals(type.code) && (text.charAt(0) != '|' || type.bytes == 1)) {
                return type;
            }
        }
        throw corrupt("a type of floats, integers or booleans (<f4, <i8, |b1, ...)", "'" + text + "'");
    }

    private Object values(NpyType type, ByteOrder order, int count, long length) throws IOException {
        float[] floats = type.holder == float.class ? new float[count] : null;
        double[] doubles = type.holder == double.class ? new double[count] : null;
        int[] ints = type.holder == int.class ? new int[count] : null;
        long[] longs = type.holder == long.class ? new long[count] : null;
        int perChunk = chunk.length / type.bytes;
        for (int from = 0; from < count; from += perChunk) {
            int n = Math.min(perChunk, count - from);
            fill(n * type.bytes, length);
            ByteBuffer buffer = ByteBuffer.wrap(chunk, 0, n * type.bytes).order(order);
            if (floats != null) {
                for (int i = 0; i < n; i++) {
                    floats[from + i] = type == NpyType.FLOAT16 ? half(buffer.getShort()) : buffer.getFloat();
                }
            } else if (doubles != null) {
                buffer.asDoubleBuffer().get(doubles, from, n);
            } else if (ints != null) {
                for (int i = 0; i < n; i++) {
                    ints[from + i] = integer(type, buffer);
                }
            } else if (longs != null) {
                for (int i = 0; i < n; i++) {
                    longs[from + i] = type == NpyType.UINT32 ? buffer.getInt() & 0xffffffffL : buffer.getLong();
                    if (type == NpyType.UINT64 && longs[from + i] < 0) {
                        throw corrupt(
                                "unsigned values below 2^63",
                                Long.toUnsignedString(longs[from + i]) + " in this chunk");
                    }
                }
            }
        }
        for (Object values : new Object[] {floats, doubles, ints}) {
            if (values != null) {
                return values;
            }
        }
        return longs == null ? new long[0] : longs;
    }

    private static int integer(NpyType type, ByteBuffer buffer) {
        return switch (type) {
            case INT32 -> buffer.getInt();
            case INT16 -> buffer.getShort();
            case UINT16 -> buffer.getShort() & 0xffff;
            case INT8 -> buffer.get();
            case BOOL -> buffer.get() == 0 ? 0 : 1;
            default -> buffer.get() & 0xff;
        };
    }

    /** IEEE 754 binary16; Java has a method for it from version 20 on. */
    static float half(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >> 10) & 0x1f;
        int fraction = bits & 0x3ff;
        if (exponent == 0) {
            float magnitude = fraction * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        int wide = exponent == 0x1f ? 0xff : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }

    private static Object cOrder(Object values, int[] shape) {
        int count = java.lang.reflect.Array.getLength(values);
        int[] source = new int[count];
        // in Fortran order the first index runs fastest
        int[] strides = new int[shape.length];
        int stride = 1;
        for (int d = 0; d < shape.length; d++) {
            strides[d] = stride;
            stride *= shape[d];
        }
        int[] index = new int[shape.length];
        int from = 0;
        for (int i = 0; i < count; i++) {
            source[i] = from;
            for (int d = shape.length - 1; d >= 0; d--) {
                from += strides[d];
                if (++index[d] < shape[d]) {
                    break;
                }
                from -= strides[d] * shape[d];
                index[d] = 0;
            }
        }
        if (values instanceof float[] floats) {
            float[] sorted = new float[count];
            for (int i = 0; i < count; i++) {
                sorted[i] = floats[source[i]];
            }
            return sorted;
        } else if (values instanceof double[] doubles) {
            return Arrays.stream(source).mapToDouble(i -> doubles[i]).toArray();
        } else if (values instanceof int[] ints) {
            return Arrays.stream(source).map(i -> ints[i]).toArray();
        }
        long[] longs = (long[]) values;
        return Arrays.stream(source).mapToLong(i -> longs[i]).toArray();
    }

    private byte[] bytes(int n, long length) throws IOException {
        if (n > length - at) {
            throw corrupt("at least " + n + " more bytes", (length - at) + "");
        }
        fill(n, length);
        return Arrays.copyOf(chunk, n);
    }

    private void fill(int n, long length) throws IOException {
        int read = in.readNBytes(chunk, 0, n);
        if (read < n) {
            throw corrupt(length + " bytes of array", (at + read) + "");
        }
        at += n;
    }

    private CorruptFileException corrupt(String expected, String found) {
        return new CorruptFileException(path, start + at, expected, found);
    }

    private static String shown(byte[] bytes) {
        return shown(new String(bytes, StandardCharsets.ISO_8859_1));
    }

    private static String shown(String text) {
        StringBuilder safe = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), 100); i++) {
            char c = text.charAt(i);
            safe.append(c < ' ' || c > '~' ? '?' : c);
        }
        return safe.append('"').toString();
    }

    /** The types read, with the Java type that holds all their values. */
    private enum NpyType {
        FLOAT16("f2", 2, float.class),
        FLOAT32("f4", 4, float.class),
        FLOAT64("f8", 8, double.class),
        INT8("i1", 1, int.class),
        INT16("i2", 2, int.class),
        INT32("i4", 4, int.class),
        INT64("i8", 8, long.class),
        UINT8("u1", 1, int.class),
        UINT16("u2", 2, int.class),
        UINT32("u4", 4, long.class),
        UINT64("u8", 8, long.class),
        BOOL("b1", 1, int.class);

        final String code;
        final int bytes;
        final Class<?> holder;

        NpyType(String code, int bytes, Class<?> holder) {
            this.code = code;
            this.bytes = bytes;
            this.holder = holder;
        }
    }
}
