package org.retrieval4j.api;

/**
 * Anything that is named in a spec and made by {@link Components}. A component is immutable once made (an {@link Index}
 * changes its content, but never what it computes): all methods may be called from many threads at once, unless the
 * class says otherwise. Whoever makes or opens a component closes it.
 */
public interface Component extends AutoCloseable {
    /**
     * What this component is, with all defaults filled in.
     *
     * @return the canonical spec
     */
    ComponentSpec spec();

    /**
     * What must be saved beside the spec to open the same component again.
     *
     * @return trained arrays and files; empty by default
     */
    default ComponentState state() {
        return ComponentState.EMPTY;
    }

    /**
     * The identity of what this component computes. The default reads all arrays and files at each call; a component
     * that has any keeps the value.
     *
     * @return a hash of the spec and the state
     */
    default Fingerprint fingerprint() {
        return Fingerprint.of(spec(), state());
    }

    /** Releases what the component holds, after running calls have ended. Does nothing by default; idempotent. */
    @Override
    default void close() {}
}
