/**
 * Networks in ONNX form as extractors and matchers.
 *
 * <p>A network is described by a small YAML file, its {@linkplain org.retrieval4j.onnx.NetworkManifest manifest}: where
 * the weights are and what they must hash to, how a picture becomes its input, what its outputs mean.
 * {@link org.retrieval4j.onnx.OnnxExtractor} runs any network from pixels to local features, feature maps and global
 * vectors, several of them in one pass; {@link org.retrieval4j.onnx.OnnxMatcher} one that pairs two sets of local
 * features. {@link org.retrieval4j.onnx.OnnxEngine} tells whether ONNX Runtime is there.
 *
 * <p>Read {@code NetworkManifest} first, then {@code InputSize} and {@code Placement} (how a picture is fitted into the
 * input and places are mapped back), then {@code OnnxExtractor}. Nothing native is loaded before the first component is
 * made.
 */
@NullMarked
package org.retrieval4j.onnx;

import org.jspecify.annotations.NullMarked;
