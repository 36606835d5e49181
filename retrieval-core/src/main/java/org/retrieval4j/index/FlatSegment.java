package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.storage.ByteRows;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.FloatRows;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.Section;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;
import org.retrieval4j.storage.Segment;
import org.retrieval4j.storage.VectorRows;

/**
 * Vectors as they are, or as codes, or both, with their norms; on the heap or mapped. An image has one vector, or several:
 * its regions.
 */
final class FlatSegment implements Segment {
    private static final int VERSION = 1;

    private final LongBuffer ids;
    private final @Nullable IntBuffer starts; // n + 1; null if each image has one vector
    private final DoubleBuffer norms;
    private final VectorRows vectors; // those that scores are of
    private final @Nullable CodedRows codes; // those that are compared first
    private final @Nullable FloatBuffer losses; // how far codes are from vectors; null if these are the same

    private FlatSegment(
            LongBuffer ids,
            @Nullable IntBuffer starts,
            DoubleBuffer norms,
            @Nullable VectorRows vectors,
            @Nullable CodedRows codes,
            @Nullable FloatBuffer losses) {
        this.ids = ids;
        this.starts = starts;
        this.norms = norms;
        this.vectors = vectors != null ? vectors : requireNonNull(codes);
        this.codes = codes;
        this.losses = losses;
    }

    static FlatSegment build(long[] ids, List<? extends GlobalDescriptor> descriptors, Optional<Storage> storage) {
        Builder builder = new Builder(ids.length, storage);
        for (GlobalDescriptor descriptor : descriptors) {
            builder.count(rowsOf(descriptor).rows());
        }
        builder.allocate(descriptors.get(0).dimension(), true);
        for (int i = 0; i < ids.length; i++) {
            FloatMatrix rows = rowsOf(descriptors.get(i));
            builder.ids[i] = ids[i];
            System.arraycopy(
                    rows.array(),
                    rows.offset(),
                    builder.values,
                    builder.starts[i] * rows.columns(),
                    rows.rows() * rows.columns());
        }
        builder.encode();
        builder.measure();
        return builder.build();
    }

    /** A descriptor's vectors: one of a dense one. */
    static FloatMatrix rowsOf(GlobalDescriptor descriptor) {
        return descriptor instanceof GlobalDescriptor.Regions regions
                ? regions.vectors()
                : FloatMatrix.ofRows(((GlobalDescriptor.Dense) descriptor).values());
    }

    static FlatSegment join(List<LiveSegment<FlatSegment>> parts, Optional<Storage> storage) {
        int images = 0;
        for (LiveSegment<FlatSegment> part : parts) {
            images += part.liveCount();
        }
        Builder builder = new Builder(images, storage);
        try {
            LiveSegment.forEachLive(
                    parts, (part, row) -> builder.count(part(parts, part).vectorCount(row)));
            FlatSegment first = parts.get(0).segment();
            builder.allocate(first.dimension(), first.codes != first.vectors);
            int[] at = new int[1];
            LiveSegment.forEachLive(parts, (part, row) -> {
                builder.ids[at[0]] = part(parts, part).id(row);
                builder.copy(part(parts, part), row, builder.starts[at[0]++]);
            });
            return builder.build();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing above reads a file
        }
    }

    static void write(List<LiveSegment<FlatSegment>> parts, Path file, String kind) throws IOException {
        int images = 0;
        boolean several = false;
        int dimension = parts.get(0).segment().dimension();
        for (LiveSegment<FlatSegment> part : parts) {
            images += part.liveCount();
            several |= part.segment().starts != null;
        }
        try (SectionWriter writer = SectionWriter.create(file, kind, VERSION)) {
            writer.header("dimension", Integer.toString(dimension)).header("count", Integer.toString(images));
            try (SectionWriter.Output ids = writer.section("ids", Section.Type.LONGS, 1)) {
                long[] one = new long[1];
                LiveSegment.forEachLive(parts, (part, row) -> {
                    one[0] = part(parts, part).id(row);
                    ids.writeLongs(one, 0, 1);
                });
            }
            if (several) {
                try (SectionWriter.Output starts = writer.section("starts", Section.Type.INTS, 1)) {
                    int[] sum = new int[1];
                    starts.writeInts(sum, 0, 1);
                    LiveSegment.forEachLive(parts, (part, row) -> {
                        sum[0] = Math.addExact(sum[0], part(parts, part).vectorCount(row));
                        starts.writeInts(sum, 0, 1);
                    });
                }
            }
            try (SectionWriter.Output norms = writer.section("norms", Section.Type.DOUBLES, 1)) {
                double[] one = new double[1];
                forEachVector(parts, (from, v) -> {
                    one[0] = from.norm(v);
                    norms.writeDoubles(one, 0, 1);
                });
            }
            FlatSegment first = parts.get(0).segment();
            if (first.codes != first.vectors) {
                try (SectionWriter.Output vectors = writer.section("vectors", Section.Type.FLOATS, dimension)) {
                    float[] one = new float[dimension];
                    forEachVector(parts, (from, v) -> {
                        from.vectors.copy(v, 1, one, 0);
                        vectors.writeFloats(one, 0, dimension);
                    });
                }
            }
            if (first.codes != null) {
                byte[] one = new byte[first.codes.codes().columns()];
                try (SectionWriter.Output codes = writer.section("codes", Section.Type.BYTES, one.length)) {
                    forEachVector(parts, (from, v) -> {
                        requireNonNull(from.codes).codes().copy(v, 1, one, 0);
                        codes.writeBytes(one, 0, one.length);
                    });
                }
            }
            if (first.losses != null) {
                float[] one = new float[1];
                try (SectionWriter.Output losses = writer.section("losses", Section.Type.FLOATS, 1)) {
                    forEachVector(parts, (from, v) -> {
                        one[0] = from.loss(v);
                        losses.writeFloats(one, 0, 1);
                    });
                }
            }
            writer.commit();
        }
    }

