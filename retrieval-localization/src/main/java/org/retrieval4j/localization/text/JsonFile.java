package org.retrieval4j.localization.text;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A file of JSON (RFC 8259), read from front to back: large objects and arrays entry by entry, small values whole. Depth,
 * length of texts, and size of a value are bounded, so that no file fills the memory by itself. For one thread.
 */
public final class JsonFile implements AutoCloseable {
    private static final int DEEPEST = 64;
    private static final int LONGEST_TEXT = 1 << 16;
    private static final int LONGEST_NUMBER = 400; // the smallest double without exponent
    private static final int MOST_VALUES = 1 << 20;
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    private final Path file;
    private final Reader reader;
    private final char[] buffer = new char[1 << 14];
    private int at;
    private int end;
    private int line = 1;
    private int depth;
    private int values;
    private boolean pending;

    /**
     * Opens a file.
     *
     * @param file in UTF-8
     * @throws IOException if it cannot be read
     */
    public JsonFile(Path file) throws IOException {
        this.file = file;
        reader = Files.newBufferedReader(file);
    }

    /** Takes a member of an object. */
    @FunctionalInterface
    public interface Member {
        /**
         * Reads its value; a value that is not read is passed over.
         *
         * @param name of the member
         * @throws IOException if the value is not as expected
         */
        void read(String name) throws IOException;
    }

    /** Takes an element of an array. */
    @FunctionalInterface
    public interface Element {
        /**
         * Reads it; an element that is not read is passed over.
         *
         * @throws IOException if it is not as expected
         */
        void read() throws IOException;
    }

    /**
     * Reads the object that comes next, member by member.
     *
     * @param member takes each; a name that comes again is given again
     * @throws IOException if no object comes next, or it is not sound
     */
    public void members(Member member) throws IOException {
        open('{', "an object");
        for (boolean more = !closes('}'); more; more = follows('}')) {
            String name = name();
            pending = true;
            member.read(name);
            if (pending) {
                skip();
            }
        }
        depth--;
    }

    /**
     * Reads the array that comes next, element by element.
     *
     * @param element takes each
     * @throws IOException if no array comes next, or it is not sound
     */
    public void elements(Element element) throws IOException {
        open('[', "an array");
        for (boolean more = !closes(']'); more; more = follows(']')) {
            pending = true;
            element.read();
            if (pending) {
                skip();
            }
        }
        depth--;
    }

    /**
     * Reads the value that comes next, whole.
     *
     * @return the value, of at most about a million values inside
     * @throws IOException if it is not sound or larger
     */
    public JsonValue value() throws IOException {
        values = 0;
        return tree();
    }

    private JsonValue tree() throws IOException {
        if (++values > MOST_VALUES) {
            throw wrong("a value of at most " + MOST_VALUES + " values", "more");
        }
        int c = peek();
        int from = line;
        if (c == '{') {
            open('{', "an object");
            Map<String, JsonValue> members = new LinkedHashMap<>();
            for (boolean more = !closes('}'); more; more = follows('}')) {
                String name = name();
                if (members.put(name, tree()) != null) {
                    throw wrong("each member once", "\"" + name + "\" again");
                }
            }
            depth--;
            return new JsonValue(file, from, Collections.unmodifiableMap(members));
        }
        if (c == '[') {
            open('[', "an array");
            List<JsonValue> elements = new ArrayList<>();
            for (boolean more = !closes(']'); more; more = follows(']')) {
                elements.add(tree());
            }
            depth--;
            return new JsonValue(file, from, Collections.unmodifiableList(elements));
        }
        pending = false;
        if (c == '"') {
            return new JsonValue(file, from, text());
        }
        String word = word();
        return switch (word) {
            case "true" -> new JsonValue(file, from, true);
            case "false" -> new JsonValue(file, from, false);
            case "null" -> new JsonValue(file, from, null);
            default -> new JsonValue(file, from, new JsonValue.Numeral(number(word)));
        };
    }

