package org.retrieval4j.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.aggregation.MacAggregator;
import org.retrieval4j.aggregation.RmacAggregator;
import org.retrieval4j.aggregation.VladAggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.ExtractorContract;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.SampleRequiredException;
import org.retrieval4j.api.TestPictures;
import org.retrieval4j.spi.ComponentProvider;

class MultiScaleExtractorTest extends ExtractorContract {
    static final double[][] DOTS = {{40.3, 30.8}, {200, 150}, {351.6, 40.2}, {90.9, 250.1}, {300.5, 222.5}};
    static final Components COMPONENTS = Components.of(List.of(
            new MultiScaleExtractor.Provider(),
            new MultiCropExtractor.Provider(),
            new DotsExtractor.Provider(),
            new MacAggregator.Provider(),
            new RmacAggregator.Provider(),
            new VladAggregator.Provider()));

    @Override
    protected ComponentProvider<Extractor, ?> provider() {
        return new MultiScaleExtractor.Provider();
    }

    @Override
    protected List<ComponentProvider<?, ?>> others() {
        return List.of(new DotsExtractor.Provider(), new MacAggregator.Provider());
    }

    @Override
    protected String spec() {
        return "multi-scale(extractor=dots,largest=1.5,max-keypoints=40)";
    }

    private static Extractor extractor(String spec) {
        return COMPONENTS.create(Extractor.class, spec);
    }

    @ParameterizedTest
    @EnumSource
    void oneScaleIsPlainExtraction(Orientation orientation) {
        Image image = TestPictures.stored(TestPictures.textured(130, 90, 4), orientation);
        Extraction plain = extractor("dots(map=true)").extract(image);
        assertThat(extractor("multi-scale(extractor=dots(map=true),scales=1)").extract(image))
                .isEqualTo(plain);
        assertThat(extractor("multi-scale(extractor=dots(map=true),scales=1,max-size=130)")
                        .extract(image))
                .isEqualTo(plain);
        assertThat(extractor("multi-scale(extractor=dots(map=true),scales=1,max-size=129)")
                        .extract(image))
                .isNotEqualTo(plain);
    }

    @ParameterizedTest
    @EnumSource
    void keypointsOfEverySizeLandWhereTheThingIs(Orientation orientation) {
        Image image = TestPictures.stored(DotsExtractor.picture(400, 300, DOTS, 9), orientation);
        ImageFeatures found = extractor("multi-scale(extractor=dots,scales=4,largest=1.4142)")
                .extract(image)
                .local()
                .orElseThrow();
        assertThat(found.size()).isEqualTo(4 * DOTS.length);
        for (double[] dot : DOTS) {
            assertThat(near(found, dot, 1)).as("dot at %s, %s", dot[0], dot[1]).hasSize(4);
            for (int i : near(found, dot, 1)) {
                assertThat((double) found.keypoints().scale(i)).isEqualTo(18, within(1.5));
                assertThat(found.keypoints().orientation(i)).isEqualTo(Keypoints.direction(orientation.storedAngle(0)));
            }
        }
    }

    @Test
    void reductionLeavesPlacesWhereTheyAre() {
        // 397 x 299 is not a multiple of 151 x 114: both axes have a factor of their own
        Image image = DotsExtractor.picture(397, 299, DOTS, 9);
        ImageFeatures found = extractor("multi-scale(extractor=dots,scales=1,max-size=151)")
                .extract(image)
                .local()
                .orElseThrow();
        assertThat(found.size()).isEqualTo(DOTS.length);
        for (double[] dot : DOTS) {
            assertThat(near(found, dot, 1)).hasSize(1);
        }
        assertThat(found.width()).isEqualTo(397);
    }

    static List<Integer> near(ImageFeatures features, double[] dot, double most) {
        Orientation orientation = features.orientation();
        List<Integer> near = new ArrayList<>();
        for (int i = 0; i < features.size(); i++) {
            Keypoints points = features.keypoints();
            double u = orientation.uprightX(points.x(i), points.y(i), features.width(), features.height());
            double v = orientation.uprightY(points.x(i), points.y(i), features.width(), features.height());
            if (Math.hypot(u - dot[0], v - dot[1]) < most) {
                near.add(i);
            }
        }
        return near;
    }

