package org.retrieval4j.cli.report;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.localization.localizer.Localization;

/**
 * One query of a {@link LocalizationPage}.
 *
 * @param name of the query
 * @param found the answer; empty if it could not be asked
 * @param failure why it could not be asked
 * @param picture where the picture comes from
 * @param orientation how it is turned to be looked at
 * @param retrieved pictures retrieved for it, best first
 * @param stageSeconds what took how long
 */
public record LocalizationEntry(
        String name,
        Optional<Localization> found,
        String failure,
        PictureSource picture,
        Orientation orientation,
        List<Retrieved> retrieved,
        Map<String, Double> stageSeconds) {
    /**
     * A retrieved picture.
     *
     * @param name of the picture
     * @param score of the retrieval
     * @param used whether the answer rests on it
     * @param picture where it comes from
     */
    public record Retrieved(String name, float score, boolean used, PictureSource picture) {}
}
