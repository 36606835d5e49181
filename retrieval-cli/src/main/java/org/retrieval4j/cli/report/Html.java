package org.retrieval4j.cli.report;

/** HTML text. */
final class Html {
    private Html() {}

    /** Text that stands for itself in content and in quoted attributes. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(isShown(c) ? c : '\uFFFD');
            }
        }
        return escaped.toString();
    }

    // Control characters are not allowed in HTML; the bidirectional ones could turn a name around.
    private static boolean isShown(char c) {
        return !(Character.isISOControl(c) || c >= '\u202a' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069');
    }

    /** The last part of a path. */
    static String fileName(String name) {
        int slash = Math.max(name.lastIndexOf('/', name.length() - 2), name.lastIndexOf('\\', name.length() - 2));
        return name.substring(slash + 1);
    }
}
