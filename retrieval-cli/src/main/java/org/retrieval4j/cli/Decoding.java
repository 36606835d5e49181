package org.retrieval4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.image.ChildProcessDecoder;
import org.retrieval4j.spi.ImageDecoder;

/** The reader of a command, with the child processes it may use. */
final class Decoding implements AutoCloseable {
    private final ImageReader reader;
    private final List<ChildProcessDecoder> children;

    private Decoding(ImageReader reader, List<ChildProcessDecoder> children) {
        this.reader = reader;
        this.children = children;
    }

    static Decoding open(DecodingOptions options, int threads) {
        ImageLimits limits = options.limits();
        ImageReader inside = ImageReader.load(limits);
        if (!options.child()) {
            return new Decoding(inside, List.of());
        }
        List<ChildProcessDecoder> children = new ArrayList<>();
        for (ImageDecoder decoder : inside.decoders()) {
            children.add(new ChildProcessDecoder(
                    decoder, ChildProcessDecoder.Options.defaults().withProcesses(threads)));
        }
        return new Decoding(new ImageReader(children, limits), children);
    }

    ImageReader reader() {
        return reader;
    }

    @Override
    public void close() {
        children.forEach(ChildProcessDecoder::close);
    }
}
