package org.retrieval4j.index;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.GlobalDescriptor.Words.Residuals;
import org.retrieval4j.api.GlobalDescriptor.Words.Signatures;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.IntRows;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;
import org.retrieval4j.storage.Segment;

/**
 * Posting lists whose postings carry a residual or a signature: for each word that occurs, the entries of the images that
 * have it, by ascending row, those of a row in their order. A posting is ints: the row, then the value, which is the bits
 * of the floats of a residual, or those of a signature, 32 in an int. On the heap or mapped.
 */
final class WordSegment implements Segment {
    private static final int VERSION = 1;

    /** What the values of a segment are. */
    record Shape(int dimension, boolean isReal, int width) {
        static Shape of(Words words) {
            return new Shape(
                    words.dimension(),
                    words.values() instanceof Residuals,
                    words.values().width());
        }

        /** Ints of a posting. */
        int columns() {
            return 1 + (isReal ? width : (width - 1) / Integer.SIZE + 1);
        }

        @Override
        public String toString() {
            return (isReal ? "residuals of " + width + " values" : "signatures of " + width + " bits");
        }
    }

    private final @Nullable Path path;
    private final Shape shape;
    private final LongBuffer ids;
    private final DoubleBuffer norms;
    private final IntBuffer words;
    private final LongBuffer ends;
    private final IntRows postings;

    private WordSegment(
            @Nullable Path path,
            Shape shape,
            LongBuffer ids,
            DoubleBuffer norms,
            IntBuffer words,
            LongBuffer ends,
            IntRows postings) {
        this.path = path;
        this.shape = shape;
        this.ids = ids;
        this.norms = norms;
        this.words = words;
        this.ends = ends;
        this.postings = postings;
    }

    /** The images must be words of one shape. */
    static WordSegment build(long[] ids, List<? extends GlobalDescriptor> images, double[] norms) {
        Shape shape = Shape.of((Words) images.get(0));
        long total = 0;
        for (GlobalDescriptor image : images) {
            total += ((Words) image).words().length;
        }
        int[] all = new int[Math.toIntExact(total)];
        int at = 0;
        for (GlobalDescriptor image : images) {
            int[] words = ((Words) image).words();
            System.arraycopy(words, 0, all, at, words.length);
            at += words.length;
        }
        Arrays.sort(all);
        Lists lists = new Lists();
        for (int i = 0; i < all.length; i++) {
            if (i + 1 == all.length || all[i + 1] != all[i]) {
                lists.endList(all[i], i + 1);
            }
        }
        // rows ascend in each list, since they are gone through in order
        long[] next = new long[lists.count];
        System.arraycopy(lists.ends, 0, next, Math.min(1, next.length), Math.max(0, next.length - 1));
        int[] postings = new int[Math.multiplyExact(all.length, shape.columns())];
        for (int row = 0; row < ids.length; row++) {
            Words image = (Words) images.get(row);
            int list = 0;
            for (int i = 0; i < image.words().length; i++) {
                list = Arrays.binarySearch(lists.words, list, lists.count, image.words()[i]);
                put(image, i, row, postings, (int) next[list]++ * shape.columns());
            }
        }
        return lists.segment(shape, ids.clone(), norms, postings);
    }

    /** Writes an entry of an image as a posting. */
    static void put(Words image, int entry, int row, int[] target, int at) {
        target[at] = row;
        if (image.values() instanceof Residuals residuals) {
            FloatMatrix vectors = residuals.vectors();
            int from = vectors.offset() + entry * vectors.columns();
            for (int j = 0; j < vectors.columns(); j++) {
                target[at + 1 + j] = Float.floatToRawIntBits(vectors.array()[from + j]);
            }
        } else if (image.values() instanceof Signatures signatures) {
            int from = entry * Signatures.longs(signatures.width());
            int ints = (signatures.width() - 1) / Integer.SIZE + 1;
            for (int j = 0; j < ints; j++) {
                target[at + 1 + j] = (int) (signatures.packed()[from + j / 2] >>> Integer.SIZE * (j % 2));
            }
        }
    }

    static WordSegment join(List<LiveSegment<WordSegment>> parts) {
        try {
            Merged merged = new Merged(parts);
            Lists lists = new Lists();
            int columns = merged.shape.columns();
            int[] postings = new int[Math.toIntExact(Math.multiplyExact(merged.postings(), columns))];
            merged.forEachList((word, sorted, count) -> {
                System.arraycopy(sorted, 0, postings, (int) lists.end() * columns, count * columns);
                lists.endList(word, lists.end() + count);
            });
            int size = (int) lists.end() * columns;
            int[] kept = size == postings.length ? postings : Arrays.copyOf(postings, size);
            return lists.segment(merged.shape, merged.ids, merged.norms, kept);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing above reads a file
        }
    }

