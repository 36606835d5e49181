package org.retrieval4j.aggregation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.KMeans;
import org.retrieval4j.learning.ParallelChunks;

/**
 * A codebook of many words in about as many groups as a group has words: a descriptor is compared with the words of the
 * groups whose centers are nearest to it. Which words are found depends neither on kernels nor on threads. Immutable.
 *
 * <p>An inverted file over the words (Sivic and Zisserman, Video Google, ICCV 2003), whose lists are gone through group
 * by group for many descriptors at once, so that the kernels multiply matrices. O((√n + probes √n) d) a descriptor.
 */
final class WordGroups implements AutoCloseable {
    private static final String CENTERS = "group-centers";
    private static final String GROUPS = "word-groups";

    /** The centers need not be the best. */
    private static final int ITERATIONS = 10;

    private final Kernels kernels;
    private final Kernels.Operand codebook;
    private final Optional<Kernels.Operand> centers;
    private final int[][] members;
    private final Kernels.Operand[] words;
    private final int probes;

    /** Groups in the state of an aggregator; without any, all words are compared. */
    WordGroups(FloatMatrix codebook, ComponentState state, int probes, Kernels kernels) {
        this.kernels = kernels;
        this.codebook = kernels.prepare(codebook);
        this.probes = probes;
        if (!isNeeded(codebook.rows(), probes)) {
            centers = Optional.empty();
            members = new int[0][];
            words = new Kernels.Operand[0];
            return;
        }
        FloatMatrix groups = state.array(CENTERS);
        members = members(state.array(GROUPS), codebook.rows(), groups.rows());
        if (groups.columns() != codebook.columns()) {
            throw new IllegalArgumentException(
                    CENTERS + " must have width " + codebook.columns() + ", got " + groups.columns());
        }
        centers = Optional.of(kernels.prepare(groups));
        words = new Kernels.Operand[members.length];
        Arrays.setAll(words, g -> kernels.prepare(codebook.select(members[g])));
    }

    /** The words of each group, ascending; every group has one. */
    private static int[][] members(FloatMatrix groupOf, int n, int groups) {
        if (groupOf.rows() != 1 || groupOf.columns() != n) {
            throw new IllegalArgumentException(
                    GROUPS + " must be 1 x " + n + ", got " + groupOf.rows() + " x " + groupOf.columns());
        }
        List<List<Integer>> members = new ArrayList<>();
        for (int g = 0; g < groups; g++) {
            members.add(new ArrayList<>());
        }
        for (int word = 0; word < n; word++) {
            float group = groupOf.get(0, word);
            if (!(group >= 0 && group < groups) || group != (int) group) {
                throw new IllegalArgumentException(
                        GROUPS + " must be whole numbers from 0 to " + (groups - 1) + ", got " + group);
            }
            members.get((int) group).add(word);
        }
        for (int g = 0; g < groups; g++) {
            if (members.get(g).isEmpty()) {
                throw new IllegalArgumentException(GROUPS + " must give each group a word, none has " + g);
            }
        }
        return members.stream()
                .map(group -> group.stream().mapToInt(Integer::intValue).toArray())
                .toArray(int[][]::new);
    }

    private static int count(int words) {
        return (int) Math.ceil(Math.sqrt(words));
    }

    private static boolean isNeeded(int words, int probes) {
        return probes < count(words);
    }

    /** The arrays of groups, or none if so many probes reach all of them. */
    static Map<String, FloatMatrix> learn(FloatMatrix codebook, int probes, Kernels kernels, BuildContext context) {
        if (!isNeeded(codebook.rows(), probes)) {
            return Map.of();
        }
        KMeans.Options options = new KMeans.Options(count(codebook.rows()), ITERATIONS, context.seed());
        FloatMatrix centers = KMeans.train(codebook, options, kernels, context).centroids();
        int[] groups = new int[codebook.rows()];
        try (Kernels.Operand operand = kernels.prepare(centers)) {
            kernels.assign(codebook, operand, groups);
        }
        int[] used = Arrays.stream(groups).distinct().sorted().toArray();
        float[] numbers = new float[groups.length];
        for (int word = 0; word < groups.length; word++) {
            numbers[word] = Arrays.binarySearch(used, groups[word]);
        }
        return Map.of(CENTERS, centers.select(used), GROUPS, FloatMatrix.of(1, numbers.length, numbers));
    }

