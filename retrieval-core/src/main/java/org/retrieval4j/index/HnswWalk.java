package org.retrieval4j.index;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** What a thread needs to walk through graphs: marks of the nodes visited, and two heaps. For one thread. */
final class HnswWalk {
    private int[] marks = {};
    private int epoch;
    private final LongHeap candidates = new LongHeap();
    private final LongHeap worst = new LongHeap(); // of the results, complemented: the farthest on top
    private int[] links = {};
    private float[] distances = {};
    private long[] results = {};

    private void start(HnswGraph graph) {
        if (marks.length < graph.size()) {
            marks = new int[graph.size()];
            epoch = 0;
        }
        if (links.length < 1 + 2 * graph.m()) {
            links = new int[1 + 2 * graph.m()];
            distances = new float[links.length];
        }
        if (++epoch == Integer.MAX_VALUE) {
            java.util.Arrays.fill(marks, 0);
            epoch = 1;
        }
    }

    /** Goes from the entry down to a level, always to the nearest neighbor. */
    long descend(HnswGraph graph, NodeDistances from, int level) {
        start(graph);
        links[0] = graph.entry();
        from.to(links, 0, 1, distances);
        long nearest = NodeDistances.key(distances[0], graph.entry());
        for (int at = graph.level(graph.entry()); at > level; at--) {
            boolean nearer = true;
            while (nearer) {
                nearer = false;
                int count = graph.links(NodeDistances.node(nearest), at, links);
                from.to(links, 1, count, distances);
                for (int i = 0; i < count; i++) {
                    long key = NodeDistances.key(distances[i], links[1 + i]);
                    if (key < nearest) {
                        nearest = key;
                        nearer = true;
                    }
                }
            }
        }
        return nearest;
    }

    /**
     * Finds the ef nearest nodes of a level (Malkov and Yashunin, algorithm 2).
     *
     * @param start key of the node to start from
     * @param accept which nodes may be found; the others are passed through. Null for all
     * @return number of {@link #results}, at most ef
     */
    int search(HnswGraph graph, NodeDistances from, long start, int level, int ef, @Nullable IntPredicate accept) {
        start(graph);
        candidates.clear();
        worst.clear();
        candidates.push(start);
        marks[NodeDistances.node(start)] = epoch;
        if (accept == null || accept.test(NodeDistances.node(start))) {
            worst.push(~start);
        }
        long limit = Long.MAX_VALUE; // what a node must be below, once there are ef
        if (worst.size() == ef) {
            limit = ~worst.top();
        }
        while (candidates.size() > 0) {
            long nearest = candidates.pop();
            if (nearest > limit) {
                break;
            }
            int count = graph.links(NodeDistances.node(nearest), level, links);
            int fresh = 0;
            for (int i = 1; i <= count; i++) {
                int node = links[i];
                if (marks[node] != epoch) {
                    marks[node] = epoch;
                    links[fresh++] = node;
                }
            }
            from.to(links, 0, fresh, distances);
            for (int i = 0; i < fresh; i++) {
                long key = NodeDistances.key(distances[i], links[i]);
                if (key >= limit) {
                    continue;
                }
                candidates.push(key);
                if (accept == null || accept.test(links[i])) {
                    if (worst.size() < ef) {
                        worst.push(~key);
                    } else {
                        worst.replaceTop(~key);
                    }
                    limit = worst.size() < ef ? Long.MAX_VALUE : ~worst.top();
                }
            }
        }
        int found = worst.size();
        if (results.length < found) {
            results = new long[Math.max(ef, found)];
        }
        for (int i = found - 1; i >= 0; i--) {
            results[i] = ~worst.pop();
        }
        return found;
    }

    /** Keys of what the last search found, nearest first. */
    long[] results() {
        return results;
    }
}
