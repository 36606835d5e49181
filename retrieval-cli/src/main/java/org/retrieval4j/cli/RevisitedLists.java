package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.eval.RevisitedTruth;
import org.retrieval4j.localization.text.JsonFile;
import org.retrieval4j.localization.text.JsonValue;

/**
 * The published lists of Revisited Oxford or Paris, as the authors' pickle or as JSON: {@code imlist} and {@code qimlist},
 * names of the images of the database and of the queries, and {@code gnd}, of each query the indices {@code easy}, {@code
 * hard} and {@code junk} into imlist, and {@code bbx}, the part of the query that counts.
 *
 * @param images names of the images of the database
 * @param queries names of the queries; empty if the file has none
 * @param boxes of each query left, top, right and bottom in pixels of the upright picture, if the file has them
 * @param truth the right answers
 */
record RevisitedLists(
        List<String> images, List<String> queries, List<Optional<List<Double>>> boxes, RevisitedTruth truth) {
    private static final long MOST_CHARACTERS = 256L << 20;
    private static final long MOST_ENTRIES = 10_000_000;

    /** Reads a file, whichever form it has; its other members are passed over. */
    static RevisitedLists read(Path file) throws IOException {
        try {
            return Pickle.looksLike(RankingFile.firstByte(file)) ? ofPickle(file) : ofJson(file);
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
    }

    private static RevisitedLists ofJson(Path file) throws IOException {
        try (JsonFile json = new JsonFile(file)) {
            JsonValue all = json.value();
            json.end();
            List<String> images = texts(all.member("imlist"));
            Optional<JsonValue> names = all.optional("qimlist");
            List<String> queries = names.isEmpty() ? List.of() : texts(names.get());
            List<Optional<List<Double>>> boxes = new ArrayList<>();
            List<RevisitedTruth.Labels> labels = new ArrayList<>();
            for (JsonValue query : all.member("gnd").elements()) {
                labels.add(new RevisitedTruth.Labels(
                        indices(query, "easy"), indices(query, "hard"), indices(query, "junk")));
                Optional<JsonValue> box = query.optional("bbx");
                List<Double> sides = new ArrayList<>();
                if (box.isPresent()) {
                    for (double side : box.get().numbers(4)) {
                        sides.add(side);
                    }
                }
                boxes.add(sides.isEmpty() ? Optional.empty() : Optional.of(sides));
            }
            return new RevisitedLists(images, queries, boxes, new RevisitedTruth(images.size(), labels));
        }
    }

    private static List<String> texts(JsonValue array) throws IOException {
        List<String> texts = new ArrayList<>();
        for (JsonValue text : array.elements()) {
            texts.add(text.text());
        }
        return texts;
    }

    private static List<Integer> indices(JsonValue query, String name) throws IOException {
        List<Integer> indices = new ArrayList<>();
        for (JsonValue index : query.member(name).elements()) {
            indices.add((int) index.integer(0, Integer.MAX_VALUE));
        }
        return indices;
    }

    private static RevisitedLists ofPickle(Path file) throws IOException {
        Map<?, ?> all = dict(Pickle.read(file), "the pickle");
        List<String> images = texts(member(all, "imlist", ""), "imlist");
        List<String> queries = all.containsKey("qimlist") ? texts(member(all, "qimlist", ""), "qimlist") : List.of();
        List<Optional<List<Double>>> boxes = new ArrayList<>();
        List<RevisitedTruth.Labels> labels = new ArrayList<>();
        long entries = 0;
        for (Object query : list(member(all, "gnd", ""), "gnd")) {
            String where = " of query " + labels.size();
            Map<?, ?> members = dict(query, "gnd" + where);
            for (String name : List.of("easy", "hard", "junk")) {
                entries += list(member(members, name, where), name + where).size();
            }
            if (entries > MOST_ENTRIES) { // one array may stand in many queries
                throw new IllegalArgumentException("gnd must have at most " + MOST_ENTRIES + " indices together");
            }
            labels.add(new RevisitedTruth.Labels(
                    indices(member(members, "easy", where), "easy" + where),
                    indices(member(members, "hard", where), "hard" + where),
                    indices(member(members, "junk", where), "junk" + where)));
            boxes.add(
                    members.containsKey("bbx")
                            ? Optional.of(box(member(members, "bbx", where), "bbx" + where))
                            : Optional.empty());
        }
        return new RevisitedLists(images, queries, boxes, new RevisitedTruth(images.size(), labels));
    }

    private static Map<?, ?> dict(Object value, String what) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new IllegalArgumentException(what + " must be a dict, got " + Pickle.kind(value));
    }

    private static Object member(Map<?, ?> dict, String name, String where) {
        Object value = dict.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + where + " is missing");
        }
        return value;
    }

    private static List<?> list(Object value, String what) {
        if (value instanceof NumpyArray array) {
            try {
                return array.list();
            } catch (IllegalArgumentException refused) {
                throw new IllegalArgumentException(what + ": " + refused.getMessage(), refused);
            }
        }
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException(what + " must be a list or an array, got " + Pickle.kind(value));
    }

    private static List<String> texts(Object value, String what) {
        List<String> texts = new ArrayList<>();
        long characters = 0;
        for (Object text : list(value, what)) {
            String name = Pickle.asText(text)
                    .orElseThrow(
                            () -> new IllegalArgumentException(what + " must have text, got " + Pickle.kind(text)));
            characters += name.length();
            if (characters > MOST_CHARACTERS) { // one long text may stand in a list many times
                throw new IllegalArgumentException(
                        what + " must have at most " + MOST_CHARACTERS + " characters together");
            }
            texts.add(name);
        }
        return texts;
    }

    private static List<Integer> indices(Object value, String what) {
        List<Integer> indices = new ArrayList<>();
        for (Object index : list(value, what)) {
            // an empty list, made an array, has floating-point type, and so may what is joined with it
            double number = index instanceof Number one ? one.doubleValue() : Double.NaN;
            if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(what + " must have whole numbers, got " + Pickle.kind(index));
            }
            indices.add((int) number);
        }
        return indices;
    }

    private static List<Double> box(Object value, String what) {
        List<Double> sides = new ArrayList<>();
        for (Object side : list(value, what)) {
            double number = side instanceof Number one ? one.doubleValue() : Double.NaN;
            if (!Double.isFinite(number)) {
                throw new IllegalArgumentException(what + " must have finite numbers, got " + Pickle.kind(side));
            }
            sides.add(number);
        }
        if (sides.size() != 4) {
            throw new IllegalArgumentException(what + " must have 4 numbers, got " + sides.size());
        }
        return sides;
    }
}
