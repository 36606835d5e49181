package org.retrieval4j.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.Matcher;

/** Tiny networks and their manifests, written into a folder. */
final class TestNetworks {
    private TestNetworks() {}

    /** Writes model and manifest beside each other; the manifest's text goes on after its weights. */
    static Path write(Path folder, String name, byte[] model, String rest) {
        String manifest = "format: 1\nname: " + name + "\nlicense: CC0-1.0\nweights: {file: " + name
                + ".onnx, sha256: \"" + Fingerprint.ofBytes(model).hex() + "\"}\n" + rest;
        try {
            Files.write(folder.resolve(name + ".onnx"), model);
            return Files.writeString(folder.resolve(name + ".yaml"), manifest);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Components components() {
        return Components.of(List.of(new OnnxExtractor.Provider(), new OnnxMatcher.Provider()));
    }

    static Extractor extractor(Path manifest) {
        return components()
                .create(
                        Extractor.class,
                        "onnx(manifest=" + manifest.getFileName() + ")",
                        BuildContext.defaults()
                                .withBaseDirectory(manifest.toAbsolutePath().resolveSibling("")));
    }

    static Matcher matcher(Path manifest) {
        return components()
                .create(
                        Matcher.class,
                        "onnx(manifest=" + manifest.getFileName() + ")",
                        BuildContext.defaults()
                                .withBaseDirectory(manifest.toAbsolutePath().resolveSibling("")));
    }

    /** An image input called "x" of values v / 255. */
    static String imageInput(String size) {
        return "inputs: [{name: x, meaning: image, colors: rgb, mean: 0, scale: 255, size: " + size + "}]\n";
    }

    /** A graph with an image input "x" of any size. */
    static GraphBuilder onImages() {
        return new GraphBuilder().input("x", -1, 3, -1, -1);
    }

    /**
     * Local features where a Laplacian answers, a feature map of stride 4, and a global vector, from one pass, as in
     * HF-Net. A flat picture has no local features.
     */
    static Path allInOne(Path folder, int height, int width) {
        float[] laplacian = new float[27];
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < 9; i++) {
                laplacian[9 * c + i] = i == 4 ? 8 : -1;
            }
        }
        byte[] model = new GraphBuilder()
                .input("x", 1, 3, height, width)
                .floats("laplacian", laplacian, 1, 3, 3, 3)
                .floats("filters", random(8 * 27, 1), 8, 3, 3, 3)
                .floats("coarse", random(5 * 48, 2), 5, 3, 4, 4)
                .floats("threshold", new float[] {1.5f}, 1)
                .longs("byx", new long[] {0, 2, 3}, 3)
                .longs("yx", new long[] {2, 3}, 2)
                .longs("border", new long[] {1}, 1)
                .node("Conv", "x laplacian", "response")
                .node("Abs", "response", "strength")
                .node("Greater", "strength threshold", "strong")
                .node("NonZero", "strong", "found")
                .node("Transpose", "found", "rows", Map.of("perm", new long[] {1, 0}))
                .node("Gather", "rows yx", "inner", Map.of("axis", 1L))
                .node("Add", "inner border", "places")
                .node("Gather", "rows byx", "cells", Map.of("axis", 1L))
                .node("GatherND", "strength rows", "scores")
                .node("Conv", "x filters", "dense")
                .node("Transpose", "dense", "last", Map.of("perm", new long[] {0, 2, 3, 1}))
                .node("GatherND", "last cells", "vectors")
                .node("Conv", "x coarse", "map", Map.of("strides", new long[] {4, 4}))
                .node("GlobalAveragePool", "map", "whole")
                .output("places")
                .output("vectors")
                .output("scores")
                .output("whole")
                .build();
        String outputs =
                """
                outputs:
                  - {name: places, meaning: keypoints, units: pixels, axes: yx, first-pixel-center: 0, max-keypoints: 200}
                  - {name: vectors, meaning: descriptors, l2: true}
                  - {name: scores, meaning: scores, min-score: 0.1}
                  - {name: map, meaning: feature-map}
                  - {name: whole, meaning: global, l2: true}
                """;
        String size = "{width: " + width + ", height: " + height + ", fit: squash}";
        return write(folder, "all-in-one", model, imageInput(size) + outputs);
    }

    /** Pairs each feature of the query with the nearest one of the reference, scored by minus the squared distance: not one to one by itself. */
    static Path nearestNeighbor(Path folder, int width) {
        byte[] model = matcherInputs(width)
                .node("Transpose", "d1", "d1t", Map.of("perm", new long[] {0, 2, 1}))
                .floats("minusTwo", new float[] {-2})
                .longs("middle", new long[] {1}, 1)
                .node("MatMul", "d0 d1t", "dots")
                .node("Mul", "dots minusTwo", "cross")
                .node("ReduceSumSquare", "d0", "square0", Map.of("axes", new long[] {2}, "keepdims", 1L))
                .node("ReduceSumSquare", "d1", "flat1", Map.of("axes", new long[] {2}, "keepdims", 0L))
                .node("Unsqueeze", "flat1 middle", "square1")
                .node("Sum", "cross square0 square1", "distance")
                .node("Neg", "distance", "similar")
                .node("ArgMax", "similar", "best", Map.of("axis", 2L, "keepdims", 1L))
                .node("ReduceMax", "similar", "top", Map.of("axes", new long[] {2}, "keepdims", 0L))
                .node("Shape", "d0", "shape")
                .longs("zero", new long[] {0})
                .longs("one", new long[] {1})
                .node("Gather", "shape one", "n", Map.of("axis", 0L))
                .node("Range", "zero n one", "indices")
                .node("Unsqueeze", "indices ends", "column")
                .longs("ends", new long[] {0, 2}, 2)
                .node("Concat", "column best", "pairs", Map.of("axis", 2L))
                .output("pairs")
                .output("top")
                .build();
        return write(folder, "nearest", model, matcherManifest("{name: pairs, meaning: matches}", "top"));
    }

    static GraphBuilder matcherInputs(int width) {
        return new GraphBuilder()
                .input("k0", 1, -1, 2)
                .input("k1", 1, -1, 2)
                .input("d0", 1, -1, width)
                .input("d1", 1, -1, width);
    }

    static String matcherManifest(String matches, String scores) {
        return """
                inputs:
                  - {name: k0, meaning: keypoints, picture: query, units: centered-longer, first-pixel-center: 0.5}
                  - {name: k1, meaning: keypoints, picture: reference, units: centered-longer, first-pixel-center: 0.5}
                  - {name: d0, meaning: descriptors, picture: query}
                  - {name: d1, meaning: descriptors, picture: reference}
                outputs:
                """
                + "  - " + matches + "\n  - {name: " + scores + ", meaning: scores}\n";
    }

    static float[] random(int size, long seed) {
        Random random = new Random(seed);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
