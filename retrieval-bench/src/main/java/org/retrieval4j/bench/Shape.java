package org.retrieval4j.bench;

/** The text {@code 1000x64x128} of a benchmark's parameter: 1,000 vectors with 64 vectors of size 128. */
record Shape(int m, int n, int d) {
    static Shape parse(String text) {
        String[] sizes = text.split("x");
        if (sizes.length != 3) {
            throw new IllegalArgumentException("a shape must be m x n x d, for example 1000x64x128, got " + text);
        }
        return new Shape(Integer.parseInt(sizes[0]), Integer.parseInt(sizes[1]), Integer.parseInt(sizes[2]));
    }
}
