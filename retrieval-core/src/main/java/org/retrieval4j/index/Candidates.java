package org.retrieval4j.index;

import java.util.Arrays;

/**
 * The best candidates seen so far and where they are, of equal scores the ones of smaller id: a heap with the worst on
 * top. What it holds does not depend on the order in which candidates come. For one thread.
 */
final class Candidates {
    private final int most;
    private long[] ids;
    private float[] scores;
    private long[] places;
    private int size;

    Candidates(int most) {
        this.most = most;
        this.ids = new long[Math.min(most, 64)];
        this.scores = new float[ids.length];
        this.places = new long[ids.length];
    }

    int size() {
        return size;
    }

    /** What a candidate must reach to be kept. */
    float threshold() {
        return size < most ? Float.NEGATIVE_INFINITY : scores[0];
    }

    float score(int i) {
        return scores[i];
    }

    long id(int i) {
        return ids[i];
    }

    /** The segment that a candidate was offered with. */
    int part(int i) {
        return (int) (places[i] >>> 32);
    }

    int position(int i) {
        return (int) places[i];
    }

    void offer(long id, float score, int part, int position) {
        long place = (long) part << 32 | position;
        if (size == most) {
            if (!worse(score, id, 0)) {
                sink(score, id, place);
            }
            return;
        }
        if (size == ids.length) {
            int capacity = (int) Math.min(most, 2L * size);
            ids = Arrays.copyOf(ids, capacity);
            scores = Arrays.copyOf(scores, capacity);
            places = Arrays.copyOf(places, capacity);
        }
        int at = size++;
        while (at > 0 && worse(score, id, (at - 1) / 2)) {
            move((at - 1) / 2, at);
            at = (at - 1) / 2;
        }
        put(at, score, id, place);
    }

    private void sink(float score, long id, long place) {
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child + 1 < size && worse(scores[child + 1], ids[child + 1], child)) {
                child++;
            }
            if (child >= size || worse(score, id, child)) {
                break;
            }
            move(child, at);
            at = child;
        }
        put(at, score, id, place);
    }

    private boolean worse(float score, long id, int than) {
        return score < scores[than] || score == scores[than] && id > ids[than];
    }

    private void move(int from, int to) {
        put(to, scores[from], ids[from], places[from]);
    }

    private void put(int at, float score, long id, long place) {
        scores[at] = score;
        ids[at] = id;
        places[at] = place;
    }
}
