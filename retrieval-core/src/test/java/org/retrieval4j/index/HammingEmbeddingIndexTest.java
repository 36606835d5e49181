package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.IndexContract;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.index.HammingEmbeddingIndex.Burstiness;

class HammingEmbeddingIndexTest extends IndexContract {
    private static final int DIMENSION = 8;

    @Override
    protected Index open(BuildContext context) throws IOException {
        return HammingEmbeddingIndex.open(HammingEmbeddingIndex.Options.defaults(), context);
    }

    @Override
    protected GlobalDescriptor descriptor(long seed) {
        return image(new Random(seed), 12);
    }

    @Override
    protected GlobalDescriptor otherDimension() {
        return new Words(9, new int[] {8}, new Signatures(64, new long[] {1}));
    }

    private static Words image(Random random, int count) {
        return RandomWords.binary(random, DIMENSION, RandomWords.words(random, DIMENSION, count, false), 64);
    }

    @Test
    void agreesWithPlainSumsInMemoryAndInFiles(@TempDir Path directory) throws IOException {
        Random random = new Random(4);
        List<Words> images = new ArrayList<>();
        for (int id = 0; id < 200; id++) {
            images.add(image(random, random.nextInt(60)));
        }
        // one alone fills more than a part of a list
        images.set(5, RandomWords.binary(random, DIMENSION, new int[1200], 64));
        for (Burstiness burstiness : Burstiness.values()) {
            for (boolean normalize : new boolean[] {false, true}) {
                HammingEmbeddingIndex.Options options =
                        new HammingEmbeddingIndex.Options(26, 15, burstiness, false, normalize);
                BuildContext context =
                        BuildContext.defaults().withDirectory(directory.resolve(burstiness + " " + normalize));
                try (Index memory = HammingEmbeddingIndex.open(options, BuildContext.defaults());
                        Index files = HammingEmbeddingIndex.open(options, context)) {
                    for (int id = 199; id >= 0; id--) {
                        memory.putAll(new long[] {id}, List.of(images.get(id)));
                        files.putAll(new long[] {id}, List.of(images.get(id)));
                    }
                    files.compact();
                    double[] self = images.stream()
                            .mapToDouble(image -> similarity(options, image, image))
                            .toArray();
                    for (int q = 0; q < 4; q++) {
                        Words query = image(random, 25);
                        List<Hit> hits =
                                memory.search(query, SearchOptions.top(200)).hits();
                        assertThat(hits).hasSize(200);
                        for (Hit hit : hits) {
                            Words image = images.get((int) hit.imageId());
                            double norms = similarity(options, query, query) * self[(int) hit.imageId()];
                            double expected = similarity(options, query, image)
                                    / (!normalize || norms == 0 ? 1 : Math.sqrt(norms));
                            assertThat((double) hit.score()).isCloseTo(expected, within(1e-6 * (1 + expected)));
                        }
                        assertThat(files.search(query, SearchOptions.top(200)).hits())
                                .isEqualTo(hits);
                    }
                }
            }
        }
    }

    /** By the definition, pair by pair. */
    private static double similarity(HammingEmbeddingIndex.Options options, Words a, Words b) {
        double all = 0;
        for (int i = 0; i < a.words().length; i++) {
            List<Double> matches = new ArrayList<>();
            for (int j = 0; j < b.words().length; j++) {
                int h = RandomWords.distance(a, i, b, j);
                if (a.words()[i] == b.words()[j] && h <= options.threshold()) {
                    matches.add(Math.exp(-h * h / (options.sigma() * options.sigma())));
                }
            }
            double sum = matches.stream().mapToDouble(s -> s).sum();
            double most = matches.stream().mapToDouble(s -> s).max().orElse(0);
            DoubleUnaryOperator counted = s -> switch (options.burstiness()) {
                case NONE -> s;
                case BEST_MATCH -> most / matches.size();
                case INTRA_IMAGE -> s * Math.sqrt(s / sum);
            };
            all += matches.stream().mapToDouble(s -> counted.applyAsDouble(s)).sum();
        }
        return all;
    }

    @Test
    void anImageHasSimilarityOneWithItself() throws IOException {
        Random random = new Random(9);
        for (Burstiness burstiness : Burstiness.values()) {
            HammingEmbeddingIndex.Options options =
                    HammingEmbeddingIndex.Options.defaults().withBurstiness(burstiness);
            List<Words> sample = List.of(image(random, 3), image(random, 30), image(random, 2));
            try (Index index =
                    HammingEmbeddingIndex.open(options, BuildContext.defaults().withDescriptors(List.copyOf(sample)))) {
                index.putAll(new long[] {0, 1, 2}, sample);
                for (int i = 0; i < 3; i++) {
                    int id = i;
                    Hit hit = index.search(sample.get(i), SearchOptions.top(1).withFilter(other -> other == id))
                            .hits()
                            .get(0);
                    assertThat(hit.score()).isCloseTo(1, within(1e-6f));
                }
            }
        }
    }

    @Test
    void saysWhatItCannotTake() throws IOException {
        HammingEmbeddingIndex.Options options =
                HammingEmbeddingIndex.Options.defaults().withIdf(false);
        try (Index index = HammingEmbeddingIndex.open(options, BuildContext.defaults())) {
            assertThat(index.spec())
                    .hasToString("hamming-embedding(threshold=24,sigma=16,burstiness=intra-image,idf=false,"
                            + "normalize=true)");
            Words real = RandomWords.real(new Random(1), 9, new int[] {4}, 8);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.putAll(new long[] {1}, List.of(real)))
                    .withMessage("hamming-embedding takes words with signatures, got residuals of 8 values");
        }
        assertRefused("hamming-embedding(threshold=-1)", "threshold must be at least 0, got -1");
        assertRefused("hamming-embedding(sigma=0)", "sigma must be above 0, got 0.0");
    }

    private static void assertRefused(String spec, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Index.class, spec))
                .withMessage("hamming-embedding: " + message);
    }
}
