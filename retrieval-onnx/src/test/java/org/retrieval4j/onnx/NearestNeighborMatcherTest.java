package org.retrieval4j.onnx;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.MatcherContract;

class NearestNeighborMatcherTest extends MatcherContract {
    @TempDir
    static Path folder = Path.of("");

    @Override
    protected String spec() {
        return "onnx(manifest=\"" + TestNetworks.nearestNeighbor(folder, 128) + "\")";
    }
}
