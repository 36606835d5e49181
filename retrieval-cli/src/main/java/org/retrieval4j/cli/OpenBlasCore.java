package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which processor OpenBLAS takes this one for. Of a processor that is newer than itself it uses what it is sure of: SSE,
 * with a fifth of the speed.
 */
final class OpenBlasCore {
    /** What OpenBLAS prints before the name, with {@code OPENBLAS_VERBOSE=2}. */
    static final String LINE = "Core: ";

    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
    private static final Pattern BLANKS = Pattern.compile("\\s+");
    /** Cores of OpenBLAS that have no AVX. */
    private static final Set<String> OLD = Set.of(
            "katmai",
            "coppermine",
            "northwood",
            "prescott",
            "banias",
            "core2",
            "penryn",
            "dunnington",
            "nehalem",
            "atom",
            "athlon",
            "opteron",
            "opteron_sse3",
            "barcelona",
            "bobcat",
            "nano",
            "generic");

    private OpenBlasCore() {}

    /**
     * What to do about a core that has less than the processor.
     *
     * @param core what OpenBLAS says
     * @param flags what the processor has, as Linux calls it; empty if that is not known
     */
    static Optional<String> advice(String core, Set<String> flags) {
        if (!OLD.contains(core.toLowerCase(Locale.ROOT)) || !flags.contains("avx2")) {
            return Optional.empty();
        }
        boolean wide = flags.containsAll(List.of("avx512f", "avx512bw", "avx512dq", "avx512vl"));
        return Optional.of("this OpenBLAS does not know the processor and computes as on a " + core
                + ", several times slower than it could; set OPENBLAS_CORETYPE=" + (wide ? "SKYLAKEX" : "HASWELL")
                + " in the environment, or take a newer org.bytedeco:openblas");
    }

    /** Flags of the first processor; empty where there is no such file. */
    static Set<String> processorFlags() {
        try {
            for (String line : Files.readAllLines(PROCESSORS)) {
                if (line.startsWith("flags")) {
                    return new HashSet<>(List.of(
                            BLANKS.split(line.substring(line.indexOf(':') + 1).strip())));
                }
            }
        } catch (IOException notLinux) {
            // then nothing is said
        }
        return Set.of();
    }
}
