package org.retrieval4j.localization.localizer;

import java.util.LinkedHashMap;
import java.util.Map;

/** Sums up what took how long. For one thread. */
final class Stages {
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private long last = System.nanoTime();

    /** The time since the last call belongs to a stage. */
    void end(String stage) {
        long now = System.nanoTime();
        seconds.merge(stage, (now - last) / 1e9, Double::sum);
        last = now;
    }

    Map<String, Double> seconds() {
        return seconds;
    }
}
