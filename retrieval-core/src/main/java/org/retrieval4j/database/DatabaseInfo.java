package org.retrieval4j.database;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Fingerprint;

/**
 * What a database is and holds.
 *
 * @param components the components, in the order of the pipelines
 * @param keep how local features are kept
 * @param images how many images
 * @param pending how many of them have no descriptor yet, because indexing was interrupted before the aggregator was
 *     learned; the next run of indexing resumes them
 * @param segments how many segments the images are in
 * @param bytes bytes on disk by kind: {@code features}, {@code index}, {@code components}, {@code models}, {@code log}
 */
public record DatabaseInfo(
        List<ComponentInfo> components, Keep keep, long images, long pending, int segments, Map<String, Long> bytes) {
    /** Copies list and map. */
    public DatabaseInfo {
        components = List.copyOf(components);
        bytes = Collections.unmodifiableMap(new LinkedHashMap<>(bytes));
    }

    /**
     * One component.
     *
     * @param role what it does here: {@code extractor}, {@code aggregator}, {@code local}, {@code index}, {@code
     *     matcher}, {@code verifier}
     * @param spec its canonical spec
     * @param fingerprint its identity; empty if it has not been learned yet
     */
    public record ComponentInfo(String role, ComponentSpec spec, Optional<Fingerprint> fingerprint) {}
}
