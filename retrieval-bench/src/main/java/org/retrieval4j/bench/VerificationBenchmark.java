package org.retrieval4j.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Verification;
import org.retrieval4j.api.Verifier;

/**
 * Verification of a query's first 20 pictures, up to 2,000 RootSIFT each, on one thread: matching and a robust model.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar VerificationBenchmark -p verifier=homography
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class VerificationBenchmark {
    /** Which kernels. */
    @Param("scalar")
    public String kernel;

    /** Which matcher. */
    @Param("mutual-nearest-neighbor")
    public String matcher;

    /** Which verifier. */
    @Param({"homography"})
    public String verifier;

    /** A folder of at least 21 pictures; graf if empty. */
    @Param("")
    public String images;

    private PhotographFeatures features;
    private Matcher madeMatcher;
    private Verifier madeVerifier;

    /**
     * Extracts the features.
     *
     * @throws IOException if a picture cannot be read
     */
    @Setup
    public void prepare() throws IOException {
        features = PhotographFeatures.of(images);
        Components components = Components.load();
        BuildContext context = BuildContext.defaults().withKernel(kernel);
        madeMatcher = components.create(Matcher.class, matcher, context);
        madeVerifier = components.create(Verifier.class, verifier, context);
    }

    /** Closes both. */
    @TearDown
    public void close() {
        madeMatcher.close();
        madeVerifier.close();
    }

    /**
     * All pictures.
     *
     * @return what was verified
     */
    @Benchmark
    public List<Optional<Verification>> verify() {
        List<Matches> matches = madeMatcher.matchAll(features.query(), features.candidates());
        List<Optional<Verification>> verified = new ArrayList<>(matches.size());
        for (int i = 0; i < matches.size(); i++) {
            ImageFeatures candidate = features.candidates().get(i);
            verified.add(madeVerifier.verify(features.query(), candidate, matches.get(i)));
        }
        return verified;
    }
}
