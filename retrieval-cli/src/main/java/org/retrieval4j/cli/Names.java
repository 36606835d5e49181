package org.retrieval4j.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** Names of images by their places in a list. */
final class Names {
    private static final Pattern FOLDERS = Pattern.compile("^.*[/\\\\]");
    private static final Pattern ENDING = Pattern.compile("(?i)\\.(jpe?g|png|webp|tiff?|bmp|gif|jp2|ppm|pgm)$");
    private static final int AMBIGUOUS = -1;

    private final List<String> list;
    private final Map<String, Integer> places = new HashMap<>();
    private final Map<String, Integer> placesOfBare = new HashMap<>();

    /**
     * Of a list.
     *
     * @throws IllegalArgumentException if a name stands twice
     */
    Names(List<String> names) {
        this(names, List.of());
    }

    /** Of a list whose names have other names too, in the same order. */
    Names(List<String> names, List<String> aliases) {
        list = List.copyOf(names);
        for (int i = 0; i < list.size(); i++) {
            if (places.putIfAbsent(list.get(i), i) != null) {
                throw new IllegalArgumentException("the name \"" + list.get(i) + "\" stands twice");
            }
            placesOfBare.merge(bare(list.get(i)), i, (one, other) -> AMBIGUOUS);
        }
        for (int i = 0; i < aliases.size(); i++) {
            placesOfBare.merge(bare(aliases.get(i)), i, (one, other) -> one.equals(other) ? one : AMBIGUOUS);
        }
    }

    List<String> list() {
        return list;
    }

    int size() {
        return list.size();
    }

    /** The place of a name as it stands in the list. */
    OptionalInt exact(String name) {
        Integer place = places.get(name);
        return place == null ? OptionalInt.empty() : OptionalInt.of(place);
    }

    /** The place of a name, which may have another folder and another picture's ending than in the list if only one fits. */
    OptionalInt find(String name) {
        Integer place = places.get(name);
        if (place == null) {
            place = placesOfBare.get(bare(name));
        }
        return place == null || place == AMBIGUOUS ? OptionalInt.empty() : OptionalInt.of(place);
    }

    /** A name without folders and ending. */
    static String bare(String name) {
        return ENDING.matcher(FOLDERS.matcher(name).replaceFirst("")).replaceFirst("");
    }
}
