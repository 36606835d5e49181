package org.retrieval4j.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.pose.Pose;

/** Writes JSON (RFC 8259) from maps, lists, text, numbers and booleans: one value, one line. */
final class Json {
    private Json() {}

    /**
     * The text of a value.
     *
     * @param value null, a Map with text keys, a List, a CharSequence, a finite Number, a Boolean
     * @return JSON without line breaks
     * @throws IllegalArgumentException for a number that JSON does not have, or another class
     */
    static String text(@Nullable Object value) {
        StringBuilder text = new StringBuilder();
        append(text, value);
        return text.toString();
    }

    private static void append(StringBuilder text, @Nullable Object value) {
        if (value == null || value instanceof Boolean) {
            text.append(value);
        } else if (value instanceof CharSequence characters) {
            quote(text, characters);
        } else if (value instanceof Number number) {
            if (!Double.isFinite(number.doubleValue())) {
                throw new IllegalArgumentException("JSON has no number " + number);
            }
            text.append(number);
        } else if (value instanceof Map<?, ?> map) {
            char separator = '{';
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                text.append(separator);
                separator = ',';
                quote(text, (CharSequence) entry.getKey());
                text.append(':');
                append(text, entry.getValue());
            }
            text.append(map.isEmpty() ? "{}" : "}");
        } else if (value instanceof List<?> list) {
            char separator = '[';
            for (Object element : list) {
                text.append(separator);
                separator = ',';
                append(text, element);
            }
            text.append(list.isEmpty() ? "[]" : "]");
        } else {
            throw new IllegalArgumentException("no JSON for " + value.getClass().getName());
        }
    }

    private static void quote(StringBuilder text, CharSequence characters) {
        text.append('"');
        for (int i = 0; i < characters.length(); i++) {
            char c = characters.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    // lone surrogates have no UTF-8; the line separators end a line in some readers
                    if (c < 0x20 || c == 0x7f || c == '\u2028' || c == '\u2029' || isLone(characters, i)) {
                        text.append(String.format("\\u%04x", (int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }

    private static boolean isLone(CharSequence characters, int index) {
        char c = characters.charAt(index);
        if (Character.isHighSurrogate(c)) {
            return index + 1 == characters.length() || !Character.isLowSurrogate(characters.charAt(index + 1));
        }
        return Character.isLowSurrogate(c) && (index == 0 || !Character.isHighSurrogate(characters.charAt(index - 1)));
    }

    /** A pose's numbers by the names that all commands use. */
    static Map<String, Object> pose(Pose pose) {
        Map<String, Object> numbers = new LinkedHashMap<>();
        numbers.put("qw", pose.qw());
        numbers.put("qx", pose.qx());
        numbers.put("qy", pose.qy());
        numbers.put("qz", pose.qz());
        numbers.put("tx", pose.tx());
        numbers.put("ty", pose.ty());
        numbers.put("tz", pose.tz());
        return numbers;
    }
}
