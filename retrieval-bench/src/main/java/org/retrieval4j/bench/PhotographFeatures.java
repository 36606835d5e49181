package org.retrieval4j.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.storage.NpyFile;

/**
 * Features of real photographs: a query and its candidates for verification. Its program writes them as arrays for the
 * peers, so that all work on the same numbers:
 *
 * <pre>{@code
 * java -cp retrieval-bench/target/benchmarks.jar org.retrieval4j.bench.PhotographFeatures OUTPUT [IMAGES]
 * }</pre>
 *
 * @param query of one picture
 * @param candidates of others
 */
public record PhotographFeatures(ImageFeatures query, List<ImageFeatures> candidates) {
    /** How many candidates there are. */
    public static final int CANDIDATES = 20;

    private static final String GRAF = "/org/openimaj/image/feature/validator/graf/img";
    private static final String EXTRACTOR = "sift(max-keypoints=2000,contrast-threshold=0.02)";

    /**
     * Features of a folder's first pictures, or, if none is given, of graf: the first picture as query; the other five
     * show the same wall. The five mirrored and turned in three ways are fifteen candidates that do not match, because
     * SIFT tells a mirrored patch from its original.
     *
     * @param images a folder of at least 21 pictures, or an empty text
     * @return the features, at most 2,000 a picture
     * @throws IOException if a picture cannot be read
     */
    public static PhotographFeatures of(String images) throws IOException {
        List<Image> pictures = images.isEmpty() ? graf() : folder(Path.of(images));
        List<ImageFeatures> features = new ArrayList<>();
        try (Extractor extractor = Components.load().create(Extractor.class, EXTRACTOR)) {
            for (Image picture : pictures) {
                features.add(extractor.extract(picture).local().orElseThrow());
            }
        }
        return new PhotographFeatures(features.get(0), List.copyOf(features.subList(1, features.size())));
    }

    private static List<Image> folder(Path folder) throws IOException {
        ImageReader reader = ImageReader.load(ImageLimits.defaults().withUncommonFormats(true));
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> file.toString().toLowerCase(Locale.ROOT).matches(".*\\.(jpe?g|png|webp|ppm)"))
                    .sorted()
                    .limit(1 + CANDIDATES)
                    .toList();
        }
        if (files.size() <= CANDIDATES) {
            throw new IllegalArgumentException(
                    folder + " must hold at least " + (1 + CANDIDATES) + " pictures, got " + files.size());
        }
        List<Image> pictures = new ArrayList<>();
        for (Path file : files) {
            pictures.add(reader.read(file));
        }
        return pictures;
    }

    private static List<Image> graf() throws IOException {
        ImageReader reader = ImageReader.load(ImageLimits.defaults().withUncommonFormats(true));
        List<Image> graf = new ArrayList<>();
        for (int i = 1; i <= 6; i++) {
            try (InputStream in = PhotographFeatures.class.getResourceAsStream(GRAF + i + ".ppm")) {
                graf.add(reader.read(Objects.requireNonNull(in, "graf").readAllBytes()));
            }
        }
        List<Image> pictures = new ArrayList<>(graf);
        for (Orientation mirrored : List.of(Orientation.MIRRORED, Orientation.TRANSPOSED, Orientation.TRANSVERSED)) {
            for (int i = 1; i < 6; i++) {
                Image picture = graf.get(i);
                pictures.add(new Image(picture.width(), picture.height(), picture.rgb(), mirrored).upright());
            }
        }
        return pictures;
    }

    /**
     * Writes {@code query-points.npy} (n x 2), {@code query-descriptors.npy} (n x 128) and the same of
     * {@code candidate-00} and on.
     *
     * @param arguments the folder to write to, and optionally one with pictures
     * @throws IOException if something cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        Path output = Files.createDirectories(Path.of(arguments[0]));
        PhotographFeatures all = of(arguments.length > 1 ? arguments[1] : "");
        write(output, "query", all.query());
        for (int i = 0; i < all.candidates().size(); i++) {
            write(
                    output,
                    String.format(Locale.ROOT, "candidate-%02d", i),
                    all.candidates().get(i));
        }
    }

    private static void write(Path output, String name, ImageFeatures features) throws IOException {
        float[] points = new float[2 * features.size()];
        for (int i = 0; i < features.size(); i++) {
            points[2 * i] = features.keypoints().x(i);
            points[2 * i + 1] = features.keypoints().y(i);
        }
        NpyFile.write(output.resolve(name + "-points.npy"), FloatMatrix.of(features.size(), 2, points));
        NpyFile.write(output.resolve(name + "-descriptors.npy"), features.descriptors());
    }
}
