package org.retrieval4j.database;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Adds up the time of stages that run on several threads. */
final class Stopwatch {
    private final Map<String, LongAdder> nanos = new LinkedHashMap<>();

    Stopwatch(String... stages) {
        for (String stage : stages) {
            nanos.put(stage, new LongAdder());
        }
    }

    /** Adds the time since a {@link System#nanoTime()}; returns the time now. */
    long add(String stage, long since) {
        long now = System.nanoTime();
        addNanos(stage, now - since);
        return now;
    }

    void addNanos(String stage, long time) {
        LongAdder sum = nanos.get(stage);
        if (sum == null) {
            throw new IllegalArgumentException("no stage \"" + stage + "\" among " + nanos.keySet());
        }
        sum.add(time);
    }

    /** Seconds by stage, in the order of the stages. */
    Map<String, Double> seconds() {
        Map<String, Double> seconds = new LinkedHashMap<>();
        nanos.forEach((stage, sum) -> seconds.put(stage, sum.sum() / 1e9));
        return seconds;
    }
}
