package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;

class IvfFlatIndexTest extends VectorIndexContract {
    @Override
    String spec(Metric metric) {
        return "ivf-flat(lists=16,probes=5,metric=" + metric.name().toLowerCase(Locale.ROOT) + ")";
    }

    @Override
    double leastRecall() {
        return 0.9;
    }

    @Test
    void isExactWithAllLists() throws IOException {
        Clustered clustered = new Clustered(DIMENSION, 30, 1);
        List<Dense> images = clustered.next(2500);
        List<Dense> queries = clustered.next(50);
        BuildContext context = BuildContext.defaults().withDescriptors(images.subList(0, 500));
        for (Metric metric : Metric.values()) {
            IvfFlatIndex.Options options =
                    IvfFlatIndex.Options.defaults().withLists(20).withProbes(20).withMetric(metric);
            try (Index index = IvfFlatIndex.open(options, context);
                    Index flat = FlatIndex.open(FlatIndex.Options.defaults().withMetric(metric), context)) {
                for (Index each : List.of(index, flat)) {
                    Clustered.put(each, 0, images.subList(0, 1000));
                    Clustered.put(each, 1000, images.subList(1000, 2500));
                    each.removeAll(new long[] {5, 7, 1001});
                }
                SearchOptions options10 = SearchOptions.top(10);
                assertThat(index.searchAll(queries, options10)).isEqualTo(flat.searchAll(queries, options10));
                index.compact();
                assertThat(index.searchAll(queries, options10)).isEqualTo(flat.searchAll(queries, options10));
            }
        }
    }

    @Test
    void saysWhatIsWrongWithItsOptionsAndItsSample() {
        assertThat(canonical("ivf-flat")).isEqualTo("ivf-flat(lists=256,probes=16,metric=cosine)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("ivf-flat(lists=0)", BuildContext.defaults()))
                .withMessage("ivf-flat: lists must be at least 1, got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("ivf-flat(probes=0)", BuildContext.defaults()))
                .withMessage("ivf-flat: probes must be at least 1, got 0");
        List<Dense> few = new Clustered(4, 2, 1).next(9);
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> open("ivf-flat(lists=10)", BuildContext.defaults().withDescriptors(few)))
                .withMessageContaining("10 clusters and 9 vectors");
    }
}
