package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.onnx.NetworkInput.ImageInput;
import org.retrieval4j.onnx.NetworkOutput.DescriptorOutput;
import org.retrieval4j.onnx.NetworkOutput.GlobalOutput;
import org.retrieval4j.onnx.NetworkOutput.KeypointOutput;
import org.retrieval4j.onnx.NetworkOutput.MapOutput;
import org.retrieval4j.onnx.NetworkOutput.OfFeatures;
import org.retrieval4j.onnx.NetworkOutput.ScoreOutput;
import org.retrieval4j.spi.ComponentProvider;
import org.slf4j.LoggerFactory;

/**
 * Any network from a picture to local features, feature maps and a global vector, described by a
 * {@linkplain NetworkManifest manifest}: {@code onnx(manifest=FILE)}. All outputs come from one pass.
 *
 * <p>The network sees the upright picture, scaled by a bilinear filter that is widened when shrinking (Pillow's
 * {@code BILINEAR}, torchvision's {@code antialias=True}); places come back in stored pixels of the original. A feature
 * map is a grid whose keypoints are the centers of the cells and whose rows of descriptors are the channels. Several maps
 * of one set are joined, channels after channels in the manifest's order, on the finest of their grids, as
 * aggregators of several streams take them.
 *
 * <p>{@link #spec()} names the manifest by its hash, {@link #state()} holds manifest and weights, so that a saved
 * component is opened without any path. {@code weights} and {@code threads} change nothing that is computed and do not
 * stand in it.
 *
 * <p>Many threads may extract at once; with {@code threads=1} a picture is computed in the caller's thread and there are
 * no others, with more ONNX Runtime keeps {@code threads − 1} of its own until {@link #close}. An output with the wrong
 * shape, too large, or with a value that is not finite ends in a {@link org.retrieval4j.api.BackendException} that names
 * it.
 */
public final class OnnxExtractor implements Extractor {
    private final NetworkFiles files;
    private final OnnxNetwork network;
    private final Fingerprint fingerprint;
    private final ImageInput input;
    private final PictureWriter writer;
    private final Map<String, LocalSet> locals = new LinkedHashMap<>();
    private final Map<String, List<MapOutput>> maps = new LinkedHashMap<>();
    private final Optional<GlobalOutput> global;
    private final boolean failsWhenEmpty;
    private final Set<String> outputs = new TreeSet<>();

    /**
     * How a network is found and run.
     *
     * @param manifest the manifest's file, absolute or relative to {@link BuildContext#baseDirectory()}
     * @param weights where the weights lie if not where the manifest says: the file, or the folder that holds it; must
     *     have the hash that the manifest says
     * @param threads that compute one picture, 1 if not given, at most as many as there are processors. More gives shorter answers to
     *     single queries; whole folders are indexed fastest with 1 and several pictures at once
     */
    public record Options(String manifest, Optional<String> weights, Optional<Integer> threads) {
        /** Checks the bound. */
        public Options {
            requireNonNull(manifest, "manifest");
            requireNonNull(weights, "weights");
            threads.ifPresent(OnnxExtractor::requireThreads);
        }

        /**
         * No manifest, which must be given, weights beside it, one thread.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options("", Optional.empty(), Optional.empty());
        }

        /**
         * With a manifest.
         *
         * @param file the manifest's file
         * @return the changed options
         */
        public Options withManifest(String file) {
            return new Options(file, weights, threads);
        }

        /**
         * With weights that lie elsewhere.
         *
         * @param fileOrFolder the file, or the folder that holds it
         * @return the changed options
         */
        public Options withWeights(String fileOrFolder) {
            return new Options(manifest, Optional.of(fileOrFolder), threads);
        }

        /**
         * With more threads.
         *
         * @param count that compute one picture
         * @return the changed options
         */
        public Options withThreads(int count) {
            return new Options(manifest, weights, Optional.of(count));
        }
    }

    /** Provides {@code onnx(manifest=FILE)}. */
    public static final class Provider extends ComponentProvider<Extractor, Options> {
        /** Made by the service loader; loads nothing. */
        public Provider() {
            super(Extractor.class, NetworkFiles.NAME, Options.defaults());
        }

        @Override
        public Extractor create(Options options, BuildContext context) throws IOException {
            return new OnnxExtractor(
                    NetworkFiles.find(options.manifest(), options.weights(), context),
                    options.threads().orElse(1));
        }

        @Override
        public Extractor open(Options options, ComponentState state, BuildContext context) throws IOException {
            return new OnnxExtractor(
                    NetworkFiles.open(options.manifest(), state),
                    options.threads().orElse(1));
        }
    }

    /** The outputs of one set of sparse features. */
    private record LocalSet(KeypointOutput keypoints, DescriptorOutput descriptors, Optional<ScoreOutput> scores) {}

