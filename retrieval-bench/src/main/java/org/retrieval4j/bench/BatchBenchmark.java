package org.retrieval4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;

/**
 * Global descriptors of several pictures in one call, each from 1,000 local descriptors of size 128; time a call. Tells
 * from how many pictures on arrays pay.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar BatchBenchmark -p kernel=vector,arrays -p batch=100
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class BatchBenchmark {
    /** Which kernels. */
    @Param({"scalar", "vector", "blas", "arrays"})
    public String kernel;

    /** Which aggregator. */
    @Param({"vlad(clusters=64)", "netvlad(clusters=64)"})
    public String aggregator;

    /** Pictures in a call. */
    @Param({"1", "10", "100"})
    public int batch;

    private Aggregator made;
    private List<ImageFeatures> pictures;

    /** Makes pictures and learns from some of them. */
    @Setup
    public void prepare() {
        pictures = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
            pictures.add(ImageFeatures.ofDescriptors(Vectors.clustered(i, 1000, 128)));
        }
        BuildContext context =
                BuildContext.ofSample(pictures.subList(0, Math.min(10, batch))).withKernel(kernel);
        made = Components.load().create(Aggregator.class, aggregator, context);
    }

    /** Closes the aggregator. */
    @TearDown
    public void close() {
        made.close();
    }

    /**
     * All pictures.
     *
     * @return their descriptors
     */
    @Benchmark
    public List<GlobalDescriptor> aggregate() {
        return made.aggregateAll(pictures);
    }
}
