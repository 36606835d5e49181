package org.retrieval4j.bench;

import java.util.Random;
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
import org.openjdk.jmh.annotations.Warmup;
import org.retrieval4j.api.Components;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.PoseEstimator;

/**
 * A camera's pose from correspondences, on one thread: points at depths 2 to 40, right ones with noise of a pixel.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar PoseBenchmark -p outliers=0.9 -prof gc
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class PoseBenchmark {
    /** Part of wrong correspondences. */
    @Param({"0", "0.5", "0.9"})
    public double outliers;

    /** Correspondences. */
    @Param({"100", "1000"})
    public int size;

    /** The camera: the second one has a lens. */
    @Param({"PINHOLE 1024 768 800 800 512 384", "OPENCV 1024 768 800 800 512 384 -0.1 0.02 0 0"})
    public String camera;

    /** How to estimate. */
    @Param("ransac")
    public String estimator;

    private Camera seen;
    private PoseEstimator made;
    private double[] points;
    private double[] pixels;

    /** Makes the correspondences. */
    @Setup
    public void prepare() {
        seen = Camera.parse(camera);
        made = Components.load().create(PoseEstimator.class, estimator);
        points = new double[3 * size];
        pixels = new double[2 * size];
        Random random = new Random(1);
        double[] ray = new double[3];
        for (int i = 0; i < size; i++) {
            double u = seen.width() * random.nextDouble();
            double v = seen.height() * random.nextDouble();
            seen.unproject(u, v, ray);
            double depth = 2 + 38 * random.nextDouble();
            for (int j = 0; j < 3; j++) {
                points[3 * i + j] = ray[j] * depth / ray[2];
            }
            boolean wrong = i < outliers * size;
            pixels[2 * i] = wrong ? seen.width() * random.nextDouble() : u + random.nextGaussian();
            pixels[2 * i + 1] = wrong ? seen.height() * random.nextDouble() : v + random.nextGaussian();
        }
    }

    /**
     * One estimation.
     *
     * @return the pose
     */
    @Benchmark
    public PoseEstimate estimate() {
        return made.estimate(seen, points, pixels);
    }
}
