package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.aggregation.AssignableAggregator;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.storage.ComponentFile;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval aggregate}: descriptors of one image from a NumPy file to one vector in another. */
@Command(
        name = "aggregate",
        description = {
            "Aggregate the descriptors of one image into one vector: NumPy file in, NumPy file out.",
            "",
            "The vector is float32; a sparse one (bow) is written in full. Files named in the aggregator's spec are"
                    + " .npy too, or entries of an .npz (FILE.npz:NAME): codebooks and the like K x D, weights and biases K."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class AggregateCommand extends Subcommand {
    @Option(names = "--aggregator", paramLabel = "SPEC", required = true, description = "The aggregator.")
    private String aggregator;

    @Option(
            names = "--descriptors",
            paramLabel = "X.npy",
            required = true,
            description = "N x D, the descriptors of one image, used as they are; or H x W x D, a feature map.")
    private Path descriptors;

    @Option(
            names = "--sample",
            paramLabel = "S.npy",
            description = "M x D, descriptors to learn from, where the spec names no arrays.")
    private @Nullable Path sample;

    @Option(
            names = "--assignments",
            paramLabel = "A.npy",
            description = "The cluster of each descriptor (N whole numbers), or its weights (N x K).")
    private @Nullable Path assignments;

    @Option(
            names = "--output",
            paramLabel = "V.npy",
            required = true,
            description = "Where the vector goes: float32, as long as its dimension.")
    private Path output;

    @Option(
            names = "--save",
            paramLabel = "A.r4j",
            description = "Where the aggregator itself goes; file(path=A.r4j) is its spec then.")
    private @Nullable Path save;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of what is learned (default: 42).")
    private long seed = 42;

    @Mixin
    private ThreadOptions threads;

    @Override
    int execute() throws IOException {
        Components components = Components.load();
        ComponentSpec spec = PipelineOptions.spec(components, "--aggregator", Aggregator.class, aggregator);
        ImageFeatures features = features(descriptors);
        List<ImageFeatures> learnFrom =
                sample == null ? List.of() : List.of(ImageFeatures.ofDescriptors(matrix(sample)));
        try (Workers workers = threads.start();
                Progress progress = console().progress();
                Aggregator made = components.create(
                        Aggregator.class,
                        spec,
                        BuildContext.ofSample(learnFrom)
                                .withKernel(sample == null ? KernelCatalog.LIGHT : KernelCatalog.AUTO)
                                .withSeed(seed)
                                .withExecutor(workers.executor())
                                .withProgress(progress))) {
            progress.close();
            float[] vector = vector(aggregated(made, features));
            NpyFile.write(output, vector, vector.length);
            if (save != null) {
                ComponentFile.save(Aggregator.class, made, save);
            }
        }
        return Main.DONE;
    }

    private GlobalDescriptor aggregated(Aggregator made, ImageFeatures features) throws IOException {
        if (assignments == null) {
            return made.aggregate(features);
        }
        if (!(made instanceof AssignableAggregator assignable)) {
            throw new CommandException("--assignments: " + made.spec() + " takes no assignments");
        }
        NpyArray given = NpyFile.read(assignments);
        try {
            return switch (given.dimensions()) {
                case 1 -> assignable.aggregate(features.descriptors(), given.toInts());
                case 2 -> assignable.aggregate(features.descriptors(), given.toFloatMatrix());
                default ->
                    throw new IllegalArgumentException(
                            "must be N whole numbers or N x K weights, got shape " + Arrays.toString(given.shape()));
            };
        } catch (IllegalArgumentException refused) {
            throw new CommandException(assignments + ": " + refused.getMessage(), refused);
        }
    }

    private static FloatMatrix matrix(Path file) throws IOException {
        NpyArray array = NpyFile.read(file);
        try {
            return array.toFloatMatrix();
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
    }

    private static ImageFeatures features(Path file) throws IOException {
        NpyArray array = NpyFile.read(file);
        try {
            if (array.dimensions() == 3) {
                return ImageFeatures.ofMap(new Grid(array.shape()[0], array.shape()[1]), array.toStackedMatrix());
            }
            return ImageFeatures.ofDescriptors(array.toFloatMatrix());
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
    }

    private static float[] vector(GlobalDescriptor descriptor) {
        if (descriptor instanceof GlobalDescriptor.Dense dense) {
            return dense.values();
        } else if (descriptor instanceof GlobalDescriptor.Sparse sparse) {
            float[] values = new float[sparse.dimension()];
            for (int i = 0; i < sparse.words().length; i++) {
                values[sparse.words()[i]] = sparse.weights()[i];
            }
            return values;
        }
        if (!(descriptor instanceof GlobalDescriptor.Regions regions)) {
            throw new CommandException("one vector cannot hold " + descriptor
                    + ", words with a value each; give them to the index of a database (retrieval index)");
        }
        FloatMatrix vectors = regions.vectors();
        return Arrays.copyOfRange(
                vectors.array(), vectors.offset(), vectors.offset() + vectors.rows() * vectors.columns());
    }
}
