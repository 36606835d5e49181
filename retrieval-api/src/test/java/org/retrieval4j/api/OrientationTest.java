package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OrientationTest {
    private static final double WIDTH = 30;
    private static final double HEIGHT = 20;

    @ParameterizedTest
    @EnumSource
    void bothDirectionsAreInverse(Orientation orientation) {
        for (double x = 0; x <= WIDTH; x += 7.5) {
            for (double y = 0; y <= HEIGHT; y += 2.5) {
                double u = orientation.uprightX(x, y, WIDTH, HEIGHT);
                double v = orientation.uprightY(x, y, WIDTH, HEIGHT);
                assertThat(u).isBetween(0.0, (double) orientation.uprightWidth(30, 20));
                assertThat(v).isBetween(0.0, (double) orientation.uprightHeight(30, 20));
                assertThat(orientation.storedX(u, v, WIDTH, HEIGHT)).isEqualTo(x);
                assertThat(orientation.storedY(u, v, WIDTH, HEIGHT)).isEqualTo(y);
            }
        }
        for (double degrees = 0; degrees < 360; degrees += 15) {
            assertThat(orientation.uprightAngle(orientation.storedAngle(degrees)))
                    .isEqualTo(degrees);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anglesTurnAsPlacesDo(Orientation orientation) {
        for (double degrees = 0; degrees < 360; degrees += 15) {
            double du = Math.cos(Math.toRadians(degrees));
            double dv = Math.sin(Math.toRadians(degrees));
            double dx = orientation.storedX(5 + du, 5 + dv, WIDTH, HEIGHT) - orientation.storedX(5, 5, WIDTH, HEIGHT);
            double dy = orientation.storedY(5 + du, 5 + dv, WIDTH, HEIGHT) - orientation.storedY(5, 5, WIDTH, HEIGHT);
            double expected = Math.toDegrees(Math.atan2(dy, dx));
            double difference = Math.IEEEremainder(orientation.storedAngle(degrees) - expected, 360);
            assertThat(difference).isEqualTo(0, within(1e-9));
        }
    }

    // Where the 0th row and the 0th column are seen, from the table of the EXIF standard (tag 274).
    @Test
    void firstRowAndColumnLieWhereTheStandardSays() {
        String[] rows = {"top", "top", "bottom", "bottom", "left", "right", "right", "left"};
        String[] columns = {"left", "right", "right", "left", "top", "top", "bottom", "bottom"};
        for (Orientation orientation : Orientation.values()) {
            double u = orientation.uprightX(WIDTH / 2, 0, WIDTH, HEIGHT);
            double v = orientation.uprightY(WIDTH / 2, 0, WIDTH, HEIGHT);
            assertThat(side(orientation, u, v)).isEqualTo(rows[orientation.exif() - 1]);
            u = orientation.uprightX(0, HEIGHT / 2, WIDTH, HEIGHT);
            v = orientation.uprightY(0, HEIGHT / 2, WIDTH, HEIGHT);
            assertThat(side(orientation, u, v)).isEqualTo(columns[orientation.exif() - 1]);
        }
    }

    private static String side(Orientation orientation, double u, double v) {
        if (u == 0) {
            return "left";
        } else if (v == 0) {
            return "top";
        } else if (u == orientation.uprightWidth((int) WIDTH, (int) HEIGHT)) {
            return "right";
        }
        assertThat(v).isEqualTo(orientation.uprightHeight((int) WIDTH, (int) HEIGHT));
        return "bottom";
    }

    @Test
    void fourMirrorAndFourSwapSides() {
        assertThat(Orientation.values())
                .filteredOn(Orientation::mirrors)
                .extracting(Orientation::exif)
                .containsExactly(2, 4, 5, 7);
        assertThat(Orientation.values())
                .filteredOn(Orientation::swapsSides)
                .extracting(Orientation::exif)
                .containsExactly(5, 6, 7, 8);
    }

    @Test
    void valuesOutsideTheStandardAreUpright() {
        for (int value : new int[] {Integer.MIN_VALUE, -1, 0, 9, Integer.MAX_VALUE}) {
            assertThat(Orientation.ofExif(value)).isEqualTo(Orientation.UPRIGHT);
        }
        for (Orientation orientation : Orientation.values()) {
            assertThat(Orientation.ofExif(orientation.exif())).isEqualTo(orientation);
        }
    }
}
