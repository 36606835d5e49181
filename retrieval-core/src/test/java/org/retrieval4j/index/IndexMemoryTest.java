package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Components;

class IndexMemoryTest {
    private final Components components = Components.load();

    @Test
    void largeNumbersAreTold() {
        // 10,000,000 x 128: vectors 5.12 GB, ids and norms 0.16 GB, links 10,000,000 x (33 + 1 + 17 / 15) ints
        assertThat(IndexMemory.estimate(components, "hnsw(m=16,kernel=scalar)", 10_000_000, 128))
                .isEqualTo(5_120_000_000L + 160_000_000L + Math.round(4e7 * (34 + 17 / 15.0)));
        assertThat(IndexMemory.estimate(components, "ivf-pq(refine=0,metric=l2)", 1_000_000_000, 128))
                .isBetween(32_000_000_000L, 32_001_000_000L); // id, row, code, bias
    }

    @Test
    void saysWhereNothingCanBeTold() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IndexMemory.estimate(components, "inverted", 10, 10))
                .withMessageContaining("the memory of inverted depends on more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IndexMemory.estimate(components, "flat", 10, 0))
                .withMessageContaining("got 10 and 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IndexMemory.estimate(components, "nothing", 10, 10))
                .withMessageContaining("no Index named \"nothing\"");
    }
}
