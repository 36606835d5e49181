package org.retrieval4j.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Model;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.TestPictures;
import org.retrieval4j.api.Verification;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.RankedImage;

class ReportTest {
    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;
    private static final int PAIRS = 400;

    @TempDir
    Path folder;

    private static ImageFeatures features(long seed) {
        Random random = new Random(seed);
        float[] values = new float[PAIRS * Keypoints.COLUMNS];
        for (int i = 0; i < PAIRS; i++) {
            values[Keypoints.COLUMNS * i] = random.nextFloat() * WIDTH;
            values[Keypoints.COLUMNS * i + 1] = random.nextFloat() * HEIGHT;
        }
        return new ImageFeatures(
                WIDTH,
                HEIGHT,
                new Keypoints(FloatMatrix.of(PAIRS, Keypoints.COLUMNS, values)),
                FloatMatrix.of(PAIRS, 1, new float[PAIRS]));
    }

    private static PictureSource noise(String name, long seed) {
        return new PictureSource(name, () -> {
            byte[] rgb = new byte[3 * WIDTH * HEIGHT];
            new Random(seed).nextBytes(rgb); // no picture compresses worse
            return new Image(WIDTH, HEIGHT, rgb, Orientation.UPRIGHT);
        });
    }

    private static HitEntry hit(int id, String name, boolean verified, Verdict verdict, PictureSource picture) {
        int[] indices = new int[PAIRS];
        Arrays.setAll(indices, i -> i);
        Matches matches = new Matches(indices, indices, new float[PAIRS]);
        Optional<Verification> proof = verified
                ? Optional.of(new Verification(
                        PAIRS, matches, new Model("homography", new double[] {1, 0, 9, 0, 1, 5, 0, 0, 1})))
                : Optional.empty();
        RankedImage image = new RankedImage(
                new ImageRecord(id, name, WIDTH, HEIGHT, Orientation.UPRIGHT),
                0.5f,
                verified ? OptionalInt.of(PAIRS) : OptionalInt.empty(),
                proof);
        return new HitEntry(
                image, verdict, picture, verified ? Optional.of(features(id)) : Optional.empty(), Optional.of(matches));
    }

