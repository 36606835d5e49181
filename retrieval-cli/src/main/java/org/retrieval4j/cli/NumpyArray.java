package org.retrieval4j.cli;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An array of NumPy inside a pickle: whole and floating-point numbers, truth values, text, bytes, or objects. */
final class NumpyArray {
    private List<Long> shape = List.of(0L);
    private List<Object> values = List.of();

    /** The type of values. */
    static final class Type {
        private final char kind;
        private final int size;
        private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

        /** Of its name: {@code i8}, {@code <f4}, {@code O8}. */
        Type(String name) {
            String bare = name.replaceFirst("^[<>|=]", "");
            if (!bare.matches("[iu][1248]|f[248]|b1|O[48]?|[SUa][1-9][0-9]{0,5}")) {
                throw new IllegalArgumentException("the type must be numbers, text or objects, got \"" + name + "\"");
            }
            kind = bare.charAt(0) == 'a' ? 'S' : bare.charAt(0);
            int number = bare.length() == 1 ? 8 : Integer.parseInt(bare.substring(1));
            size = kind == 'U' ? 4 * number : number;
            if (name.startsWith(">")) {
                order = ByteOrder.BIG_ENDIAN;
            }
        }

        /** How much so many take, in values of eight bytes. */
        long values(long count) {
            return count * Math.max(1, size / 8);
        }

        void setOrder(String text) {
            switch (text) {
                case ">" -> order = ByteOrder.BIG_ENDIAN;
                case "<", "|", "=" -> order = ByteOrder.LITTLE_ENDIAN;
                default ->
                    throw new IllegalArgumentException("the order of bytes must be <, > or |, got \"" + text + "\"");
            }
        }

        private Object value(byte[] bytes, int from) {
            ByteBuffer at = ByteBuffer.wrap(bytes, from, size).order(order);
            return switch (kind) {
                case 'b' -> at.get() != 0;
                case 'i' ->
                    size == 1
                            ? (long) at.get()
                            : size == 2 ? (long) at.getShort() : size == 4 ? (long) at.getInt() : at.getLong();
                case 'u' ->
                    size == 1
                            ? (long) (at.get() & 0xFF)
                            : size == 2
                                    ? (long) (at.getShort() & 0xFFFF)
                                    : size == 4 ? at.getInt() & 0xFFFFFFFFL : unsigned(at.getLong());
                case 'f' -> size == 2 ? half(at.getShort()) : size == 4 ? (double) at.getFloat() : at.getDouble();
                case 'S' -> latin(at);
                case 'U' -> characters(at);
                default -> throw new IllegalArgumentException("objects stand in no bytes");
            };
        }

        private static long unsigned(long bits) {
            if (bits < 0) {
                throw new IllegalArgumentException(
                        "a value must be at most 2^63 - 1, got " + Long.toUnsignedString(bits));
            }
            return bits;
        }

        private static double half(short bits) {
            int exponent = bits >> 10 & 0x1F;
            int fraction = bits & 0x3FF;
            double magnitude = exponent == 0x1F
                    ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                    : exponent == 0 ? fraction * 0x1p-24 : (1024 + fraction) * Math.scalb(1.0, exponent - 25);
            return bits < 0 ? -magnitude : magnitude;
        }

        private static String latin(ByteBuffer at) {
            byte[] bytes = new byte[at.remaining()];
            at.get(bytes);
            return withoutZeros(new String(bytes, StandardCharsets.ISO_8859_1));
        }

        private static String characters(ByteBuffer at) {
            StringBuilder text = new StringBuilder();
            while (at.hasRemaining()) {
                int code = at.getInt();
                if (!Character.isValidCodePoint(code)) {
                    throw new IllegalArgumentException("text must be characters of Unicode, got " + code);
                }
                text.appendCodePoint(code);
            }
            return withoutZeros(text.toString());
        }

        private static String withoutZeros(String text) {
            int end = text.length();
            while (end > 0 && text.charAt(end - 1) == 0) {
                end--;
            }
            return text.substring(0, end);
        }
    }

    static Object scalar(Type type, byte[] bytes) {
        if (bytes.length != type.size) {
            throw new IllegalArgumentException("a scalar must have " + type.size + " bytes, got " + bytes.length);
        }
        return type.value(bytes, 0);
    }

    /** How many values a shape has; at most 2^31 - 1. */
    static long count(List<?> shape) {
        long count = 1;
        for (Object size : shape) {
            if (!(size instanceof Long length) || length < 0 || length > Integer.MAX_VALUE || shape.size() > 32) {
                throw new IllegalArgumentException(
                        "the shape must be up to 32 whole numbers, got " + Pickle.kind(size));
            }
            count = Math.min(Integer.MAX_VALUE, count * length);
        }
        return count;
    }

    /** Sets the content. Arrays of more than one dimension keep their values in the order of the bytes. */
    void fill(List<?> sizes, long count, Type type, Object content) {
        List<Long> dimensions = new ArrayList<>();
        sizes.forEach(size -> dimensions.add((Long) size));
        List<Object> read = new ArrayList<>();
        if (type.kind == 'O' && content instanceof List<?> objects && objects.size() == count) {
            read.addAll(objects);
        } else if (type.kind != 'O'
                && content instanceof Pickle.Bytes bytes
                && bytes.value().length == count * type.size) {
            for (int i = 0; i < count; i++) {
                read.add(type.value(bytes.value(), i * type.size));
            }
        } else {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "an array of shape %s and type %s%d must have so many values, got others",
                    dimensions,
                    type.kind,
                    type.size));
        }
        shape = dimensions;
        values = read;
    }

    List<Long> shape() {
        return shape;
    }

    /** The values of an array of one dimension, or of none with values. */
    List<Object> list() {
        if (shape.size() != 1 && !values.isEmpty()) {
            throw new IllegalArgumentException("an array must have one dimension, got shape " + shape);
        }
        return values;
    }
}
