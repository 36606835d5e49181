package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFeaturesTest {
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void saysWhichValueIsNotFinite(float value) {
        FloatMatrix descriptors = FloatMatrix.of(3, 2, new float[] {1, 2, 3, 4, 5, value});
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageFeatures.ofDescriptors(descriptors))
                .withMessage("descriptors must be finite, got " + value + " as value 1 of descriptor 2");
    }
}
