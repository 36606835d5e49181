package org.retrieval4j.examples;

import org.retrieval4j.api.AggregatorContract;

/** The smallest aggregator there can be passes the whole contract. */
class MeanAggregatorTest extends AggregatorContract {
    @Override
    protected String spec() {
        return "mean(square-root=true)";
    }

    @Override
    protected boolean hasFixedWidth() {
        return false;
    }

    @Override
    protected boolean learns() {
        return false;
    }
}
