package org.retrieval4j.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval demo}: the whole way on real photographs, without any data or network. */
@Command(
        name = "demo",
        description = {
            "Index and search eighteen real photographs, and write a report to look at.",
            "",
            "The photographs are those of org.openimaj:test-resources, which lies beside the program. What the demo does"
                    + " is what it shows: one index command and one search command."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class DemoCommand extends Subcommand {
    private static final String GRAF = "/org/openimaj/image/feature/validator/graf/img";
    private static final String IMAGE = "/org/openimaj/image/";
    private static final int GRAF_PICTURES = 6;
    private static final List<String> OTHERS = List.of(
            "contour/aestheticode/aestheticode.jpg",
            "data/35smm_original.jpg",
            "data/bird.png",
            "data/cat.jpg",
            "data/fisheye.jpeg",
            "data/green-rose.jpeg",
            "data/photo.JPG",
            "data/red-rose.jpeg",
            "data/sinaface.jpg",
            "processing/transform/italic--20.png",
            "text/extraction/lab-sign.jpg",
            "text/extraction/signtext.jpg");

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Where photographs, database and report go (default: retrieval-demo).")
    private Path output = Path.of("retrieval-demo");

    @Override
    int execute() throws IOException {
        Path photographs = output.resolve("photographs");
        Path database = output.resolve("database");
        Path report = output.resolve("report.html");
        Path truth = output.resolve("ground-truth.csv");
        Files.createDirectories(photographs);
        List<String> graf = unpack(photographs);
        Files.writeString(truth, groundTruth(graf));

        int code = step("index", "--database", database.toString(), photographs.toString());
        if (code == Main.DONE) {
            List<String> search = new ArrayList<>(List.of("search", "--database", database.toString()));
            search.addAll(List.of("-k", "6", "--verify", "18", "--report", report.toString()));
            search.addAll(List.of("--ground-truth", truth.toString()));
            search.addAll(graf);
            code = step(search.toArray(String[]::new));
        }
        if (code == Main.DONE) {
            console().print("");
            console().print("Look at " + report.toAbsolutePath());
        }
        return code;
    }

    private int step(String... arguments) {
        console().print("");
        console().print("$ retrieval " + String.join(" ", arguments));
        return Main.run(console(), arguments);
    }

    /** Writes the photographs, and names the six of one wall. */
    private static List<String> unpack(Path folder) throws IOException {
        List<String> graf = new ArrayList<>();
        for (int i = 1; i <= GRAF_PICTURES; i++) {
            Path file = folder.resolve("graf-" + i + ".png");
            graf.add(file.toString().replace('\\', '/'));
            if (Files.notExists(file)) {
                // the artifact has them as PPM, which no browser shows
                ImageIO.write(pixmap(resource(GRAF + i + ".ppm")), "png", file.toFile());
            }
        }
        for (String name : OTHERS) {
            Path file = folder.resolve(name.substring(name.lastIndexOf('/') + 1));
            if (Files.notExists(file)) {
                Files.write(file, resource(IMAGE + name));
            }
        }
        return graf;
    }

    private static String groundTruth(List<String> graf) {
        StringBuilder rows = new StringBuilder();
        for (String query : graf) {
            Set<String> row = new LinkedHashSet<>(List.of(query));
            row.addAll(graf);
            List<String> quoted = row.stream()
                    .map(name -> '"' + name.replace("\"", "\"\"") + '"')
                    .toList();
            rows.append(String.join(",", quoted)).append('\n');
        }
        return rows.toString();
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = DemoCommand.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new CommandException("the photographs are missing: org.openimaj:test-resources must lie as"
                        + " lib/test-resources-1.3.10.jar beside retrieval.jar, where mvn package puts it");
            }
            return in.readAllBytes();
        }
    }

    // The artifact's six pixmaps: P6, 8 bit.
    private static BufferedImage pixmap(byte[] bytes) throws IOException {
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        String magic = token(in);
        int width = Integer.parseInt(token(in));
        int height = Integer.parseInt(token(in));
        if (!magic.equals("P6") || !token(in).equals("255") || in.available() != 3 * width * height) {
            throw new IOException("not an 8-bit pixmap");
        }
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, in.read() << 16 | in.read() << 8 | in.read());
            }
        }
        return image;
    }

    private static String token(ByteArrayInputStream in) {
        StringBuilder token = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '#' && token.isEmpty()) {
                while (c >= 0 && c != '\n') {
                    c = in.read();
                }
            } else if (!Character.isWhitespace(c)) {
                token.append((char) c);
            } else if (!token.isEmpty()) {
                break;
            }
        }
        return token.toString();
    }
}
