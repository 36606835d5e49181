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
 * Inner products of m vectors with n prepared ones.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar ProductsBenchmark -p kernel=scalar -p shape=2000x2000x128
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
public class ProductsBenchmark {
    /** Which kernels. */
    @Param({"scalar", "vector", "blas"})
    public String kernel;

    /** m x n x d. */
    @Param({"1x100000x128", "100x10000x512", "1000x64x128", "2000x2000x128"})
    public String shape;

    private Kernels kernels;
    private FloatMatrix x;
    private Kernels.Operand y;
    private float[] products;

    /** Makes the vectors. */
    @Setup
    public void prepare() {
        Shape size = Shape.parse(shape);
        kernels = KernelCatalog.load().get(kernel);
        x = Vectors.clustered(1, size.m(), size.d());
        y = kernels.prepare(Vectors.clustered(2, size.n(), size.d()));
        products = new float[size.m() * size.n()];
    }

    /** Frees the operand. */
    @TearDown
    public void close() {
        y.close();
    }

    /**
     * All products.
     *
     * @return them
     */
    @Benchmark
    public float[] products() {
        kernels.products(x, y, products);
        return products;
    }
}