    static void write(List<LiveSegment<WordSegment>> parts, Path file, String kind) throws IOException {
        Merged merged = new Merged(parts);
        Shape shape = merged.shape;
        Lists lists = new Lists();
        try (SectionWriter writer = SectionWriter.create(file, kind, VERSION)) {
            writer.header("dimension", Integer.toString(shape.dimension));
            writer.header("values", shape.isReal ? "residuals" : "signatures");
            writer.header("width", Integer.toString(shape.width));
            writer.header("count", Integer.toString(merged.ids.length));
            writer.longs("ids", merged.ids).doubles("norms", merged.norms);
            try (SectionWriter.Output output = writer.section("postings", Section.Type.INTS, shape.columns())) {
                merged.forEachList((word, postings, count) -> {
                    output.writeInts(postings, 0, count * shape.columns());
                    lists.endList(word, lists.end() + count);
                });
            }
            writer.ints("words", Arrays.copyOf(lists.words, lists.count));
            writer.longs("ends", Arrays.copyOf(lists.ends, lists.count));
            writer.commit();
        }
    }

    static WordSegment open(Path path, String kind) throws IOException {
        try (SectionFile file = SectionFile.open(path, kind, VERSION, VERSION)) {
            int dimension = (int) file.headerLong("dimension", 1, Integer.MAX_VALUE);
            int width = (int) file.headerLong("width", 1, 1 << 24);
            String values = file.header("values");
            if (!values.equals("residuals") && !values.equals("signatures")) {
                throw new CorruptFileException(path, 0, "values=residuals or signatures", values);
            }
            Shape shape = new Shape(dimension, values.equals("residuals"), width);
            long images = file.section("ids", Section.Type.LONGS).rows();
            long lists = file.section("words", Section.Type.INTS).rows();
            long postings = file.section("postings", Section.Type.INTS).rows();
            file.section("ids", Section.Type.LONGS, images, 1);
            file.section("norms", Section.Type.DOUBLES, images, 1);
            file.section("words", Section.Type.INTS, lists, 1);
            file.section("ends", Section.Type.LONGS, lists, 1);
            file.section("postings", Section.Type.INTS, postings, shape.columns());
            if (images < 1) {
                throw new CorruptFileException(path, 0, "at least 1 image", "0");
            }
            WordSegment segment = new WordSegment(
                    path,
                    shape,
                    file.map("ids", Section.Type.LONGS).asLongBuffer(),
                    file.map("norms", Section.Type.DOUBLES).asDoubleBuffer(),
                    file.map("words", Section.Type.INTS).asIntBuffer(),
                    file.map("ends", Section.Type.LONGS).asLongBuffer(),
                    IntRows.map(file, "postings"));
            segment.requireAscending(path);
            return segment;
        }
    }

