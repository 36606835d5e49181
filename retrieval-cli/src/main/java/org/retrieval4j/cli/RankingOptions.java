package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.eval.QueryFigures;
import picocli.CommandLine.Option;

/** Rankings or scores that are judged: one of the two. */
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class RankingOptions {
    @Option(
            names = "--ranks",
            paramLabel = "R.npy|R.csv",
            description =
                    "Rankings: a matrix of indices of images from 0, row r of a query's column the image at rank r; or"
                            + " names, rows query,image,image,... best first; or JSON {\"query\": [\"image\", ...]}.")
    private @Nullable Path ranks;

    @Option(
            names = "--scores",
            paramLabel = "S.npy",
            description = "Scores, images x queries, higher is better; equal ones rank in the order of images.")
    private @Nullable Path scores;

    Path file() {
        return Objects.requireNonNull(ranks == null ? scores : ranks);
    }

    boolean areRanks() {
        return ranks != null;
    }

    /**
     * Judges what was given.
     *
     * @param distractors how many images the ground truth does not know; null for as many as there are
     */
    void judge(Console console, Protocol protocol, @Nullable Integer distractors, FigureOutput output)
            throws IOException {
        if (distractors != null && distractors < 0) {
            throw new UsageException("--distractors must be at least 0, got " + distractors);
        }
        RankingFile.Rankings rankings = read(protocol, distractors);
        int known = protocol.images().size();
        int others = distractors == null ? rankings.others() : distractors;
        Map<String, QueryFigures> figures;
        try {
            figures = protocol.judge(others, rankings.lists());
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file() + ": " + refused.getMessage(), refused);
        }
        if (protocol.listsAllImages()) {
            if (distractors == null && others > 0) {
                console.note(others + " images behind the " + known + " of the ground truth count as distractors");
            }
            int shortest = Arrays.stream(rankings.lists())
                    .mapToInt(ranking -> ranking.length)
                    .min()
                    .orElse(0);
            if (shortest < known + others && protocol.answers() == Integer.MAX_VALUE) {
                console.note("rankings hold the first " + shortest + " of " + (known + others)
                        + " images; right answers behind them count as never found");
            }
        }
        output.print(console, figures);
    }

    private RankingFile.Rankings read(Protocol protocol, @Nullable Integer distractors) throws IOException {
        Names images = protocol.images();
        if (!areRanks()) {
            requireAllImages(protocol);
            return RankingFile.scores(file(), images.size(), protocol.queries().size());
        }
        if (RankingFile.isMatrix(file())) {
            requireAllImages(protocol);
        }
        int unknown = protocol.listsAllImages() ? distractors == null ? 0 : distractors : Integer.MAX_VALUE;
        return RankingFile.read(file(), images, protocol.queries(), unknown, protocol::lacks);
    }

    private void requireAllImages(Protocol protocol) {
        if (!protocol.listsAllImages()) {
            throw new UsageException("a matrix needs --images, the list that its indices belong to");
        }
    }
}
