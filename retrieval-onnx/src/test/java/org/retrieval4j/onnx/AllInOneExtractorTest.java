package org.retrieval4j.onnx;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.ExtractorContract;
import org.retrieval4j.spi.ComponentProvider;

class AllInOneExtractorTest extends ExtractorContract {
    @TempDir
    static Path folder = Path.of("");

    @Override
    protected ComponentProvider<Extractor, ?> provider() {
        return new OnnxExtractor.Provider();
    }

    @Override
    protected String spec() {
        return "onnx(manifest=" + TestNetworks.allInOne(folder, 48, 48).getFileName() + ")";
    }

    @Override
    protected BuildContext context() {
        return BuildContext.defaults().withBaseDirectory(folder);
    }
}
