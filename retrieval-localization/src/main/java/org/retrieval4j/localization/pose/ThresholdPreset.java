package org.retrieval4j.localization.pose;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.retrieval4j.localization.pose.PoseEvaluation.Threshold;

/** Bounds of position and rotation under which published tables count a query, in meters and degrees. */
public enum ThresholdPreset {
    /** The visual localization benchmark: 0.25 m and 2°, 0.5 m and 5°, 5 m and 10°; also Aachen's nights since version 1.1. */
    DEFAULT(new Threshold(0.25, 2), new Threshold(0.5, 5), new Threshold(5, 10)),
    /** Aachen's nights in the paper of 2018: 0.5 m and 2°, 1 m and 5°, 5 m and 10°. */
    AACHEN_NIGHT_2018(new Threshold(0.5, 2), new Threshold(1, 5), new Threshold(5, 10)),
    /** InLoc's tables: 0.25 m, 0.5 m and 1 m, each with 10°. */
    INDOOR(new Threshold(0.25, 10), new Threshold(0.5, 10), new Threshold(1, 10)),
    /** The share of 7-Scenes' frames: 5 cm and 5°. */
    SEVEN_SCENES(new Threshold(0.05, 5));

    private final List<Threshold> thresholds;

    ThresholdPreset(Threshold... thresholds) {
        this.thresholds = List.of(thresholds);
    }

    /**
     * The bounds.
     *
     * @return the tightest first
     */
    public List<Threshold> thresholds() {
        return thresholds;
    }

    /**
     * A preset by its name in text: {@code aachen-night-2018}.
     *
     * @param text lower case with hyphens, or the constant's own name
     * @return the preset, if there is one
     */
    public static Optional<ThresholdPreset> of(String text) {
        String name = text.strip().toUpperCase(Locale.ROOT).replace('-', '_');
        for (ThresholdPreset preset : values()) {
            if (preset.name().equals(name)) {
                return Optional.of(preset);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
