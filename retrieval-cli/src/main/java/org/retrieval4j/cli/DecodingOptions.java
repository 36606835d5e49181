package org.retrieval4j.cli;

import java.util.Locale;
import org.retrieval4j.api.ImageLimits;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** How picture files are read. */
final class DecodingOptions {
    private static final double MAX_MEGAPIXELS = Integer.MAX_VALUE / 3 / 1e6;

    @Option(names = "--max-megapixels", paramLabel = "M", description = "Skip larger pictures, unread (default: 100).")
    private double maxMegapixels = 100;

    @Option(
            names = "--formats",
            paramLabel = "common|all",
            converter = Lower.class,
            description = "common: JPEG, PNG, WebP (default); all: TIFF, BMP, GIF and JPEG 2000 too.")
    private String formats = "common";

    @Option(
            names = "--decode",
            paramLabel = "inside|child",
            converter = Lower.class,
            description = "child: decode in child processes, so that a broken picture cannot end this one.")
    private String decode = "inside";

    /** Text in lower case. */
    static final class Lower implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            return value.toLowerCase(Locale.ROOT);
        }
    }

    ImageLimits limits() {
        if (!(maxMegapixels > 0 && maxMegapixels <= MAX_MEGAPIXELS)) {
            throw new UsageException(String.format(
                    Locale.ROOT,
                    "--max-megapixels must be above 0 and at most %.0f, got %s",
                    MAX_MEGAPIXELS,
                    maxMegapixels));
        }
        boolean all = choice("--formats", formats, "common", "all");
        return ImageLimits.defaults()
                .withMaxPixels(Math.max(1, Math.round(maxMegapixels * 1e6)))
                .withUncommonFormats(all);
    }

    boolean child() {
        return choice("--decode", decode, "inside", "child");
    }

    private static boolean choice(String option, String value, String no, String yes) {
        if (!value.equals(no) && !value.equals(yes)) {
            throw new UsageException(option + " must be " + no + " or " + yes + ", got \"" + value + "\"");
        }
        return value.equals(yes);
    }
}