    private interface VectorVisitor {
        void accept(FlatSegment segment, int vector) throws IOException;
    }

    private static void forEachVector(List<LiveSegment<FlatSegment>> parts, VectorVisitor visitor) throws IOException {
        LiveSegment.forEachLive(parts, (part, row) -> {
            FlatSegment from = part(parts, part);
            for (int v = from.start(row); v < from.start(row + 1); v++) {
                visitor.accept(from, v);
            }
        });
    }

    static FlatSegment open(Path path, String kind, Optional<Storage> storage) throws IOException {
        try (SectionFile file = SectionFile.open(path, kind, VERSION, VERSION)) {
            long images = file.section("ids", Section.Type.LONGS).rows();
            long count = file.section("norms", Section.Type.DOUBLES).rows();
            int d = (int) file.headerLong("dimension", 1, Integer.MAX_VALUE / Float.BYTES);
            file.section("ids", Section.Type.LONGS, images, 1);
            file.section("norms", Section.Type.DOUBLES, count, 1);
            IntBuffer starts = null;
            if (file.find("starts").isPresent()) {
                file.section("starts", Section.Type.INTS, images + 1, 1);
                starts = file.map("starts", Section.Type.INTS).asIntBuffer();
                requireAscending(path, starts, (int) Math.min(Integer.MAX_VALUE, count));
            } else if (images != count) {
                throw new CorruptFileException(path, 0, images + " vectors", count + "");
            }
            if (images < 1) {
                throw new CorruptFileException(path, 0, "at least 1 image", images + "");
            }
            FloatRows vectors = null;
            if (storage.isEmpty() || storage.get().keepsVectors()) {
                file.section("vectors", Section.Type.FLOATS, count, d);
                vectors = FloatRows.map(file, "vectors");
            }
            CodedRows codes = null;
            FloatBuffer losses = null;
            if (storage.isPresent()) {
                file.section("codes", Section.Type.BYTES, count, storage.get().codeBytes(d));
                codes = new CodedRows(storage.get(), d, ByteRows.map(file, "codes"));
                if (vectors != null) {
                    file.section("losses", Section.Type.FLOATS, count, 1);
                    losses = file.map("losses", Section.Type.FLOATS).asFloatBuffer();
                }
            }
            return new FlatSegment(
                    file.map("ids", Section.Type.LONGS).asLongBuffer(),
                    starts,
                    file.map("norms", Section.Type.DOUBLES).asDoubleBuffer(),
                    vectors,
                    codes,
                    losses);
        }
    }

    private static void requireAscending(Path path, IntBuffer starts, int vectors) throws CorruptFileException {
        int last = starts.limit() - 1;
        for (int i = 0; i <= last; i++) {
            int least = i == 0 ? 0 : starts.get(i - 1) + 1;
            if (starts.get(i) < least || i == 0 && starts.get(0) != 0 || i == last && starts.get(i) != vectors) {
                throw new CorruptFileException(
                        path, 0, "first vectors of images ascending from 0 to " + vectors, starts.get(i) + "");
            }
        }
    }

    private static FlatSegment part(List<LiveSegment<FlatSegment>> parts, int part) {
        return parts.get(part).segment();
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
        if (ids.isDirect()) {
            return 0;
        }
        long images = (long) Long.BYTES * size() + (starts == null ? 0 : (long) Integer.BYTES * (size() + 1));
        long each = Double.BYTES + (losses == null ? 0 : Float.BYTES);
        return images
                + each * vectors.rows()
                + vectors.heapBytes()
                + (codes == null || codes == vectors ? 0 : codes.heapBytes());
    }

