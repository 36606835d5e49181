package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeypointsTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "90, 90", "360, 0", "-90, 270", "725, 5", "-725, 355", "-360, 0"})
    void directionsAreWrapped(double degrees, float direction) {
        assertThat(Keypoints.direction(degrees) + 0f).isEqualTo(direction);
    }

    /** They round to 360 as a double, as a float, or not at all. */
    @ParameterizedTest
    @ValueSource(doubles = {-1e-300, -1e-20, -1e-14, -1e-6, 359.9999999, -1e-4, 359.9999})
    void aDirectionIsNeverAWholeTurn(double degrees) {
        assertThat(Keypoints.direction(degrees)).isGreaterThanOrEqualTo(0).isLessThan(360);
        for (Orientation orientation : Orientation.values()) {
            assertThat(orientation.storedAngle(degrees))
                    .isGreaterThanOrEqualTo(0)
                    .isLessThan(360);
            assertThat(orientation.uprightAngle(degrees))
                    .isGreaterThanOrEqualTo(0)
                    .isLessThan(360);
        }
    }

    @Test
    void whatIsNotFiniteStaysSo() {
        assertThat(Keypoints.direction(Double.NaN)).isNaN();
        assertThat(Keypoints.direction(Double.POSITIVE_INFINITY)).isNaN();
    }
}