    FloatMatrix codebook() {
        return codebook.matrix();
    }

    /** Finds r words of each descriptor, at most as many as there are. */
    WordFinder finder(int r) {
        return centers.isEmpty() ? new NearestWords(kernels, codebook, r) : new Probing(centers.get(), r);
    }

    /** The nearest word of each descriptor. */
    int[] assign(FloatMatrix x, BuildContext context) {
        int[] ids = new int[x.rows()];
        ParallelChunks.run(context, ids.length, Probing.ROWS, (from, to) -> {
            int[] next = {from};
            finder(1).forEach(x.rows(from, to), (found, distances) -> ids[next[0]++] = found[0]);
        });
        return ids;
    }

    @Override
    public void close() {
        codebook.close();
        centers.ifPresent(Kernels.Operand::close);
        for (Kernels.Operand group : words) {
            group.close();
        }
    }

    /** Looks into some groups. For one thread. */
    private final class Probing implements WordFinder {
        static final int ROWS = 1024;

        private final int r;
        private final int d;
        private final NearestWords nearestGroups;
        private final NearestList nearest;
        private final int[] found;
        private final double[] distances;
        private final int[][] visitors = new int[members.length][16]; // rows that look into each group
        private final int[] counts = new int[members.length];
        private float[] gathered = {};
        private float[] products = {};

        Probing(Kernels.Operand groups, int r) {
            this.r = r;
            this.d = codebook.matrix().columns();
            this.nearestGroups = new NearestWords(kernels, groups, Math.min(probes, members.length));
            this.nearest = new NearestList(r, d, NearestList.largest(codebook.squaredNorms()));
            this.found = new int[r];
            this.distances = new double[r];
        }

        @Override
        public void forEach(FloatMatrix x, Target target) {
            for (int from = 0; from < x.rows(); from += ROWS) {
                find(x.rows(from, Math.min(x.rows(), from + ROWS)), target);
            }
        }

        private void find(FloatMatrix x, Target target) {
            int looked = Math.min(probes, members.length);
            int[] groups = new int[x.rows() * looked]; // nearest first, descriptor by descriptor
            int[] row = {0};
            nearestGroups.forEach(x, (found, ignored) -> System.arraycopy(found, 0, groups, row[0]++ * looked, looked));
            nearest.start(x);
            int near = (looked + 3) / 4; // after these, little in the others is near enough to be looked at
            visit(x, groups, looked, 0, near);
            visit(x, groups, looked, near, looked);
            for (int i = 0; i < x.rows(); i++) {
                if (nearest.isFull(i)) {
                    nearest.copy(i, found, distances);
                    target.accept(found, distances);
                } else { // the groups have fewer than r words
                    new NearestWords(kernels, codebook, r).forEach(x.rows(i, i + 1), target);
                }
            }
        }

        private void visit(FloatMatrix x, int[] groups, int looked, int from, int to) {
            Arrays.fill(counts, 0);
            for (int row = 0; row < x.rows(); row++) {
                for (int i = from; i < to; i++) {
                    int group = groups[row * looked + i];
                    if (counts[group] == visitors[group].length) {
                        visitors[group] = Arrays.copyOf(visitors[group], 2 * counts[group]);
                    }
                    visitors[group][counts[group]++] = row;
                }
            }
            for (int g = 0; g < counts.length; g++) {
                if (counts[g] > 0) {
                    compare(x, g);
                }
            }
        }

        private void compare(FloatMatrix x, int g) {
            int count = counts[g];
            int n = members[g].length;
            if (gathered.length < count * d) {
                gathered = new float[count * d];
            }
            if (products.length < count * n) {
                products = new float[Math.multiplyExact(count, n)];
            }
            for (int i = 0; i < count; i++) {
                System.arraycopy(x.array(), x.offset() + visitors[g][i] * d, gathered, i * d, d);
            }
            kernels.products(FloatMatrix.of(count, d, gathered), words[g], products);
            for (int i = 0; i < count; i++) {
                nearest.consider(visitors[g][i], words[g], members[g], products, i * n);
            }
        }
    }
}
