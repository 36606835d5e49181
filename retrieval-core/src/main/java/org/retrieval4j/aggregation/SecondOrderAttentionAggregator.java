package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SampleRequiredException;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.learning.GivenArrays;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code second-order-attention}: a block of {@link SecondOrderAttention} on the feature map, then another aggregator: the
 * head of SOLAR is {@code second-order-attention(aggregator=gem) | fully-connected}.
 *
 * <p>Without given weights the block starts as SOLAR trains it: it changes nothing, so that the other aggregator is as good
 * as alone.
 *
 * <p>State: the block's arrays under their names, and those of the other aggregator under {@code aggregator/}.
 */
public final class SecondOrderAttentionAggregator extends DescriptorAggregator<Boolean> {
    private static final String NAME = "second-order-attention";
    private static final String INNER = "aggregator/";

    private final SecondOrderAttention block;
    private final Aggregator aggregator;

    private SecondOrderAttentionAggregator(
            Options options, ComponentState state, SecondOrderAttention block, Aggregator aggregator) {
        super(new Provider().specOf(options), state, block.channels());
        this.block = block;
        this.aggregator = aggregator;
    }

    /**
     * Settings.
     *
     * @param aggregator what aggregates the block's map
     * @param weights {@code .npz} file of the block's arrays; without it the block is initialized
     * @param reduction channels of the map for each one inside an initialized block: SOLAR has 4 at the fourth stage of its
     *     network and 2 at the last
     * @param batchNormEpsilon what is added to variances
     */
    public record Options(ComponentSpec aggregator, Optional<String> weights, int reduction, double batchNormEpsilon) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(aggregator, "aggregator");
            requireNonNull(weights, "weights");
            if (reduction < 1) {
                throw new IllegalArgumentException("reduction must be at least 1, got " + reduction);
            }
            if (!(batchNormEpsilon >= 0)) {
                throw new IllegalArgumentException("batch-norm-epsilon must be at least 0, got " + batchNormEpsilon);
            }
        }

        /**
         * An initialized block before GeM.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(ComponentSpec.parse("gem"), Optional.empty(), 2, 1e-5);
        }

        private Options with(ComponentSpec spec, Optional<String> given, int channelsForEach) {
            return new Options(spec, given, channelsForEach, batchNormEpsilon);
        }
    }

    /** Makes {@code second-order-attention(aggregator=…)}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public SecondOrderAttentionAggregator create(Options options, BuildContext context) throws IOException {
            return create(options, context, Components.load());
        }

        @Override
        public SecondOrderAttentionAggregator create(Options options, BuildContext context, Components components)
                throws IOException {
            ComponentState arrays = options.weights.isPresent() ? given(options, context) : initial(options, context);
            FloatMatrix wf = arrays.array("wf");
            Optional<String> name = options.weights.map(file -> GivenArrays.nameOf(arrays.arrays()));
            int reduction = name.isPresent() ? Math.max(1, wf.columns() / Math.max(1, wf.rows())) : options.reduction;
            SecondOrderAttention block =
                    SecondOrderAttention.of(arrays, options.batchNormEpsilon, KernelCatalog.of(context));
            try {
                List<ImageFeatures> sample = new ArrayList<>();
                for (ImageFeatures image : context.images()) {
                    sample.add(attended(block, image));
                }
                Aggregator inner = components.create(Aggregator.class, options.aggregator, context.withImages(sample));
                return new SecondOrderAttentionAggregator(
                        options.with(inner.spec(), name, reduction), arrays.with(INNER, inner.state()), block, inner);
            } catch (RuntimeException | Error e) {
                block.close();
                throw e;
            }
        }

        @Override
        public SecondOrderAttentionAggregator open(
                Options options, ComponentState state, BuildContext context, Components components) throws IOException {
            SecondOrderAttention block =
                    SecondOrderAttention.of(state, options.batchNormEpsilon, KernelCatalog.of(context));
            try {
                Aggregator inner = components.open(Aggregator.class, options.aggregator, state.part(INNER), context);
                return new SecondOrderAttentionAggregator(options, state, block, inner);
            } catch (IOException | RuntimeException | Error e) {
                block.close();
                throw e;
            }
        }

        @Override
        public SecondOrderAttentionAggregator open(Options options, ComponentState state, BuildContext context)
                throws IOException {
            return open(options, state, context, Components.load());
        }

        @Override
        public Options canonical(Options options, Components components) {
            return options.with(
                    components.canonical(Aggregator.class, options.aggregator), options.weights, options.reduction);
        }

        private static ComponentState given(Options options, BuildContext context) throws IOException {
            GivenArrays files = GivenArrays.of(NAME, options.weights, SecondOrderAttention.ARRAYS, context);
            Map<String, FloatMatrix> arrays = new TreeMap<>();
            for (String name : SecondOrderAttention.ARRAYS) {
                Optional<FloatMatrix> array =
                        name.startsWith("w") ? files.matrix(name, Optional.empty()) : files.row(name, Optional.empty());
                arrays.put(name, files.required(name, array));
            }
            return ComponentState.ofArrays(arrays);
        }

        private static ComponentState initial(Options options, BuildContext context) {
            for (ImageFeatures image : context.images()) {
                int channels = image.descriptors().columns();
                if (image.size() > 0) {
                    if (channels < options.reduction) {
                        throw new IllegalArgumentException(NAME + ": reduction must be at most " + channels
                                + ", the channels of the sample, got " + options.reduction);
                    }
                    return SecondOrderAttention.initial(channels, channels / options.reduction, context.seed());
                }
            }
            throw new SampleRequiredException(
                    NAME + " must know the number of channels: give sample pictures, or weights=FILE.npz");
        }
    }

    private static ImageFeatures attended(SecondOrderAttention block, ImageFeatures image) {
        if (image.size() == 0) {
            return image;
        }
        return new ImageFeatures(
                image.width(),
                image.height(),
                image.orientation(),
                image.keypoints(),
                block.apply(image.descriptors()),
                image.grid());
    }

    // tells the pictures of a database from those that are searched for
    @Override
    Boolean scratch() {
        return false;
    }

    @Override
    Boolean queryScratch() {
        return true;
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, Boolean query) {
        return encodeAll(List.of(image), query).get(0);
    }

    @Override
    List<GlobalDescriptor> encodeAll(List<ImageFeatures> images, Boolean query) {
        List<ImageFeatures> maps = new ArrayList<>(images.size());
        for (ImageFeatures image : images) {
            maps.add(attended(block, image));
        }
        return query ? aggregator.aggregateQueries(maps) : aggregator.aggregateAll(maps);
    }

    @Override
    void release() {
        block.close();
        aggregator.close();
    }
}
