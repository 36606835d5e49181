package org.retrieval4j.bench;

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
import org.openjdk.jmh.annotations.Warmup;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.KMeans;

/**
 * An iteration of k-means over m vectors with n centroids, on one thread.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar KMeansBenchmark -p kernel=vector,arrays -p shape=100000x64x128
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
public class KMeansBenchmark {
    private static final int ITERATIONS = 4;

    /** Which kernels. */
    @Param({"scalar", "vector", "blas", "arrays"})
    public String kernel;

    /** m x n x d. */
    @Param({"100000x64x128", "200000x256x128", "200000x1024x128"})
    public String shape;

    private Kernels kernels;
    private FloatMatrix sample;
    private FloatMatrix initial;

    /** Makes the vectors. */
    @Setup
    public void prepare() {
        Shape size = Shape.parse(shape);
        kernels = KernelCatalog.load().get(kernel);
        sample = Vectors.clustered(1, size.m(), size.d());
        initial = Vectors.clustered(2, size.n(), size.d());
    }

    /**
     * Some iterations, as k-means takes hold of the sample once for all of them.
     *
     * @return the codebook
     */
    @Benchmark
    @OperationsPerInvocation(ITERATIONS)
    public KMeans.Result iterate() {
        return KMeans.lloyd(sample, initial, ITERATIONS, kernels, BuildContext.defaults());
    }
}