    private OnnxExtractor(NetworkFiles files, int threads) throws IOException {
        this.files = files;
        NetworkManifest manifest = files.manifest();
        if (manifest.inputs().size() != 1 || !(manifest.inputs().get(0) instanceof ImageInput image)) {
            throw new IllegalArgumentException(
                    "network " + manifest.name() + " is no extractor: its only input must be an image");
        }
        input = image;
        writer = new PictureWriter(image);
        global = sortOutputs(manifest);
        failsWhenEmpty =
                locals.values().stream().anyMatch(set -> set.keypoints().failsWhenEmpty());
        network = OnnxNetwork.open(files, threads);
        try {
            requireInput();
            if (failsWhenEmpty) {
                requireEmptyIsKnown();
            }
            fingerprint = Fingerprint.of(spec(), state());
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private Optional<GlobalOutput> sortOutputs(NetworkManifest manifest) {
        Map<String, KeypointOutput> keypoints = new LinkedHashMap<>();
        Map<String, DescriptorOutput> descriptors = new LinkedHashMap<>();
        Map<String, ScoreOutput> scores = new LinkedHashMap<>();
        Optional<GlobalOutput> vector = Optional.empty();
        for (NetworkOutput output : manifest.outputs()) {
            @Nullable Object before = null;
            if (output instanceof KeypointOutput one) {
                before = keypoints.put(one.features(), one);
            } else if (output instanceof DescriptorOutput one) {
                before = descriptors.put(one.features(), one);
            } else if (output instanceof ScoreOutput one) {
                before = scores.put(one.features(), one);
            } else if (output instanceof MapOutput one) {
                maps.computeIfAbsent(one.features(), name -> new ArrayList<>()).add(one);
            } else if (output instanceof GlobalOutput one) {
                before = vector.orElse(null);
                vector = Optional.of(one);
                outputs.add(Extraction.GLOBAL);
            } else {
                throw refused(manifest, "is no extractor: \"" + output.name() + "\" holds pairs of features");
            }
            if (before != null) {
                String set = output instanceof OfFeatures of ? " for \"" + of.features() + "\"" : "";
                throw refused(manifest, "has two outputs of the meaning of \"" + output.name() + "\"" + set);
            }
        }
        Set<String> localNames = new TreeSet<>(keypoints.keySet());
        localNames.addAll(descriptors.keySet());
        localNames.addAll(scores.keySet());
        for (String name : localNames) {
            KeypointOutput places = keypoints.get(name);
            DescriptorOutput vectors = descriptors.get(name);
            if (places == null || vectors == null || maps.containsKey(name)) {
                throw refused(
                        manifest,
                        "must have keypoints and descriptors, and no feature map, for the features \"" + name + "\"");
            }
            locals.put(name, new LocalSet(places, vectors, Optional.ofNullable(scores.get(name))));
        }
        outputs.addAll(localNames);
        outputs.addAll(maps.keySet());
        return vector;
    }

    private static IllegalArgumentException refused(NetworkManifest manifest, String why) {
        return new IllegalArgumentException("network " + manifest.name() + " " + why);
    }

    private void requireInput() {
        boolean isFixed = input.size() instanceof InputSize.Fixed;
        Placement any = input.size().place(InputSize.MAX_SIDE, InputSize.MAX_SIDE);
        long[] wanted = writer.shape(input.batch(), any);
        int firstSide = input.layout() == NetworkInput.Layout.NCHW ? 2 : 1;
        if (isFixed) {
            network.requireShape(input.name(), wanted);
            return;
        }
        long[] shape = network.inputShape(input.name());
        wanted[firstSide] = -1;
        wanted[firstSide + 1] = -1;
        network.requireShape(input.name(), wanted);
        if (shape[firstSide] != -1 || shape[firstSide + 1] != -1) {
            throw refused(
                    files.manifest(),
                    "takes pictures of " + shape[firstSide + 1] + " x " + shape[firstSide]
                            + " only: its manifest must give size a width and a height");
        }
    }

    @Override
    public Set<String> outputs() {
        return java.util.Collections.unmodifiableSet(outputs);
    }

    @Override
    public List<Extraction> extractAll(List<Image> images) {
        List<Extraction> extractions = new ArrayList<>(images.size());
        int from = 0;
        while (from < images.size()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("interrupted");
            }
            Placement first = placement(images.get(from));
            int to = from + 1;
            while (to < images.size() && to - from < input.batch() && sameSize(first, placement(images.get(to)))) {
                to++;
            }
            extractBatch(images.subList(from, to), extractions);
            from = to;
        }
        return extractions;
    }

    private Placement placement(Image image) {
        Orientation orientation = image.orientation();
        return input.size()
                .place(
                        orientation.uprightWidth(image.width(), image.height()),
                        orientation.uprightHeight(image.width(), image.height()));
    }

    private static boolean sameSize(Placement a, Placement b) {
        return a.width() == b.width() && a.height() == b.height();
    }

    private void extractBatch(List<Image> images, List<Extraction> extractions) {
        int pictures = images.size();
        Placement first = placement(images.get(0));
        int size = writer.size(first);
        float[] values = new float[Math.multiplyExact(pictures, size)];
        for (int i = 0; i < pictures; i++) {
            writer.write(images.get(i).upright(), placement(images.get(i)), values, i * size);
        }
        Map<String, Tensor> results;
        try {
            results = network.run(List.of(new OnnxNetwork.Input(input.name(), values, writer.shape(pictures, first))));
        } catch (OnnxNetwork.FailedRun e) {
            if (!failsWhenEmpty) {
                throw e;
            }
            LoggerFactory.getLogger(OnnxExtractor.class).debug("a failed run counts as one without keypoints", e);
            extractions.add(nothing(images.get(0)));
            return;
        }
        for (int i = 0; i < pictures; i++) {
            extractions.add(extraction(images.get(i), results, i, pictures));
        }
    }

    private Extraction extraction(Image image, Map<String, Tensor> results, int picture, int pictures) {
        FeatureReader reader = new FeatureReader(image, placement(image));
        Map<String, ImageFeatures> features = new LinkedHashMap<>();
        maps.forEach((name, parts) -> {
            List<Tensor> tensors = parts.stream()
                    .map(map -> result(results, map).of(picture, pictures, 3))
                    .toList();
            features.put(name, reader.map(tensors, parts));
        });
        locals.forEach((name, set) -> {
            Tensor keypoints = result(results, set.keypoints()).of(picture, pictures, 2);
            Tensor descriptors = result(results, set.descriptors()).of(picture, pictures, 2);
            @Nullable
            Tensor scores = set.scores()
                    .map(output -> scores(results, output, picture, pictures))
                    .orElse(null);
            double minScore = set.scores().flatMap(ScoreOutput::minScore).orElse(Double.NEGATIVE_INFINITY);
            features.put(
                    name, reader.local(keypoints, set.keypoints(), descriptors, set.descriptors(), scores, minScore));
        });
        return new Extraction(
                features, global.map(output -> globalVector(result(results, output), output, picture, pictures)));
    }

    private Extraction nothing(Image image) {
        Map<String, ImageFeatures> features = new LinkedHashMap<>();
        locals.forEach((name, set) -> features.put(
                name,
                new ImageFeatures(
                        image.width(),
                        image.height(),
                        image.orientation(),
                        new Keypoints(FloatMatrix.empty(Keypoints.COLUMNS)),
                        FloatMatrix.empty(width(set.descriptors())),
                        Optional.empty())));
        return new Extraction(features, Optional.empty());
    }

    // The size of descriptors as the graph declares it; −1 if it does not.
    private int width(DescriptorOutput output) {
        long[] shape = network.outputShape(output.name());
        return shape.length < 2 ? -1 : (int) shape[shape.length - (output.channelsFirst() ? 2 : 1)];
    }

    private void requireEmptyIsKnown() {
        boolean onlyLocal = maps.isEmpty() && global.isEmpty() && input.batch() == 1;
        boolean widthsKnown = locals.values().stream().allMatch(set -> width(set.descriptors()) > 0);
        if (!onlyLocal || !widthsKnown) {
            throw refused(
                    files.manifest(),
                    "cannot have fails-when-empty: it must have batch 1, local features only, and a graph that declares"
                            + " the size of the descriptors");
        }
    }

    private static Tensor result(Map<String, Tensor> results, NetworkOutput output) {
        return requireNonNull(results.get(output.name()), output.name());
    }

    // n, n x 1, or 1 x n: whatever has the right number of values.
    private static Tensor scores(Map<String, Tensor> results, ScoreOutput output, int picture, int pictures) {
        Tensor scores = result(results, output);
        return pictures == 1 ? scores : scores.of(picture, pictures, scores.shape().length - 1);
    }

    private static GlobalDescriptor globalVector(Tensor all, GlobalOutput output, int picture, int pictures) {
        Tensor tensor = pictures == 1 ? all : all.of(picture, pictures, all.shape().length - 1);
        if (tensor.size() == 0) {
            throw tensor.unexpected("is an empty vector");
        }
        float[] values =
                java.util.Arrays.copyOfRange(tensor.values(), tensor.offset(), tensor.offset() + tensor.size());
        if (output.l2()) {
            FeatureReader.l2(values, 0, values.length);
        }
        return new GlobalDescriptor.Dense(values);
    }

    @Override
    public ComponentSpec spec() {
        return files.spec();
    }

    @Override
    public ComponentState state() {
        return files.toState();
    }

    @Override
    public Fingerprint fingerprint() {
        return fingerprint;
    }

    /**
     * What the network's manifest says.
     *
     * @return the manifest
     */
    public NetworkManifest manifest() {
        return files.manifest();
    }

    @Override
    public void close() {
        network.close();
    }

    @Override
    public String toString() {
        return spec() + " (" + files.manifest().name() + ")";
    }

    static void requireThreads(int threads) {
        if (threads < 1 || threads > 256) {
            throw new IllegalArgumentException("threads must be 1 to 256, got " + threads);
        }
    }
}
