package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The data sets whose published folders are understood. Nothing of them is part of this project; mind their licences. */
public enum PublishedDataset {
    /** Aachen Day-Night, versions 1.0 and 1.1. */
    AACHEN(AachenDayNight::read),
    /** RobotCar Seasons, and the poses that its second version adds. */
    ROBOTCAR(RobotCarSeasons::read),
    /** CMU Seasons and Extended CMU Seasons. */
    CMU(CmuSeasons::read),
    /** InLoc: queries and the poses of the scans; those of the cut-outs follow from their XYZ files, which are not read. */
    INLOC(InLoc::read),
    /** One scene of Cambridge Landmarks. */
    CAMBRIDGE(CambridgeLandmarks::read),
    /** One scene of 7-Scenes. */
    SEVEN_SCENES(SevenScenes::read);

    private final Reader reader;

    PublishedDataset(Reader reader) {
        this.reader = reader;
    }

    private interface Reader {
        LocalizationDataset read(Path folder) throws IOException;
    }

    /**
     * A data set by its name in text: {@code seven-scenes}.
     *
     * @param text lower case with hyphens
     * @return the data set, if it is one of these
     */
    public static Optional<PublishedDataset> of(String text) {
        return Arrays.stream(values())
                .filter(dataset -> dataset.toString().equals(text.strip().toLowerCase(Locale.ROOT)))
                .findFirst();
    }

    /**
     * Reads the lists of a folder.
     *
     * @param folder as published
     * @return map and queries
     * @throws IOException if a file is missing or not as described; the message tells which, and the line
     */
    public LocalizationDataset read(Path folder) throws IOException {
        return reader.read(folder);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The first of several paths that is there. */
    static Path first(Path folder, String... names) throws IOException {
        for (String name : names) {
            if (Files.exists(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        throw new IOException(folder + " has no " + String.join(" and no ", names));
    }

    /** All files below a folder whose path matches, sorted. */
    static List<Path> files(Path folder, String pattern) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> relative(folder, file).matches(pattern))
                    .sorted()
                    .toList();
        }
    }

    static String relative(Path folder, Path file) {
        return folder.relativize(file).toString().replace('\\', '/');
    }
}
