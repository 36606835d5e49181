package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Orientation;

class RealNetworksTest {
    private record Picture(String group, float[] vector) {}

    @ParameterizedTest
    @CsvSource({
        "mobilenet_v1_0.25_128_u8w, 0.995",
        "mobilenet_v1_0.5_160_u8w, 0.995",
        "mobilenet_v1_0.75_192_u8w, 0.995",
        "mobilenet_v1_1.0_224_u8w_embedding_extractor, 0.995",
        "mobilenet_v2_1.0_224_u8w, 0.995",
    })
    void meanOfTheFeatureMapRanksPicturesOfOneThing(String name, double leastMeanAveragePrecision) {
        List<Picture> pictures = new ArrayList<>();
        try (Extractor extractor = RealNetworks.extractor(name)) {
            for (String folder : List.of("landmarks", "chair", "lund", "pixabay")) {
                for (Path file : RealNetworks.photographs(folder)) {
                    Extraction extraction = extractor.extract(RealNetworks.read(file));
                    String stem = String.valueOf(file.getFileName()).replaceAll("_0\\d\\.jpg", "");
                    String group = folder.equals("landmarks") ? stem : folder;
                    pictures.add(new Picture(
                            group, mean(requireNonNull(extraction.features().get(Extraction.MAP)))));
                }
            }
        }
        double sum = 0;
        int queries = 0;
        for (Picture query : pictures) {
            if (!query.group().equals("lund") && !query.group().equals("pixabay")) {
                sum += averagePrecision(query, pictures);
                queries++;
            }
        }
        assertThat(queries).isEqualTo(57);
        assertThat(sum / queries).isGreaterThanOrEqualTo(leastMeanAveragePrecision);
    }

    private static float[] mean(ImageFeatures map) {
        FloatMatrix cells = map.descriptors();
        float[] mean = new float[cells.columns()];
        for (int i = 0; i < cells.rows(); i++) {
            for (int j = 0; j < mean.length; j++) {
                mean[j] += cells.get(i, j) / cells.rows();
            }
        }
        FeatureReader.l2(mean, 0, mean.length);
        return mean;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double averagePrecision(Picture query, List<Picture> pictures) {
        List<Picture> ranked = new ArrayList<>(pictures);
        ranked.remove(query);
        ranked.sort(Comparator.comparingDouble(picture -> -dot(query.vector(), picture.vector())));
        double sum = 0;
        int hits = 0;
        for (int rank = 0; rank < ranked.size(); rank++) {
            if (ranked.get(rank).group().equals(query.group())) {
                sum += (double) ++hits / (rank + 1);
            }
        }
        return sum / hits;
    }

    @Test
    void xfeatAndLighterGluePairPicturesOfOneThing() {
        List<Path> files = RealNetworks.photographs("landmarks");
        try (Extractor xfeat = RealNetworks.extractor("xfeat_1024_640x360");
                Matcher lighterGlue = RealNetworks.matcher("lighterglue_L3")) {
            ImageFeatures[] books = new ImageFeatures[3];
            for (int i = 0; i < 3; i++) {
                books[i] = local(xfeat, files, "books_0" + (i + 1));
            }
            ImageFeatures other = local(xfeat, files, "turkey_01");
            Matches right = lighterGlue.match(books[0], books[1]);
            Matches wrong = lighterGlue.match(books[0], other);
            int neighbors = mutualNearestNeighbors(books[0], books[1]);
            assertThat(neighbors).isGreaterThan(100);
            assertThat(right.size()).isGreaterThan(neighbors * 9 / 10);
            assertThat(wrong.size()).isLessThan(right.size() / 4);
            Matches itself = lighterGlue.match(books[0], books[0]);
            assertThat(itself.size()).isGreaterThan(books[0].size() / 2);
            assertThat(itself.queryIndices()).isEqualTo(itself.referenceIndices());
        }
    }

    @Test
    void aFlatPictureHasNoFeaturesInXfeat() {
        try (Extractor xfeat = RealNetworks.extractor("xfeat_1024_640x360")) {
            Image flat = new Image(64, 48, new byte[3 * 64 * 48], Orientation.UPRIGHT);
            ImageFeatures local = xfeat.extract(flat).local().orElseThrow();
            assertThat(local.size()).isZero();
            assertThat(local.descriptors().columns()).isEqualTo(64);
        }
    }

    private static ImageFeatures local(Extractor extractor, List<Path> files, String stem) {
        Path file = files.stream()
                .filter(one -> String.valueOf(one.getFileName()).startsWith(stem))
                .findFirst()
                .orElseThrow();
        return extractor.extract(RealNetworks.read(file)).local().orElseThrow();
    }

    private static int mutualNearestNeighbors(ImageFeatures a, ImageFeatures b) {
        int count = 0;
        for (int i = 0; i < a.size(); i++) {
            int j = nearest(a, i, b);
            count += nearest(b, j, a) == i
                            && dot(a.descriptors().row(i), b.descriptors().row(j)) > 0.82
                    ? 1
                    : 0;
        }
        return count;
    }

    private static int nearest(ImageFeatures a, int i, ImageFeatures b) {
        int best = 0;
        double most = -2;
        float[] row = a.descriptors().row(i);
        for (int j = 0; j < b.size(); j++) {
            double cosine = dot(row, b.descriptors().row(j));
            if (cosine > most) {
                most = cosine;
                best = j;
            }
        }
        return best;
    }
}
