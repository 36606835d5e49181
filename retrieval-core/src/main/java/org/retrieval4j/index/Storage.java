package org.retrieval4j.index;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** How {@link FlatIndex} keeps the vectors that it compares, where not as they are. */
public enum Storage {
    /** As IEEE 754 binary16 for the comparison; beside it, the vectors for the exact scores of what can be among the best. */
    HALF(true),
    /** As 8-bit integers with a scale a vector for the comparison; beside it, the vectors, as with {@link #HALF}. */
    INT8(true),
    /** As IEEE 754 binary16 and nothing else: 2 bytes a value, scores are exactly those of the rounded vectors. */
    HALF_ONLY(false),
    /** As 8-bit integers with a scale a vector and nothing else: 1 byte a value, scores are those of the rounded vectors. */
    INT8_ONLY(false);

    private static final float HALF_MAX = 65504;
    private static final float LARGEST = 127;

    private final boolean keepsVectors;

    Storage(boolean keepsVectors) {
        this.keepsVectors = keepsVectors;
    }

    /** Whether the vectors stand beside their codes. */
    boolean keepsVectors() {
        return keepsVectors;
    }

    private boolean isHalf() {
        return this == HALF || this == HALF_ONLY;
    }

    /** Bytes of a vector's code. */
    int codeBytes(int dimension) {
        return isHalf() ? Math.multiplyExact(Short.BYTES, dimension) : Float.BYTES + dimension;
    }

    /** Writes the code of a vector of finite values. */
    void encode(float[] vector, int at, int dimension, byte[] code, int codeAt) {
        ByteBuffer target = ByteBuffer.wrap(code, codeAt, codeBytes(dimension)).order(ByteOrder.LITTLE_ENDIAN);
        if (isHalf()) {
            for (int j = at; j < at + dimension; j++) {
                target.putShort(half(vector[j]));
            }
            return;
        }
        float largest = 0;
        for (int j = at; j < at + dimension; j++) {
            largest = Math.max(largest, Math.abs(vector[j]));
        }
        float scale = largest / LARGEST;
        target.putFloat(scale);
        for (int j = at; j < at + dimension; j++) {
            // a scale below the normal floats has few digits: the quotient may pass 127
            target.put((byte) (scale == 0 ? 0 : Math.max(-LARGEST, Math.min(LARGEST, Math.rint(vector[j] / scale)))));
        }
    }

    /** Reads the vector that a code stands for. */
    void decode(byte[] code, int dimension, float[] target, int at) {
        if (isHalf()) {
            for (int j = 0, c = 0; j < dimension; j++, c += 2) {
                target[at + j] = ofHalf(code[c] & 0xff | code[c + 1] << 8);
            }
            return;
        }
        float scale = Float.intBitsToFloat(
                code[0] & 0xff | (code[1] & 0xff) << 8 | (code[2] & 0xff) << 16 | (code[3] & 0xff) << 24);
        for (int j = 0; j < dimension; j++) {
            target[at + j] = scale * code[Float.BYTES + j];
        }
    }

    /** To the nearest half, of two the even one; what is larger than all becomes the largest. */
    static short half(float value) {
        float magnitude = Math.min(Math.abs(value), HALF_MAX);
        int sign = value < 0 ? 0x8000 : 0;
        if (magnitude < 0x1p-14f) {
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24f)); // subnormal: multiples of one value
        }
        // scaled so that the exponents agree, a half is the upper bits of a float
        int bits = Float.floatToRawIntBits(magnitude * 0x1p-112f);
        return (short) (sign | bits + 0xfff + (bits >> 13 & 1) >> 13);
    }

    static float ofHalf(int half) {
        return Float.intBitsToFloat((half & 0x8000) << 16 | (half & 0x7fff) << 13) * 0x1p112f;
    }
}
