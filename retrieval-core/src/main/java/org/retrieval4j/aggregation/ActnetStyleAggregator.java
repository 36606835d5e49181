package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SampleRequiredException;
import org.retrieval4j.learning.GivenArrays;
import org.retrieval4j.learning.TrainingSample;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code actnet-style}: sum pooling of a feature map behind an activation whose parameters are learned, in the manner of
 * Husain, Ong, Bober: ACTNET: end-to-end learning of feature activations and multi-stream aggregation for effective
 * instance image retrieval. IJCV 2021 (arXiv 1907.05794). The authors published neither code nor weights: the formulas here
 * are this library's own, and nothing says that they bring the paper's figures.
 *
 * <p>With x the value of a channel, 0 where it is negative, and parameters of each channel or each stream:
 *
 * <ul>
 *   <li>{@code sinh}: sinh(a x) / a, and {@code exp}: (exp(a x) − 1) / a, with a x at most 30. The stronger a value, the more it
 *       counts, as in {@link GemAggregator} with p above 1.
 *   <li>{@code weibull}: s (1 − exp(−(x/λ)^k)), x at least 10⁻⁶. Strong values count alike: bursts are damped.
 *   <li>{@code weibull-pdf}: s (x/λ)^(k−1) exp(−(x/λ)^k), x at least 10⁻⁶. Values about λ count most.
 *   <li>{@code none}: x itself, negative or not.
 * </ul>
 *
 * <p>A map may have several streams, channels of several layers of a network one after another ({@code
 * streams=256+512}): each is pooled and scaled to length 1 by itself, then multiplied with its learned balance. All norms
 * have a floor of 10⁻¹².
 *
 * <p>Before training: a = 1 / the 99th percentile of the stream's values in the sample, λ the median of the positive ones, k
 * = 1 (2 for the density), s = 1, balances 1 / number of streams.
 *
 * <p>State, each 1 x channels, or 1 x streams if shared, all above 0: {@code rate} a, {@code scale} λ, {@code shape} k,
 * {@code amplitude} s; {@code balance} 1 x streams if there are several.
 */
public final class ActnetStyleAggregator extends DescriptorAggregator<Pooling> {
    private static final String NAME = "actnet-style";
    private static final String BALANCE = "balance";
    private static final double FLOOR = 1e-12;
    private static final double LARGEST = 30;
    private static final double SMALLEST = 1e-6;
    private static final int SAMPLE_VALUES = 4_000_000;

    private final Options options;
    private final float[] rate;
    private final float[] scale;
    private final float[] shape;
    private final float[] amplitude;
    private final float[] balance;

    private ActnetStyleAggregator(Options options, ComponentState state) {
        super(new Provider().specOf(options), state, width(options, state));
        this.options = options;
        this.rate = values(state, "rate");
        this.scale = values(state, "scale");
        this.shape = values(state, "shape");
        this.amplitude = values(state, "amplitude");
        this.balance = values(state, BALANCE);
        int streams = Math.max(1, options.widths().size());
        for (String name : options.arrays()) {
            FloatMatrix array = state.array(name);
            int columns = name.equals(BALANCE) || options.shared ? streams : width();
            SoftAssignment.requireShape(NAME, name, array, 1, columns);
            for (int j = 0; j < columns; j++) {
                if (!(array.get(0, j) > 0)) {
                    throw new IllegalArgumentException(
                            "actnet-style: " + name + " must be above 0, got " + array.get(0, j) + " at " + j);
                }
            }
        }
    }

    private static float[] values(ComponentState state, String name) {
        FloatMatrix array = state.arrays().get(name);
        return array == null ? new float[0] : array.toArray();
    }

    private static int width(Options options, ComponentState state) {
        List<Integer> widths = options.widths();
        if (!widths.isEmpty()) {
            return widths.stream().mapToInt(Integer::intValue).sum();
        }
        return options.shared || options.arrays().isEmpty()
                ? 0
                : state.array(options.arrays().get(0)).columns();
    }

    /** What becomes of a value before it is summed. */
    public enum Activation {
        /** Nothing. */
        NONE,
        /** sinh(a x) / a. */
        SINH,
        /** (exp(a x) − 1) / a. */
        EXP,
        /** s (1 − exp(−(x/λ)^k)). */
        WEIBULL,
        /** s (x/λ)^(k−1) exp(−(x/λ)^k). */
        WEIBULL_PDF
    }

    /** What is made of a channel's activated values. */
    public enum Pool {
        /** Their sum. */
        SUM,
        /** Their average. */
        AVERAGE
    }

