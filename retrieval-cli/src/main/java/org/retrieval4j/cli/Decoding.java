package org.retrieval4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.spi.ImageDecoder;

/** The reader of a command, with the child processes it may use. */
final class Decoding implements AutoCloseable {
    private final ImageReader reader;
    private final List<AutoCloseable> children;

    private Decoding(ImageReader reader, List<AutoCloseable> children) {
        this.reader = reader;
        this.children = children;
    }

    static Decoding open(DecodingOptions options, int threads) {
        ImageLimits limits = options.limits();
        if (!options.child()) {
            return new Decoding(ImageReader.load(limits), List.of());
        }
        DecoderProcesses processes = new DecoderProcesses(threads);
        List<ImageDecoder> decoders = new ArrayList<>();
        for (ImageDecoder decoder : ServiceLoader.load(ImageDecoder.class)) {
            decoders.add(processes.decoder(decoder));
        }
        return new Decoding(new ImageReader(decoders, limits), List.of(processes));
    }

    ImageReader reader() {
        return reader;
    }

    @Override
    public void close() {
        for (AutoCloseable child : children) {
            try {
                child.close();
            } catch (Exception e) {
                throw new CommandException("a decoder process did not end: " + e.getMessage(), e);
            }
        }
    }
}
