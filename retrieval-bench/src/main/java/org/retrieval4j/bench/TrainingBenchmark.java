package org.retrieval4j.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.nd4j.training.Gradients;
import org.retrieval4j.nd4j.training.Head;
import org.retrieval4j.nd4j.training.Layer;
import org.retrieval4j.nd4j.training.Layers;
import org.retrieval4j.nd4j.training.Loss;
import org.retrieval4j.nd4j.training.Network;
import org.retrieval4j.nd4j.training.Optimizer;
import org.retrieval4j.nd4j.training.Rows;
import org.retrieval4j.nd4j.training.SameDiffHead;
import org.retrieval4j.nd4j.training.Tuple;

/**
 * One iteration of training: the vectors of 24 pictures (four queries with a positive and four negatives) of 196
 * descriptors of size 512, the ranking loss, the way back to the parameters, a step of Adam. The features are in memory. {@code
 * peers/torch_netvlad.py} does the same in PyTorch.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar TrainingBenchmark -p engine=cpu,samediff -p threads=1
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx3g")
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class TrainingBenchmark {
    private static final int PICTURES = 24;
    private static final int TUPLE = 6;

    /** Backward passes by hand, or SameDiff's. */
    @Param({"cpu", "samediff"})
    public String engine;

    /** What is trained. */
    @Param("netvlad(clusters=64)")
    public String head;

    /** Threads of the passes. */
    @Param({"1", "2"})
    public int threads;

    private ExecutorService executor;
    private BuildContext context;
    private Network network;
    private Loss.Objective objective;
    private Optimizer.Steps steps;
    private final List<ImageFeatures> pictures = new ArrayList<>();
    private final List<Tuple> tuples = new ArrayList<>();
    private int[] labels;

    /**
     * Makes pictures and a head.
     *
     * @throws IOException never
     */
    @Setup
    public void prepare() throws IOException {
        for (int i = 0; i < PICTURES; i++) {
            pictures.add(ImageFeatures.ofDescriptors(Vectors.clustered(i, 196, 512)));
        }
        for (int query = 0; query < PICTURES; query += TUPLE) {
            tuples.add(new Tuple(query, new int[] {query + 1}, new int[] {query + 2, query + 3, query + 4, query + 5}));
        }
        labels = new int[PICTURES];
        executor = Executors.newFixedThreadPool(threads);
        context = BuildContext.defaults();
        context = threads == 1 ? context : context.withExecutor(executor);
        Components components = Components.load();
        try (Aggregator start = components.create(Aggregator.class, head, BuildContext.ofSample(pictures))) {
            Head trained = Head.of(start, Layers.load(TrainingBenchmark.class.getClassLoader()));
            network = engine.equals("samediff") ? SameDiffHead.of(trained.layers()) : trained;
            List<Optimizer.Learned> learned = new ArrayList<>();
            trained.named().forEach((name, parameter) -> learned.add(new Optimizer.Learned(name, parameter, 1, true)));
            steps = components.create(Optimizer.class, "adam(rate=0.00001)").over(learned);
        }
        objective = components.create(Loss.class, "weak-ranking").over(1, 0, 1);
    }

    /** Ends the threads. */
    @TearDown
    public void close() {
        executor.shutdownNow();
    }

    /**
     * An iteration.
     *
     * @return the loss
     */
    @Benchmark
    public double iteration() {
        int parts = network.parts();
        Layer.Pass[] passes = new Layer.Pass[parts];
        ParallelChunks.run(context, parts, 1, (from, to) -> {
            for (int part = from; part < to; part++) {
                passes[part] = network.forward(
                        Rows.of(pictures.subList(PICTURES * part / parts, PICTURES * (part + 1) / parts)));
            }
        });
        int columns = passes[0].output().columns();
        double[] vectors = new double[PICTURES * columns];
        for (int part = 0; part < parts; part++) {
            double[] values = passes[part].output().values();
            System.arraycopy(values, 0, vectors, PICTURES * part / parts * columns, values.length);
        }
        double[] gradient = new double[vectors.length];
        Gradients sum = new Gradients(network.parameters());
        double loss = objective.of(vectors, columns, tuples, labels, gradient, sum);
        Gradients[] gradients = new Gradients[parts];
        ParallelChunks.run(context, parts, 1, (from, to) -> {
            for (int part = from; part < to; part++) {
                gradients[part] = new Gradients(network.parameters());
                passes[part].backward(
                        Arrays.copyOfRange(
                                gradient, PICTURES * part / parts * columns, PICTURES * (part + 1) / parts * columns),
                        gradients[part],
                        false);
            }
        });
        for (Gradients one : gradients) {
            sum.add(one);
        }
        steps.step(sum, 1);
        return loss;
    }
}
