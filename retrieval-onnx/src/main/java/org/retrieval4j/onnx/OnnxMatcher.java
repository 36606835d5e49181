package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.onnx.NetworkInput.DescriptorInput;
import org.retrieval4j.onnx.NetworkInput.KeypointInput;
import org.retrieval4j.onnx.NetworkInput.Picture;
import org.retrieval4j.onnx.NetworkOutput.MatchOutput;
import org.retrieval4j.onnx.NetworkOutput.ScoreOutput;
import org.retrieval4j.spi.ComponentProvider;

/**
 * A network that pairs two sets of local features, such as LightGlue, described by a
 * {@linkplain NetworkManifest manifest}: {@code onnx(manifest=FILE)}. Its inputs are places and descriptors of both
 * pictures; its output is a list of pairs, with scores if it has any.
 *
 * <p>Places are handed over as the network that found them saw the picture: upright, and of the size in the manifest.
 * Pairs come back best first; where a feature is in several pairs the best one stays, so that they are one to one.
 *
 * <p>Spec, state, threads and errors are as in {@link OnnxExtractor}. Thread-safe.
 */
public final class OnnxMatcher implements Matcher {
    private final NetworkFiles files;
    private final OnnxNetwork network;
    private final Fingerprint fingerprint;
    private final List<KeypointInput> keypointInputs = new ArrayList<>();
    private final List<DescriptorInput> descriptorInputs = new ArrayList<>();
    private final String pairs;
    private final Optional<ScoreOutput> scores;

