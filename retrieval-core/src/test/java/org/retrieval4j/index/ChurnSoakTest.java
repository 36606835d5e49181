package org.retrieval4j.index;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Index;

/** Half of 100,000 vectors replaced under search; the small version is part of {@link VectorIndexContract}. */
@Tag("soak")
class ChurnSoakTest {
    private static final int D = 64;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flat(metric=l2,storage=int8)",
                "ivf-flat(lists=256,probes=16,metric=l2)",
                "ivf-pq(lists=256,probes=16,metric=l2)",
                "hnsw(metric=l2)",
                "binary(metric=l2)"
            })
    void staysAsGoodWhileHalfOfItIsReplaced(String spec) throws Exception {
        Clustered clustered = new Clustered(D, 200, 10);
        List<Dense> sample = clustered.next(20_000);
        BuildContext context = BuildContext.defaults().withDescriptors(sample);
        Components components = Components.load();
        try (Index index = components.create(Index.class, spec, context);
                Index fresh = components.create(Index.class, spec, context);
                Index flat = components.create(Index.class, "flat(metric=l2)")) {
            Churn churn = Churn.run(index, fresh, flat, clustered, 100_000, 500);
            System.out.println(spec + ": " + churn);
            churn.assertAsGoodAsFresh();
        }
    }
}