    @Test
    void keepsTheBestOfAllSizes() {
        Image image = DotsExtractor.picture(400, 300, DOTS, 9);
        ImageFeatures all =
                extractor("multi-scale(extractor=dots)").extract(image).local().orElseThrow();
        ImageFeatures best = extractor("multi-scale(extractor=dots,max-keypoints=7)")
                .extract(image)
                .local()
                .orElseThrow();
        // the test extractor's score is the number of pixels: all five of size 1, two of the next
        assertThat(best.size()).isEqualTo(7);
        float least = Float.MAX_VALUE;
        for (int i = 0; i < 7; i++) {
            least = Math.min(least, best.keypoints().score(i));
        }
        int better = 0;
        for (int i = 0; i < all.size(); i++) {
            better += all.keypoints().score(i) > least ? 1 : 0;
        }
        assertThat(better).isLessThan(7);
        assertThat(best.keypoints().score(0)).isGreaterThan(200);
        assertThat(near(best, DOTS[0], 1)).hasSizeBetween(1, 2);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 3, 0.5})
    void globalVectorIsThePowerMeanOfUnitVectors(double power) {
        Image image = TestPictures.textured(200, 160, 3);
        GlobalDescriptor.Dense actual =
                (GlobalDescriptor.Dense) extractor("multi-scale(extractor=dots,power=" + power + ")")
                        .extract(image)
                        .global()
                        .orElseThrow();
        double[] sum = new double[16];
        for (double scale : new double[] {1, Math.sqrt(0.5), 0.5}) {
            Image view = image.resized((int) Math.round(200 * scale), (int) Math.round(160 * scale));
            float[] vector = ((GlobalDescriptor.Dense)
                            extractor("dots").extract(view).global().orElseThrow())
                    .values();
            double length = 0;
            for (float value : vector) {
                length += value * value;
            }
            for (int j = 0; j < 16; j++) {
                sum[j] += Math.pow(vector[j] / Math.sqrt(length), power) / 3;
            }
        }
        double length = 0;
        for (int j = 0; j < 16; j++) {
            sum[j] = Math.pow(sum[j], 1 / power);
            length += sum[j] * sum[j];
        }
        for (int j = 0; j < 16; j++) {
            assertThat((double) actual.values()[j]).isEqualTo(sum[j] / Math.sqrt(length), within(1e-6));
        }
    }

    @Test
    void regionsKeepEverySize() {
        Image image = TestPictures.textured(200, 160, 3);
        GlobalDescriptor all = extractor("multi-scale(extractor=dots,combine=regions)")
                .extract(image)
                .global()
                .orElseThrow();
        assertThat(all).isInstanceOf(GlobalDescriptor.Regions.class);
        assertThat(((GlobalDescriptor.Regions) all).vectors().rows()).isEqualTo(3);
        assertThatThrownBy(() -> extractor("multi-scale(extractor=multi-scale(extractor=dots,combine=regions))")
                        .extract(image))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("combine=regions");
    }

    @Test
    void cellsOfAllSizesAreOneSetAndNoGrid() {
        ImageFeatures map = extractor("multi-scale(extractor=dots(map=true))")
                .extract(TestPictures.textured(200, 160, 3))
                .toAggregate()
                .orElseThrow();
        assertThat(map.size()).isEqualTo(3 * 16);
        assertThat(map.grid()).isEmpty();
        assertThat(map.keypoints().x(17)).isEqualTo(map.keypoints().x(1), within(1e-4f));
    }

    @Test
    void anAggregatorMakesTheVectorOfEverySize() {
        Image image = TestPictures.textured(200, 160, 3);
        try (Extractor made = extractor("multi-scale(extractor=dots(map=true),aggregator=rmac)")) {
            assertThat(made.outputs()).containsExactly(Extraction.GLOBAL, Extraction.LOCAL);
            Extraction extraction = made.extract(image);
            assertThat(extraction.features()).containsOnlyKeys(Extraction.LOCAL);
            assertThat(extraction.global().orElseThrow().dimension()).isEqualTo(2);
        }
        assertThatThrownBy(() -> extractor("multi-scale(extractor=dots(map=true),aggregator=vlad)"))
                .isInstanceOf(SampleRequiredException.class);
        assertThatThrownBy(() -> extractor("multi-scale(extractor=dots(local=false),aggregator=mac)"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nothing that an aggregator takes");
    }

    @Test
    void opensWithItsAggregatorAgain() throws Exception {
        Image image = TestPictures.textured(120, 90, 5);
        try (Extractor made = extractor("multi-scale(extractor=dots(map=true),aggregator=mac)");
                Extractor again = COMPONENTS.open(
                        Extractor.class,
                        ComponentSpec.parse(made.spec().toString()),
                        made.state(),
                        BuildContext.defaults())) {
            assertThat(again.fingerprint()).isEqualTo(made.fingerprint());
            assertThat(again.extract(image)).isEqualTo(made.extract(image));
        }
    }

    @Test
    void sizesAreThoseOfTheProtocols() {
        MultiScaleExtractor.Options usual = MultiScaleExtractor.Options.defaults();
        assertThat(MultiScaleExtractor.views(2048, 1024, usual))
                .extracting(View::columns)
                .containsExactly(1024, 724, 512);
        // the shorter side at 1/2 would have 25 pixels
        assertThat(MultiScaleExtractor.views(100, 50, usual))
                .extracting(View::columns)
                .containsExactly(100, 71);
        assertThat(MultiScaleExtractor.views(3, 1, usual)).containsExactly(View.whole(3, 1));
    }

    @Test
    void defaultsOfTheOthersStandInTheCanonicalSpec() {
        ComponentSpec canonical =
                COMPONENTS.canonical(Extractor.class, ComponentSpec.parse("multi-scale(extractor=dots)"));
        assertThat(canonical.toString())
                .isEqualTo("multi-scale(extractor=dots(local=true,map=false),scales=3,per-octave=2,largest=1,"
                        + "max-size=1024,power=1,combine=mean)");
        assertThat(extractor("multi-scale(extractor=dots)").spec()).isEqualTo(canonical);
        assertThatThrownBy(() ->
                        COMPONENTS.canonical(Extractor.class, ComponentSpec.parse("multi-scale(extractor=nothing)")))
                .hasMessageContaining("no Extractor named \"nothing\"");
    }

    @ParameterizedTest
    @CsvSource({
        "scales=0, 'scales must be 1 to 16, got 0'",
        "per-octave=9, 'per-octave must be 1 to 8, got 9'",
        "largest=0, 'largest must be above 0 and at most 4, got 0.0'",
        "max-size=8, 'max-size must be 16 to 16384, got 8'",
        "power=0, 'power must be above 0 and at most 100, got 0.0'",
        "max-keypoints=0, 'max-keypoints must be at least 1, got 0'",
        "combine=sum, 'combine must be one of mean, regions, got \"sum\"'"
    })
    void refusesValues(String parameter, String message) {
        assertThatThrownBy(() -> extractor("multi-scale(extractor=dots," + parameter + ")"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
