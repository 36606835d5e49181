package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.IndexContract;
import org.retrieval4j.api.SampleRequiredException;
import org.retrieval4j.api.SearchOptions;

class AsmkIndexTest extends IndexContract {
    private static final int DIMENSION = 40;

    @Override
    protected Index open(BuildContext context) throws IOException {
        return AsmkIndex.open(AsmkIndex.Options.defaults(), context);
    }

    @Override
    protected GlobalDescriptor descriptor(long seed) {
        return image(new Random(seed), 12, false);
    }

    @Override
    protected GlobalDescriptor otherDimension() {
        return new Words(41, new int[] {40}, new Signatures(70, new long[] {1, 2}));
    }

    @Nested
    class Real extends IndexContract {
        @Override
        protected Index open(BuildContext context) throws IOException {
            return AsmkIndex.open(AsmkIndex.Options.defaults().withIdf(true), context);
        }

        @Override
        protected GlobalDescriptor descriptor(long seed) {
            return image(new Random(seed), 12, true);
        }

        @Override
        protected GlobalDescriptor otherDimension() {
            return RandomWords.real(new Random(1), 41, new int[] {40}, 6);
        }
    }

    private static Words image(Random random, int count, boolean real) {
        int[] words = RandomWords.words(random, DIMENSION, count, true);
        return real ? RandomWords.real(random, DIMENSION, words, 6) : RandomWords.binary(random, DIMENSION, words, 70);
    }

    @Test
    void agreesWithPlainSumsInMemoryAndInFiles(@TempDir Path directory) throws IOException {
        Random random = new Random(4);
        for (boolean real : new boolean[] {false, true}) {
            for (boolean idf : new boolean[] {false, true}) {
                List<Words> images = new ArrayList<>();
                for (int id = 0; id < 300; id++) {
                    images.add(image(random, random.nextInt(30), real));
                }
                AsmkIndex.Options options = new AsmkIndex.Options(2.5, real ? -0.2 : 0.3, false).withIdf(idf);
                agree(options, images, directory.resolve(real + " " + idf), random);
            }
        }
    }

    private static void agree(AsmkIndex.Options options, List<Words> images, Path directory, Random random)
            throws IOException {
        BuildContext context = BuildContext.defaults().withDescriptors(List.copyOf(images.subList(0, 100)));
        double[] weights = weights(options, images.subList(0, 100));
        try (Index memory = AsmkIndex.open(options, context);
                Index files = AsmkIndex.open(options, context.withDirectory(directory))) {
            for (int id = 0; id < images.size(); id++) {
                for (Index index : List.of(memory, files)) {
                    index.putAll(new long[] {id}, List.of(images.get(id)));
                }
                if (id % 50 == 0) {
                    files.flush();
                }
            }
            for (int id = 0; id < 300; id += 7) {
                memory.removeAll(new long[] {id});
                files.removeAll(new long[] {id});
            }
            for (int q = 0; q < 10; q++) {
                Words query = image(random, 25, images.get(0).values() instanceof Residuals);
                List<Hit> hits = memory.search(query, SearchOptions.top(300)).hits();
                assertThat(hits).hasSize(257);
                for (Hit hit : hits) {
                    double expected = similarity(options, weights, query, images.get((int) hit.imageId()));
                    assertThat((double) hit.score()).isCloseTo(expected, within(1e-6));
                }
                assertThat(files.search(query, SearchOptions.top(300)).hits()).isEqualTo(hits);
            }
            files.compact();
            Words query = images.get(8);
            assertThat(files.search(query, SearchOptions.top(300)))
                    .isEqualTo(memory.search(query, SearchOptions.top(300)));
        }
        try (Index files = AsmkIndex.open(options, BuildContext.defaults().withDirectory(directory))) {
            Hit first = files.search(images.get(8), SearchOptions.top(1)).hits().get(0);
            assertThat(first.imageId()).isEqualTo(8);
            assertThat(first.score()).isCloseTo(1, within(1e-5f));
        }
    }

    private static double[] weights(AsmkIndex.Options options, List<Words> sample) {
        double[] weights = new double[DIMENSION];
        Arrays.fill(weights, 1);
        for (int word = 0; options.idf() && word < DIMENSION; word++) {
            int which = word;
            long images = sample.stream()
                    .filter(image -> Arrays.stream(image.words()).anyMatch(other -> other == which))
                    .count();
            weights[word] = images == 0 ? 1 : Math.pow(Math.log((double) sample.size() / images), 2);
        }
        return weights;
    }

