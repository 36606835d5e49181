package org.retrieval4j.nd4j.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.eval.PlaceEvaluation;

/**
 * Which pictures of a set show the same, which may, and which do not: what a network learns. Pictures are numbers from 0.
 * Immutable, thread-safe.
 */
public final class Relations {
    private final int[][] positives;
    private final int[][] near;
    private final int[] labels;
    private final int classes;

    private Relations(int[][] positives, int[][] near, int[] labels) {
        this.positives = positives;
        this.near = near;
        this.labels = labels;
        this.classes = Arrays.stream(labels).max().orElse(-1) + 1;
    }

    /**
     * By a group, such as a landmark: pictures of one group are positives, all others negatives.
     *
     * @param groups any number for each picture; a negative one belongs to no group, and is a negative for all
     * @return the relations
     */
    public static Relations byGroup(long[] groups) {
        TreeMap<Long, List<Integer>> members = new TreeMap<>();
        for (int i = 0; i < groups.length; i++) {
            if (groups[i] >= 0) {
                members.computeIfAbsent(groups[i], group -> new ArrayList<>()).add(i);
            }
        }
        int[] labels = new int[groups.length];
        Arrays.fill(labels, -1);
        int[][] near = new int[groups.length][];
        int label = 0;
        for (List<Integer> group : members.values()) {
            int[] all = group.stream().mapToInt(i -> i).toArray();
            for (int picture : all) {
                labels[picture] = label;
                near[picture] = all;
            }
            label++;
        }
        int[][] positives = new int[groups.length][];
        for (int i = 0; i < groups.length; i++) {
            near[i] = near[i] == null ? new int[] {i} : near[i];
            positives[i] = without(near[i], i);
        }
        return new Relations(positives, near, labels);
    }

    /**
     * By position: near pictures are potential positives (they may look elsewhere), far ones negatives, and what lies
     * between is neither. Arandjelović and others (NetVLAD, 2016) have 10 and 25 meters.
     *
     * @param positions where the pictures were taken
     * @param positive the largest distance of a positive in meters
     * @param negative beyond this distance in meters is a negative, at least {@code positive}
     * @return the relations; there are no labels
     */
    public static Relations byPosition(PlaceEvaluation.Positions positions, double positive, double negative) {
        if (!(positive >= 0) || !(negative >= positive)) {
            throw new IllegalArgumentException(
                    "radii must be 0 <= positive <= negative, got " + positive + " and " + negative);
        }
        int[][] positives = PlaceEvaluation.within(positions, positions, positive);
        for (int i = 0; i < positives.length; i++) {
            positives[i] = without(positives[i], i);
        }
        int[] labels = new int[positives.length];
        Arrays.fill(labels, -1);
        return new Relations(positives, PlaceEvaluation.within(positions, positions, negative), labels);
    }

