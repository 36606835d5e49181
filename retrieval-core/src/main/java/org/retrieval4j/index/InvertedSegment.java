package org.retrieval4j.index;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.LongRows;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;
import org.retrieval4j.storage.Segment;

/**
 * Posting lists: for each word that occurs, the images that have it, by ascending row. A posting is the row in the upper
 * and the bits of the weight in the lower half of a long. On the heap or mapped.
 */
final class InvertedSegment implements Segment {
    private static final int VERSION = 1;

    private final int dimension;
    private final LongBuffer ids;
    private final DoubleBuffer norms;
    private final IntBuffer words;
    private final LongBuffer ends;
    private final LongRows postings;

    private InvertedSegment(
            int dimension, LongBuffer ids, DoubleBuffer norms, IntBuffer words, LongBuffer ends, LongRows postings) {
        this.dimension = dimension;
        this.ids = ids;
        this.norms = norms;
        this.words = words;
        this.ends = ends;
        this.postings = postings;
    }

    static InvertedSegment build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        int dimension = descriptors.get(0).dimension();
        double[] norms = new double[ids.length];
        long total = 0;
        for (int row = 0; row < ids.length; row++) {
            GlobalDescriptor.Sparse sparse = (GlobalDescriptor.Sparse) descriptors.get(row);
            norms[row] = norm(sparse);
            total += sparse.words().length;
        }
        int[] all = new int[Math.toIntExact(total)];
        int at = 0;
        for (GlobalDescriptor descriptor : descriptors) {
            int[] words = ((GlobalDescriptor.Sparse) descriptor).words();
            System.arraycopy(words, 0, all, at, words.length);
            at += words.length;
        }
        Arrays.sort(all);
        Lists lists = new Lists(all.length);
        for (int i = 0; i < all.length; i++) {
            if (i + 1 == all.length || all[i + 1] != all[i]) {
                lists.endList(all[i], i + 1);
            }
        }
        // rows ascend in each list, since they are gone through in order
        long[] next = new long[lists.count];
        System.arraycopy(lists.ends, 0, next, Math.min(1, next.length), Math.max(0, next.length - 1));
        for (int row = 0; row < ids.length; row++) {
            GlobalDescriptor.Sparse sparse = (GlobalDescriptor.Sparse) descriptors.get(row);
            for (int i = 0; i < sparse.words().length; i++) {
                int list = Arrays.binarySearch(lists.words, 0, lists.count, sparse.words()[i]);
                lists.postings[(int) next[list]++] = posting(row, Float.floatToRawIntBits(sparse.weights()[i]));
            }
        }
        return lists.segment(dimension, ids.clone(), norms);
    }

    static InvertedSegment join(List<LiveSegment<InvertedSegment>> parts) {
        try {
            Merged merged = new Merged(parts);
            Lists lists = new Lists(merged.postings());
            merged.forEachList((word, postings, count) -> {
                System.arraycopy(postings, 0, lists.postings, (int) lists.end(), count);
                lists.endList(word, lists.end() + count);
            });
            return lists.segment(parts.get(0).segment().dimension, merged.ids, merged.norms);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing above reads a file
        }
    }

    static void write(List<LiveSegment<InvertedSegment>> parts, Path file, String kind) throws IOException {
        Merged merged = new Merged(parts);
        Lists lists = new Lists(0);
        try (SectionWriter writer = SectionWriter.create(file, kind, VERSION)) {
            writer.header("dimension", Integer.toString(parts.get(0).segment().dimension));
            writer.header("count", Integer.toString(merged.ids.length));
            writer.longs("ids", merged.ids).doubles("norms", merged.norms);
            try (SectionWriter.Output output = writer.section("postings", Section.Type.LONGS, 1)) {
                merged.forEachList((word, postings, count) -> {
                    output.writeLongs(postings, 0, count);
                    lists.endList(word, lists.end() + count);
                });
            }
            writer.ints("words", Arrays.copyOf(lists.words, lists.count));
            writer.longs("ends", Arrays.copyOf(lists.ends, lists.count));
            writer.commit();
        }
    }

    static InvertedSegment open(Path path, String kind) throws IOException {
        try (SectionFile file = SectionFile.open(path, kind, VERSION, VERSION)) {
            int dimension = (int) file.headerLong("dimension", 1, Integer.MAX_VALUE);
            long images = file.section("ids", Section.Type.LONGS).rows();
            long lists = file.section("words", Section.Type.INTS).rows();
            file.section("ids", Section.Type.LONGS, images, 1);
            file.section("norms", Section.Type.DOUBLES, images, 1);
            file.section("words", Section.Type.INTS, lists, 1);
            file.section("ends", Section.Type.LONGS, lists, 1);
            if (images < 1) {
                throw new CorruptFileException(path, 0, "at least 1 image", "0");
            }
            InvertedSegment segment = new InvertedSegment(
                    dimension,
                    file.map("ids", Section.Type.LONGS).asLongBuffer(),
                    file.map("norms", Section.Type.DOUBLES).asDoubleBuffer(),
                    file.map("words", Section.Type.INTS).asIntBuffer(),
                    file.map("ends", Section.Type.LONGS).asLongBuffer(),
                    LongRows.map(file, "postings"));
            segment.requireAscending(path);
            return segment;
        }
    }

    private void requireAscending(Path path) throws CorruptFileException {
        long lastWord = -1;
        long lastEnd = 0;
        for (int i = 0; i < words.limit(); i++) {
            if (words.get(i) <= lastWord || words.get(i) >= dimension || ends.get(i) <= lastEnd) {
                throw new CorruptFileException(path, 0, "ascending words and lists", "list " + i + " out of order");
            }
            lastWord = words.get(i);
            lastEnd = ends.get(i);
        }
        if (lastEnd != postings.size()) {
            throw new CorruptFileException(path, 0, lastEnd + " postings", postings.size() + "");
        }
    }

    @Override
    public int size() {
        return ids.limit();
    }

    @Override
    public long id(int row) {
        return ids.get(row);
    }

    @Override
    public long heapBytes() {
        return postings.heapBytes() == 0 && ids.isDirect()
                ? 0
                : postings.heapBytes() + 16L * size() + 12L * words.limit();
    }

    @Override
    public void close() {
        // mappings end when nobody reaches them any more
    }

    int dimension() {
        return dimension;
    }

    double norm(int row) {
        return norms.get(row);
    }

    /** The list of a word, negative if no image has it. */
    int list(int word) {
        int from = 0;
        int to = words.limit() - 1;
        while (from <= to) {
            int middle = (from + to) >>> 1;
            int found = words.get(middle);
            if (found < word) {
                from = middle + 1;
            } else if (found > word) {
                to = middle - 1;
            } else {
                return middle;
            }
        }
        return -1;
    }

    long start(int list) {
        return list <= 0 ? 0 : ends.get(list - 1);
    }

    /** End of a list, 0 for one that does not exist. */
    long end(int list) {
        return list < 0 ? 0 : ends.get(list);
    }

    void postings(long from, int count, long[] target) {
        postings.copy(from, count, target, 0);
    }

    static int row(long posting) {
        return (int) (posting >>> 32);
    }

    static float weight(long posting) {
        return Float.intBitsToFloat((int) posting);
    }

    private static long posting(int row, int weightBits) {
        return (long) row << 32 | weightBits & 0xffffffffL;
    }

    /** The L2 norm, summed in the order of the words. */
    static double norm(GlobalDescriptor.Sparse sparse) {
        double sum = 0;
        for (float weight : sparse.weights()) {
            sum += (double) weight * weight;
        }
        return Math.sqrt(sum);
    }

    /** Lists being collected: postings on the heap, or counted only. */
    private static final class Lists {
        final long[] postings;
        int[] words = new int[16];
        long[] ends = new long[16];
        int count;

        Lists(long postings) {
            this.postings = new long[Math.toIntExact(postings)];
        }

        long end() {
            return count == 0 ? 0 : ends[count - 1];
        }

        void endList(int word, long end) {
            if (count == words.length) {
                words = Arrays.copyOf(words, 2 * count);
                ends = Arrays.copyOf(ends, 2 * count);
            }
            words[count] = word;
            ends[count++] = end;
        }

        InvertedSegment segment(int dimension, long[] ids, double[] norms) {
            return new InvertedSegment(
                    dimension,
                    LongBuffer.wrap(ids),
                    DoubleBuffer.wrap(norms),
                    IntBuffer.wrap(Arrays.copyOf(words, count)),
                    LongBuffer.wrap(Arrays.copyOf(ends, count)),
                    LongRows.of(end() == postings.length ? postings : Arrays.copyOf(postings, (int) end())));
        }
    }

    /** The live rows of several segments under new numbers, and their lists one by one. */
    private static final class Merged {
        final long[] ids;
        final double[] norms;
        private final List<LiveSegment<InvertedSegment>> parts;
        private final int[][] newRows;

        Merged(List<LiveSegment<InvertedSegment>> parts) throws IOException {
            this.parts = parts;
            this.newRows = new int[parts.size()][];
            int images = 0;
            for (int p = 0; p < newRows.length; p++) {
                images += parts.get(p).liveCount();
                newRows[p] = new int[parts.get(p).segment().size()];
                Arrays.fill(newRows[p], -1);
            }
            ids = new long[images];
            norms = new double[images];
            int[] next = new int[1];
            LiveSegment.forEachLive(parts, (part, row) -> {
                InvertedSegment from = parts.get(part).segment();
                ids[next[0]] = from.id(row);
                norms[next[0]] = from.norm(row);
                newRows[part][row] = next[0]++;
            });
        }

        interface ListVisitor {
            void accept(int word, long[] postings, int count) throws IOException;
        }

        /** An upper bound on the number of postings: all, dead ones too. */
        long postings() {
            long sum = 0;
            for (LiveSegment<InvertedSegment> part : parts) {
                sum += part.segment().postings.size();
            }
            return sum;
        }

        /** Goes through the words of all segments in ascending order; words without live images are left out. */
        void forEachList(ListVisitor visitor) throws IOException {
            int[] list = new int[parts.size()];
            long[] merged = new long[16];
            long[] buffer = new long[4096];
            while (true) {
                int word = Integer.MAX_VALUE;
                boolean more = false;
                for (int p = 0; p < list.length; p++) {
                    IntBuffer words = parts.get(p).segment().words;
                    if (list[p] < words.limit()) {
                        word = Math.min(word, words.get(list[p]));
                        more = true;
                    }
                }
                if (!more) {
                    return;
                }
                int count = 0;
                for (int p = 0; p < list.length; p++) {
                    InvertedSegment from = parts.get(p).segment();
                    if (list[p] == from.words.limit() || from.words.get(list[p]) != word) {
                        continue;
                    }
                    for (long at = from.start(list[p]), end = from.end(list[p]); at < end; ) {
                        int n = (int) Math.min(buffer.length, end - at);
                        from.postings(at, n, buffer);
                        for (int i = 0; i < n; i++) {
                            int row = newRows[p][row(buffer[i])];
                            if (row >= 0) {
                                if (count == merged.length) {
                                    merged = Arrays.copyOf(merged, 2 * count);
                                }
                                merged[count++] = posting(row, (int) buffer[i]);
                            }
                        }
                        at += n;
                    }
                    list[p]++;
                }
                if (count > 0) {
                    Arrays.sort(merged, 0, count);
                    visitor.accept(word, merged, count);
                }
            }
        }
    }
}
