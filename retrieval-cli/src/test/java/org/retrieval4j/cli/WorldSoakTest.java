package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseFile;
import org.retrieval4j.world.View;
import org.retrieval4j.world.World;

/**
 * The whole way in rendered worlds with the defaults of the commands: the share of queries that are found within 1 % of
 * the size of their place and half a degree, and of queries taken elsewhere that are refused.
 *
 * <pre>{@code
 * mvn verify -Psoak -pl retrieval-cli -am -Dtest=WorldSoakTest -Dsurefire.failIfNoSpecifiedTests=false -Dworld.seeds=10
 * }</pre>
 */
@Tag("soak")
class WorldSoakTest {
    private static final int SEEDS = Integer.getInteger("world.seeds", 10);
    private static final int FIRST = Integer.getInteger("world.first", 1);
    private static final double SIZE_SHARE = 0.01;
    private static final double DEGREES = 0.5;

    @Test
    void queriesAreFoundAndStrangersRefused(@TempDir Path folder) throws IOException {
        double found = 0;
        double refused = 0;
        for (int seed = FIRST; seed < FIRST + SEEDS; seed++) {
            Path files = folder.resolve("world" + seed);
            Path map = folder.resolve("map" + seed);
            run("world", "--seed", seed, "--output", files);
            run(
                    "map",
                    "build",
                    "--images",
                    files.resolve("images"),
                    "--poses",
                    files.resolve("poses.txt"),
                    "--cameras",
                    files.resolve("cameras.txt"),
                    "--output",
                    map);
            Map<String, Pose> queries = localize(files, map, "queries.txt");
            Map<String, Pose> strangers = localize(files, map, "elsewhere.txt");
            World world = new World(World.Options.defaults(seed));
            Map<String, Pose> truth = PoseFile.read(files.resolve("truth.txt"));
            List<String> missed = new ArrayList<>();
            for (View view : world.queries()) {
                Pose right = truth.get(view.name());
                Pose estimate = queries.get(view.name());
                if (right == null
                        || estimate == null
                        || !(right.positionError(estimate) < SIZE_SHARE * world.size(view))
                        || !(right.rotationErrorDegrees(estimate) < DEGREES)) {
                    missed.add(
                            estimate == null || right == null
                                    ? view.name() + " refused"
                                    : String.format(
                                            Locale.ROOT,
                                            "%s %.3f m %.2f°",
                                            view.name(),
                                            right.positionError(estimate),
                                            right.rotationErrorDegrees(estimate)));
                }
            }
            double all = world.queries().size();
            found += (all - missed.size()) / all / SEEDS;
            int others = world.elsewhere().size();
            refused += (double) (others - strangers.size()) / others / SEEDS;
            System.out.printf(
                    Locale.ROOT,
                    "seed %d: found %.1f %%, refused %.1f %%; missed %s, accepted %s%n",
                    seed,
                    100 * (all - missed.size()) / all,
                    100.0 * (others - strangers.size()) / others,
                    missed,
                    strangers.keySet());
        }
        System.out.printf(
                Locale.ROOT, "mean of %d seeds: found %.1f %%, refused %.1f %%%n", SEEDS, 100 * found, 100 * refused);
        assertThat(found).isGreaterThanOrEqualTo(0.95);
        assertThat(refused).isGreaterThanOrEqualTo(0.95);
    }

    private static Map<String, Pose> localize(Path files, Path map, String queries) throws IOException {
        Path output = map.resolveSibling(map.getFileName() + "-" + queries);
        run(
                "localize",
                "--map",
                map,
                "--queries",
                files.resolve(queries),
                "--images",
                files.resolve("images"),
                "--output",
                output);
        assertThat(Files.exists(output)).isTrue();
        return PoseFile.read(output);
    }

    private static void run(Object... arguments) {
        Cli run = Cli.run(arguments);
        assertThat(run.code()).as(run.err()).isZero();
    }
}
