package org.retrieval4j.database;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of one image are.
 *
 * @param features its local features; none if they are not kept
 * @param pending that which its descriptor is to be made of; none once it has one
 * @param vector its descriptor; none while it is pending
 */
record Blobs(@Nullable Blob features, @Nullable Blob pending, @Nullable Blob vector) {
    Optional<Blob> featuresBlob() {
        return Optional.ofNullable(features);
    }

    Optional<Blob> pendingBlob() {
        return Optional.ofNullable(pending);
    }

    Optional<Blob> vectorBlob() {
        return Optional.ofNullable(vector);
    }

    Blobs withVector(Blob blob) {
        return new Blobs(features, null, blob);
    }
}
