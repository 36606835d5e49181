package org.retrieval4j.database;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.retrieval4j.aggregation.VladAggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Model;
import org.retrieval4j.api.Verification;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.index.FlatIndex;
import org.retrieval4j.spi.ComponentProvider;
import org.retrieval4j.transform.PcaWhitenTransform;

/** Small components that do the whole job on {@link Photos}, and the database's options with them. */
public final class TestComponents {
    private TestComponents() {}

    static Components all() {
        return Components.of(List.of(
                new CellsProvider(),
                new MeanProvider(),
                new NearestProvider(),
                new ShiftProvider(),
                new VladAggregator.Provider(),
                new PcaWhitenTransform.Provider(),
                new FlatIndex.Provider()));
    }

    static DatabaseOptions options() {
        return DatabaseOptions.defaults()
                .withExtractor(ComponentSpec.parse("cells"))
                .withAggregator(Optional.of(ComponentSpec.parse("vlad(clusters=8,normalization=intra)")))
                .withMatcher(ComponentSpec.parse("nearest"))
                .withVerifier(ComponentSpec.parse("shift"));
    }

    /**
     * Settings of the test extractor.
     *
     * @param size cells of so many pixels a side
     * @param failOnWhite whether it fails on a picture whose first pixel is white
     */
    public record CellsOptions(int size, boolean failOnWhite) {}

    /** Provides {@code cells}: one feature a cell, 4 x 4 mean gray values. */
    public static final class CellsProvider extends ComponentProvider<Extractor, CellsOptions> {
        /** For tests. */
        public CellsProvider() {
            super(Extractor.class, "cells", new CellsOptions(8, true));
        }

        @Override
        public Extractor create(CellsOptions options, BuildContext context) {
            return new Cells(specOf(options), options);
        }
    }

    private record Cells(ComponentSpec spec, CellsOptions options) implements Extractor {
        @Override
        public Set<String> outputs() {
            return Set.of(Extraction.LOCAL);
        }

        @Override
        public List<Extraction> extractAll(List<Image> images) {
            return images.stream()
                    .map(image -> Extraction.ofLocal(features(image)))
                    .toList();
        }

        private ImageFeatures features(Image image) {
            if (options.failOnWhite && image.rgb()[0] == -1 && image.rgb()[1] == -1) {
                throw new IllegalStateException("too white");
            }
            int size = options.size;
            int columns = image.width() / size;
            int rows = image.height() / size;
            float[] keypoints = new float[rows * columns * Keypoints.COLUMNS];
            float[] descriptors = new float[rows * columns * 16];
            for (int cell = 0; cell < rows * columns; cell++) {
                int left = cell % columns * size;
                int top = cell / columns * size;
                keypoints[cell * Keypoints.COLUMNS] = left + size / 2f;
                keypoints[cell * Keypoints.COLUMNS + 1] = top + size / 2f;
                keypoints[cell * Keypoints.COLUMNS + 2] = size;
                for (int y = 0; y < size; y++) {
                    for (int x = 0; x < size; x++) {
                        int part = y * 4 / size * 4 + x * 4 / size;
                        int gray = image.rgb()[3 * ((top + y) * image.width() + left + x)] & 0xff;
                        descriptors[16 * cell + part] += gray * 16f / (255 * size * size);
                    }
                }
            }
            return new ImageFeatures(
                    image.width(),
                    image.height(),
                    new Keypoints(FloatMatrix.of(rows * columns, Keypoints.COLUMNS, keypoints)),
                    FloatMatrix.of(rows * columns, 16, descriptors));
        }
    }

    /** No settings. */
    public record NoOptions() {}

    /** Provides {@code mean}: only a global vector, the mean gray values of 4 x 4 fields. */
    public static final class MeanProvider extends ComponentProvider<Extractor, NoOptions> {
        /** For tests. */
        public MeanProvider() {
            super(Extractor.class, "mean", new NoOptions());
        }

        @Override
        public Extractor create(NoOptions options, BuildContext context) {
            return new Mean(specOf(options));
        }
    }

    private record Mean(ComponentSpec spec) implements Extractor {
        @Override
        public Set<String> outputs() {
            return Set.of(Extraction.GLOBAL);
        }

