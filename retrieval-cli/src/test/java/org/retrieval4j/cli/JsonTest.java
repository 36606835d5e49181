package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void writesObjectsInTheirOrder() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("z", 1);
        value.put("a", Arrays.asList(true, null, 0.5f, List.of(), Map.of()));
        assertThat(Json.text(value)).isEqualTo("{\"z\":1,\"a\":[true,null,0.5,[],{}]}");
    }

    @Test
    void escapesWhatWouldEndALineOrAText() {
        assertThat(Json.text("a\"b\\c\nd\re\tf\u0001\u2028é日😀"))
                .isEqualTo("\"a\\\"b\\\\c\\nd\\re\\tf\\u0001\\u2028é日😀\"");
    }

    @Test
    void escapesLoneSurrogatesWhichHaveNoUtf8() {
        assertThat(Json.text("\ud800x\udc00")).isEqualTo("\"\\ud800x\\udc00\"");
    }

    @Test
    void refusesNumbersThatJsonDoesNotHave() {
        assertThatThrownBy(() -> Json.text(Float.NaN)).hasMessage("JSON has no number NaN");
        assertThatThrownBy(() -> Json.text(List.of(Double.NEGATIVE_INFINITY)))
                .hasMessage("JSON has no number -Infinity");
    }
}