    /** By the definition, entry by entry. */
    private static double similarity(AsmkIndex.Options options, double[] weights, Words a, Words b) {
        double sum = 0;
        for (int i = 0; i < a.words().length; i++) {
            for (int j = 0; j < b.words().length; j++) {
                if (a.words()[i] == b.words()[j]) {
                    double u = 1 - 2 / 96.0 * (a.values() instanceof Signatures ? RandomWords.distance(a, i, b, j) : 0);
                    if (a.values() instanceof Residuals x && b.values() instanceof Residuals y) {
                        u = 0;
                        for (int k = 0; k < x.width(); k++) {
                            u += (double) x.vectors().get(i, k) * y.vectors().get(j, k);
                        }
                    }
                    double selected = Math.pow(Math.abs(u), options.alpha());
                    sum += u < options.threshold() ? 0 : weights[a.words()[i]] * (u < 0 ? -selected : selected);
                }
            }
        }
        double norms = Arrays.stream(a.words())
                        .mapToDouble(word -> weights[word])
                        .sum()
                * Arrays.stream(b.words()).mapToDouble(word -> weights[word]).sum();
        return norms == 0 ? 0 : sum / Math.sqrt(norms);
    }

    @Test
    void takesListsOfAnyLength() throws IOException {
        Random random = new Random(3);
        List<Words> images = new ArrayList<>();
        long[] ids = new long[5000];
        for (int id = 0; id < ids.length; id++) {
            ids[id] = id;
            images.add(RandomWords.binary(random, 2, new int[] {1}, 33));
        }
        try (Index index = open(BuildContext.defaults())) {
            index.putAll(ids, images);
            List<Hit> hits =
                    index.search(images.get(4321), SearchOptions.top(5000)).hits();
            assertThat(hits).hasSize(5000);
            for (Hit hit : hits) {
                int h = RandomWords.distance(images.get(4321), 0, images.get((int) hit.imageId()), 0);
                assertThat(hit.score()).isEqualTo((float) (h > 32 ? 0 : Math.pow(1 - h / 32.0, 3)));
            }
        }
    }

    @Test
    void anImageWithoutWordsIsLikeNone() throws IOException {
        Words empty = new Words(9, new int[0], new Signatures(8, new long[0]));
        Words one = new Words(9, new int[] {4}, new Signatures(8, new long[] {5}));
        try (Index index = open(BuildContext.defaults())) {
            index.putAll(new long[] {5, 1, 3}, List.of(one, empty, one));
            assertThat(index.search(one, SearchOptions.top(9)).hits())
                    .containsExactly(new Hit(3, 1), new Hit(5, 1), new Hit(1, 0));
            assertThat(index.search(empty, SearchOptions.top(9)).hits())
                    .containsExactly(new Hit(1, 0), new Hit(3, 0), new Hit(5, 0));
        }
    }

    @Test
    void refusesWordsThatItCannotCompare() throws IOException {
        Words one = new Words(9, new int[] {4}, new Signatures(8, new long[] {5}));
        Words wider = new Words(9, new int[] {4}, new Signatures(9, new long[] {5}));
        Words real = RandomWords.real(new Random(1), 9, new int[] {4}, 8);
        Words twice = new Words(9, new int[] {4, 4}, new Signatures(8, new long[] {5, 6}));
        try (Index index = open(BuildContext.defaults())) {
            for (List<Words> batch : List.of(List.of(one, wider), List.of(one, real), List.of(twice, one))) {
                assertThatIllegalArgumentException().isThrownBy(() -> index.putAll(new long[] {1, 2}, batch));
            }
            assertThat(index.size()).isZero();
            index.putAll(new long[] {1}, List.of(one));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.putAll(new long[] {2}, List.of(wider)))
                    .withMessageContaining("signatures of 8 bits like the others")
                    .withMessageContaining("got signatures of 9 bits");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.search(real, SearchOptions.top(1)))
                    .withMessageContaining("got residuals of 8 values");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.search(twice, SearchOptions.top(1)))
                    .withMessageContaining("word 4 twice");
            assertThat(index.size()).isEqualTo(1);
        }
    }

    @Test
    void saysWhatIsWrongWithItsOptions() {
        try (Index index = Components.load().create(Index.class, "asmk")) {
            assertThat(index.spec()).hasToString("asmk(alpha=3,threshold=0,idf=false)");
        }
        assertRefused("asmk(alpha=0)", "asmk: alpha must be above 0 and finite, got 0.0");
        assertRefused("asmk(threshold=2)", "asmk: threshold must be from -1 to 1, got 2.0");
        assertThatThrownBy(() -> Components.load().create(Index.class, "asmk(idf=true)"))
                .isInstanceOf(SampleRequiredException.class)
                .hasMessageContaining("at least 2 descriptors, got 0");
    }

    private static void assertRefused(String spec, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Index.class, spec))
                .withMessage(message);
    }
}
