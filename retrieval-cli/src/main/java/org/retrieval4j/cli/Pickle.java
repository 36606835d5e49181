package org.retrieval4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.storage.CorruptFileException;

/**
 * Reads a pickle of Python, protocols 0 to 5, without running any of it: dicts, lists, tuples, text, bytes, whole and
 * floating-point numbers, truth values, None, and arrays and scalars of NumPy, whose constructors are recognized by name and
 * read as data. Every other name and every object of a class is refused.
 *
 * <p>Values come as {@link Map} (keys are text or numbers), {@link List} (list and tuple), {@link String}, {@link Bytes},
 * {@link Long}, {@link Double}, {@link Boolean}, {@link #NONE} and {@link NumpyArray}. Python 2's text comes as bytes. A
 * value may stand in several places, even inside itself: only go as deep as is expected. Nesting costs no stack here. Files,
 * texts and the number of values are bounded, so that no file fills the memory by itself.
 */
final class Pickle {
    /** Python's None. */
    static final Object NONE = new Object() {
        @Override
        public String toString() {
            return "None";
        }
    };

    private static final int MAX_FILE = 1 << 26;
    private static final int MAX_VALUES = 1 << 22;
    private static final int MAX_LINE = 1 << 10;
    private static final Object MARK = new Object();

    /** Bytes, or Python 2's text. */
    record Bytes(byte[] value) {}

    /** The names that are read as data. */
    private enum Known {
        RECONSTRUCT("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"),
        SCALAR("numpy.core.multiarray scalar", "numpy._core.multiarray scalar"),
        FROM_BUFFER("numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"),
        ARRAY("numpy ndarray"),
        TYPE("numpy dtype"),
        ENCODE("_codecs encode"),
        BYTES("builtins bytes", "__builtin__ bytes"),
        BYTE_ARRAY("builtins bytearray", "__builtin__ bytearray");

        private final List<String> names;

        Known(String... names) {
            this.names = List.of(names);
        }
    }

    private final Path file;
    private final byte[] data;
    private final ArrayList<Object> stack = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private int at;
    private long values;

    private Pickle(Path file, byte[] data) {
        this.file = file;
        this.data = data;
    }

    /** Tells whether a file may be a pickle of a dict: text of JSON starts with none of these bytes. */
    static boolean looksLike(int firstByte) {
        return firstByte == 0x80 || firstByte == '(' || firstByte == '}';
    }

