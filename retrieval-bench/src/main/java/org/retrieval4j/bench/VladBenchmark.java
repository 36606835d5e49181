package org.retrieval4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
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
 * A global descriptor from 1,000 local ones, of size 128 or for Fisher vectors 64, or for NetVLAD from the 196 cells of a map
 * of 512 channels; time a picture.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar VladBenchmark -p kernel=scalar
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
public class VladBenchmark {
    private static final int PICTURES = 20;

    /** Which kernels. */
    @Param({"scalar", "vector", "blas"})
    public String kernel;

    /** Which aggregator. */
    @Param({
        "vlad(clusters=64,normalization=intra)",
        "vlad(clusters=256,normalization=intra)",
        "fisher(components=64)",
        "netvlad(clusters=64)"
    })
    public String aggregator;

    private Aggregator made;
    private List<ImageFeatures> pictures;

    /** Makes pictures and learns from them. */
    @Setup
    public void prepare() {
        boolean map = aggregator.startsWith("net");
        int width = map ? 512 : aggregator.startsWith("fisher") ? 64 : 128;
        pictures = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            pictures.add(ImageFeatures.ofDescriptors(Vectors.clustered(i, map ? 196 : 1000, width)));
        }
        BuildContext context = BuildContext.ofSample(pictures).withKernel(kernel);
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
    @OperationsPerInvocation(PICTURES)
    public List<GlobalDescriptor> aggregate() {
        return made.aggregateAll(pictures);
    }
}
