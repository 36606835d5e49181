package org.retrieval4j.onnx;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Orientation;

/**
 * Networks and photographs that are not in the project, for tests that are skipped without them:
 * {@code -Dretrieval4j.models=FOLDER} with the networks of the example manifests in any folders below, and
 * {@code -Dretrieval4j.images=FOLDER} with folders of photographs.
 */
final class RealNetworks {
    private RealNetworks() {}

    static Extractor extractor(String name) {
        return TestNetworks.components().create(Extractor.class, spec(name));
    }

    static Matcher matcher(String name) {
        return TestNetworks.components().create(Matcher.class, spec(name));
    }

    private static String spec(String name) {
        Path models = folder("retrieval4j.models");
        try (Stream<Path> files = Files.walk(models)) {
            Path weights = files.filter(
                            file -> String.valueOf(file.getFileName()).equals(name + ".onnx"))
                    .findFirst()
                    .orElse(models);
            Assumptions.assumeTrue(Files.isRegularFile(weights), () -> "no " + name + ".onnx below " + models);
            return "onnx(manifest=\"manifests/" + name + ".yaml\",weights=\"" + weights + "\")";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The photographs of a folder, sorted by name. */
    static List<Path> photographs(String name) {
        Path folder = folder("retrieval4j.images").resolve(name);
        Assumptions.assumeTrue(Files.isDirectory(folder), () -> folder + " is not there");
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().toLowerCase(Locale.ROOT).endsWith(".jpg"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder(String property) {
        String folder = System.getProperty(property);
        Assumptions.assumeTrue(folder != null, () -> "-D" + property + "=FOLDER is not given");
        return Path.of(String.valueOf(folder));
    }

    static Image read(Path file) {
        try {
            BufferedImage read = ImageIO.read(file.toFile());
            int[] argb = read.getRGB(0, 0, read.getWidth(), read.getHeight(), null, 0, read.getWidth());
            byte[] rgb = new byte[3 * argb.length];
            for (int i = 0; i < argb.length; i++) {
                rgb[3 * i] = (byte) (argb[i] >> 16);
                rgb[3 * i + 1] = (byte) (argb[i] >> 8);
                rgb[3 * i + 2] = (byte) argb[i];
            }
            return new Image(read.getWidth(), read.getHeight(), rgb, Orientation.UPRIGHT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
