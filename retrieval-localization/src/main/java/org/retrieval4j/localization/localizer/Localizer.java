package org.retrieval4j.localization.localizer;

import java.io.IOException;
import org.retrieval4j.api.Component;

/**
 * Finds where a query was taken, from pictures of a map that were retrieved for it. Thread-safe.
 *
 * <p>A query that is not localized is a status, never an exception and never the pose of a neighbor in disguise: {@link
 * Localization#localizer()} tells by which means a pose was found.
 */
public interface Localizer extends Component {
    /**
     * Localizes a query.
     *
     * @param map posed pictures and their points
     * @param query features, camera, ranked pictures, deadline
     * @return the pose, or why there is none
     * @throws IOException if the map's features cannot be read
     */
    Localization localize(LocalizationMap map, Query query) throws IOException;
}
