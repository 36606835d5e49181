package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComponentSpecTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "sift",
                "vlad(clusters=64,normalization=intra) | pca-whiten(dimension=128)",
                "multi-crop(extractor=sift(max-keypoints=500,root=false),crops=5)",
                "vlad(codebook=\"a file, with (odd) name.npy\")",
                "vlad(codebook=\"say \\\"hi\\\" \\\\ there\")",
                "x(empty=\"\")",
                "a | b | c(d=1e-3)",
                "file(path=/data/übung/A.r4j)",
            })
    void printsWhatItParsed(String canonical) {
        assertThat(ComponentSpec.parse(canonical)).hasToString(canonical);
    }

    @Test
    void ignoresWhiteSpaceAndTheOrderOfParameters() {
        ComponentSpec spaced = ComponentSpec.parse("  vlad ( intra = true , clusters=64 )|l2( )");

        assertThat(spaced).isEqualTo(ComponentSpec.parse("vlad(clusters=64,intra=true) | l2"));
        assertThat(spaced.first().parameters()).containsEntry("clusters", "64").containsEntry("intra", "true");
    }

    @Test
    void takesAQuotedComponentForTheComponent() {
        assertThat(ComponentSpec.parse("a(b=\"sift(root=true)\")"))
                .isEqualTo(ComponentSpec.parse("a(b=sift(root=true))"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "|",
                "a|",
                "A",
                "a(",
                "a()b",
                "a(b)",
                "a(b=)",
                "a(b=c",
                "a(b=c,)",
                "a(b=c,b=d)",
                "a(b=\"c)",
                "a(b=\"\\n\")",
                "a b",
                "a(b=c d)",
                "a(=c)",
                "é",
            })
    void refusesWhatIsNoSpec(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ComponentSpec.parse(text))
                .withMessageContaining("at position");
    }

    @Test
    void refusesEndlessNesting() {
        String text = "a(b=".repeat(10_000) + "c" + ")".repeat(10_000);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ComponentSpec.parse(text))
                .withMessageContaining("nested");
    }

    @Test
    void parsesWhateverItPrints() {
        long seed = 20261124;
        Random random = new Random(seed);
        String characters = "ab-9.,()=|\"\\ \tÄ/:";
        for (int trial = 0; trial < 2_000; trial++) {
            List<ComponentSpec.Part> parts = new ArrayList<>();
            for (int p = random.nextInt(3); p >= 0; p--) {
                Map<String, String> parameters = new LinkedHashMap<>();
                for (int k = random.nextInt(4); k > 0; k--) {
                    StringBuilder value = new StringBuilder();
                    for (int c = random.nextInt(12); c > 0; c--) {
                        value.append(characters.charAt(random.nextInt(characters.length())));
                    }
                    parameters.put("key-" + k, value.toString());
                }
                parts.add(new ComponentSpec.Part("part" + p, parameters));
            }
            ComponentSpec spec = new ComponentSpec(parts);

            ComponentSpec parsed = ComponentSpec.parse(spec.toString());

            assertThat(parsed).as("seed %d, trial %d", seed, trial).isEqualTo(spec);
            assertThat(parsed).hasToString(spec.toString());
        }
    }
}
