package org.retrieval4j.onnx;

import java.util.Arrays;
import org.retrieval4j.api.Image;
import org.retrieval4j.onnx.NetworkInput.Colors;
import org.retrieval4j.onnx.NetworkInput.ImageInput;
import org.retrieval4j.onnx.NetworkInput.Layout;

/** Writes a picture into the values of an image input: scaled, its channels ordered, (v − mean) / scale. */
final class PictureWriter {
    private final ImageInput input;
    private final float[] mean;
    private final float[] factor;

    PictureWriter(ImageInput input) {
        this.input = input;
        int channels = input.colors().channels();
        mean = new float[channels];
        factor = new float[channels];
        for (int c = 0; c < channels; c++) {
            mean[c] = input.mean().get(c).floatValue();
            factor[c] = (float) (1 / input.scale().get(c));
        }
    }

    /** Number of values that one picture takes. */
    int size(Placement placement) {
        return Math.multiplyExact(input.colors().channels(), Math.multiplyExact(placement.width(), placement.height()));
    }

    /** The shape of a batch. */
    long[] shape(int pictures, Placement placement) {
        long channels = input.colors().channels();
        return input.layout() == Layout.NCHW
                ? new long[] {pictures, channels, placement.height(), placement.width()}
                : new long[] {pictures, placement.height(), placement.width(), channels};
    }

    /** Writes one upright picture from {@code offset} on. */
    void write(Image upright, Placement placement, float[] values, int offset) {
        Placement.Part part = placement.part();
        float[] scaled = upright.resampled(
                part.x(), part.y(), part.width(), part.height(), placement.insideWidth(), placement.insideHeight());
        int channels = mean.length;
        boolean planar = input.layout() == Layout.NCHW;
        int step = planar ? 1 : channels;
        int plane = planar ? placement.width() * placement.height() : 1;
        if (placement.insideWidth() < placement.width() || placement.insideHeight() < placement.height()) {
            pad(values, offset, placement);
        }
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < placement.insideHeight(); y++) {
                int to = offset + c * plane + step * ((placement.top() + y) * placement.width() + placement.left());
                int from = 3 * y * placement.insideWidth();
                for (int x = 0; x < placement.insideWidth(); x++, from += 3, to += step) {
                    values[to] = (channel(scaled, from, c) - mean[c]) * factor[c];
                }
            }
        }
    }

    private float channel(float[] rgb, int at, int channel) {
        if (input.colors() == Colors.GRAY) {
            return 0.299f * rgb[at] + 0.587f * rgb[at + 1] + 0.114f * rgb[at + 2];
        }
        return rgb[input.colors() == Colors.RGB ? at + channel : at + 2 - channel];
    }

    private void pad(float[] values, int offset, Placement placement) {
        float padding = input.size() instanceof InputSize.Fixed fixed ? (float) fixed.padding() : 0;
        int channels = mean.length;
        int pixels = placement.width() * placement.height();
        for (int c = 0; c < channels; c++) {
            float value = (padding - mean[c]) * factor[c];
            if (input.layout() == Layout.NCHW) {
                Arrays.fill(values, offset + c * pixels, offset + (c + 1) * pixels, value);
            } else {
                for (int i = 0; i < pixels; i++) {
                    values[offset + i * channels + c] = value;
                }
            }
        }
    }
}