    /**
     * By pairs, such as matches verified by geometry: each is a positive of the other; pictures that no chain of pairs
     * connects are negatives; connected ones are neither, unless they are a pair.
     *
     * @param size number of pictures
     * @param first one of each pair
     * @param second the other
     * @return the relations; connected pictures have one label, single ones none
     */
    public static Relations byPairs(int size, int[] first, int[] second) {
        if (first.length != second.length) {
            throw new IllegalArgumentException(
                    "pairs must have two pictures, got " + first.length + " and " + second.length);
        }
        int[] root = IntStream.range(0, size).toArray();
        List<List<Integer>> partners = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            partners.add(new ArrayList<>());
        }
        for (int i = 0; i < first.length; i++) {
            if (first[i] < 0 || first[i] >= size || second[i] < 0 || second[i] >= size) {
                throw new IllegalArgumentException(
                        "a pair must be of pictures 0 to " + (size - 1) + ", got " + first[i] + " and " + second[i]);
            }
            if (first[i] != second[i]) {
                partners.get(first[i]).add(second[i]);
                partners.get(second[i]).add(first[i]);
                int a = root(root, first[i]);
                int b = root(root, second[i]);
                root[Math.max(a, b)] = Math.min(a, b);
            }
        }
        long[] groups = new long[size];
        for (int i = 0; i < size; i++) {
            groups[i] = partners.get(i).isEmpty() ? -1 : root(root, i);
        }
        Relations connected = byGroup(groups);
        int[][] positives = new int[size][];
        for (int i = 0; i < size; i++) {
            positives[i] = partners.get(i).stream()
                    .mapToInt(p -> p)
                    .distinct()
                    .sorted()
                    .toArray();
        }
        return new Relations(positives, connected.near, connected.labels);
    }

    private static int root(int[] root, int of) {
        int at = of;
        while (root[at] != at) {
            root[at] = root[root[at]];
            at = root[at];
        }
        return at;
    }

    private static int[] without(int[] all, int one) {
        return Arrays.stream(all).filter(i -> i != one).toArray();
    }

    /**
     * Number of pictures.
     *
     * @return n
     */
    public int size() {
        return positives.length;
    }

    /**
     * Pictures that show the same, or may.
     *
     * @param picture one of them
     * @return the others, ascending; the array itself, read-only by contract
     */
    public int[] positives(int picture) {
        return positives[picture];
    }

    /**
     * Tells whether a picture shows something else for certain.
     *
     * @param picture a picture
     * @param other another one, or itself
     * @return true if it does
     */
    public boolean isNegative(int picture, int other) {
        return Arrays.binarySearch(near[picture], other) < 0;
    }

    /**
     * The class of a picture.
     *
     * @param picture the picture
     * @return from 0, or −1 if it has none
     */
    public int label(int picture) {
        return labels[picture];
    }

    /**
     * Number of classes.
     *
     * @return 0 if pictures have no labels
     */
    public int classes() {
        return classes;
    }

    /**
     * The pictures that have something to learn from: a positive and a negative.
     *
     * @return their numbers, ascending
     */
    public int[] queries() {
        return IntStream.range(0, size())
                .filter(i -> positives[i].length > 0 && near[i].length < size())
                .toArray();
    }

    /**
     * The relations among some of the pictures.
     *
     * @param chosen their numbers, ascending
     * @return relations of pictures 0 to the number of chosen ones
     */
    public Relations among(int[] chosen) {
        int[] place = new int[size()];
        Arrays.fill(place, -1);
        for (int i = 0; i < chosen.length; i++) {
            place[chosen[i]] = i;
        }
        int[][] some = new int[chosen.length][];
        int[][] around = new int[chosen.length][];
        TreeMap<Integer, Integer> used = new TreeMap<>();
        for (int i = 0; i < chosen.length; i++) {
            some[i] = moved(positives[chosen[i]], place);
            around[i] = moved(near[chosen[i]], place);
            if (labels[chosen[i]] >= 0) {
                used.put(labels[chosen[i]], 0);
            }
        }
        int next = 0;
        for (Integer label : used.keySet()) {
            used.put(label, next++);
        }
        int[] renamed = new int[chosen.length];
        for (int i = 0; i < chosen.length; i++) {
            renamed[i] = used.getOrDefault(labels[chosen[i]], -1);
        }
        return new Relations(some, around, renamed);
    }

    private static int[] moved(int[] pictures, int[] place) {
        return Arrays.stream(pictures).map(i -> place[i]).filter(i -> i >= 0).toArray();
    }

    /**
     * Parts the pictures so that nothing on one side shows what the other side does: connected pictures stay together.
     *
     * @param fraction of all pictures that the second part has at least, above 0 and below 1
     * @param seed decides which
     * @return the pictures of both parts, ascending
     * @throws IllegalArgumentException if all pictures are connected, so that they cannot be parted
     */
    public int[][] split(double fraction, long seed) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException("fraction must be above 0 and below 1, got " + fraction);
        }
        int[] root = IntStream.range(0, size()).toArray();
        for (int i = 0; i < size(); i++) {
            for (int other : near[i]) {
                int a = root(root, i);
                int b = root(root, other);
                root[Math.max(a, b)] = Math.min(a, b);
            }
        }
        TreeMap<Integer, List<Integer>> places = new TreeMap<>();
        for (int i = 0; i < size(); i++) {
            places.computeIfAbsent(root(root, i), place -> new ArrayList<>()).add(i);
        }
        List<List<Integer>> order = new ArrayList<>(places.values());
        java.util.Collections.shuffle(order, new java.util.Random(seed));
        List<Integer> held = new ArrayList<>();
        int parts = 0;
        while (held.size() < fraction * size() && parts < order.size()) {
            held.addAll(order.get(parts++));
        }
        if (parts == order.size()) {
            throw new IllegalArgumentException("the " + size() + " pictures are " + order.size()
                    + " places that do not touch, too few to hold out " + fraction + " of them");
        }
        int[] second = held.stream().mapToInt(i -> i).sorted().toArray();
        int[] first = IntStream.range(0, size())
                .filter(i -> Arrays.binarySearch(second, i) < 0)
                .toArray();
        return new int[][] {first, second};
    }

    /**
     * The identity of these relations.
     *
     * @return a hash over them
     */
    public Fingerprint fingerprint() {
        Fingerprint.Builder builder = Fingerprint.builder().add(Arrays.toString(labels));
        for (int i = 0; i < size(); i++) {
            builder.add(Arrays.toString(positives[i])).add(Arrays.toString(near[i]));
        }
        return builder.build();
    }
}
