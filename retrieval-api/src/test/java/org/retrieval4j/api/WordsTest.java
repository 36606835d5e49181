package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;

class WordsTest {
    private static Words words(Words.Values values, int... words) {
        return new Words(10, words, values);
    }

    @Test
    void areEqualByContent() {
        Words one = words(new Signatures(3, new long[] {7, 2}), 4, 4);
        assertThat(one)
                .isEqualTo(words(new Signatures(3, new long[] {7, 2}), 4, 4))
                .hasSameHashCodeAs(words(new Signatures(3, new long[] {7, 2}), 4, 4))
                .isNotEqualTo(words(new Signatures(3, new long[] {7, 3}), 4, 4))
                .isNotEqualTo(words(new Signatures(4, new long[] {7, 2}), 4, 4))
                .isNotEqualTo(words(new Signatures(3, new long[] {7, 2}), 4, 5))
                .hasToString("Words[2 of 10, signatures of 3 bits]");
        Words real = words(new Residuals(FloatMatrix.ofRows(new float[] {1, 2})), 9);
        assertThat(real)
                .isEqualTo(words(new Residuals(FloatMatrix.ofRows(new float[] {1, 2})), 9))
                .isNotEqualTo(words(new Residuals(FloatMatrix.ofRows(new float[] {1, 3})), 9))
                .hasToString("Words[1 of 10, residuals of 2 values]");
        assertThat(real.values().width()).isEqualTo(2);
    }

    @Test
    void mayBeNone() {
        assertThat(words(new Signatures(65, new long[0])).values().count()).isZero();
        assertThat(words(new Residuals(FloatMatrix.empty(5))).values().count()).isZero();
    }

    @Test
    void signaturesTakeAsManyLongsAsTheyNeed() {
        assertThat(Signatures.longs(1)).isEqualTo(1);
        assertThat(Signatures.longs(64)).isEqualTo(1);
        assertThat(Signatures.longs(65)).isEqualTo(2);
        assertThat(new Signatures(128, new long[] {-1, -1, 0, 5}).count()).isEqualTo(2);
    }

    @Test
    void areCheckedAtTheDoor() {
        assertRefused(() -> words(new Signatures(3, new long[] {1, 1}), 5, 4), "must not descend", "4 after 5");
        assertRefused(() -> words(new Signatures(3, new long[] {1}), 10), "0 to 9", "10");
        assertRefused(() -> words(new Signatures(3, new long[] {1}), -1), "0 to 9", "-1");
        assertRefused(() -> words(new Signatures(3, new long[] {1})), "one value a word", "1 for 0");
        assertRefused(() -> new Words(0, new int[0], new Signatures(1, new long[0])), "dimension", "got 0");
        assertRefused(() -> new Signatures(0, new long[0]), "width must be at least 1 bit, got 0");
        assertRefused(() -> new Signatures(65, new long[] {1}), "2 longs each", "got 1");
        assertRefused(() -> new Signatures(66, new long[] {0, 3, 0, 4}), "66 of signature 1", "got 4");
        assertRefused(() -> new Residuals(FloatMatrix.empty(0)), "at least 1 value, got 0");
        assertRefused(() -> new Residuals(FloatMatrix.ofRows(new float[] {Float.NaN})), "finite");
    }

    private static void assertRefused(Runnable made, String... parts) {
        assertThatIllegalArgumentException().isThrownBy(made::run).satisfies(e -> assertThat(e.getMessage())
                .contains(parts));
    }
}
