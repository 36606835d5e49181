package org.retrieval4j.index;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.storage.IntRows;

/**
 * Builds the graph of a segment (Malkov and Yashunin, algorithm 1, with the neighbors of algorithm 4).
 *
 * <p>A node's level comes from the seed and its id. Nodes are inserted from the highest level down, each level in a
 * shuffled order, in groups: the neighbors of a group are searched in parallel in the graph before it, then its links are
 * made one after the other. Groups depend on the number of nodes alone, so that the graph is the same for any number of
 * threads.
 */
final class HnswBuilder {
    private static final int GROUP = 256;

    private final int m;
    private final int efConstruction;
    private final BuildContext context;
    private final int n;
    private final int[] ends;
    private final int[] base;
    private final int[] upper;
    private final float[] baseDistances;
    private final float[] upperDistances;
    private final HnswGraph graph; // reads the arrays while they are filled
    private final int[] order;
    private final Queue<Worker> workers = new ConcurrentLinkedQueue<>();
    private final NodeVectors vectors;
    private final Metric metric;
    private final Kernels kernels;

    private HnswBuilder(
            NodeVectors vectors, int m, int efConstruction, Metric metric, Kernels kernels, BuildContext context) {
        this.vectors = vectors;
        this.m = m;
        this.efConstruction = efConstruction;
        this.metric = metric;
        this.kernels = kernels;
        this.context = context;
        this.n = vectors.size();
        this.ends = new int[n];
        long[] keys = new long[n];
        int sum = 0;
        for (int node = 0; node < n; node++) {
            SplittableRandom random = new SplittableRandom(context.seed() ^ vectors.id(node) * 0x9e3779b97f4a7c15L);
            // 1 − nextDouble is above 0; StrictMath, so that the level is the same on every machine
            int level = (int) Math.min(30, -StrictMath.log(1 - random.nextDouble()) / StrictMath.log(m));
            sum += level;
            ends[node] = sum;
            keys[node] = (long) (31 - level) << 57 | (random.nextLong() >>> 39) << 32 | node;
        }
        Arrays.sort(keys);
        this.order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = (int) keys[i];
        }
        this.base = new int[Math.multiplyExact(n, 1 + 2 * m)];
        this.upper = new int[Math.multiplyExact(sum, 1 + m)];
        this.baseDistances = new float[n * 2 * m];
        this.upperDistances = new float[sum * m];
        this.graph = new HnswGraph(
                m, order[0], IntRows.of(n, 1 + 2 * m, base), IntRows.of(sum, 1 + m, upper), IntBuffer.wrap(ends));
    }

    /** O(n log n · (efConstruction + m) · m · d), roughly. */
    static HnswGraph build(
            NodeVectors vectors, int m, int efConstruction, Metric metric, Kernels kernels, BuildContext context) {
        return new HnswBuilder(vectors, m, efConstruction, metric, kernels, context).build();
    }

    private HnswGraph build() {
        Worker linker = new Worker();
        for (int done = 1; done < n; ) {
            context.checkInterrupted();
            int from = done;
            int count = Math.min(n - done, Math.max(1, Math.min(GROUP, done / 16)));
            ParallelChunks.run(context, count, 4, (first, to) -> {
                Worker worker = workers.poll();
                if (worker == null) {
                    worker = new Worker();
                }
                for (int i = first; i < to; i++) {
                    worker.connect(order[from + i]);
                }
                workers.add(worker);
            });
            for (int i = from; i < from + count; i++) {
                linker.linkBack(order[i]);
            }
            done += count;
            context.progress().progress("hnsw", done, n);
        }
        return graph;
    }

    /** Index of the row of a node's links in {@link #base} or {@link #upper}. */
    private int row(int node, int level) {
        return level == 0 ? node * (1 + 2 * m) : ((node == 0 ? 0 : ends[node - 1]) + level - 1) * (1 + m);
    }

    /** Index of the distance of a node's first link. */
    private int distancesRow(int node, int level) {
        return level == 0 ? node * 2 * m : ((node == 0 ? 0 : ends[node - 1]) + level - 1) * m;
    }

    /** What one thread needs. */
    private final class Worker {
        private final HnswWalk walk = new HnswWalk();
        private final NodeDistances fromNode = new NodeDistances(metric, kernels, vectors);
        private final NodeDistances fromCandidate = new NodeDistances(metric, kernels, vectors);
        private final int[] selected = new int[2 * m];
        private final long[] keys = new long[2 * m];
        private final long[] all = new long[2 * m + 1];
        private final float[] distances = new float[2 * m];

        /** Finds a new node's neighbors on all its levels. Nobody else sees the node yet. */
        void connect(int node) {
            int level = graph.level(node);
            fromNode.from(node);
            long nearest = walk.descend(graph, fromNode, level);
            for (int at = Math.min(level, graph.level(graph.entry())); at >= 0; at--) {
                int found = walk.search(graph, fromNode, nearest, at, efConstruction, null);
                nearest = walk.results()[0];
                int count = select(walk.results(), found, at == 0 ? 2 * m : m);
                store(node, at, count);
            }
        }

        void linkBack(int node) {
            for (int level = graph.level(node); level >= 0; level--) {
                int[] array = level == 0 ? base : upper;
                float[] near = level == 0 ? baseDistances : upperDistances;
                int row = row(node, level);
                for (int i = 0; i < array[row]; i++) {
                    add(array[row + 1 + i], level, NodeDistances.key(near[distancesRow(node, level) + i], node));
                }
            }
        }

        /** Links a node to another, and away from those that this makes superfluous if it has too many. */
        private void add(int node, int level, long key) {
            int[] array = level == 0 ? base : upper;
            float[] near = level == 0 ? baseDistances : upperDistances;
            int most = level == 0 ? 2 * m : m;
            int row = row(node, level);
            int first = distancesRow(node, level);
            int count = array[row];
            if (count < most) {
                array[row + 1 + count] = NodeDistances.node(key);
                near[first + count] = NodeDistances.distance(key);
                array[row] = count + 1;
                return;
            }
            for (int i = 0; i < count; i++) {
                all[i] = NodeDistances.key(near[first + i], array[row + 1 + i]);
            }
            all[count] = key;
            Arrays.sort(all, 0, count + 1);
            store(node, level, select(all, count + 1, most));
        }

        /** Those of some candidates, nearest first, that are nearer to the node than to any selected before. */
        private int select(long[] candidates, int count, int most) {
            int chosen = 0;
            for (int c = 0; c < count && chosen < most; c++) {
                float distance = NodeDistances.distance(candidates[c]);
                boolean apart = true;
                if (chosen > 0) {
                    fromCandidate.from(NodeDistances.node(candidates[c]));
                }
                for (int s = 0; apart && s < chosen; s += 4) {
                    int some = Math.min(4, chosen - s);
                    fromCandidate.to(selected, s, some, distances);
                    for (int i = 0; i < some; i++) {
                        apart &= !(distances[i] < distance);
                    }
                }
                if (apart) {
                    keys[chosen] = candidates[c];
                    selected[chosen++] = NodeDistances.node(candidates[c]);
                }
            }
            return chosen;
        }

        private void store(int node, int level, int count) {
            int[] array = level == 0 ? base : upper;
            float[] near = level == 0 ? baseDistances : upperDistances;
            int row = row(node, level);
            int first = distancesRow(node, level);
            array[row] = count;
            for (int i = 0; i < count; i++) {
                array[row + 1 + i] = NodeDistances.node(keys[i]);
                near[first + i] = NodeDistances.distance(keys[i]);
            }
        }
    }
}
