package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.fixtures.Fixture;

class IvfPqIndexTest extends VectorIndexContract {
    private static final Fixture PQ = Fixture.of("pq");

    @Override
    String spec(Metric metric) {
        return "ivf-pq(lists=8,probes=4,subquantizers=8,bits=4,metric="
                + metric.name().toLowerCase(Locale.ROOT) + ")";
    }

    @Override
    String keptSpec() {
        return "ivf-pq(lists=4,probes=4,subquantizers=2,bits=4,metric=l2)";
    }

    @Override
    double leastRecall() {
        return 0.9;
    }

    private static Index reference(boolean residual, int probes) throws IOException {
        IvfPqIndex.Options options = IvfPqIndex.Options.defaults()
                .withLists(8, probes)
                .withCodes(4, 4)
                .withRefine(0)
                .withResidual(residual)
                .withMetric(Metric.L2);
        ComponentState state = ComponentState.ofArrays(Map.of(
                "centroids",
                PQ.matrix("ivf_coarse"),
                "codebooks",
                PQ.array("pq_codebooks").toStackedMatrix()));
        return new IvfPqIndex.Provider().open(options, state, BuildContext.defaults());
    }

    private static List<Dense> rows(String name) {
        FloatMatrix matrix = PQ.matrix(name);
        List<Dense> rows = new ArrayList<>();
        for (int i = 0; i < matrix.rows(); i++) {
            rows.add(new Dense(matrix.row(i)));
        }
        return rows;
    }

    private static void assertReference(boolean residual, int probes, String ids, String distances) throws IOException {
        int[] expected = PQ.array(ids).toInts();
        double[] values = PQ.doubles(distances);
        try (Index index = reference(residual, probes)) {
            Clustered.put(index, 0, rows("pq_x"));
            List<SearchResult> results = index.searchAll(rows("pq_q"), SearchOptions.top(10));
            for (int q = 0; q < 8; q++) {
                List<Hit> hits = results.get(q).hits();
                assertThat(hits).hasSize(10);
                for (int i = 0; i < 10; i++) {
                    int id = (int) hits.get(i).imageId();
                    assertThat(id).isEqualTo(expected[q * 10 + i]);
                    double value = values[q * 200 + id];
                    assertThat(Math.abs(-hits.get(i).score() - value)).isLessThan(1e-5 * Math.max(1, value));
                }
            }
        }
    }

    @Test
    void codesGiveTheDistancesOfTheReference() throws IOException {
        assertReference(false, 8, "pq_adc_top10_idx", "pq_adc");
        assertReference(true, 2, "ivf_nprobe2_top10_idx", "ivf_adc");
    }

    @Test
    void everyFormFindsMost() throws IOException {
        Clustered clustered = new Clustered(DIMENSION, 40, 2);
        List<Dense> images = clustered.next(2000);
        List<Dense> queries = clustered.next(50);
        BuildContext context = BuildContext.defaults().withDescriptors(images.subList(0, 600));
        for (Metric metric : Metric.values()) {
            String end = "metric=" + metric.name().toLowerCase(Locale.ROOT) + ")";
            try (Index flat = open("flat(" + end, context)) {
                Clustered.put(flat, 0, images);
                List<SearchResult> exact = flat.searchAll(queries, SearchOptions.top(10));
                for (String form : List.of(
                        "bits=8", "bits=8,residual=false", "bits=4,opq=true", "bits=4,opq=true,residual=false")) {
                    for (int refine : new int[] {0, 10}) {
                        String spec =
                                "ivf-pq(lists=8,probes=6,subquantizers=8,refine=" + refine + "," + form + "," + end;
                        try (Index index = open(spec, context)) {
                            Clustered.put(index, 0, images);
                            double recall = Clustered.recall(index.searchAll(queries, SearchOptions.top(10)), exact);
                            assertThat(recall).as(spec).isGreaterThan(refine == 0 ? 0.45 : 0.93);
                        }
                    }
                }
            }
        }
    }

    @Test
    void codesAloneSurviveMergingAndFiles() throws IOException {
        Clustered clustered = new Clustered(DIMENSION, 20, 3);
        List<Dense> images = clustered.next(600);
        BuildContext here =
                BuildContext.defaults().withDescriptors(images.subList(0, 300)).withDirectory(folder.resolve("codes"));
        String spec = "ivf-pq(lists=8,probes=3,subquantizers=4,bits=8,refine=0,opq=true,metric=cosine)";
        List<SearchResult> before;
        try (Index index = open(spec, here)) {
            Clustered.put(index, 0, images.subList(0, 400));
            index.flush();
            Clustered.put(index, 400, images.subList(400, 600));
            index.removeAll(new long[] {1, 2, 3, 500});
            before = index.searchAll(images, SearchOptions.top(10));
            index.compact();
            assertThat(index.searchAll(images, SearchOptions.top(10))).isEqualTo(before);
        }
        try (Index index = open(spec, here)) {
            assertThat(index.searchAll(images, SearchOptions.top(10))).isEqualTo(before);
        }
    }

    @Test
    void saysWhatIsWrongWithItsOptionsAndItsSample() {
        assertThat(canonical("ivf-pq"))
                .isEqualTo("ivf-pq(lists=256,probes=16,subquantizers=16,bits=8,opq=false,residual=true,refine=10,"
                        + "metric=cosine)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("ivf-pq(bits=5)", BuildContext.defaults()))
                .withMessage("ivf-pq: bits must be 8 or 4, got 5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("ivf-pq(refine=-1)", BuildContext.defaults()))
                .withMessage("ivf-pq: refine must be at least 0, got -1");
        List<Dense> sample = new Clustered(10, 2, 1).next(300);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open(
                        "ivf-pq(lists=2,subquantizers=4)",
                        BuildContext.defaults().withDescriptors(sample)))
                .withMessage("ivf-pq: the dimension must be a multiple of subquantizers = 4, got 10");
    }
}
