package org.retrieval4j.nd4j.training;

import org.retrieval4j.api.Component;

/** How the learning rate changes. Named in specs: {@code steps(every=5,factor=0.5)}. Thread-safe. */
public interface Schedule extends Component {
    /**
     * The factor on the learning rate.
     *
     * @param epoch from 0
     * @param epochs how many there will be at most
     * @return at least 0
     */
    double factor(int epoch, int epochs);
}
