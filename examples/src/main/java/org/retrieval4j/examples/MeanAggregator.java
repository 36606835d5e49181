package org.retrieval4j.examples;

import java.util.List;
import org.retrieval4j.api.*;
import org.retrieval4j.spi.ComponentProvider;

/** An aggregator of one's own: {@code mean(square-root=true)} in any spec. Without state, it is its own options. */
public record MeanAggregator(boolean squareRoot) implements Aggregator {
    public static final class Provider extends ComponentProvider<Aggregator, MeanAggregator> {
        public Provider() {
            super(Aggregator.class, "mean", new MeanAggregator(false));
        }

        @Override
        public Aggregator create(MeanAggregator options, BuildContext context) {
            return options;
        }
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format("mean", this));
    }

    @Override
    public List<GlobalDescriptor> aggregateAll(List<ImageFeatures> images) {
        return images.stream().map(this::mean).toList();
    }

    private GlobalDescriptor mean(ImageFeatures image) {
        FloatMatrix x = image.descriptors();
        float[] mean = new float[x.columns()];
        for (int i = 0; i < x.rows() * mean.length; i++) {
            float value = x.array()[x.offset() + i];
            mean[i % mean.length] += (squareRoot ? (float) Math.sqrt(Math.abs(value)) : value) / x.rows();
        }
        return new GlobalDescriptor.Dense(mean);
    }
}
