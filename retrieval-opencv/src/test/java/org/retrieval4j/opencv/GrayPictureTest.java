package org.retrieval4j.opencv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.TestPictures;

class GrayPictureTest {
    @ParameterizedTest
    @EnumSource
    void isTheLumaOfTheUprightPicture(Orientation orientation) {
        OpenCvRuntime.require();
        Image upright = TestPictures.textured(700, 301, 4); // more than one block of rows
        try (GrayPicture gray = new GrayPicture(TestPictures.stored(upright, orientation), 1000)) {
            assertThat(gray.pixels.cols()).isEqualTo(700);
            assertThat(gray.pixels.rows()).isEqualTo(301);
            byte[] values = new byte[700 * 301];
            gray.pixels.get(0, 0, values);
            byte[] rgb = upright.rgb();
            double most = 0;
            for (int i = 0; i < values.length; i++) {
                // ITU-R BT.601
                double luma =
                        0.299 * (rgb[3 * i] & 0xFF) + 0.587 * (rgb[3 * i + 1] & 0xFF) + 0.114 * (rgb[3 * i + 2] & 0xFF);
                most = Math.max(most, Math.abs((values[i] & 0xFF) - luma));
            }
            assertThat(most).isLessThan(0.51);
        }
    }

    @Test
    void reducesTheLongestSideAndNeverEnlarges() {
        OpenCvRuntime.require();
        int[][] sizes = {{100, 50, 100, 50}, {300, 100, 128, 43}, {100, 300, 43, 128}, {4000, 2, 128, 1}};
        for (int[] size : sizes) {
            try (GrayPicture gray = new GrayPicture(TestPictures.flat(size[0], size[1], 7), 128)) {
                assertThat(gray.pixels.cols()).isEqualTo(size[2]);
                assertThat(gray.pixels.rows()).isEqualTo(size[3]);
            }
        }
    }

    @Test
    void cornersOfTheReducedPictureAreCornersOfTheStoredOne() {
        OpenCvRuntime.require();
        try (GrayPicture gray = new GrayPicture(TestPictures.flat(333, 777, 7), 100)) {
            float[] row = new float[5];
            gray.toStored(gray.pixels.cols(), gray.pixels.rows(), 1, 359.99999f, 3, row, 0);
            assertThat(row[0]).isEqualTo(333, within(1e-3f));
            assertThat(row[1]).isEqualTo(777, within(1e-3f));
            assertThat(row[2]).isEqualTo(7.77f, within(0.05f));
            assertThat(row[4]).isEqualTo(3);
        }
    }
}