    private void skip() throws IOException {
        int c = peek();
        if (c == '{') {
            members(name -> {});
        } else if (c == '[') {
            elements(() -> {});
        } else {
            value();
        }
    }

    /**
     * Checks that nothing follows.
     *
     * @throws IOException if something does
     */
    public void end() throws IOException {
        int c = peek();
        if (c >= 0) {
            throw wrong("the end", shown(c));
        }
    }

    private void open(char bracket, String what) throws IOException {
        pending = false;
        int c = peek();
        if (c != bracket) {
            throw wrong(what, shown(c));
        }
        at++;
        if (++depth > DEEPEST) {
            throw wrong("a depth of at most " + DEEPEST, "more");
        }
    }

    /** Whether the bracket closes at once. */
    private boolean closes(char bracket) throws IOException {
        if (peek() != bracket) {
            return false;
        }
        at++;
        return true;
    }

    /** Whether another entry follows, or the bracket closes. */
    private boolean follows(char bracket) throws IOException {
        int c = peek();
        if (c != ',' && c != bracket) {
            throw wrong("\",\" or \"" + bracket + "\"", shown(c));
        }
        at++;
        return c == ',';
    }

    private String name() throws IOException {
        int c = peek();
        if (c != '"') {
            throw wrong("a member's name", shown(c));
        }
        String name = text();
        c = peek();
        if (c != ':') {
            throw wrong("\":\" after \"" + name + "\"", shown(c));
        }
        at++;
        return name;
    }

    private String text() throws IOException {
        at++;
        StringBuilder text = new StringBuilder();
        for (int c = next(); c != '"'; c = next()) {
            if (c < ' ') {
                throw wrong("\"\"\" at the end of a text", shown(c));
            }
            if (text.length() == LONGEST_TEXT) {
                throw wrong("a text of at most " + LONGEST_TEXT + " characters", "more");
            }
            text.append(c == '\\' ? escaped() : (char) c);
        }
        return text.toString();
    }

    private char escaped() throws IOException {
        int c = next();
        return switch (c) {
            case '"', '\\', '/' -> (char) c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(next(), 16);
                    if (digit < 0) {
                        throw wrong("four hexadecimal digits", "others");
                    }
                    code = 16 * code + digit;
                }
                yield (char) code;
            }
            default -> throw wrong("an escaped character", shown(c));
        };
    }

    private String number(String word) throws IOException {
        if (!NUMBER.matcher(word).matches()) {
            throw wrong("a value", word.isEmpty() ? shown(peek()) : "\"" + word + "\"");
        }
        return word;
    }

    private String word() throws IOException {
        StringBuilder word = new StringBuilder();
        for (int c = peek(); isOfWord(c); c = at < end || fill() ? buffer[at] : -1) {
            if (word.length() == LONGEST_NUMBER) {
                throw wrong("a number of at most " + LONGEST_NUMBER + " characters", "more");
            }
            word.append((char) c);
            at++;
        }
        return word.toString();
    }

    private static boolean isOfWord(int c) {
        return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.';
    }

    /** The character at the place; −1 at the end. */
    private int next() throws IOException {
        return at < end || fill() ? buffer[at++] : -1;
    }

    /** The next character that is not white space, without passing it; −1 at the end. */
    private int peek() throws IOException {
        while (at < end || fill()) {
            char c = buffer[at];
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                return c;
            }
            line += c == '\n' ? 1 : 0;
            at++;
        }
        return -1;
    }

    private boolean fill() throws IOException {
        try {
            end = Math.max(0, reader.read(buffer));
            at = 0;
            return end > 0;
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not text in UTF-8", e);
        }
    }

    private static String shown(int c) {
        return c < 0 ? "the end" : c < ' ' ? "character " + c : "\"" + (char) c + "\"";
    }

    /**
     * What is wrong at this place.
     *
     * @param expected what should stand there
     * @param found what does
     * @return to be thrown
     */
    public IOException wrong(String expected, String found) {
        return new IOException(file + ", line " + line + ": expected " + expected + ", found " + found);
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
