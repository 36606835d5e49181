package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.spi.ImageDecoder;
import org.retrieval4j.storage.ComponentFile;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.NpyFile;

class ImageDatabaseTest {
    private static final Components COMPONENTS = TestComponents.all();
    private static final IndexingOptions INDEXING = IndexingOptions.defaults();

    private final Path folder;
    private final List<ImageSource> sources;
    private Path directory;

    ImageDatabaseTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        directory = folder.resolve("database");
        sources = Photos.write(folder.resolve("photos"), 5, 4);
    }

    private ImageDatabase create(DatabaseOptions options) throws IOException {
        return ImageDatabase.create(directory, options, COMPONENTS, BuildContext.defaults());
    }

    private ImageDatabase open() throws IOException {
        return ImageDatabase.open(directory, COMPONENTS, BuildContext.defaults());
    }

    private ImageDatabase filled() throws IOException {
        ImageDatabase database = create(TestComponents.options());
        database.addAll(sources, Photos.reader(), INDEXING);
        return database;
    }

    private static List<String> names(Ranking ranking) {
        return ranking.images().stream().map(image -> image.image().name()).toList();
    }

    @Test
    void findsTheOtherViewsOfAScene() throws IOException {
        try (ImageDatabase database = filled()) {
            assertThat(database.size()).isEqualTo(20);
            Ranking ranking = database.search(database.extract(Photos.view(3, 1)), SearchOptions.top(4), 0);
            assertThat(names(ranking)).containsExactlyInAnyOrder("3-0.png", "3-1.png", "3-2.png", "3-3.png");
            assertThat(names(ranking)).first().isEqualTo("3-1.png");
            assertThat(ranking.images()).allSatisfy(image -> {
                assertThat(image.inliers()).isEmpty();
                assertThat(image.verification()).isEmpty();
            });
        }
    }

    @Test
    void verifiesTheFirstAndLeavesTheRestInTheirOrder() throws IOException {
        try (ImageDatabase database = filled()) {
            Extraction query = database.extract(Photos.view(2, 2));
            Ranking plain = database.search(query, SearchOptions.top(20), 0);
            Ranking verified = database.search(query, SearchOptions.top(20), 10);
            assertThat(names(verified)).hasSize(20).containsExactlyInAnyOrderElementsOf(names(plain));
            assertThat(names(verified).subList(10, 20)).isEqualTo(names(plain).subList(10, 20));
            assertThat(verified.images().subList(0, 4)).allSatisfy(image -> {
                assertThat(image.image().name()).startsWith("2-");
                assertThat(image.inliers().orElseThrow()).isGreaterThanOrEqualTo(30);
                assertThat(image.verification().orElseThrow().inliers().size())
                        .isEqualTo(image.inliers().orElseThrow());
            });
            assertThat(verified.images().subList(4, 10))
                    .allSatisfy(image -> assertThat(image.inliers()).isEqualTo(OptionalInt.of(0)));
            assertThat(verified.images().subList(10, 20))
                    .allSatisfy(image -> assertThat(image.inliers()).isEmpty());
            assertThat(verified.stageSeconds()).containsOnlyKeys("search", "read", "match", "verify");
        }
    }

    @Test
    void verifiesMoreThanItReturns() throws IOException {
        try (ImageDatabase database = filled()) {
            Ranking ranking = database.search(database.extract(Photos.view(1, 0)), SearchOptions.top(3), 12);
            assertThat(ranking.images()).hasSize(3);
            assertThat(names(ranking)).allMatch(name -> name.startsWith("1-"));
        }
    }

    @Test
    void isTheSameAfterReopening() throws IOException {
        Ranking before;
        List<ImageRecord> images;
        Extraction query;
        try (ImageDatabase database = filled()) {
            query = database.extract(Photos.view(4, 2));
            before = database.search(query, SearchOptions.top(20), 8);
            images = database.images();
        }
        try (ImageDatabase database = open()) {
            assertThat(database.images()).isEqualTo(images);
            assertThat(database.extract(Photos.view(4, 2))).isEqualTo(query);
            assertThat(database.search(query, SearchOptions.top(20), 8).images())
                    .isEqualTo(before.images());
            database.compact();
            assertThat(database.search(query, SearchOptions.top(20), 8).images())
                    .isEqualTo(before.images());
            assertThat(database.info().segments()).isEqualTo(1);
        }
        try (ImageDatabase database = ImageDatabase.openForReading(directory, COMPONENTS, BuildContext.defaults())) {
            assertThat(database.images()).isEqualTo(images);
            assertThat(database.search(query, SearchOptions.top(20), 8).images())
                    .isEqualTo(before.images());
            assertThatThrownBy(() -> database.remove("1-1.png")).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void doesNotDependOnTheNumberOfThreads() throws IOException {
        List<ImageRecord> images;
        Ranking ranking;
        Extraction query;
        try (ImageDatabase database = filled()) {
            images = database.images();
            query = database.extract(Photos.view(0, 2));
            ranking = database.search(query, SearchOptions.top(20), 20);
        }
        directory = folder.resolve("other");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (ImageDatabase database = ImageDatabase.create(
                directory,
                TestComponents.options(),
                COMPONENTS,
                BuildContext.defaults().withExecutor(threads))) {
            database.addAll(
                    sources, Photos.reader(), INDEXING.withExecutor(threads).withWindow(3));
            assertThat(database.images()).isEqualTo(images);
            assertThat(database.extract(Photos.view(0, 2))).isEqualTo(query);
            assertThat(database.search(query, SearchOptions.top(20), 20).images())
                    .isEqualTo(ranking.images());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void skipsWhatItCannotReadAndTellsWhy() throws IOException {
        Path photos = folder.resolve("photos");
        Files.write(photos.resolve("empty.png"), new byte[0]);
        Files.writeString(photos.resolve("text.png"), "no picture at all");
        byte[] whole = Files.readAllBytes(photos.resolve("0-0.png"));
        Files.write(photos.resolve("cut.png"), java.util.Arrays.copyOf(whole, whole.length / 2));
        byte[] white = new byte[3 * Photos.SIZE * Photos.SIZE];
        java.util.Arrays.fill(white, (byte) -1);
        Photos.write(photos.resolve("white.png"), new Image(Photos.SIZE, Photos.SIZE, white, Orientation.UPRIGHT));
        List<ImageSource> all = new ArrayList<>();
        for (String name : List.of("empty.png", "text.png", "cut.png", "missing.png", "white.png")) {
            all.add(new ImageSource(name, photos.resolve(name)));
        }
        all.addAll(2, sources);
        try (ImageDatabase database = create(TestComponents.options())) {
            IndexingReport report = database.addAll(all, Photos.reader(), INDEXING);
            assertThat(report.indexed()).isEqualTo(20);
            assertThat(report.skipped())
                    .extracting(Skipped::name)
                    .containsExactly("empty.png", "text.png", "cut.png", "missing.png", "white.png");
            assertThat(report.skipped()).extracting(Skipped::reason).doesNotContain("");
            assertThat(report.skipped().get(0).reason()).isEqualTo("empty file");
            assertThat(report.skipped().get(3).reason()).isEqualTo("no such file");
            assertThat(report.skipped().get(4).reason()).contains("too white");
            assertThat(database.images())
                    .extracting(ImageRecord::name)
                    .containsExactlyElementsOf(
                            sources.stream().map(ImageSource::name).toList());
        }
    }

    @Test
    void takesTheSameFileOnce() throws IOException {
        List<ImageSource> twice = new ArrayList<>(sources);
        twice.add(new ImageSource("another name", sources.get(0).file()));
        twice.add(new ImageSource(
                "by a link",
                Files.createSymbolicLink(
                        folder.resolve("link.png"), sources.get(1).file())));
        twice.add(sources.get(2));
        try (ImageDatabase database = create(TestComponents.options())) {
            IndexingReport report = database.addAll(twice, Photos.reader(), INDEXING);
            assertThat(report.indexed()).isEqualTo(20);
            assertThat(report.skipped()).isEmpty();
            IndexingReport again = database.addAll(twice, Photos.reader(), INDEXING);
            assertThat(again.indexed()).isZero();
            assertThat(again.unchanged()).isEqualTo(20);
            IndexingReport other = database.addAll(
                    List.of(new ImageSource("a third name", sources.get(3).file())), Photos.reader(), INDEXING);
            assertThat(other.indexed()).isZero();
            assertThat(database.size()).isEqualTo(20);
        }
    }

    @Test
    void refusesASecondFileOfTheSameName() throws IOException {
        try (ImageDatabase database = create(TestComponents.options())) {
            IndexingReport report = database.addAll(
                    List.of(
                            sources.get(0),
                            new ImageSource(
                                    sources.get(0).name(), sources.get(1).file())),
                    Photos.reader(),
                    INDEXING);
            assertThat(report.indexed()).isEqualTo(1);
            assertThat(report.skipped()).hasSize(1);
            assertThat(report.skipped().get(0).reason()).contains("same name");
        }
    }

    @Test
    void updatesAnImageWhoseContentChanged() throws IOException {
        try (ImageDatabase database = filled()) {
            ImageRecord before = database.image("0-0.png").orElseThrow();
            Photos.write(sources.get(0).file(), Photos.view(9, 0));
            Files.setLastModifiedTime(sources.get(0).file(), FileTime.fromMillis(1_000_000));
            assertThat(database.addAll(sources, Photos.reader(), INDEXING).indexed())
                    .isEqualTo(1);
            ImageRecord after = database.image("0-0.png").orElseThrow();
            assertThat(after.id()).isGreaterThan(before.id());
            assertThat(database.image(before.id())).isEmpty();
            assertThat(database.size()).isEqualTo(20);
            Ranking ranking = database.search(database.extract(Photos.view(9, 0)), SearchOptions.top(1), 1);
            assertThat(names(ranking)).containsExactly("0-0.png");
            assertThat(ranking.images().get(0).inliers().orElseThrow()).isGreaterThan(100);

            // touched, but the same bytes: nothing to do
            Files.setLastModifiedTime(sources.get(1).file(), FileTime.fromMillis(2_000_000));
            IndexingReport report = database.addAll(sources, Photos.reader(), INDEXING);
            assertThat(report.indexed()).isZero();
            assertThat(report.unchanged()).isEqualTo(20);
        }
        try (ImageDatabase database = open()) {
            assertThat(database.size()).isEqualTo(20);
            assertThat(names(database.search(database.extract(Photos.view(9, 0)), SearchOptions.top(1), 0)))
                    .containsExactly("0-0.png");
        }
    }

    @Test
    void forgetsWhatIsRemoved() throws IOException {
        try (ImageDatabase database = filled()) {
            assertThat(database.remove("2-1.png")).isTrue();
            assertThat(database.remove("2-1.png")).isFalse();
            assertThat(database.removeAll(List.of("2-0.png", "2-0.png", "unknown")))
                    .isEqualTo(1);
            Ranking ranking = database.search(database.extract(Photos.view(2, 0)), SearchOptions.top(20), 5);
            assertThat(names(ranking)).hasSize(18).doesNotContain("2-0.png", "2-1.png");
        }
        try (ImageDatabase database = open()) {
            assertThat(database.size()).isEqualTo(18);
            database.compact();
            assertThat(database.image("2-0.png")).isEmpty();
            long highest = database.images().get(17).id();
            database.remove("4-3.png");
            database.compact();
            database.addAll(sources, Photos.reader(), INDEXING);
            assertThat(database.size()).isEqualTo(20);
            // an id is never given again
            assertThat(database.image("4-3.png").orElseThrow().id()).isGreaterThan(highest);
        }
        try (ImageDatabase database = open()) {
            assertThat(names(database.search(database.extract(Photos.view(2, 0)), SearchOptions.top(4), 4)))
                    .containsExactlyInAnyOrder("2-0.png", "2-1.png", "2-2.png", "2-3.png");
        }
    }

    @Test
    void searchesAmongAPartOfTheImages() throws IOException {
        try (ImageDatabase database = filled()) {
            long only = database.image("1-2.png").orElseThrow().id();
            Ranking ranking = database.search(
                    database.extract(Photos.view(0, 0)), SearchOptions.top(5).withFilter(id -> id == only), 0);
            assertThat(names(ranking)).containsExactly("1-2.png");
        }
    }

    @Test
    void keepsFeaturesAsItWasTold() throws IOException {
        for (Keep keep : Keep.values()) {
            directory = folder.resolve(keep.name());
            try (ImageDatabase database = create(TestComponents.options().withKeep(keep))) {
                database.addAll(sources, Photos.reader(), INDEXING);
                ImageRecord image = database.image("3-3.png").orElseThrow();
                Optional<ImageFeatures> kept = database.features(image.id());
                ImageFeatures exact =
                        database.extract(Photos.view(3, 3)).local().orElseThrow();
                switch (keep) {
                    case FLOAT -> assertThat(kept).contains(exact);
                    case COMPACT -> {
                        assertThat(kept.orElseThrow().keypoints()).isEqualTo(exact.keypoints());
                        assertThat(kept).isNotEqualTo(Optional.of(exact));
                    }
                    case NONE -> {
                        assertThat(kept).isEmpty();
                        assertThatThrownBy(() ->
                                        database.search(database.extract(Photos.view(3, 3)), SearchOptions.top(1), 1))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageContaining("keep none");
                    }
                }
                assertThat(database.info().keep()).isEqualTo(keep);
            }
        }
    }

    @Test
    void ranksByOneExtractorAndVerifiesByAnother() throws IOException {
        DatabaseOptions options = TestComponents.options()
                .withExtractor(ComponentSpec.parse("mean"))
                .withAggregator(Optional.empty())
                .withLocal(Optional.of(ComponentSpec.parse("cells")));
        try (ImageDatabase database = create(options)) {
            database.addAll(sources, Photos.reader(), INDEXING);
            Extraction query = database.extract(Photos.view(1, 1));
            assertThat(query.global().orElseThrow().dimension()).isEqualTo(16);
            assertThat(names(database.search(query, SearchOptions.top(4), 20)))
                    .containsExactlyInAnyOrder("1-0.png", "1-1.png", "1-2.png", "1-3.png");
        }
        try (ImageDatabase database = open()) {
            assertThat(database.options().local().orElseThrow().first().name()).isEqualTo("cells");
            assertThat(database.options().aggregator()).isEmpty();
            assertThat(names(database.search(database.extract(Photos.view(1, 1)), SearchOptions.top(1), 1)))
                    .containsExactly("1-1.png");
        }
    }

    @Test
    void refusesSpecsThatDoNotFitEachOther() {
        assertThatThrownBy(() -> create(TestComponents.options().withAggregator(Optional.empty())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no global vector");
        assertThatThrownBy(() -> create(TestComponents.options().withExtractor(ComponentSpec.parse("mean"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nothing that an aggregator takes");
        assertThatThrownBy(() -> create(TestComponents.options().withIndex(ComponentSpec.parse("hnsw"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no Index named \"hnsw\"");
        assertThat(ImageDatabase.exists(directory)).isFalse();
    }

    @Test
    void refusesGivenArraysThatDoNotFitBeforeItReadsAPicture() throws IOException {
        Path codebook = directory.resolveSibling("codebook.npy");
        NpyFile.write(codebook, FloatMatrix.of(2, 16, new float[32]));
        DatabaseOptions options = TestComponents.options()
                .withAggregator(Optional.of(ComponentSpec.parse("vlad(clusters=3,codebook=\"" + codebook + "\")")));
        assertThatThrownBy(() -> create(options))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("clusters", "3", "2");
    }

    @Test
    void canBeCreatedAgainAfterACreationThatFailed() throws IOException {
        assertThatThrownBy(() -> create(TestComponents.options().withAggregator(Optional.empty())))
                .isInstanceOf(IllegalArgumentException.class);
        try (ImageDatabase database = filled()) {
            assertThat(database.size()).isEqualTo(20);
        }
    }

    @Test
    void isCreatedOnlyWhereNothingElseIs() throws IOException {
        create(TestComponents.options()).close();
        assertThatThrownBy(() -> create(TestComponents.options()))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("an image database already");
        directory = folder.resolve("photos");
        assertThatThrownBy(() -> create(TestComponents.options()))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("not empty");
        assertThatThrownBy(this::open)
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("not an image database");
        assertThat(ImageDatabase.exists(folder.resolve("nowhere"))).isFalse();
    }

    @Test
    void letsOneProcessWrite() throws IOException {
        try (ImageDatabase database = create(TestComponents.options())) {
            assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("this process");
            database.addAll(sources.subList(0, 8), Photos.reader(), INDEXING);
            // readers are welcome, and see what was acknowledged
            try (ImageDatabase reader = ImageDatabase.openForReading(directory, COMPONENTS, BuildContext.defaults())) {
                assertThat(reader.size()).isEqualTo(8);
                assertThat(reader.search(reader.extract(Photos.view(0, 0)), SearchOptions.top(10), 0)
                                .images())
                        .hasSize(8);
            }
        }
        open().close();
    }

    @Test
    void answersWithNothingWhileItIsEmpty() throws IOException {
        try (ImageDatabase database = create(TestComponents.options())) {
            Extraction query = database.extract(Photos.view(0, 0));
            assertThat(query.global()).isEmpty();
            assertThat(database.search(query, SearchOptions.top(3), 2).images()).isEmpty();
            assertThat(database.addAll(List.of(), Photos.reader(), INDEXING).indexed())
                    .isZero();
            database.compact();
        }
        try (ImageDatabase database = open()) {
            assertThat(database.size()).isZero();
            assertThat(database.addAll(sources, Photos.reader(), INDEXING).indexed())
                    .isEqualTo(20);
        }
    }

    @Test
    void refusesAComponentOfTheSameSpecFromAnotherSample() throws IOException {
        Path other = folder.resolve("other");
        directory = folder.resolve("one");
        ComponentSpec spec;
        try (ImageDatabase database = filled()) {
            spec = database.options().aggregator().orElseThrow();
            List<ImageFeatures> sample = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                sample.add(database.extract(Photos.view(50 + i, 0)).local().orElseThrow());
            }
            try (Aggregator stranger = COMPONENTS.create(
                    Aggregator.class, spec, BuildContext.ofSample(sample).withSeed(42))) {
                assertThat(stranger.spec()).isEqualTo(spec);
                String ours = database.info().components().stream()
                        .filter(part -> part.role().equals("aggregator"))
                        .findFirst()
                        .orElseThrow()
                        .fingerprint()
                        .orElseThrow()
                        .abbreviated();
                assertThatThrownBy(() -> database.requireSame("aggregator", stranger))
                        .isInstanceOf(FingerprintMismatchException.class)
                        .hasMessageContaining(spec.toString())
                        .hasMessageContaining(ours)
                        .hasMessageContaining(stranger.fingerprint().abbreviated());
                Files.createDirectories(other);
                ComponentFile.save(Aggregator.class, stranger, other.resolve("aggregator.r4j"));
            }
        }
        // somebody puts it in the place of the database's own
        Files.copy(
                other.resolve("aggregator.r4j"),
                directory.resolve("components/aggregator.r4j"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        try (ImageDatabase database = open()) {
            assertThatThrownBy(() -> database.extract(Photos.view(0, 0)))
                    .isInstanceOf(FingerprintMismatchException.class)
                    .hasMessageContaining(spec.toString());
            assertThat(database.size()).isEqualTo(20);
        }
    }

    @Test
    void learnsFromASampleAndDescribesLikeItsComponents() throws IOException {
        try (ImageDatabase database = create(
                TestComponents.options().withSampleImages(6).withIndex(ComponentSpec.parse("flat(metric=l2)")))) {
            database.addAll(sources, Photos.reader(), INDEXING);
            assertThat(database.images())
                    .extracting(ImageRecord::name)
                    .containsExactlyElementsOf(
                            sources.stream().map(ImageSource::name).toList());
            Ranking ranking = database.search(database.extract(Photos.view(3, 3)), SearchOptions.top(1), 0);
            // in the sample or not, an image in the database has exactly the descriptor that a query gets
            for (ImageSource source : sources) {
                Extraction query = database.extract(Photos.reader().read(source.file()));
                RankedImage first =
                        database.search(query, SearchOptions.top(1), 0).images().get(0);
                assertThat(first.image().name()).isEqualTo(source.name());
                assertThat(first.score()).isZero();
            }
            assertThat(ranking.images()).hasSize(1);
        }
    }

    @Test
    void endsAtAnInterruptionWithEverythingAcknowledgedKept() throws IOException {
        List<String> acknowledged = new ArrayList<>();
        try (ImageDatabase database = ImageDatabase.create(
                directory,
                TestComponents.options(),
                COMPONENTS,
                BuildContext.defaults(),
                new Store.Limits(0, 1, 1 << 20, 1 << 20))) {
            assertThatThrownBy(() -> database.addAll(
                            sources, Photos.reader(), INDEXING.withWindow(2).withAcknowledged(image -> {
                                acknowledged.add(image.name());
                                if (acknowledged.size() >= 7) {
                                    Thread.currentThread().interrupt();
                                }
                            })))
                    .isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(7).hasSizeLessThan(20);
            assertThat(database.images()).extracting(ImageRecord::name).containsExactlyElementsOf(acknowledged);
            assertThat(database.info().pending()).isEqualTo(acknowledged.size());
        }
        try (ImageDatabase database = open()) {
            assertThat(database.images()).extracting(ImageRecord::name).containsExactlyElementsOf(acknowledged);
            IndexingReport report = database.addAll(sources, Photos.reader(), INDEXING);
            assertThat(report.unchanged()).isEqualTo(acknowledged.size());
            assertThat(report.indexed()).isEqualTo(20 - acknowledged.size());
            assertThat(database.info().pending()).isZero();
            assertThat(database.search(database.extract(Photos.view(0, 0)), SearchOptions.top(30), 0)
                            .images())
                    .hasSize(20);
        }
    }

    @Test
    void bringsItsIndexUpToDateByItself() throws IOException {
        Ranking before;
        Extraction query;
        try (ImageDatabase database = filled()) {
            query = database.extract(Photos.view(3, 0));
            before = database.search(query, SearchOptions.top(20), 0);
        }
        DatabaseDirectory.deleteRecursively(directory.resolve("index"));
        try (ImageDatabase database = open()) {
            assertThat(database.search(query, SearchOptions.top(20), 0).images())
                    .isEqualTo(before.images());
        }
    }

    @Test
    void holdsNoMorePicturesThanTheMemoryAllows() throws Exception {
        AtomicInteger decoding = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ImageIoDecoder decoder = new ImageIoDecoder();
        ImageDecoder watched = new ImageDecoder() {
            @Override
            public String name() {
                return "watched";
            }

            @Override
            public int priority() {
                return 1;
            }

            @Override
            public boolean supports(ImageHeader.Format format) {
                return decoder.supports(format);
            }

            @Override
            public Image decode(byte[] bytes, ImageHeader header) throws IOException {
                most.accumulateAndGet(decoding.incrementAndGet(), Math::max);
                try {
                    Thread.sleep(5);
                    return decoder.decode(bytes, header);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                } finally {
                    decoding.decrementAndGet();
                }
            }
        };
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (ImageDatabase database = create(TestComponents.options())) {
            // a picture needs 55 kB twice, and its file: two fit, three do not
            database.addAll(
                    sources,
                    new ImageReader(List.of(watched), ImageLimits.defaults()),
                    INDEXING.withExecutor(threads).withMemoryBytes(200_000));
            assertThat(database.size()).isEqualTo(20);
            assertThat(most.get()).isBetween(1, 3);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void learnsStagesAndDescribesLikeItsComponents() throws IOException {
        DatabaseOptions options = TestComponents.options()
                .withAggregator(Optional.of(
                        ComponentSpec.parse("vlad(clusters=4,normalization=intra) | pca-whiten(dimension=3)")))
                .withIndex(ComponentSpec.parse("flat(metric=l2)"))
                .withSampleImages(12);
        try (ImageDatabase database = create(options)) {
            database.addAll(sources, Photos.reader(), INDEXING);
        }
        try (ImageDatabase database = open()) {
            assertThat(database.options().aggregator().orElseThrow().parts()).hasSize(2);
            for (ImageSource source : sources) {
                Extraction query = database.extract(Photos.reader().read(source.file()));
                assertThat(query.global().orElseThrow().dimension()).isEqualTo(3);
                RankedImage first =
                        database.search(query, SearchOptions.top(1), 0).images().get(0);
                assertThat(first.image().name()).isEqualTo(source.name());
                assertThat(first.score()).isZero();
            }
        }
    }

    @Test
    void learnsStagesBehindAnExtractorOfGlobalVectors() throws IOException {
        DatabaseOptions options = TestComponents.options()
                .withExtractor(ComponentSpec.parse("mean | pca-whiten(dimension=4)"))
                .withAggregator(Optional.empty())
                .withKeep(Keep.NONE);
        try (ImageDatabase database = create(options)) {
            database.addAll(sources, Photos.reader(), INDEXING);
            Extraction query = database.extract(Photos.view(1, 1));
            assertThat(query.global().orElseThrow().dimension()).isEqualTo(4);
            assertThat(names(database.search(query, SearchOptions.top(1), 0))).containsExactly("1-1.png");
            assertThat(database.options().extractor().parts()).hasSize(2);
        }
        assertThatThrownBy(() -> {
                    directory = folder.resolve("other");
                    create(options.withAggregator(TestComponents.options().aggregator()));
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("stages stand after the aggregator");
    }

    @Test
    void failsAsAWholeWhereAComponentIsDamaged() throws IOException {
        filled().close();
        Path file = directory.resolve("components/extractor.r4j");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 1));
        try (ImageDatabase database = open()) {
            Path more = Photos.write(folder.resolve("more.png"), Photos.view(7, 7));
            assertThatThrownBy(() -> database.addAll(List.of(new ImageSource("more", more)), Photos.reader(), INDEXING))
                    .isInstanceOf(CorruptFileException.class);
            assertThat(database.size()).isEqualTo(20);
        }
    }

    @Test
    void tellsWhatItHolds() throws IOException {
        try (ImageDatabase database = filled()) {
            DatabaseInfo info = database.info();
            assertThat(info.images()).isEqualTo(20);
            assertThat(info.pending()).isZero();
            assertThat(info.components())
                    .extracting(DatabaseInfo.ComponentInfo::role)
                    .contains("extractor", "aggregator", "index", "matcher", "verifier");
            assertThat(info.components())
                    .allSatisfy(part -> assertThat(part.fingerprint()).isPresent());
            assertThat(info.bytes()).containsOnlyKeys("images", "log", "index", "components");
            assertThat(info.bytes())
                    .hasEntrySatisfying("log", bytes -> assertThat(bytes).isPositive());
        }
    }

    @Test
    void refusesCallsAfterItWasClosed() throws IOException {
        ImageDatabase database = filled();
        Extraction query = database.extract(Photos.view(0, 0));
        database.close();
        database.close();
        assertThatThrownBy(() -> database.search(query, SearchOptions.top(1), 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(database::size).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> database.extract(Photos.view(0, 0))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesImpossibleQueries() throws IOException {
        try (ImageDatabase database = filled()) {
            Extraction query = database.extract(Photos.view(0, 0));
            assertThatThrownBy(() -> database.search(query, SearchOptions.top(1), -1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("verify must be at least 0, got -1");
            Extraction bare = new Extraction(query.features(), Optional.empty());
            assertThatThrownBy(() -> database.search(bare, SearchOptions.top(1), 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no global descriptor");
            Extraction global = new Extraction(java.util.Map.of(), query.global());
            assertThat(database.search(global, SearchOptions.top(1), 0).images())
                    .hasSize(1);
            assertThatThrownBy(() -> database.search(global, SearchOptions.top(1), 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no local features");
            Extraction sparse = new Extraction(
                    query.features(), Optional.of(new GlobalDescriptor.Sparse(4, new int[] {1}, new float[] {1})));
            assertThatThrownBy(() -> database.search(sparse, SearchOptions.top(1), 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("does not take");
        }
    }
}