    /**
     * Settings.
     *
     * @param activation what becomes of a value before it is summed
     * @param shared one set of parameters for all channels of a stream, in place of one for each channel
     * @param pooling sum or average; they differ without L2 only
     * @param streams numbers of channels of several streams, as {@code 256+512}; one stream of any width if not given
     * @param weights {@code .npz} file of given parameters; without it they start from the sample
     * @param l2 scale the whole vector to length 1; streams of several are scaled in any case
     */
    public record Options(
            Activation activation,
            boolean shared,
            Pool pooling,
            Optional<String> streams,
            Optional<String> weights,
            boolean l2) {
        /** Checks the streams. */
        public Options {
            requireNonNull(activation, "activation");
            requireNonNull(pooling, "pooling");
            requireNonNull(weights, "weights");
            widths(streams);
        }

        /**
         * Weibull activation of each channel, one stream, L2.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(Activation.WEIBULL, false, Pool.SUM, Optional.empty(), Optional.empty(), true);
        }

        /**
         * Channels of each stream.
         *
         * @return their numbers; empty for one stream of any width
         */
        public List<Integer> widths() {
            return widths(streams);
        }

        private static List<Integer> widths(Optional<String> streams) {
            if (streams.isEmpty()) {
                return List.of();
            }
            List<Integer> widths = new ArrayList<>();
            for (String text : streams.get().split("\\+", -1)) {
                if (!text.matches("[1-9][0-9]{0,6}")) {
                    throw new IllegalArgumentException(
                            "streams must be numbers of channels like 256+512, got \"" + streams.get() + "\"");
                }
                widths.add(Integer.valueOf(text));
            }
            return widths;
        }

        /**
         * Names of the arrays in the state.
         *
         * @return those of the activation, and {@code balance} if there are several streams
         */
        public List<String> arrays() {
            List<String> names = new ArrayList<>(
                    switch (activation) {
                        case NONE -> List.of();
                        case SINH, EXP -> List.of("rate");
                        case WEIBULL, WEIBULL_PDF -> List.of("scale", "shape", "amplitude");
                    });
            if (widths().size() > 1) {
                names.add(BALANCE);
            }
            return names;
        }
    }

    /** Makes {@code actnet-style}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public ActnetStyleAggregator create(Options options, BuildContext context) throws IOException {
            return options.weights.isPresent() ? given(options, context) : initialized(options, context);
        }

        @Override
        public ActnetStyleAggregator open(Options options, ComponentState state, BuildContext context) {
            return new ActnetStyleAggregator(options, state);
        }

        private static ActnetStyleAggregator given(Options options, BuildContext context) throws IOException {
            GivenArrays files = GivenArrays.of(NAME, options.weights, options.arrays(), context);
            Map<String, FloatMatrix> arrays = new TreeMap<>();
            for (String name : options.arrays()) {
                arrays.put(name, files.required(name, files.row(name, Optional.empty())));
            }
            Options kept = new Options(
                    options.activation,
                    options.shared,
                    options.pooling,
                    options.streams,
                    Optional.of(GivenArrays.nameOf(arrays)),
                    options.l2);
            return new ActnetStyleAggregator(kept, ComponentState.ofArrays(arrays));
        }

        private static ActnetStyleAggregator initialized(Options options, BuildContext context) {
            Map<String, FloatMatrix> arrays = new TreeMap<>();
            List<Integer> widths = options.widths();
            if (options.activation != Activation.NONE) {
                FloatMatrix sample = sample(options, context);
                if (widths.isEmpty()) {
                    widths = List.of(sample.columns());
                }
                for (String name : options.arrays()) {
                    arrays.put(name, initial(name, options, sample, widths));
                }
            }
            if (widths.size() > 1) {
                float[] balances = new float[widths.size()];
                Arrays.fill(balances, 1f / balances.length);
                arrays.put(BALANCE, FloatMatrix.of(1, balances.length, balances));
            }
            return new ActnetStyleAggregator(options, ComponentState.ofArrays(arrays));
        }

        private static FloatMatrix sample(Options options, BuildContext context) {
            String what = NAME + " must know the size of values: give sample pictures, or weights=FILE.npz";
            int width = 0;
            for (ImageFeatures image : context.images()) {
                if (image.size() > 0 && width == 0) {
                    width = image.descriptors().columns();
                }
            }
            if (width == 0) {
                throw new SampleRequiredException(what);
            }
            int wanted = options.widths().stream().mapToInt(Integer::intValue).sum();
            if (wanted > 0 && wanted != width) {
                throw new IllegalArgumentException(
                        NAME + ": streams must have " + width + " channels together, as the sample, got " + wanted);
            }
            return TrainingSample.descriptors(what, context, Math.max(1, SAMPLE_VALUES / width));
        }

        private static FloatMatrix initial(String name, Options options, FloatMatrix sample, List<Integer> widths) {
            float[] values = new float[options.shared ? widths.size() : sample.columns()];
            int channel = 0;
            for (int s = 0; s < widths.size(); s++) {
                float value =
                        switch (name) {
                            case "rate" -> (float) (1 / percentile(sorted(sample, channel, widths.get(s))));
                            case "scale" -> medianOfPositive(sorted(sample, channel, widths.get(s)));
                            case "shape" -> options.activation == Activation.WEIBULL_PDF ? 2 : 1;
                            default -> 1;
                        };
                int from = options.shared ? s : channel;
                channel += widths.get(s);
                Arrays.fill(values, from, options.shared ? s + 1 : channel, value);
            }
            return FloatMatrix.of(1, values.length, values);
        }

        /** A stream's values, ascending, of which at least one is positive. */
        private static float[] sorted(FloatMatrix sample, int channel, int width) {
            float[] values = new float[sample.rows() * width];
            for (int i = 0; i < sample.rows(); i++) {
                System.arraycopy(
                        sample.array(), sample.offset() + i * sample.columns() + channel, values, i * width, width);
            }
            Arrays.sort(values);
            if (!(values[values.length - 1] > 0)) {
                throw new IllegalArgumentException(
                        NAME + ": the sample must have positive values, got none in channels " + channel + " to "
                                + (channel + width - 1));
            }
            return values;
        }

