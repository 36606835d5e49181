package org.retrieval4j.bench;

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
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;

/**
 * The nearest of n centroids for each of m vectors: hard assignment, and half of an iteration of k-means.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar AssignBenchmark -p kernel=scalar -p shape=2000x64x128
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
public class AssignBenchmark {
    /** Which kernels. */
    @Param({"scalar", "vector", "blas"})
    public String kernel;

    /** m x n x d. */
    @Param({"100x64x128", "2000x64x128", "2000x256x128", "2000x1024x128"})
    public String shape;

    private Kernels kernels;
    private FloatMatrix x;
    private Kernels.Operand centroids;
    private int[] ids;

    /** Makes the vectors. */
    @Setup
    public void prepare() {
        Shape size = Shape.parse(shape);
        kernels = KernelCatalog.load().get(kernel);
        x = Vectors.clustered(1, size.m(), size.d());
        centroids = kernels.prepare(Vectors.clustered(2, size.n(), size.d()));
        ids = new int[size.m()];
    }

    /** Frees the operand. */
    @TearDown
    public void close() {
        centroids.close();
    }

    /**
     * All assignments.
     *
     * @return the ids
     */
    @Benchmark
    public int[] assign() {
        kernels.assign(x, centroids, ids);
        return ids;
    }
}
