package org.retrieval4j.database;

import java.nio.ByteBuffer;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;

/**
 * What the descriptor of an image will be made of, kept until the aggregator is learned: the features to aggregate, or a
 * network's global vector that stages will transform; bit by bit in either case, so that the descriptor is the same as
 * if the aggregator had been there from the start.
 */
final class PendingCodec {
    private static final byte FEATURES = 1;
    private static final byte VECTOR = 2;

    private PendingCodec() {}

    /** Bytes of the raw material in an extraction. */
    static byte[] encode(Extraction extraction, boolean aggregates) {
        byte[] content = aggregates
                ? FeatureCodec.encode(extraction.toAggregate().orElseThrow(), Keep.FLOAT)
                : DescriptorCodec.encode(extraction.global().orElseThrow());
        byte[] bytes = new byte[content.length + 1];
        bytes[0] = aggregates ? FEATURES : VECTOR;
        System.arraycopy(content, 0, bytes, 1, content.length);
        return bytes;
    }

    /** The features of bytes that hold features. */
    static ImageFeatures features(ByteBuffer bytes) {
        requireTag(bytes, FEATURES);
        return FeatureCodec.decode(bytes);
    }

    /** The vector of bytes that hold a vector. */
    static GlobalDescriptor vector(ByteBuffer bytes) {
        requireTag(bytes, VECTOR);
        return DescriptorCodec.decode(bytes);
    }

    private static void requireTag(ByteBuffer bytes, byte expected) {
        byte tag = bytes.hasRemaining() ? bytes.get() : 0;
        if (tag != expected) {
            throw new IllegalArgumentException("pending material of kind " + expected + ", found kind " + tag);
        }
    }
}
