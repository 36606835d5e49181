package org.retrieval4j.localization.hloc;

import java.io.IOException;
import java.nio.file.Path;

/** Tells where the library that reads HDF5 is missing. */
final class Jhdf {
    private static final String LIBRARY = "io.jhdf.HdfFile";

    private Jhdf() {}

    static HdfGroups open(Path file) throws IOException {
        try {
            Class.forName(LIBRARY, false, Jhdf.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IOException(file + ": to read files of HDF5, io.jhdf:jhdf must be on the class path", e);
        }
        return HdfGroups.open(file);
    }
}
