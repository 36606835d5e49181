package org.retrieval4j.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.retrieval4j.aggregation.MacAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.ExtractorContract;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.TestPictures;
import org.retrieval4j.index.FlatIndex;
import org.retrieval4j.rerank.Diffusion;
import org.retrieval4j.rerank.IndexGallery;
import org.retrieval4j.spi.ComponentProvider;

class MultiCropExtractorTest extends ExtractorContract {
    @Override
    protected ComponentProvider<Extractor, ?> provider() {
        return new MultiCropExtractor.Provider();
    }

    @Override
    protected List<ComponentProvider<?, ?>> others() {
        return List.of(new DotsExtractor.Provider(), new MacAggregator.Provider());
    }

    @Override
    protected String spec() {
        return "multi-crop(extractor=dots,rows=2,columns=3)";
    }

    private static Extractor extractor(String spec) {
        return MultiScaleExtractorTest.COMPONENTS.create(Extractor.class, spec);
    }

    private static MultiCropExtractor.Options options(int rows, int columns, double overlap) {
        MultiCropExtractor.Options defaults = MultiCropExtractor.Options.defaults();
        return new MultiCropExtractor.Options(
                defaults.extractor(),
                rows,
                columns,
                overlap,
                false,
                defaults.combine(),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void partsCoverThePictureAndOverlap() {
        for (double overlap : new double[] {0, 0.1, 0.4, 0.77, 0.9}) {
            for (int parts = 1; parts <= 16; parts++) {
                for (int length = 1; length < 140; length++) {
                    List<View> views = MultiCropExtractor.views(length, 20, options(1, parts, overlap));
                    int end = 0;
                    for (View view : views) {
                        assertThat(view.left())
                                .as("%s parts of %s, overlap %s", parts, length, overlap)
                                .isLessThanOrEqualTo(end);
                        end = Math.max(end, view.left() + view.width());
                        assertThat(view.height()).isEqualTo(20);
                    }
                    assertThat(end).isEqualTo(length);
                }
            }
        }
        assertThat(MultiCropExtractor.views(1600, 800, options(1, 2, 0.4)))
                .containsExactly(new View(0, 0, 1000, 800, 1000, 800), new View(600, 0, 1000, 800, 1000, 800));
    }

    @ParameterizedTest
    @EnumSource
    void everythingIsThereOnceAndOnceMoreInTheWhole(Orientation orientation) {
        double[][] dots = MultiScaleExtractorTest.DOTS;
        Image image = TestPictures.stored(DotsExtractor.picture(400, 300, dots, 9), orientation);
        ImageFeatures parts = extractor("multi-crop(extractor=dots,whole=false,rows=3,columns=3,overlap=0.5)")
                .extract(image)
                .local()
                .orElseThrow();
        ImageFeatures both = extractor("multi-crop(extractor=dots,rows=3,columns=3,overlap=0.5)")
                .extract(image)
                .local()
                .orElseThrow();
        assertThat(parts.size()).isEqualTo(dots.length);
        assertThat(both.size()).isEqualTo(2 * dots.length);
        for (double[] dot : dots) {
            assertThat(MultiScaleExtractorTest.near(parts, dot, 0.2)).hasSize(1);
            assertThat(MultiScaleExtractorTest.near(both, dot, 0.2)).hasSize(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneWholePartIsPlainExtraction(Orientation orientation) {
        Image image = TestPictures.stored(TestPictures.textured(130, 90, 4), orientation);
        Extraction plain = extractor("dots(map=true)").extract(image);
        for (String whole : List.of("true", "false")) {
            assertThat(extractor("multi-crop(extractor=dots(map=true),rows=1,columns=1,whole=" + whole + ")")
                            .extract(image))
                    .isEqualTo(plain);
        }
    }

    @Test
    void flatAndDiffusionFindByOnePart() throws Exception {
        // a quarter of one picture is another picture: its vector as a whole is far, that of the part is equal
        Image small = TestPictures.textured(120, 90, 1);
        Image large = embedded(small, 240, 180);
        Extractor extractor = extractor("multi-crop(extractor=dots,rows=2,columns=2,overlap=0,combine=regions)");
        List<GlobalDescriptor> descriptors = new ArrayList<>();
        descriptors.add(extractor.extract(large).global().orElseThrow());
        long[] ids = new long[9];
        for (int i = 1; i < ids.length; i++) {
            ids[i] = i;
            descriptors.add(extractor
                    .extract(TestPictures.textured(240, 180, 100 + i))
                    .global()
                    .orElseThrow());
        }
        assertThat(((GlobalDescriptor.Regions) descriptors.get(0)).vectors().rows())
                .isEqualTo(5);
        Extraction query = extractor("multi-crop(extractor=dots,rows=1,columns=1,combine=regions)")
                .extract(small);
        Components components = Components.of(List.of(new FlatIndex.Provider(), new Diffusion.Provider()));
        try (Index index = components.create(Index.class, "flat");
                Reranker diffusion = components.create(Reranker.class, "diffusion(kd=5,kq=1)")) {
            index.putAll(ids, descriptors);
            Gallery gallery = new IndexGallery(index, source(descriptors));
            for (Gallery searched : List.of(gallery, diffusion.over(gallery))) {
                assertThat(searched.searchAll(List.of(query), SearchOptions.top(3))
                                .get(0)
                                .hits()
                                .get(0)
                                .imageId())
                        .isZero();
            }
            assertThat(gallery.searchAll(List.of(query), SearchOptions.top(1))
                            .get(0)
                            .hits()
                            .get(0)
                            .score())
                    .isGreaterThan(0.9999f);
        }
    }

    private static Image embedded(Image small, int width, int height) {
        Image large = TestPictures.textured(width, height, 50);
        byte[] rgb = large.rgb().clone();
        for (int y = 0; y < small.height(); y++) {
            System.arraycopy(small.rgb(), 3 * y * small.width(), rgb, 3 * y * width, 3 * small.width());
        }
        return new Image(width, height, rgb, Orientation.UPRIGHT);
    }

    private static FeatureSource source(List<GlobalDescriptor> descriptors) {
        return new FeatureSource() {
            @Override
            public Optional<ImageFeatures> features(long imageId) {
                return Optional.empty();
            }

            @Override
            public Optional<GlobalDescriptor> descriptor(long imageId) {
                return Optional.of(descriptors.get((int) imageId));
            }
        };
    }

    @Test
    void canonicalSpecIsThatOfTheMadeExtractor() {
        ComponentSpec spec = ComponentSpec.parse("multi-crop(extractor=\"dots\",rows=3)");
        assertThat(extractor(spec.toString()).spec())
                .isEqualTo(MultiScaleExtractorTest.COMPONENTS.canonical(Extractor.class, spec));
    }

    @ParameterizedTest
    @CsvSource({
        "rows=0, 'rows must be 1 to 16, got 0'",
        "columns=17, 'columns must be 1 to 16, got 17'",
        "overlap=0.95, 'overlap must be 0 to 0.9, got 0.95'",
        "max-keypoints=-1, 'max-keypoints must be at least 1, got -1'"
    })
    void refusesValues(String parameter, String message) {
        assertThatThrownBy(() -> extractor("multi-crop(extractor=dots," + parameter + ")"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
