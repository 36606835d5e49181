package org.retrieval4j.cli.report;

import java.io.IOException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.retrieval4j.api.Image;

/** The pictures of a report, each embedded once however often it is shown. */
final class PictureStore {
    private final Map<String, Stored> stored = new LinkedHashMap<>();

    /**
     * A picture in the page.
     *
     * @param id of its element
     * @param width in units, at a height of {@link PairDrawing#HEIGHT}
     * @param bytes what it adds to the page
     * @param element its SVG
     */
    record Stored(String id, int width, int bytes, String element) {}

    /**
     * Puts a picture in, unless it is there at least as good.
     *
     * @param source where it comes from
     * @param maxSide the longer side at most, in pixels
     * @param maxBytes of the JPEG
     * @param fallbackWidth width in units of the empty frame if the picture cannot be read
     */
    Stored put(PictureSource source, int maxSide, int maxBytes, int fallbackWidth) {
        Stored there = stored.get(source.key());
        if (there != null && there.bytes >= maxBytes * 3 / 4) {
            return there;
        }
        String id = there == null ? "p" + stored.size() : there.id;
        Stored made;
        try {
            Image image = source.loader().load();
            Thumbnail thumbnail = Thumbnail.of(image, maxSide, maxBytes);
            made = picture(id, thumbnail);
        } catch (IOException gone) {
            made = missing(id, fallbackWidth);
        }
        if (there == null || made.bytes > there.bytes) {
            stored.put(source.key(), made);
            return made;
        }
        return there;
    }

    private static Stored picture(String id, Thumbnail thumbnail) {
        int width = Math.max(1, Math.round((float) PairDrawing.HEIGHT * thumbnail.width() / thumbnail.height()));
        String data = Base64.getEncoder().encodeToString(thumbnail.jpeg());
        String element = "<image id=\"" + id + "\" width=\"" + width + "\" height=\"" + PairDrawing.HEIGHT
                + "\" preserveAspectRatio=\"none\" href=\"data:image/jpeg;base64," + data + "\"/>";
        return new Stored(id, width, thumbnail.jpeg().length, element);
    }

    private static Stored missing(String id, int width) {
        String element = "<g id=\"" + id + "\"><rect class=\"gone\" width=\"" + width + "\" height=\""
                + PairDrawing.HEIGHT + "\"/><text class=\"gone\" x=\"" + width / 2 + "\" y=\"" + PairDrawing.HEIGHT / 2
                + "\">picture not found</text></g>";
        return new Stored(id, width, 0, element);
    }

    /** The SVG that holds the pictures, itself unseen. */
    void appendTo(StringBuilder page) {
        page.append("<svg class=\"store\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>\n");
        for (Stored picture : stored.values()) {
            page.append(picture.element).append('\n');
        }
        page.append("</defs></svg>\n");
    }
}