    private static QueryEntry query(
            String name, PictureSource picture, List<HitEntry> hits, Optional<Integer> relevant) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        seconds.put("decode", 0.010);
        seconds.put("extract", 0.120);
        seconds.put("search", 0.0004);
        return new QueryEntry(name, "", picture, Optional.of(features(0)), hits, seconds, relevant, false);
    }

    private String write(QueryEntry... queries) throws IOException {
        Report report = new Report("photos.db", 1234, Map.of("extractor", "sift"));
        for (QueryEntry query : queries) {
            report.add(query);
        }
        Path file = folder.resolve("report.html");
        report.write(file);
        return Files.readString(file);
    }

    @Test
    void staysBelowThreeHundredKilobytesAQuery() throws IOException {
        for (int k : new int[] {10, 120}) {
            List<HitEntry> hits = new ArrayList<>();
            for (int i = 0; i < k; i++) {
                hits.add(hit(i, "hit" + i, true, Verdict.UNKNOWN, noise("hit" + i, i)));
            }
            String page = write(query("query", noise("query", -1), hits, Optional.empty()));
            assertThat(page.getBytes(StandardCharsets.UTF_8).length)
                    .as("%d hits", k)
                    .isLessThan(300_000);
        }
    }

    @Test
    void storesAPictureOnceHoweverOftenItIsShown() throws IOException {
        List<HitEntry> hits = List.of(hit(1, "a", false, Verdict.UNKNOWN, noise("a", 1)));
        String page = write(
                query("a", noise("a", 1), hits, Optional.empty()), query("a", noise("a", 1), hits, Optional.empty()));
        assertThat(page.split("data:image/jpeg", -1)).hasSize(2);
    }

    @Test
    void namesCannotBecomeMarkup() throws IOException {
        String evil = "\"><script>alert(1)</script>'&\u202e\n.jpg";
        String page = write(
                query(evil, noise("q", 1), List.of(hit(1, evil, true, Verdict.WRONG, noise("h", 2))), Optional.of(1)));
        assertThat(page)
                .doesNotContain("<script", "\u202e", "alert(1)<")
                .contains("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;");
    }

    @Test
    void allowsNothingFromOutsideAndNoScript() throws IOException {
        String page = write(query("q", noise("q", 1), List.of(), Optional.empty()));
        assertThat(page)
                .contains("default-src 'none'; img-src data:; style-src 'sha256-")
                .doesNotContain("http:", "https:", "javascript:", "<script", " style=\"");
        assertThat(Pattern.compile("\\son[a-z]+=").matcher(page).find()).isFalse();
    }

    @Test
    void thumbnailsStandUprightAndCarryNothingOfTheFile() throws IOException {
        Image wide = TestPictures.textured(200, 100, 3);
        for (Orientation orientation : Orientation.values()) {
            Image stored = TestPictures.stored(wide, orientation);
            Thumbnail thumbnail = Thumbnail.of(stored, 160, 100_000);
            assertThat(thumbnail.width()).isEqualTo(160);
            assertThat(thumbnail.height()).isEqualTo(80);
            assertThat(new String(thumbnail.jpeg(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("Exif");
            assertThat(thumbnail.jpeg())
                    .isEqualTo(Thumbnail.of(wide, 160, 100_000).jpeg());
        }
    }

    @Test
    void shrinkingKeepsTheMeanColor() {
        Image picture = TestPictures.textured(301, 199, 4);
        Image small = Thumbnail.scaled(picture, 64);
        assertThat(small.width()).isEqualTo(64);
        assertThat(small.height()).isEqualTo(42);
        assertThat(mean(small)).isCloseTo(mean(picture), org.assertj.core.api.Assertions.within(1.0));
    }

    private static double mean(Image image) {
        long sum = 0;
        for (byte value : image.rgb()) {
            sum += value & 0xff;
        }
        return (double) sum / image.rgb().length;
    }

    @Test
    void aMistakeIsAWrongImageBeforeARightOneOrAMissingOne() {
        assertThat(mistake(2, Verdict.QUERY, Verdict.RIGHT, Verdict.RIGHT, Verdict.WRONG))
                .isFalse();
        assertThat(mistake(2, Verdict.QUERY, Verdict.RIGHT, Verdict.WRONG, Verdict.RIGHT))
                .isTrue();
        assertThat(mistake(2, Verdict.QUERY, Verdict.RIGHT, Verdict.WRONG)).isTrue();
        assertThat(mistake(2, Verdict.RIGHT))
                .as("the list was too short for both")
                .isFalse();
        assertThat(mistake(1, Verdict.WRONG)).isTrue();
    }

    private static boolean mistake(int relevant, Verdict... verdicts) {
        List<HitEntry> hits = new ArrayList<>();
        for (Verdict verdict : verdicts) {
            hits.add(hit(hits.size(), "x", false, verdict, noise("x", 1)));
        }
        return query("q", noise("q", 0), hits, Optional.of(relevant)).hasMistake();
    }

    @Test
    void aPictureThatIsGoneLeavesAFrame() throws IOException {
        PictureSource gone = new PictureSource("gone", () -> {
            throw new NoSuchFileException("gone");
        });
        String page = write(
                query("q", noise("q", 1), List.of(hit(1, "gone", false, Verdict.UNKNOWN, gone)), Optional.empty()));
        assertThat(page).contains("picture not found");
    }

    @Test
    void opensInABrowser() throws Exception {
        assumeTrue(Files.isExecutable(CHROMIUM), "no " + CHROMIUM);
        Image green = new Image(WIDTH, HEIGHT, greenPixels(), Orientation.UPRIGHT);
        PictureSource picture = new PictureSource("green", () -> green);
        write(
                query(
                        "first.jpg",
                        picture,
                        List.of(
                                hit(1, "first.jpg", true, Verdict.QUERY, picture),
                                hit(2, "other.jpg", true, Verdict.RIGHT, picture),
                                hit(3, "wrong.jpg", false, Verdict.WRONG, picture)),
                        Optional.of(1)),
                query("second.jpg", picture, List.of(hit(3, "w.jpg", false, Verdict.WRONG, picture)), Optional.of(1)));
        String address = folder.resolve("report.html").toUri().toString();

        Path dom = folder.resolve("dom.html");
        chromium(dom, "--dump-dom", address);
        String document = Files.readString(dom);
        assertThat(count(document, "<section class=\"query")).isEqualTo(2);
        assertThat(count(document, "<section class=\"query mistake")).isEqualTo(1);
        assertThat(count(document, "<label class=\"card")).isEqualTo(4);
        assertThat(count(document, "type=\"radio\"")).isEqualTo(4);
        assertThat(count(document, "id=\"wrong\"")).isEqualTo(1);
        assertThat(count(document, "<path class=\"in ")).isBetween(2, 2 * PairDrawing.COLORS);
        assertThat(count(document, "✓ right")).isEqualTo(1);
        assertThat(count(document, "✗ wrong")).isEqualTo(2);

        Path shot = folder.resolve("shot.png");
        String log = chromium(
                folder.resolve("out.txt"),
                "--screenshot=" + shot,
                "--window-size=1200,900",
                "--hide-scrollbars",
                address);
        assertThat(log).as("what the page's own policy refused").doesNotContain("Refused", "violates");
        BufferedImage seen = ImageIO.read(shot.toFile());
        assertThat(seen.getRGB(3, 3) & 0xffffff).as("the style is in force").isNotEqualTo(0xffffff);
        int greens = 0;
        for (int y = 0; y < seen.getHeight(); y++) {
            for (int x = 0; x < seen.getWidth(); x++) {
                int rgb = seen.getRGB(x, y);
                boolean isGreen = (rgb >> 8 & 255) > 180 && (rgb >> 16 & 255) < 60 && (rgb & 255) < 60;
                greens += isGreen ? 1 : 0;
            }
        }
        // two pictures of about 570 x 430, several small ones, lines over them
        assertThat(greens).isGreaterThan(250_000);
    }

    private static byte[] greenPixels() {
        byte[] rgb = new byte[3 * WIDTH * HEIGHT];
        for (int i = 0; i < rgb.length; i += 3) {
            rgb[i + 1] = (byte) 220;
        }
        return rgb;
    }

    private static int count(String text, String part) {
        Matcher matcher = Pattern.compile(part, Pattern.LITERAL).matcher(text);
        int count = 0;
        while (matcher.find()) {
            count++;
        }
        return count;
    }

    private String chromium(Path output, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                CHROMIUM.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--enable-logging=stderr",
                "--user-data-dir=" + folder.resolve("profile")));
        command.addAll(List.of(arguments));
        Path log = folder.resolve("log.txt");
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(log.toFile())
                .start();
        boolean ended = process.waitFor(120, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        String said = Files.readString(log);
        assertThat(ended).as(said).isTrue();
        return said;
    }

    @Test
    void embeddedPicturesAreWholeFiles() throws IOException {
        String page = write(query("q", noise("q", 1), List.of(), Optional.empty()));
        Matcher data = Pattern.compile("data:image/jpeg;base64,([^\"]+)").matcher(page);
        assertThat(data.find()).isTrue();
        BufferedImage picture =
                ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(data.group(1))));
        assertThat((double) picture.getWidth() / picture.getHeight())
                .isCloseTo(4.0 / 3, org.assertj.core.api.Assertions.within(0.02));
    }
}
