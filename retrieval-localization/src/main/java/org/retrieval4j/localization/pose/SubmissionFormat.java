package org.retrieval4j.localization.pose;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What visuallocalization.net takes: one line a localized query, {@code name qw qx qy qz tx ty tz}, world to camera, which is
 * the form of {@link PoseFile}. The benchmarks differ in how much of a picture's path is its name, and in the file's name.
 */
public enum SubmissionFormat {
    /** Aachen Day-Night: the file name without folders. */
    AACHEN("Aachen", 1),
    /** RobotCar Seasons: {@code rear/<timestamp>.jpg}; the folder of the camera stays, the condition goes. */
    ROBOTCAR("RobotCar", 2),
    /** CMU Seasons: the file name without folders; the slice is not told. */
    CMU("CMU", 1),
    /** InLoc: the file name of the query without folders. */
    INLOC("InLoc", 1);

    private static final Pattern METHOD = Pattern.compile("[A-Za-z0-9._+-]+");

    private final String title;
    private final int parts;

    SubmissionFormat(String title, int parts) {
        this.title = title;
        this.parts = parts;
    }

    /**
     * A format by its name in lower case: {@code robotcar}.
     *
     * @param text the name
     * @return the format, if there is one
     */
    public static Optional<SubmissionFormat> of(String text) {
        for (SubmissionFormat format : values()) {
            if (format.name().equals(text.strip().toUpperCase(Locale.ROOT))) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    /**
     * What a query is called in a submission.
     *
     * @param query path of the picture, with "/"
     * @return its last parts
     */
    public String name(String query) {
        int from = query.length();
        for (int i = 0; i < parts && from >= 0; i++) {
            from = query.lastIndexOf('/', from - 1);
        }
        return query.substring(from + 1);
    }

    /**
     * What the benchmark's server wants the file to be called: {@code Aachen_eval_<method>.txt}.
     *
     * @param method letters, digits and ._+-
     * @return the file's name
     * @throws IllegalArgumentException if the method's name has other characters, or none
     */
    public String fileName(String method) {
        if (!METHOD.matcher(method).matches()) {
            throw new IllegalArgumentException(
                    "a method's name must be of letters, digits and ._+-, got \"" + method + "\"");
        }
        return title + "_eval_" + method + ".txt";
    }

    /**
     * Values under the names of a submission.
     *
     * @param byPath by path of the query
     * @param <V> poses, conditions
     * @return the same values in the same order
     * @throws IllegalArgumentException if two paths have one name
     */
    public <V> Map<String, V> named(Map<String, V> byPath) {
        Map<String, V> named = new LinkedHashMap<>();
        Map<String, String> paths = new LinkedHashMap<>();
        for (Map.Entry<String, V> entry : byPath.entrySet()) {
            String name = name(entry.getKey());
            String other = paths.put(name, entry.getKey());
            if (other != null) {
                throw new IllegalArgumentException("a submission to " + title + " must have each name once, got " + name
                        + " for " + other + " and " + entry.getKey());
            }
            named.put(name, entry.getValue());
        }
        return named;
    }

    /**
     * Writes a submission.
     *
     * @param folder where to
     * @param method its name in the benchmark's table
     * @param poses of the localized queries, by path
     * @return the file, named as the benchmark wants
     * @throws IllegalArgumentException if two paths have one name, or the method's name does not fit
     * @throws IOException if the file cannot be written; one that was there is unchanged then
     */
    public Path write(Path folder, String method, Map<String, Pose> poses) throws IOException {
        Path file = folder.resolve(fileName(method));
        PoseFile.write(file, named(poses));
        return file;
    }
}
