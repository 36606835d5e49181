package org.retrieval4j.api;

/** No provider has the name; the message lists those that exist. */
public class ComponentNotFoundException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /**
     * With its message.
     *
     * @param message what was looked for and what is there
     */
    public ComponentNotFoundException(String message) {
        super(message);
    }
}
