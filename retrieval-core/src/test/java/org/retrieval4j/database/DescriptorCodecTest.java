package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;

class DescriptorCodecTest {
    private static final List<GlobalDescriptor> ALL = List.of(
            new GlobalDescriptor.Dense(new float[] {1.5f, -0f, Float.MIN_VALUE}),
            new GlobalDescriptor.Sparse(1000, new int[] {3, 999}, new float[] {0.25f, -7}),
            new GlobalDescriptor.Sparse(5, new int[0], new float[0]),
            new GlobalDescriptor.Regions(FloatMatrix.ofRows(new float[] {1, 2}, new float[] {3, 4})),
            new GlobalDescriptor.Words(
                    9, new int[] {0, 8, 8}, new Signatures(70, new long[] {-1, 63, 5, 0, Long.MIN_VALUE, 1})),
            new GlobalDescriptor.Words(9, new int[0], new Signatures(64, new long[0])),
            new GlobalDescriptor.Words(
                    9, new int[] {3, 4}, new Residuals(FloatMatrix.ofRows(new float[] {1, -0f}, new float[] {3, 4}))),
            new GlobalDescriptor.Words(9, new int[0], new Residuals(FloatMatrix.empty(7))));

    @Test
    void keepsEveryKindBitByBit() {
        for (GlobalDescriptor descriptor : ALL) {
            assertThat(DescriptorCodec.decode(ByteBuffer.wrap(DescriptorCodec.encode(descriptor))))
                    .isEqualTo(descriptor);
        }
    }

    @Test
    void refusesBytesThatAreNoDescriptor() {
        for (GlobalDescriptor descriptor : ALL) {
            byte[] bytes = DescriptorCodec.encode(descriptor);
            for (int length = 0; length < bytes.length; length++) {
                ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(bytes, length));
                assertThatThrownBy(() -> DescriptorCodec.decode(cut)).isInstanceOf(IllegalArgumentException.class);
            }
            bytes[0] = 9;
            assertThatThrownBy(() -> DescriptorCodec.decode(ByteBuffer.wrap(bytes)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
