package org.retrieval4j.bench;

import java.io.IOException;
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
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;

/**
 * The pairs of a query with 20 pictures of up to 2,000 RootSIFT each; time a picture.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar MatchingBenchmark -p kernel=scalar
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class MatchingBenchmark {
    /** Which kernels. */
    @Param({"scalar", "vector", "blas"})
    public String kernel;

    /** Which matcher. */
    @Param("mutual-nearest-neighbor")
    public String matcher;

    /** A folder of at least 21 pictures; graf if empty. */
    @Param("")
    public String images;

    private PhotographFeatures features;
    private Matcher made;

    /**
     * Extracts the features.
     *
     * @throws IOException if a picture cannot be read
     */
    @Setup
    public void prepare() throws IOException {
        features = PhotographFeatures.of(images);
        made = Components.load()
                .create(Matcher.class, matcher, BuildContext.defaults().withKernel(kernel));
    }

    /** Closes the matcher. */
    @TearDown
    public void close() {
        made.close();
    }

    /**
     * All pictures.
     *
     * @return their pairs
     */
    @Benchmark
    @OperationsPerInvocation(PhotographFeatures.CANDIDATES)
    public List<Matches> match() {
        return made.matchAll(features.query(), features.candidates());
    }
}