    /**
     * Reads the value of a file.
     *
     * @throws CorruptFileException if it is no pickle, or cut
     * @throws IOException if it holds what is not read, is too large, or cannot be read
     */
    static Object read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] data = in.readNBytes(MAX_FILE + 1);
            if (data.length > MAX_FILE) {
                throw new IOException(file + ": a pickle must have at most " + MAX_FILE + " bytes");
            }
            return new Pickle(file, data).run();
        }
    }

    private Object run() throws IOException {
        while (true) {
            int opcode = u1();
            switch (opcode) {
                case '.' -> {
                    return pop();
                }
                case 0x80 -> protocol();
                case 0x95 -> length(8); // a frame: only its length is checked
                case '(' -> push(MARK);
                case '0' -> drop();
                case '1' -> popMark();
                case '2' -> push(top());
                case 'N' -> push(NONE);
                case 0x88 -> push(true);
                case 0x89 -> push(false);
                case 'I' -> integerLine();
                case 'L' -> push(whole(line().replaceFirst("L$", "")));
                case 'J' -> push((long) take(4).getInt());
                case 'K' -> push((long) u1());
                case 'M' -> push((long) (take(2).getShort() & 0xFFFF));
                case 0x8a -> push(littleEndian(u1()));
                case 0x8b -> push(littleEndian(length(4)));
                case 'F' -> push(number(line()));
                case 'G' -> push(take(8).order(ByteOrder.BIG_ENDIAN).getDouble());
                case 'S' -> push(quoted());
                case 'T' -> push(bytes(length(4)));
                case 'U', 'C' -> push(bytes(u1()));
                case 'B' -> push(bytes(length(4)));
                case 0x8e, 0x96 -> push(bytes(length(8)));
                case 'V' -> push(rawUnicode());
                case 0x8c -> push(text(u1()));
                case 'X' -> push(text(length(4)));
                case 0x8d -> push(text(length(8)));
                case ']' -> push(new ArrayList<>());
                case 'l' -> push(popMark());
                case 'a' -> append(List.of(pop()));
                case 'e' -> append(popMark());
                case ')' -> push(List.of());
                case 't' -> push(Collections.unmodifiableList(popMark()));
                case 0x85, 0x86, 0x87 -> tuple(opcode - 0x84);
                case '}' -> push(new LinkedHashMap<>());
                case 'd' -> {
                    List<Object> items = popMark();
                    push(new LinkedHashMap<>());
                    put(items);
                }
                case 's' -> {
                    Object value = pop();
                    put(List.of(pop(), value));
                }
                case 'u' -> put(popMark());
                case 'p' -> remember(whole(line()));
                case 'q' -> remember(u1());
                case 'r' -> remember(u4());
                case 0x94 -> remember(memo.size());
                case 'g' -> push(remembered(whole(line())));
                case 'h' -> push(remembered(u1()));
                case 'j' -> push(remembered(u4()));
                case 'c' -> push(known(line(), line()));
                case 0x93 -> {
                    String name = name(pop());
                    push(known(name(pop()), name));
                }
                case 'R' -> {
                    Object arguments = pop();
                    push(made(pop(), arguments));
                }
                case 'b' -> build();
                case 'i' -> throw refused("class " + line() + " " + line());
                case 'o', 0x81, 0x92 -> throw refused("an object of a class");
                case 'P', 'Q' -> throw refused("an object that lies outside the pickle");
                case 0x97, 0x98 -> throw refused("a buffer that lies outside the pickle");
                case 0x82, 0x83, 0x84 -> throw refused("a name of the extension registry");
                case 0x8f, 0x90, 0x91 -> throw refused("a set");
                default -> throw wrong("an opcode", String.format("byte 0x%02x", opcode));
            }
        }
    }

    private void protocol() throws IOException {
        int version = u1();
        if (version > 5) {
            throw wrong("protocol 0 to 5", "protocol " + version);
        }
    }

    /** Counts what takes memory: bytes of the file can stand for many values. */
    private void charge(long more) throws IOException {
        values += more;
        if (values > MAX_VALUES) {
            throw new IOException(file + ": a pickle must have at most " + MAX_VALUES + " values");
        }
    }

    private void push(Object value) throws IOException {
        charge(1);
        stack.add(value);
    }

    private Object top() throws IOException {
        if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
            throw wrong("a value on the stack", "none");
        }
        return stack.get(stack.size() - 1);
    }

    private Object pop() throws IOException {
        Object value = top();
        stack.remove(stack.size() - 1);
        return value;
    }

    private void drop() throws IOException {
        if (stack.isEmpty()) {
            throw wrong("a value on the stack", "none");
        }
        stack.remove(stack.size() - 1);
    }

    /** What lies above the last mark, which is taken away too. */
    private ArrayList<Object> popMark() throws IOException {
        int mark = stack.lastIndexOf(MARK); // compares by identity first: MARK has no equals of its own
        if (mark < 0) {
            throw wrong("a mark on the stack", "none");
        }
        List<Object> above = stack.subList(mark + 1, stack.size());
        ArrayList<Object> copy = new ArrayList<>(above);
        stack.subList(mark, stack.size()).clear();
        return copy;
    }

    @SuppressWarnings("unchecked") // every ArrayList on the stack was made here
    private void append(List<Object> items) throws IOException {
        if (!(top() instanceof ArrayList<?> list)) {
            throw wrong("a list on the stack", kind(top()));
        }
        ((ArrayList<Object>) list).addAll(items);
    }

    @SuppressWarnings("unchecked") // every LinkedHashMap on the stack was made here
    private void put(List<Object> items) throws IOException {
        if (!(top() instanceof LinkedHashMap<?, ?> map)) {
            throw wrong("a dict on the stack", kind(top()));
        }
        if (items.size() % 2 != 0) {
            throw wrong("a value for each key", "a key without one");
        }
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            if (key instanceof Bytes bytes) {
                charge(bytes.value.length / 8); // a text of its own for each dict
                key = latin(bytes.value);
            }
            if (!(key instanceof String || key instanceof Number || key instanceof Boolean)) {
                throw wrong("text or a number as key", kind(key)); // whose hash takes no depth
            }
            ((LinkedHashMap<Object, Object>) map).put(key, items.get(i + 1));
        }
    }

    private void tuple(int size) throws IOException {
        Object[] items = new Object[size];
        for (int i = size - 1; i >= 0; i--) {
            items[i] = pop();
        }
        push(List.of(items));
    }

    private void remember(long key) throws IOException {
        charge(1);
        memo.put(key, top());
    }

    private Object remembered(long key) throws IOException {
        Object value = memo.get(key);
        if (value == null) {
            throw wrong("a value remembered as " + key, "none");
        }
        return value;
    }

    private String name(Object value) throws IOException {
        if (value instanceof String text) {
            return text;
        }
        throw wrong("a name", kind(value));
    }

    private Object known(String module, String name) throws IOException {
        for (Known known : Known.values()) {
            if (known.names.contains(module + " " + name)) {
                return known;
            }
        }
        throw refused("the name " + module + "." + name);
    }

    private Object made(Object maker, Object arguments) throws IOException {
        if (!(maker instanceof Known known)) {
            throw wrong("a name to call", kind(maker));
        }
        if (!(arguments instanceof List<?> list)) {
            throw wrong("a tuple of arguments", kind(arguments));
        }
        try {
            return made(known, list);
        } catch (IllegalArgumentException refused) {
            throw new IOException(
                    file + ": offset " + at + ": " + known.names.get(0).replace(' ', '.') + ": " + refused.getMessage(),
                    refused);
        }
    }

    private Object made(Known known, List<?> list) throws IOException {
        switch (known) {
            case RECONSTRUCT -> {
                if (!list.isEmpty() && list.get(0) == Known.ARRAY) {
                    return new NumpyArray();
                }
            }
            case SCALAR -> {
                if (list.size() == 2
                        && list.get(0) instanceof NumpyArray.Type type
                        && list.get(1) instanceof Bytes bytes) {
                    charge(type.values(1));
                    return NumpyArray.scalar(type, bytes.value);
                }
            }
            case FROM_BUFFER -> {
                if (list.size() >= 3
                        && list.get(0) instanceof Bytes bytes
                        && list.get(1) instanceof NumpyArray.Type type
                        && list.get(2) instanceof List<?> shape) {
                    NumpyArray array = new NumpyArray();
                    fill(array, shape, type, bytes);
                    return array;
                }
            }
            case TYPE -> {
                if (!list.isEmpty()) {
                    return new NumpyArray.Type(asText(list.get(0)).orElse(""));
                }
            }
            case ENCODE -> {
                if (list.size() == 2
                        && list.get(0) instanceof String text
                        && asText(list.get(1)).filter("latin1"::equals).isPresent()) {
                    return latin(text);
                }
            }
            case BYTES, BYTE_ARRAY -> {
                if (list.isEmpty()) {
                    return new Bytes(new byte[0]);
                }
                if (list.get(0) instanceof Bytes bytes) {
                    return bytes;
                }
                if (list.get(0) instanceof String text) { // protocols 0 to 2: text and its encoding, latin-1
                    return latin(text);
                }
            }
            default -> {
                // an array is made by _reconstruct only
            }
        }
        throw refused("a call of " + known.names.get(0).replace(' ', '.') + " with arguments of another form");
    }

    private void fill(NumpyArray array, List<?> shape, NumpyArray.Type type, Object content) throws IOException {
        long count = NumpyArray.count(shape);
        charge(type.values(count));
        array.fill(shape, count, type, content);
    }

    private Bytes latin(String text) throws IOException {
        charge(text.length() / 8);
        return new Bytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private void build() throws IOException {
        Object state = pop();
        if (!(state instanceof List<?> list)) {
            throw refused("the state of an object");
        }
        try {
            if (top() instanceof NumpyArray.Type type && list.size() >= 2) {
                type.setOrder(asText(list.get(1)).orElse(""));
                return;
            }
            int from = list.size() - 4; // behind a version, if there is one
            if (top() instanceof NumpyArray array
                    && (from == 0 || from == 1)
                    && list.get(from) instanceof List<?> shape
                    && list.get(from + 1) instanceof NumpyArray.Type type) {
                fill(array, shape, type, list.get(from + 3));
                return;
            }
        } catch (IllegalArgumentException refused) {
            throw new IOException(file + ": offset " + at + ": " + refused.getMessage(), refused);
        }
        throw refused("the state of an object");
    }

    private int u1() throws IOException {
        if (at == data.length) {
            throw wrong("more bytes", "the end of the file");
        }
        return data[at++] & 0xFF;
    }

    private long u4() throws IOException {
        return take(4).getInt() & 0xFFFFFFFFL;
    }

    /** The next bytes, little-endian. */
    private ByteBuffer take(int count) throws IOException {
        if (count > data.length - at) {
            throw wrong(count + " more bytes", (data.length - at) + " up to the end of the file");
        }
        at += count;
        return ByteBuffer.wrap(data, at - count, count).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A length of so many bytes, which the rest of the file must have. */
    private int length(int size) throws IOException {
        long length = size == 4 ? u4() : take(8).getLong();
        if (length < 0 || length > data.length - at) {
            throw wrong(length + " more bytes", (data.length - at) + " up to the end of the file");
        }
        return (int) length;
    }

    private Bytes bytes(int length) throws IOException {
        byte[] bytes = new byte[length];
        take(length).get(bytes);
        return new Bytes(bytes);
    }

    private String text(int length) throws IOException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(take(length)).toString();
        } catch (CharacterCodingException malformed) {
            throw new CorruptFileException(file, at - length, "text in UTF-8", "other bytes");
        }
    }

    private String line() throws IOException {
        byte[] line = lineBytes();
        if (line.length > MAX_LINE) {
            throw wrong("a line of at most " + MAX_LINE + " bytes", line.length + " bytes");
        }
        return latin(line);
    }

    private byte[] lineBytes() throws IOException {
        int end = at;
        while (end < data.length && data[end] != '\n') {
            end++;
        }
        if (end == data.length) {
            throw wrong("a line break", "the end of the file");
        }
        byte[] line = new byte[end - at];
        System.arraycopy(data, at, line, 0, line.length);
        at = end + 1;
        return line;
    }

    private void integerLine() throws IOException {
        String line = line();
        if (line.equals("00") || line.equals("01")) {
            push(line.equals("01"));
        } else {
            push(whole(line));
        }
    }

    private long whole(String text) throws IOException {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException notOne) {
            throw wrong("a whole number of 64 bits", "\"" + text + "\"");
        }
    }

    private double number(String text) throws IOException {
        try {
            return switch (text) {
                case "inf" -> Double.POSITIVE_INFINITY;
                case "-inf" -> Double.NEGATIVE_INFINITY;
                case "nan" -> Double.NaN;
                default -> Double.parseDouble(text);
            };
        } catch (NumberFormatException notOne) {
            throw wrong("a number", "\"" + text + "\"");
        }
    }

    private long littleEndian(int length) throws IOException {
        byte[] bytes = bytes(length).value;
        for (int i = 0; i < length / 2; i++) {
            byte swapped = bytes[i];
            bytes[i] = bytes[length - 1 - i];
            bytes[length - 1 - i] = swapped;
        }
        try {
            return length == 0 ? 0 : length <= 64 ? new BigInteger(bytes).longValueExact() : tooLong(length);
        } catch (ArithmeticException tooLarge) {
            throw wrong("a whole number of 64 bits", length + " bytes");
        }
    }

    private long tooLong(int length) throws IOException {
        throw wrong("a whole number of 64 bits", length + " bytes");
    }

    /** Python 2's text in quotes, with escapes. */
    private Bytes quoted() throws IOException {
        byte[] line = lineBytes();
        int last = line.length - 1;
        if (last < 1 || line[0] != line[last] || (line[0] != '\'' && line[0] != '"')) {
            throw wrong("text in quotes", "none");
        }
        byte[] bytes = new byte[line.length];
        int length = 0;
        for (int i = 1; i < last; i++) {
            if (line[i] != '\\') {
                bytes[length++] = line[i];
                continue;
            }
            if (++i == last) {
                throw wrong("a character behind a backslash", "none");
            }
            switch (line[i]) {
                case 'x' -> {
                    int code = i + 2 < last ? hex(line, i + 1, 2) : -1;
                    if (code < 0) {
                        throw wrong("two hexadecimal digits", "others");
                    }
                    bytes[length++] = (byte) code;
                    i += 2;
                }
                case 'n' -> bytes[length++] = '\n';
                case 'r' -> bytes[length++] = '\r';
                case 't' -> bytes[length++] = '\t';
                case '\\', '\'', '"' -> bytes[length++] = line[i];
                default -> throw wrong("an escape that Python writes", "\\" + (char) (line[i] & 0xFF));
            }
        }
        byte[] exact = new byte[length];
        System.arraycopy(bytes, 0, exact, 0, length);
        return new Bytes(exact);
    }

    /** Text with an escape for what Latin-1 does not have. */
    private String rawUnicode() throws IOException {
        byte[] line = lineBytes();
        StringBuilder text = new StringBuilder(line.length);
        for (int i = 0; i < line.length; i++) {
            int digits =
                    line[i] != '\\' || i + 1 == line.length ? 0 : line[i + 1] == 'u' ? 4 : line[i + 1] == 'U' ? 8 : 0;
            if (digits == 0) {
                text.append((char) (line[i] & 0xFF));
                continue;
            }
            int code = i + 1 + digits < line.length ? hex(line, i + 2, digits) : -1;
            if (!Character.isValidCodePoint(code)) {
                throw wrong(digits + " hexadecimal digits of a character", "others");
            }
            text.appendCodePoint(code);
            i += 1 + digits;
        }
        return text.toString();
    }

    /** -1 if these are no digits, or more than an int holds. */
    private static int hex(byte[] line, int from, int digits) {
        long value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = Character.digit(line[i], 16);
            if (digit < 0) {
                return -1;
            }
            value = 16 * value + digit;
        }
        return value > Integer.MAX_VALUE ? -1 : (int) value;
    }

    /** Text, whichever Python wrote it. */
    static Optional<String> asText(Object value) {
        if (value instanceof Bytes bytes) {
            return Optional.of(new String(bytes.value, StandardCharsets.UTF_8));
        }
        return value instanceof String text ? Optional.of(text) : Optional.empty();
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** What a value is, for messages. */
    static String kind(Object value) {
        if (value instanceof Map) {
            return "a dict";
        } else if (value instanceof List) {
            return "a list or tuple";
        } else if (value instanceof String || value instanceof Bytes) {
            return "text or bytes";
        } else if (value instanceof NumpyArray array) {
            return "an array of shape " + array.shape();
        } else if (value instanceof NumpyArray.Type || value instanceof Known) {
            return "a name";
        }
        return String.valueOf(value);
    }

    private CorruptFileException wrong(String expected, String found) {
        return new CorruptFileException(file, at, expected, found);
    }

    private IOException refused(String what) {
        return new IOException(file + ": offset " + at + ": the pickle has " + what
                + ", which is not read: only dicts, lists, text, numbers and arrays of NumPy are");
    }
}