        @Override
        public List<Extraction> extractAll(List<Image> images) {
            List<Extraction> all = new ArrayList<>();
            for (Image image : images) {
                float[] mean = new float[16];
                for (int i = 0; i < image.width() * image.height(); i++) {
                    int field = i / image.width() * 4 / image.height() * 4 + i % image.width() * 4 / image.width();
                    mean[field] += (image.rgb()[3 * i] & 0xff) / 255f;
                }
                all.add(new Extraction(
                        java.util.Map.of(), Optional.of(new org.retrieval4j.api.GlobalDescriptor.Dense(mean))));
            }
            return all;
        }
    }

    /** Provides {@code nearest}: mutual nearest neighbors, the plain way. */
    public static final class NearestProvider extends ComponentProvider<Matcher, NoOptions> {
        /** For tests. */
        public NearestProvider() {
            super(Matcher.class, "nearest", new NoOptions());
        }

        @Override
        public Matcher create(NoOptions options, BuildContext context) {
            return new Nearest(specOf(options));
        }
    }

    private record Nearest(ComponentSpec spec) implements Matcher {
        @Override
        public Matches match(ImageFeatures query, ImageFeatures reference) {
            int[] forth = nearest(query.descriptors(), reference.descriptors());
            int[] back = nearest(reference.descriptors(), query.descriptors());
            int[] queries = new int[forth.length];
            int[] references = new int[forth.length];
            int n = 0;
            for (int i = 0; i < forth.length; i++) {
                if (forth[i] >= 0 && back[forth[i]] == i) {
                    queries[n] = i;
                    references[n++] = forth[i];
                }
            }
            return new Matches(Arrays.copyOf(queries, n), Arrays.copyOf(references, n), new float[n]);
        }

        private static int[] nearest(FloatMatrix from, FloatMatrix to) {
            int[] nearest = new int[from.rows()];
            Arrays.fill(nearest, -1);
            for (int i = 0; i < from.rows(); i++) {
                double best = Double.MAX_VALUE;
                for (int j = 0; j < to.rows(); j++) {
                    double distance = 0;
                    for (int c = 0; c < from.columns(); c++) {
                        double difference = from.get(i, c) - to.get(j, c);
                        distance += difference * difference;
                    }
                    if (distance < best) {
                        best = distance;
                        nearest[i] = j;
                    }
                }
            }
            return nearest;
        }
    }

    /** Provides {@code shift}: the translation that most matches agree with, if at least 30 do. */
    public static final class ShiftProvider extends ComponentProvider<Verifier, NoOptions> {
        /** For tests. */
        public ShiftProvider() {
            super(Verifier.class, "shift", new NoOptions());
        }

        @Override
        public Verifier create(NoOptions options, BuildContext context) {
            return new Shift(specOf(options));
        }
    }

    private record Shift(ComponentSpec spec) implements Verifier {
        @Override
        public Optional<Verification> verify(ImageFeatures query, ImageFeatures candidate, Matches matches) {
            int[] best = new int[0];
            double[] shift = new double[2];
            for (int i = 0; i < matches.size(); i++) {
                double dx = shift(query, candidate, matches, i, 0);
                double dy = shift(query, candidate, matches, i, 1);
                int[] inliers = java.util.stream.IntStream.range(0, matches.size())
                        .filter(j -> Math.abs(shift(query, candidate, matches, j, 0) - dx) < 1
                                && Math.abs(shift(query, candidate, matches, j, 1) - dy) < 1)
                        .toArray();
                if (inliers.length > best.length) {
                    best = inliers;
                    shift = new double[] {dx, dy};
                }
            }
            if (best.length < 30) {
                return Optional.empty();
            }
            Model model = new Model("homography", new double[] {1, 0, shift[0], 0, 1, shift[1], 0, 0, 1});
            return Optional.of(new Verification(best.length, matches.select(best), model));
        }

        private static double shift(ImageFeatures query, ImageFeatures candidate, Matches matches, int i, int axis) {
            return candidate.keypoints().values().get(matches.referenceIndices()[i], axis)
                    - query.keypoints().values().get(matches.queryIndices()[i], axis);
        }
    }
}