        /** The 99th; where it is not positive, the largest value. */
        private static float percentile(float[] sorted) {
            float value = sorted[(int) Math.ceil(0.99 * sorted.length) - 1];
            return value > 0 ? value : sorted[sorted.length - 1];
        }

        private static float medianOfPositive(float[] sorted) {
            int first = sorted.length - 1;
            while (first > 0 && sorted[first - 1] > 0) {
                first--;
            }
            return sorted[(first + sorted.length - 1) / 2];
        }
    }

    @Override
    Pooling scratch() {
        return new Pooling();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, Pooling scratch) {
        FloatMatrix x = image.descriptors();
        int channels = Pooling.channels(image);
        double[] sums = scratch.zeros(channels);
        if (x.rows() == 0) {
            return Pooling.dense(sums, false);
        }
        List<Integer> widths = options.widths().isEmpty() ? List.of(channels) : options.widths();
        int from = 0;
        for (int s = 0; s < widths.size(); s++) {
            int to = from + widths.get(s);
            for (int i = 0; i < x.rows(); i++) {
                add(x.array(), x.offset() + i * channels, s, from, to, sums);
            }
            double factor = options.pooling == Pool.AVERAGE ? 1.0 / x.rows() : 1;
            if (widths.size() > 1) {
                factor = balance[s] / Math.max(FLOOR, norm(sums, from, to));
            }
            for (int j = from; j < to; j++) {
                sums[j] *= factor;
            }
            from = to;
        }
        double factor = options.l2 ? 1 / Math.max(FLOOR, norm(sums, 0, channels)) : 1;
        float[] values = new float[channels];
        for (int j = 0; j < channels; j++) {
            values[j] = (float) (sums[j] * factor);
        }
        return new GlobalDescriptor.Dense(values);
    }

    private static double norm(double[] values, int from, int to) {
        double square = 0;
        for (int j = from; j < to; j++) {
            square += values[j] * values[j];
        }
        return Math.sqrt(square);
    }

    // O(channels) exponentials, and powers where k is not 1
    private void add(float[] x, int at, int stream, int from, int to, double[] sums) {
        for (int j = from; j < to; j++) {
            int p = options.shared ? stream : j;
            double value = x[at + j];
            sums[j] += switch (options.activation) {
                case NONE -> value;
                case SINH -> Math.sinh(Math.min(LARGEST, rate[p] * Math.max(0, value))) / rate[p];
                case EXP -> Math.expm1(Math.min(LARGEST, rate[p] * Math.max(0, value))) / rate[p];
                case WEIBULL -> {
                    double ratio = Math.max(SMALLEST, value) / scale[p];
                    double power = shape[p] == 1 ? ratio : Math.pow(ratio, shape[p]);
                    yield -amplitude[p] * Math.expm1(-power);
                }
                case WEIBULL_PDF -> {
                    double ratio = Math.max(SMALLEST, value) / scale[p];
                    double power = Math.pow(ratio, shape[p] - 1);
                    yield amplitude[p] * power * Math.exp(-power * ratio);
                }
            };
        }
    }
}
