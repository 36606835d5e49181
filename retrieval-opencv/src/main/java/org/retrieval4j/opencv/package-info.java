/**
 * Image decoding, SIFT and dense SIFT on OpenCV.
 *
 * <p>{@link org.retrieval4j.opencv.OpenCvImageDecoder} turns a file's bytes into an {@link org.retrieval4j.api.Image};
 * {@link org.retrieval4j.opencv.SiftExtractor} and {@link org.retrieval4j.opencv.DenseSiftExtractor} turn that into
 * features. {@link org.retrieval4j.opencv.OpenCvRuntime} loads the native library at first use, and tells {@code why not}
 * where it cannot.
 */
@NullMarked
package org.retrieval4j.opencv;

import org.jspecify.annotations.NullMarked;