    private void requireAscending(Path file) throws CorruptFileException {
        long lastWord = -1;
        long lastEnd = 0;
        for (int i = 0; i < words.limit(); i++) {
            if (words.get(i) <= lastWord || words.get(i) >= shape.dimension || ends.get(i) <= lastEnd) {
                throw new CorruptFileException(file, 0, "ascending words and lists", "list " + i + " out of order");
            }
            lastWord = words.get(i);
            lastEnd = ends.get(i);
        }
        if (lastEnd != postings.rows()) {
            throw new CorruptFileException(file, 0, lastEnd + " postings", postings.rows() + "");
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
        return ids.isDirect() ? 0 : postings.heapBytes() + 16L * size() + 12L * words.limit();
    }

    @Override
    public void close() {
        // mappings end when nobody reaches them any more
    }

    Shape shape() {
        return shape;
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

    private long start(int list) {
        return list == 0 ? 0 : ends.get(list - 1);
    }

    /** Goes through lists part by part. For one thread. */
    static final class Reader {
        private static final int VALUES = 1 << 15;

        private final WordSegment segment;
        private final int columns;
        private int[] buffer;
        private long at;
        private long end;

        Reader(WordSegment segment) {
            this.segment = segment;
            this.columns = segment.shape.columns();
            this.buffer = new int[Math.max(1, VALUES / columns) * columns];
        }

        /** Starts with a list. */
        void start(int list) {
            at = segment.start(list);
            end = segment.ends.get(list);
        }

        /** The postings of the last part, from index 0. */
        int[] postings() {
            return buffer;
        }

        /** Reads the next part, in which all postings of an image are together; 0 at the end of the list. */
        int next() {
            while (true) {
                int read = (int) Math.min(buffer.length / columns, end - at);
                segment.postings.copy(at, read, buffer, 0);
                int count = read;
                if (at + read < end) { // the last image may go on
                    count = read - 1;
                    while (count > 0 && row(count) == row(count - 1)) {
                        count--;
                    }
                }
                if (count > 0 || read == 0) {
                    requireRows(count);
                    at += count;
                    return count;
                }
                buffer = new int[Math.multiplyExact(buffer.length, 2)]; // one image alone has more
            }
        }

        private int row(int posting) {
            return buffer[posting * columns];
        }

        private void requireRows(int count) {
            for (int i = 0; i < count; i++) {
                if (row(i) < 0 || row(i) >= segment.size()) {
                    throw segment.corrupt("rows below " + segment.size(), row(i) + "");
                }
            }
        }
    }

    private RuntimeException corrupt(String expected, String found) {
        return path == null
                ? new IllegalStateException("expected " + expected + ", found " + found)
                : new UncheckedIOException(new CorruptFileException(path, 0, expected, found));
    }

    /** Which lists there are. */
    private static final class Lists {
        int[] words = new int[16];
        long[] ends = new long[16];
        int count;

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

        WordSegment segment(Shape shape, long[] ids, double[] norms, int[] postings) {
            return new WordSegment(
                    null,
                    shape,
                    LongBuffer.wrap(ids),
                    DoubleBuffer.wrap(norms),
                    IntBuffer.wrap(Arrays.copyOf(words, count)),
                    LongBuffer.wrap(Arrays.copyOf(ends, count)),
                    IntRows.of((int) end(), shape.columns(), postings));
        }
    }

    /** The live rows of several segments under new numbers, and their lists one by one. */
    private static final class Merged {
        final Shape shape;
        final long[] ids;
        final double[] norms;
        private final List<LiveSegment<WordSegment>> parts;
        private final int[][] newRows;

        Merged(List<LiveSegment<WordSegment>> parts) throws IOException {
            this.parts = parts;
            this.shape = parts.get(0).segment().shape;
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
                WordSegment from = parts.get(part).segment();
                ids[next[0]] = from.id(row);
                norms[next[0]] = from.norm(row);
                newRows[part][row] = next[0]++;
            });
        }

        interface ListVisitor {
            void accept(int word, int[] postings, int count) throws IOException;
        }

        /** An upper bound on the number of postings: all, dead ones too. */
        long postings() {
            long sum = 0;
            for (LiveSegment<WordSegment> part : parts) {
                sum += part.segment().postings.rows();
            }
            return sum;
        }

        /** Goes through the words of all segments in ascending order; words without live images are left out. */
        void forEachList(ListVisitor visitor) throws IOException {
            int[] list = new int[parts.size()];
            List<Reader> readers =
                    parts.stream().map(part -> new Reader(part.segment())).toList();
            Postings merged = new Postings(shape.columns());
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
                merged.clear();
                for (int p = 0; p < list.length; p++) {
                    IntBuffer words = parts.get(p).segment().words;
                    if (list[p] < words.limit() && words.get(list[p]) == word) {
                        readers.get(p).start(list[p]++);
                        for (int n = readers.get(p).next();
                                n > 0;
                                n = readers.get(p).next()) {
                            merged.add(readers.get(p).postings(), n, newRows[p]);
                        }
                    }
                }
                if (merged.count > 0) {
                    visitor.accept(word, merged.sorted(), merged.count);
                }
            }
        }
    }

    /** Postings of one list being merged. */
    private static final class Postings {
        private final int columns;
        private int[] values;
        private int[] sorted = {};
        private long[] order = {};
        private int count;

        Postings(int columns) {
            this.columns = columns;
            this.values = new int[16 * columns];
        }

        void clear() {
            count = 0;
        }

        void add(int[] postings, int n, int[] newRows) {
            for (int i = 0; i < n; i++) {
                int row = newRows[postings[i * columns]];
                if (row >= 0) {
                    if (count == values.length / columns) {
                        values = Arrays.copyOf(values, Math.multiplyExact(values.length, 2));
                    }
                    System.arraycopy(postings, i * columns, values, count * columns, columns);
                    values[count++ * columns] = row;
                }
            }
        }

        /** By row; those of a row come from one segment and keep their order. */
        int[] sorted() {
            if (order.length < count) {
                order = new long[values.length / columns];
                sorted = new int[values.length];
            }
            for (int i = 0; i < count; i++) {
                order[i] = (long) values[i * columns] << 32 | i;
            }
            Arrays.sort(order, 0, count);
            for (int i = 0; i < count; i++) {
                System.arraycopy(values, (int) order[i] * columns, sorted, i * columns, columns);
            }
            return sorted;
        }
    }
}
