package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;

class BinaryIndexTest extends VectorIndexContract {
    @Override
    String spec(Metric metric) {
        return "binary(bits=128,metric=" + metric.name().toLowerCase(Locale.ROOT) + ")";
    }

    @Override
    double leastRecall() {
        return 0.85;
    }

    @Test
    void scoresWithoutVectorsAreHammingDistances() {
        Clustered clustered = new Clustered(DIMENSION, 20, 3);
        List<Dense> images = clustered.next(300);
        BuildContext context = BuildContext.defaults().withDescriptors(images);
        try (Index index = open("binary(bits=64,refine=0,metric=l2)", context)) {
            Clustered.put(index, 0, images.subList(0, 100));
            Clustered.put(index, 100, images.subList(100, 300));
            ComponentState state = index.state();
            long query = code(images.get(5), state);
            TopK expected = new TopK(20);
            for (int i = 0; i < 300; i++) {
                expected.offer(i, -Long.bitCount(query ^ code(images.get(i), state)) + 0f);
            }
            List<Hit> hits = index.search(images.get(5), SearchOptions.top(20)).hits();
            assertThat(hits).isEqualTo(expected.toResult().hits());
            assertThat(hits.get(0)).isEqualTo(new Hit(5, 0));
            // each plane halves the sample
            for (int bit = 0; bit < 64; bit++) {
                int which = bit;
                long ones = images.stream()
                        .filter(image -> (code(image, state) >> which & 1) == 1)
                        .count();
                assertThat(ones).isEqualTo(150);
            }
        }
    }

    private static long code(Dense image, ComponentState state) {
        FloatMatrix directions = state.array("directions");
        long code = 0;
        for (int bit = 0; bit < 64; bit++) {
            double side = -state.array("thresholds").get(0, bit);
            for (int j = 0; j < DIMENSION; j++) {
                side += (double) directions.get(bit, j) * image.values()[j];
            }
            // a vector of the sample lies on the plane, but for rounding
            code |= side > -1e-6 ? 1L << bit : 0;
        }
        return code;
    }

    @Test
    void saysWhatIsWrongWithItsOptions() {
        assertThat(canonical("binary")).isEqualTo("binary(bits=256,refine=20,metric=cosine)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("binary(bits=100)", BuildContext.defaults()))
                .withMessage("binary: bits must be a multiple of 64 from 64 to 65536, got 100");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("binary(refine=-1)", BuildContext.defaults()))
                .withMessage("binary: refine must be at least 0, got -1");
    }
}
