package org.retrieval4j.world;

/** The classes of the world's label maps; {@link #ordinal()} is the pixel value. */
public enum Label {
    /** Nothing was hit. */
    VOID(false),
    /** Floors and pavements. */
    GROUND(false),
    /** Walls and ceilings of rooms. */
    WALL(false),
    /** Fronts of houses. */
    FACADE(false),
    /** Windows, all alike. */
    WINDOW(false),
    /** Posters: what tells look-alike places apart. */
    POSTER(false),
    /** Things that stand elsewhere in the next picture. */
    OBJECT(true);

    private final boolean dynamic;

    Label(boolean dynamic) {
        this.dynamic = dynamic;
    }

    /**
     * Tells whether things of this class move between pictures.
     *
     * @return true for movable things
     */
    public boolean dynamic() {
        return dynamic;
    }
}
