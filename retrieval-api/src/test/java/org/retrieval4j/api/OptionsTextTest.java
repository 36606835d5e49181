package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class OptionsTextTest {
    /** How vectors are laid out. */
    public enum Order {
        CLUSTER_MAJOR,
        CHANNEL_MAJOR
    }

    /** One component of every type. */
    public record Options(
            int maxKeypoints,
            long seed,
            float ratio,
            double power,
            boolean preL2,
            String name,
            Order order,
            ComponentSpec inner,
            Optional<Double> sigma) {
        public Options {
            if (maxKeypoints < 1) {
                throw new IllegalArgumentException("max-keypoints must be at least 1, got " + maxKeypoints);
            }
        }

        static Options defaults() {
            return new Options(
                    2000, 7, 0.8f, 1, true, "x y", Order.CLUSTER_MAJOR, ComponentSpec.parse("sift"), Optional.empty());
        }
    }

    private static Options parse(String text) {
        return OptionsText.parse(ComponentSpec.parse(text).first(), Options.defaults());
    }

    @Test
    void fillsInAllDefaults() {
        assertThat(OptionsText.format("demo", Options.defaults()))
                .hasToString("demo(max-keypoints=2000,seed=7,ratio=0.8,power=1,pre-l2=true,name=\"x y\","
                        + "order=cluster-major,inner=sift)");
    }

    @Test
    void readsWhatItWrites() {
        Options options = new Options(
                5,
                -1,
                1f / 3,
                1e-9,
                false,
                "a=\"b\"",
                Order.CHANNEL_MAJOR,
                ComponentSpec.parse("dense-sift(step=4)"),
                Optional.of(6250.0));

        assertThat(OptionsText.parse(OptionsText.format("demo", options), Options.defaults()))
                .isEqualTo(options);
        assertThat(parse("demo")).isEqualTo(Options.defaults());
    }

    @Test
    void listsKnownParametersForAnUnknownOne() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("demo(max-keypoint=3)"))
                .withMessage("demo has no parameter \"max-keypoint\"; known: max-keypoints, seed, ratio, power, pre-l2,"
                        + " name, order, inner, sigma");
    }

    @Test
    void namesValueAndBoundOfABadValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("demo(max-keypoints=0)"))
                .withMessage("demo: max-keypoints must be at least 1, got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("demo(max-keypoints=many)"))
                .withMessage("demo: max-keypoints must be a whole number, got \"many\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("demo(power=NaN)"))
                .withMessage("demo: power must be finite, got \"NaN\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("demo(pre-l2=yes)"))
                .withMessage("demo: pre-l2 must be true or false, got \"yes\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("demo(order=row)"))
                .withMessage("demo: order must be one of cluster-major, channel-major, got \"row\"");
    }
}