    /** What n images of one vector each take, on the heap or in a file. */
    static long bytes(long n, int dimension, Optional<Storage> storage) {
        boolean both = storage.isPresent() && storage.get().keepsVectors();
        long values = storage.isEmpty() || both ? (long) Float.BYTES * dimension : 0;
        long code = storage.isPresent() ? storage.get().codeBytes(dimension) : 0;
        return n * (Long.BYTES + Double.BYTES + values + code + (both ? Float.BYTES : 0));
    }

    int dimension() {
        return vectors.columns();
    }

    boolean hasRegions() {
        return starts != null;
    }

    /** The first vector of an image; that of the image after the last is the number of vectors. */
    int start(int row) {
        return starts == null ? row : starts.get(row);
    }

    int vectorCount(int row) {
        return starts == null ? 1 : starts.get(row + 1) - starts.get(row);
    }

    double norm(int vector) {
        return norms.get(vector);
    }

    /** Copies the norms of neighboring vectors. */
    void norms(int first, int count, double[] target, int at) {
        norms.get(first, target, at, count);
    }

    /** The vectors that scores are of. */
    VectorRows vectors() {
        return vectors;
    }

    /** What is compared first: the vectors, or what their codes stand for. */
    VectorRows compared() {
        return codes != null ? codes : vectors;
    }

    /** Whether what is compared first is not the vectors. */
    boolean hasLosses() {
        return losses != null;
    }

    /** The length of the difference between a vector and what is compared first, at most. */
    float loss(int vector) {
        return losses == null ? 0 : losses.get(vector);
    }

    @Override
    public void close() {
        // mappings end when nobody reaches them any more
    }

    /** Collects a segment on the heap. */
    private static final class Builder {
        final long[] ids;
        final int[] starts;
        float[] values = {}; // none if only codes are kept
        private final @Nullable Storage storage;
        private double[] norms = {};
        private byte[] codes = {};
        private float[] losses = {};
        private int dimension;
        private int counted;

        Builder(int images, Optional<Storage> storage) {
            this.ids = new long[images];
            this.starts = new int[images + 1];
            this.storage = storage.orElse(null);
        }

        void count(int vectors) {
            starts[counted + 1] = Math.addExact(starts[counted], vectors);
            counted++;
        }

        private int vectors() {
            return starts[ids.length];
        }

        void allocate(int columns, boolean withValues) {
            dimension = columns;
            norms = new double[vectors()];
            values = new float[withValues ? Math.multiplyExact(vectors(), columns) : 0];
            if (storage != null) {
                codes = new byte[Math.multiplyExact(vectors(), storage.codeBytes(columns))];
                losses = new float[storage.keepsVectors() ? vectors() : 0];
            }
        }

        /** Codes the values; if only codes are kept, these are the values from now on. */
        void encode() {
            if (storage == null) {
                return;
            }
            byte[] code = new byte[storage.codeBytes(dimension)];
            float[] decoded = new float[dimension];
            for (int v = 0; v < vectors(); v++) {
                storage.encode(values, v * dimension, dimension, code, 0);
                storage.decode(code, dimension, decoded, 0);
                System.arraycopy(code, 0, codes, v * code.length, code.length);
                if (storage.keepsVectors()) {
                    double squared = Kernels.fixedOrderSquaredDistance(values, v * dimension, decoded, 0, dimension);
                    losses[v] = squared == 0 ? 0 : Math.nextUp((float) Math.sqrt(squared));
                } else {
                    System.arraycopy(decoded, 0, values, v * dimension, dimension);
                }
            }
        }

        void measure() {
            for (int v = 0; v < norms.length; v++) {
                int at = v * dimension;
                norms[v] = Math.sqrt(Kernels.fixedOrderDot(values, at, values, at, dimension));
            }
        }

        /** Copies the vectors of another segment's image. */
        void copy(FlatSegment from, int row, int to) {
            int first = from.start(row);
            int count = from.vectorCount(row);
            if (from.codes != from.vectors) {
                from.vectors.copy(first, count, values, to * dimension);
            }
            if (from.codes != null) {
                ByteRows rows = from.codes.codes();
                rows.copy(first, count, codes, to * rows.columns());
            }
            for (int v = 0; v < count; v++) {
                norms[to + v] = from.norm(first + v);
                if (from.losses != null) {
                    losses[to + v] = from.loss(first + v);
                }
            }
        }

        FlatSegment build() {
            boolean both = storage == null || storage.keepsVectors();
            return new FlatSegment(
                    LongBuffer.wrap(ids),
                    vectors() == ids.length ? null : IntBuffer.wrap(starts),
                    DoubleBuffer.wrap(norms),
                    both ? FloatRows.of(FloatMatrix.of(vectors(), dimension, values)) : null,
                    storage == null
                            ? null
                            : new CodedRows(
                                    storage, dimension, ByteRows.of(vectors(), storage.codeBytes(dimension), codes)),
                    storage == null || !both ? null : FloatBuffer.wrap(losses));
        }
    }
}
