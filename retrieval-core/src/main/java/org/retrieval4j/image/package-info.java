/**
 * Decoding of pictures without native libraries of our own, and in another process.
 *
 * <p>{@link org.retrieval4j.image.ImageIoDecoder} reads with the JDK what the JDK reads right;
 * {@link org.retrieval4j.image.PnmDecoder} reads the portable maps of classic benchmarks. Both are found by
 * {@link org.retrieval4j.api.ImageReader#load} and stand behind OpenCV's decoder where that is on the class path.
 * {@link org.retrieval4j.image.ChildProcessDecoder} puts any decoder into a child JVM, whose crash costs one picture.
 */
@NullMarked
package org.retrieval4j.image;

import org.jspecify.annotations.NullMarked;
