package org.retrieval4j.database;

import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Fingerprint;

/**
 * A component is not the one that a database was made with, so its output cannot be compared with what the database
 * holds. The message tells both specs and both fingerprints.
 */
public class FingerprintMismatchException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    /**
     * Tells both.
     *
     * @param role what the component does: {@code extractor}, {@code aggregator}, …
     * @param spec the database's
     * @param fingerprint the database's
     * @param otherSpec the other component's
     * @param otherFingerprint the other component's
     */
    public FingerprintMismatchException(
            String role,
            ComponentSpec spec,
            Fingerprint fingerprint,
            ComponentSpec otherSpec,
            Fingerprint otherFingerprint) {
        super("the " + role + " of the database is " + spec + " with fingerprint " + fingerprint.abbreviated()
                + ", not " + otherSpec + " with fingerprint " + otherFingerprint.abbreviated());
    }
}
