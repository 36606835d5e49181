package org.retrieval4j.api;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a component needs beside its spec to be opened again: trained or given arrays, and files too large to hold
 * (networks). Whoever saves a component copies the arrays and keeps the files by their hash; no path is saved.
 *
 * @param arrays trained arrays by name
 * @param files files by name
 */
public record ComponentState(SortedMap<String, FloatMatrix> arrays, SortedMap<String, Path> files) {
    /** The state of a component that its spec alone decides. */
    public static final ComponentState EMPTY = new ComponentState(Map.of(), Map.of());

    /** Copies both maps. */
    public ComponentState {
        arrays = Collections.unmodifiableSortedMap(new TreeMap<>(arrays));
        files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    }

    /**
     * A state from any maps.
     *
     * @param arrays trained arrays by name
     * @param files files by name
     */
    public ComponentState(Map<String, FloatMatrix> arrays, Map<String, Path> files) {
        this(new TreeMap<>(arrays), new TreeMap<>(files));
    }

    /**
     * A state of arrays only.
     *
     * @param arrays trained arrays by name
     * @return the state
     */
    public static ComponentState ofArrays(Map<String, FloatMatrix> arrays) {
        return new ComponentState(arrays, Map.of());
    }

    /**
     * Tells whether the spec alone decides the component.
     *
     * @return true if there are neither arrays nor files
     */
    public boolean isEmpty() {
        return arrays.isEmpty() && files.isEmpty();
    }

    /**
     * An array that must be there.
     *
     * @param name its name
     * @return the array
     * @throws IllegalArgumentException if the state has none of that name
     */
    public FloatMatrix array(String name) {
        FloatMatrix array = arrays.get(name);
        if (array == null) {
            throw new IllegalArgumentException("the saved state has no array \"" + name + "\"; it has: "
                    + (arrays.isEmpty() ? "none" : String.join(", ", arrays.keySet())));
        }
        return array;
    }

    /**
     * A part of this state: the entries whose names start with a prefix, without it.
     *
     * @param prefix the prefix
     * @return the part
     */
    public ComponentState part(String prefix) {
        return new ComponentState(part(arrays, prefix), part(files, prefix));
    }

    /**
     * This state with another one beside it, whose names get a prefix.
     *
     * @param prefix the prefix
     * @param other the other state
     * @return both
     */
    public ComponentState with(String prefix, ComponentState other) {
        TreeMap<String, FloatMatrix> allArrays = new TreeMap<>(arrays);
        other.arrays.forEach((name, array) -> allArrays.put(prefix + name, array));
        TreeMap<String, Path> allFiles = new TreeMap<>(files);
        other.files.forEach((name, file) -> allFiles.put(prefix + name, file));
        return new ComponentState(allArrays, allFiles);
    }

    private static <V> Map<String, V> part(SortedMap<String, V> all, String prefix) {
        TreeMap<String, V> part = new TreeMap<>();
        all.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), value);
            }
        });
        return part;
    }
}