    /**
     * How a network is found and run.
     *
     * @param manifest the manifest's file, absolute or relative to {@link BuildContext#baseDirectory()}
     * @param weights where the weights lie if not where the manifest says: the file, or the folder that holds it; must
     *     have the hash that the manifest says
     * @param threads that compute one pair of pictures, 1 if not given, at most as many as there are processors
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
         * @param count that compute one pair of pictures
         * @return the changed options
         */
        public Options withThreads(int count) {
            return new Options(manifest, weights, Optional.of(count));
        }
    }

    /** Provides {@code onnx(manifest=FILE)}. */
    public static final class Provider extends ComponentProvider<Matcher, Options> {
        /** Made by the service loader; loads nothing. */
        public Provider() {
            super(Matcher.class, NetworkFiles.NAME, Options.defaults());
        }

        @Override
        public Matcher create(Options options, BuildContext context) throws IOException {
            return new OnnxMatcher(
                    NetworkFiles.find(options.manifest(), options.weights(), context),
                    options.threads().orElse(1));
        }

        @Override
        public Matcher open(Options options, ComponentState state, BuildContext context) throws IOException {
            return new OnnxMatcher(
                    NetworkFiles.open(options.manifest(), state),
                    options.threads().orElse(1));
        }
    }

    private OnnxMatcher(NetworkFiles files, int threads) throws IOException {
        this.files = files;
        NetworkManifest manifest = files.manifest();
        sortInputs(manifest);
        @Nullable String match = null;
        Optional<ScoreOutput> score = Optional.empty();
        for (NetworkOutput output : manifest.outputs()) {
            if (output instanceof MatchOutput && match == null) {
                match = output.name();
            } else if (output instanceof ScoreOutput one && score.isEmpty()) {
                score = Optional.of(one);
            } else {
                throw noMatcher(manifest, "its outputs must be matches and perhaps scores, one of each");
            }
        }
        if (match == null) {
            throw noMatcher(manifest, "it has no output of the meaning matches");
        }
        pairs = match;
        scores = score;
        network = OnnxNetwork.open(files, threads);
        try {
            for (KeypointInput input : keypointInputs) {
                network.requireShape(input.name(), shape(input.name(), 2, false, -1));
            }
            for (DescriptorInput input : descriptorInputs) {
                network.requireShape(input.name(), shape(input.name(), -1, input.channelsFirst(), -1));
            }
            fingerprint = Fingerprint.of(spec(), state());
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private void sortInputs(NetworkManifest manifest) {
        for (NetworkInput input : manifest.inputs()) {
            if (input instanceof KeypointInput one) {
                keypointInputs.add(one);
            } else if (input instanceof DescriptorInput one) {
                descriptorInputs.add(one);
            } else {
                throw noMatcher(manifest, "it takes a picture");
            }
        }
        for (Picture picture : Picture.values()) {
            boolean complete = keypointInputs.stream().anyMatch(input -> input.picture() == picture)
                    || descriptorInputs.stream().anyMatch(input -> input.picture() == picture);
            if (!complete) {
                throw noMatcher(
                        manifest, "it takes nothing of the " + picture.name().toLowerCase(java.util.Locale.ROOT));
            }
        }
    }

    private static IllegalArgumentException noMatcher(NetworkManifest manifest, String why) {
        return new IllegalArgumentException("network " + manifest.name() + " is no matcher: " + why);
    }

    // n x width, or width x n, with a batch of 1 before it where the graph has three dimensions.
    private long[] shape(String input, long width, boolean channelsFirst, long n) {
        long[] matrix = channelsFirst ? new long[] {width, n} : new long[] {n, width};
        boolean batch = network.inputShape(input).length == 3;
        return batch ? new long[] {1, matrix[0], matrix[1]} : matrix;
    }

    @Override
    public Matches match(ImageFeatures query, ImageFeatures reference) {
        return matchAll(query, List.of(reference)).get(0);
    }

    @Override
    public List<Matches> matchAll(ImageFeatures query, List<ImageFeatures> references) {
        List<OnnxNetwork.Input> queryInputs = query.size() == 0 ? List.of() : inputs(query, Picture.QUERY);
        List<Matches> all = new ArrayList<>(references.size());
        for (ImageFeatures reference : references) {
            int width = query.descriptors().columns();
            if (query.size() == 0 || reference.size() == 0) {
                all.add(Matches.NONE);
                continue;
            }
            if (reference.descriptors().columns() != width) {
                throw new IllegalArgumentException("descriptors of query and reference must have the same width, got "
                        + width + " and " + reference.descriptors().columns());
            }
            List<OnnxNetwork.Input> inputs = new ArrayList<>(queryInputs);
            inputs.addAll(inputs(reference, Picture.REFERENCE));
            all.add(matches(network.run(inputs), query.size(), reference.size()));
        }
        return all;
    }

    private List<OnnxNetwork.Input> inputs(ImageFeatures features, Picture picture) {
        List<OnnxNetwork.Input> inputs = new ArrayList<>();
        int n = features.size();
        for (KeypointInput input : keypointInputs) {
            if (input.picture() == picture) {
                inputs.add(
                        new OnnxNetwork.Input(input.name(), places(features, input), shape(input.name(), 2, false, n)));
            }
        }
        for (DescriptorInput input : descriptorInputs) {
            if (input.picture() == picture) {
                int width = features.descriptors().columns();
                long[] shape = shape(input.name(), width, input.channelsFirst(), n);
                network.requireShape(input.name(), shape);
                float[] values = input.channelsFirst()
                        ? transposed(features.descriptors())
                        : features.descriptors().toArray();
                inputs.add(new OnnxNetwork.Input(input.name(), values, shape));
            }
        }
        return inputs;
    }

    private static float[] places(ImageFeatures features, KeypointInput input) {
        Orientation orientation = features.orientation();
        int width = orientation.uprightWidth(features.width(), features.height());
        int height = orientation.uprightHeight(features.width(), features.height());
        Placement placement = input.size()
                .map(size -> size.place(width, height))
                .orElseGet(() -> Placement.squash(width, height, width, height));
        int longer = Math.max(placement.width(), placement.height());
        int xAt = input.form().yFirst() ? 1 : 0;
        Keypoints keypoints = features.keypoints();
        float[] places = new float[2 * keypoints.size()];
        for (int i = 0; i < keypoints.size(); i++) {
            double x = keypoints.x(i);
            double y = keypoints.y(i);
            double u = orientation.uprightX(x, y, features.width(), features.height());
            double v = orientation.uprightY(x, y, features.width(), features.height());
            places[2 * i + xAt] = (float) input.form().ofPixels(placement.inputX(u), placement.width(), longer);
            places[2 * i + 1 - xAt] = (float) input.form().ofPixels(placement.inputY(v), placement.height(), longer);
        }
        return places;
    }

    private static float[] transposed(FloatMatrix rows) {
        float[] columns = new float[rows.rows() * rows.columns()];
        for (int i = 0; i < rows.rows(); i++) {
            for (int j = 0; j < rows.columns(); j++) {
                columns[j * rows.rows() + i] = rows.array()[rows.offset() + i * rows.columns() + j];
            }
        }
        return columns;
    }

    private Matches matches(Map<String, Tensor> results, int querySize, int referenceSize) {
        Tensor found = requireNonNull(results.get(pairs), pairs).of(0, 1, 2);
        int m = found.side(0);
        if (m > 0 && found.side(1) != 2) {
            throw found.unexpected("must be m x 2");
        }
        @Nullable
        Tensor score = scores.map(output -> requireNonNull(results.get(output.name()), output.name()))
                .orElse(null);
        if (score != null && score.size() != m) {
            throw score.unexpected("must have one score for each of " + m + " pairs");
        }
        double minScore = scores.flatMap(ScoreOutput::minScore).orElse(Double.NEGATIVE_INFINITY);
        Integer[] order = new Integer[m];
        int count = 0;
        for (int i = 0; i < m; i++) {
            requireIndex(found, 2 * i, querySize);
            requireIndex(found, 2 * i + 1, referenceSize);
            if (score == null || score.get(i) >= minScore) {
                order[count++] = i;
            }
        }
        if (score != null) {
            Arrays.sort(
                    order,
                    0,
                    count,
                    Comparator.<Integer>comparingDouble(i -> -score.get(i)).thenComparingInt(i -> i));
        }
        return oneToOne(found, score, order, count, new boolean[querySize], new boolean[referenceSize]);
    }

    private static Matches oneToOne(
            Tensor found,
            @Nullable Tensor score,
            Integer[] order,
            int count,
            boolean[] queryTaken,
            boolean[] referenceTaken) {
        int[] queries = new int[count];
        int[] references = new int[count];
        float[] kept = new float[count];
        int n = 0;
        for (int i = 0; i < count; i++) {
            int query = (int) found.get(2 * order[i]);
            int reference = (int) found.get(2 * order[i] + 1);
            if (!queryTaken[query] && !referenceTaken[reference]) {
                queryTaken[query] = true;
                referenceTaken[reference] = true;
                queries[n] = query;
                references[n] = reference;
                kept[n++] = score == null ? 1 : score.get(order[i]);
            }
        }
        return new Matches(Arrays.copyOf(queries, n), Arrays.copyOf(references, n), Arrays.copyOf(kept, n));
    }

    private static void requireIndex(Tensor found, int at, int size) {
        float index = found.get(at);
        if (index < 0 || index >= size || index != (int) index) {
            throw found.unexpected("holds " + index + " as the index of one of " + size + " features");
        }
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
}
