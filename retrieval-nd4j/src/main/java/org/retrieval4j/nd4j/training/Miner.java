package org.retrieval4j.nd4j.training;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds what is hard: of a query's positives the ones that look most like it already (a potential positive may look
 * elsewhere), and of a random pool of negatives, and of those that were hard before, the ones that look most like it, at
 * most one of each class. Descriptors come from a cache that is refreshed now and then. Arandjelović and others (NetVLAD,
 * CVPR 2016, appendix A); Radenović, Tolias, Chum (CNN image retrieval, 2019) for one a class. For one thread.
 */
final class Miner {
    private final Relations relations;
    private final Options options;
    private final long seed;
    private final int[][] hard;
    private double[] vectors = new double[0];
    private int columns;

    /**
     * Settings.
     *
     * @param positives of a query, at least 1
     * @param negatives of a query, at least 1
     * @param pool how many random negatives are looked at, at least as many
     * @param nearest whether the nearest positives are taken, or random ones
     */
    record Options(int positives, int negatives, int pool, boolean nearest) {
        Options {
            if (positives < 1) {
                throw new IllegalArgumentException("positives must be at least 1, got " + positives);
            }
            if (negatives < 1) {
                throw new IllegalArgumentException("negatives must be at least 1, got " + negatives);
            }
            if (pool < negatives) {
                throw new IllegalArgumentException(
                        "pool must be at least " + negatives + ", the number of negatives, got " + pool);
            }
        }
    }

    /** Pictures of one query. */
    record Picked(int query, int[] positives, int[] negatives) {}

    Miner(Relations relations, Options options, long seed) {
        this.relations = relations;
        this.options = options;
        this.seed = seed;
        this.hard = new int[relations.size()][];
        Arrays.fill(hard, new int[0]);
    }

    /** Takes the present descriptors of all pictures. */
    void refresh(double[] descriptors, int width) {
        vectors = descriptors;
        columns = width;
    }

    /** What was hard for each picture, to be kept. */
    int[][] hard() {
        return hard;
    }

    /** The pictures that a query is compared with; null if there is no negative in its pool. */
    @Nullable
    Picked pick(int query, int epoch) {
        SplittableRandom random = new SplittableRandom(seed ^ 0x9e3779b97f4a7c15L * (epoch + 1) ^ ((long) query << 32));
        int[] positives = relations.positives(query).clone();
        int wanted = Math.min(options.positives, positives.length);
        if (options.nearest) {
            positives = nearest(query, positives);
        } else {
            for (int i = 0; i < wanted; i++) {
                int other = random.nextInt(i, positives.length);
                int swapped = positives[i];
                positives[i] = positives[other];
                positives[other] = swapped;
            }
        }
        int[] negatives = distinct(nearest(query, candidates(query, random)));
        hard[query] = negatives;
        return negatives.length == 0 ? null : new Picked(query, Arrays.copyOf(positives, wanted), negatives);
    }

    private int[] candidates(int query, SplittableRandom random) {
        int n = relations.size();
        if (n <= 2 * options.pool) {
            // few pictures: a random order of all, so that a smaller pool is still a random one
            int[] all = IntStream.range(0, n)
                    .filter(i -> relations.isNegative(query, i))
                    .toArray();
            int count = Math.min(options.pool, all.length);
            for (int i = 0; i < count; i++) {
                int other = random.nextInt(i, all.length);
                int swapped = all[i];
                all[i] = all[other];
                all[other] = swapped;
            }
            return IntStream.concat(Arrays.stream(all, 0, count), Arrays.stream(hard[query]))
                    .distinct()
                    .toArray();
        }
        IntStream.Builder found = IntStream.builder();
        Set<Integer> seen = new HashSet<>();
        for (int before : hard[query]) {
            seen.add(before);
            found.add(before);
        }
        int tries = 20 * options.pool; // where nearly all pictures are near, a smaller pool must do
        for (int count = 0; count < options.pool && tries > 0; tries--) {
            int other = random.nextInt(n);
            if (relations.isNegative(query, other) && seen.add(other)) {
                found.add(other);
                count++;
            }
        }
        return found.build().toArray();
    }

    /** Nearest to the query first; of equally near ones the smaller number. */
    private int[] nearest(int query, int[] pictures) {
        double[] distances = new double[pictures.length];
        Integer[] order = new Integer[pictures.length];
        for (int i = 0; i < pictures.length; i++) {
            double sum = 0;
            for (int j = 0; j < columns; j++) {
                double difference = vectors[query * columns + j] - vectors[pictures[i] * columns + j];
                sum += difference * difference;
            }
            distances[i] = sum;
            order[i] = i;
        }
        Arrays.sort(
                order,
                (a, b) -> distances[a] != distances[b]
                        ? Double.compare(distances[a], distances[b])
                        : Integer.compare(pictures[a], pictures[b]));
        return Arrays.stream(order).mapToInt(i -> pictures[i]).toArray();
    }

    private int[] distinct(int[] nearest) {
        IntStream.Builder chosen = IntStream.builder();
        Set<Integer> seen = new HashSet<>();
        int count = 0;
        for (int i = 0; i < nearest.length && count < options.negatives; i++) {
            int label = relations.label(nearest[i]);
            if (label < 0 || seen.add(label)) {
                chosen.add(nearest[i]);
                count++;
            }
        }
        return chosen.build().toArray();
    }
}
